import type { Matcher } from '../../model/matcher.ts'
import type { Timestamp } from '../../model/time.ts'
import { compareSymbols } from './symbols.ts'
import type { Window } from './window.ts'

// A matcher becomes a set of label pairs: those that a series must have one of (`want`), or those that it must have none
// of (`avoid`: what matches the empty value is stated by what it does not match). The smallest `want` gives the candidates from
// its postings; the other sets are checked on the candidates' own label lists, which are short.

interface PairSet {
  readonly want: boolean
  /** Pairs of one name, so no series has two of them. */
  readonly pairs: readonly number[]
  readonly seriesCount: number
}

/** The series that fulfil all matchers, and have chunks that reach into the range; rising. */
export function matchSeries(window: Window, matchers: readonly Matcher[], minTime: Timestamp, maxTime: Timestamp): Uint32Array {
  const sets: PairSet[] = []
  for (const matcher of matchers) {
    const set = pairSet(window, matcher)
    if (set.want && set.seriesCount === 0) return new Uint32Array(0)
    if (set.want || set.pairs.length > 0) sets.push(set)
  }
  let driver: PairSet | undefined
  for (const set of sets) if (set.want && (driver === undefined || set.seriesCount < driver.seriesCount)) driver = set
  const candidates = driver === undefined ? allSeries(window) : seriesOf(window, driver)
  const checks = sets.filter((set) => set !== driver).map((set) => ({ want: set.want, has: membership(window, set.pairs) }))

  let kept = 0
  for (let i = 0; i < candidates.length; i++) {
    const series = candidates[i]
    if (!window.overlaps(series, minTime, maxTime)) continue
    let matches = true
    for (let c = 0; c < checks.length && matches; c++) matches = hasOne(window, series, checks[c].has) === checks[c].want
    if (matches) candidates[kept++] = series
  }
  return candidates.subarray(0, kept)
}

/** Puts series of a window into label order. */
export function sortByLabels(window: Window, series: Uint32Array): void {
  const ranks = rankPairs(window, series)
  series.sort((a, b) => {
    const aCount = window.labelCount(a)
    const bCount = window.labelCount(b)
    const count = Math.min(aCount, bCount)
    for (let i = 0; i < count; i++) {
      const aPair = window.labelPair(a, i)
      const bPair = window.labelPair(b, i)
      if (aPair !== bPair) return ranks[aPair] - ranks[bPair]
    }
    return aCount - bCount
  })
}

/** For each pair that the series have, its place in the order of names and values. */
function rankPairs(window: Window, series: Uint32Array): Uint32Array {
  const { pairs, symbols } = window
  const ranks = new Uint32Array(pairs.count)
  const seen: number[] = []
  for (const one of series) {
    const count = window.labelCount(one)
    for (let i = 0; i < count; i++) {
      const pair = window.labelPair(one, i)
      if (ranks[pair] !== 0) continue
      ranks[pair] = 1
      seen.push(pair)
    }
  }
  seen.sort((a, b) => {
    const byName = pairs.name(a) === pairs.name(b) ? 0 : compareSymbols(symbols, pairs.name(a), symbols, pairs.name(b))
    return byName !== 0 ? byName : compareSymbols(symbols, pairs.value(a), symbols, pairs.value(b))
  })
  for (let rank = 0; rank < seen.length; rank++) ranks[seen[rank]] = rank + 1
  return ranks
}

function pairSet(window: Window, matcher: Matcher): PairSet {
  const { symbols, pairs } = window
  const found: number[] = []
  const want = !matcher.matchesEmpty
  const name = symbols.find(matcher.name)
  if (name >= 0) {
    const literals = literalValues(matcher)
    if (literals !== undefined) {
      for (const text of literals) {
        const value = symbols.find(text)
        const pair = value < 0 ? -1 : pairs.find(name, value)
        if (pair >= 0) found.push(pair)
      }
    } else {
      const prefix = matcher.operator === '=~' ? (matcher.regex?.prefix ?? '') : ''
      for (let pair = pairs.firstOfName(name); pair >= 0; pair = pairs.nextOfName(pair)) {
        const text = symbols.text(pairs.value(pair))
        if ((text.startsWith(prefix) && matcher.matches(text)) === want) found.push(pair)
      }
    }
  }
  let seriesCount = 0
  for (const pair of found) seriesCount += pairs.seriesCount(pair)
  return { want, pairs: found, seriesCount }
}

/** The values of the set when the index can look them up one by one. */
function literalValues(matcher: Matcher): readonly string[] | undefined {
  const { operator, value } = matcher
  if (operator === '=' && value !== '') return [value]
  if (operator === '!=' && value !== '') return [value]
  const literals = matcher.regex?.setMatches
  if (literals === undefined || literals.includes('')) return undefined
  return [...new Set(literals)]
}

function allSeries(window: Window): Uint32Array {
  const series = new Uint32Array(window.seriesCount)
  for (let i = 0; i < series.length; i++) series[i] = i
  return series
}

function seriesOf(window: Window, set: PairSet): Uint32Array {
  const series = new Uint32Array(set.seriesCount)
  let at = 0
  for (const pair of set.pairs) {
    window.pairs.copySeries(pair, series, at)
    at += window.pairs.seriesCount(pair)
  }
  return set.pairs.length > 1 ? series.sort() : series
}

/** A test for pairs: one number for one pair, a column otherwise. */
function membership(window: Window, pairs: readonly number[]): number | Uint8Array {
  if (pairs.length === 1) return pairs[0]
  const has = new Uint8Array(window.pairs.count)
  for (const pair of pairs) has[pair] = 1
  return has
}

function hasOne(window: Window, series: number, has: number | Uint8Array): boolean {
  const count = window.labelCount(series)
  if (typeof has === 'number') {
    for (let i = 0; i < count; i++) if (window.labelPair(series, i) === has) return true
    return false
  }
  for (let i = 0; i < count; i++) if (has[window.labelPair(series, i)] === 1) return true
  return false
}
