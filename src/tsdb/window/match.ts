import type { Breather } from '../../base/breather.ts'
import { sortNumbers } from '../../base/sort-numbers.ts'
import type { Matcher } from '../../model/matcher.ts'
import type { Timestamp } from '../../model/time.ts'
import { compareSymbols } from './symbols.ts'
import type { Window } from './window.ts'

// A matcher becomes a set of label pairs: those that a series must have one of (`want`), or those that it must have none
// of (`avoid`: what matches the empty value is stated by what it does not match). The smallest `want` gives the candidates from
// its postings; the other sets are checked on the candidates' own label lists, which are short.
// All of it lets others run on the way. Series that come meanwhile are not looked at: their pairs may not have been.

interface PairSet {
  readonly want: boolean
  /** Pairs of one name, so no series has two of them. */
  readonly pairs: readonly number[]
  readonly seriesCount: number
}

/** Looked at between two looks at the clock. */
const STRIDE = 1024

/** What `matchSeries` and `sortByLabels` may hold at once, with what they answer. */
export function matchBytesMax(window: Window): number {
  return window.seriesCount * 8 + window.pairs.count * 16
}

/** The series that fulfil all matchers, and have chunks that reach into the range; rising. `narrow` leaves out some before they are looked at. */
export async function matchSeries(
  window: Window,
  matchers: readonly Matcher[],
  minTime: Timestamp,
  maxTime: Timestamp,
  breather: Breather,
  narrow?: (candidates: Uint32Array) => Uint32Array,
): Promise<Uint32Array> {
  const series = await matchAtAnyTime(window, matchers, breather, narrow)
  return seriesThatReach(window, series, minTime, maxTime, breather)
}

/** Those of some series that have chunks that reach into the range. They are moved together in `series`. */
export async function seriesThatReach(
  window: Window,
  series: Uint32Array,
  minTime: Timestamp,
  maxTime: Timestamp,
  breather: Breather,
): Promise<Uint32Array> {
  let kept = 0
  for (let i = 0; i < series.length; i++) {
    if (i % STRIDE === 0 && breather.isDue()) await breather.rest()
    if (window.overlaps(series[i], minTime, maxTime)) series[kept++] = series[i]
  }
  return series.subarray(0, kept)
}

/** The series that fulfil all matchers, also those that have no samples yet; rising. */
export async function matchAtAnyTime(
  window: Window,
  matchers: readonly Matcher[],
  breather: Breather,
  narrow: (candidates: Uint32Array) => Uint32Array = (candidates) => candidates,
): Promise<Uint32Array> {
  const { seriesCount } = window
  const sets: PairSet[] = []
  for (const matcher of matchers) {
    const set = await pairSet(window, matcher, breather)
    if (set.want && set.seriesCount === 0) return new Uint32Array(0)
    if (set.want || set.pairs.length > 0) sets.push(set)
  }
  let driver: PairSet | undefined
  for (const set of sets) if (set.want && (driver === undefined || set.seriesCount < driver.seriesCount)) driver = set
  const candidates = narrow(driver === undefined ? allSeries(seriesCount) : await seriesOf(window, driver, seriesCount, breather))
  const checks = sets.filter((set) => set !== driver).map((set) => ({ want: set.want, has: membership(window, set.pairs) }))

  let kept = 0
  for (let i = 0; i < candidates.length; i++) {
    if (i % STRIDE === 0 && breather.isDue()) await breather.rest()
    const series = candidates[i]
    let matches = true
    for (let c = 0; c < checks.length && matches; c++) matches = hasOne(window, series, checks[c].has) === checks[c].want
    if (matches) candidates[kept++] = series
  }
  return candidates.subarray(0, kept)
}

/** Puts series of a window into label order. */
export async function sortByLabels(window: Window, series: Uint32Array, breather: Breather): Promise<void> {
  const { ranks } = await rankPairs(window, series, breather)
  await sortByRanks(window, series, ranks, breather)
}

/** The same with the ranks of their pairs at hand, and perhaps with memory for sorting: see `sortNumbers`. */
export async function sortByRanks(
  window: Window,
  series: Uint32Array,
  ranks: Uint32Array,
  breather: Breather,
  scratch?: Uint32Array,
): Promise<void> {
  const compare = (a: number, b: number) => {
    const aCount = window.labelCount(a)
    const bCount = window.labelCount(b)
    const count = Math.min(aCount, bCount)
    for (let i = 0; i < count; i++) {
      const aPair = window.labelPair(a, i)
      const bPair = window.labelPair(b, i)
      if (aPair !== bPair) return ranks[aPair] - ranks[bPair]
    }
    return aCount - bCount
  }
  await sortNumbers(series, compare, breather, scratch)
}

export interface PairRanks {
  /** The pairs that the series have, in the order of names and values. */
  readonly order: Uint32Array
  /** By pair: its place in `order`; of others nothing that means anything. */
  readonly ranks: Uint32Array
  /** By pair: how many of the series have it. */
  readonly seriesCounts: Uint32Array
}

/** Puts the pairs that series have into the order of names and values. */
export async function rankPairs(window: Window, series: Uint32Array, breather: Breather): Promise<PairRanks> {
  const { pairs, symbols } = window
  const seriesCounts = new Uint32Array(pairs.count)
  let count = 0
  for (let s = 0; s < series.length; s++) {
    if (s % STRIDE === 0 && breather.isDue()) await breather.rest()
    const labelCount = window.labelCount(series[s])
    for (let i = 0; i < labelCount; i++) if (seriesCounts[window.labelPair(series[s], i)]++ === 0) count++
  }
  const order = new Uint32Array(count)
  for (let pair = 0, at = 0; at < count; pair++) if (seriesCounts[pair] !== 0) order[at++] = pair
  const compare = (a: number, b: number) => {
    const byName = pairs.name(a) === pairs.name(b) ? 0 : compareSymbols(symbols, pairs.name(a), symbols, pairs.name(b))
    return byName !== 0 ? byName : compareSymbols(symbols, pairs.value(a), symbols, pairs.value(b))
  }
  await sortNumbers(order, compare, breather)
  const ranks = new Uint32Array(seriesCounts.length)
  for (let rank = 0; rank < order.length; rank++) ranks[order[rank]] = rank
  return { order, ranks, seriesCounts }
}

async function pairSet(window: Window, matcher: Matcher, breather: Breather): Promise<PairSet> {
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
        if (breather.isDue()) await breather.rest()
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

function allSeries(seriesCount: number): Uint32Array {
  const series = new Uint32Array(seriesCount)
  for (let i = 0; i < series.length; i++) series[i] = i
  return series
}

/** The series below `seriesCount` that have one of the pairs, rising. */
async function seriesOf(window: Window, set: PairSet, seriesCount: number, breather: Breather): Promise<Uint32Array> {
  let series = new Uint32Array(set.seriesCount)
  let count = 0
  for (const pair of set.pairs) {
    if (breather.isDue()) await breather.rest()
    const end = count + window.pairs.seriesCount(pair)
    if (end > series.length) {
      const larger = new Uint32Array(2 * end)
      larger.set(series)
      series = larger
    }
    count = window.copySeries(pair, series, count)
    while (count > 0 && series[count - 1] >= seriesCount) count--
  }
  const found = series.subarray(0, count)
  if (set.pairs.length > 1) await sortNumbers(found, (a, b) => a - b, breather)
  return found
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
