import type { Matcher } from '../../model/matcher.ts'
import type { Timestamp } from '../../model/time.ts'
import { matchSeries } from './match.ts'
import type { Window } from './window.ts'

type MatcherSets = readonly (readonly Matcher[])[]

/** Adds the label names of the series that fulfil any of the sets (no sets: of all series with samples) to `names`. */
export function collectLabelNames(window: Window, sets: MatcherSets, minTime: Timestamp, maxTime: Timestamp, names: Set<string>): void {
  const { symbols, pairs } = window
  if (sets.length === 0 && coversAll(window, minTime, maxTime)) {
    for (const name of pairs.names()) {
      if (anyPair(window, name)) names.add(symbols.text(name))
    }
    return
  }
  const seen = new Set<number>()
  for (const matchers of orEverything(sets)) {
    for (const series of matchSeries(window, matchers, minTime, maxTime)) {
      const count = window.labelCount(series)
      for (let i = 0; i < count; i++) seen.add(pairs.name(window.labelPair(series, i)))
    }
  }
  for (const name of seen) names.add(symbols.text(name))
}

/** Adds the values that a label has in those series to `values`. */
export function collectLabelValues(
  window: Window,
  label: string,
  sets: MatcherSets,
  minTime: Timestamp,
  maxTime: Timestamp,
  values: Set<string>,
): void {
  const { symbols, pairs } = window
  const name = symbols.find(label)
  if (name < 0) return
  if (sets.length === 0 && coversAll(window, minTime, maxTime)) {
    for (let pair = pairs.firstOfName(name); pair >= 0; pair = pairs.nextOfName(pair)) {
      if (hasSamples(window, pair)) values.add(symbols.text(pairs.value(pair)))
    }
    return
  }
  const seen = new Set<number>()
  for (const matchers of orEverything(sets)) {
    for (const series of matchSeries(window, matchers, minTime, maxTime)) {
      const count = window.labelCount(series)
      for (let i = 0; i < count; i++) {
        const pair = window.labelPair(series, i)
        if (pairs.name(pair) === name) seen.add(pairs.value(pair))
      }
    }
  }
  for (const value of seen) values.add(symbols.text(value))
}

function coversAll(window: Window, minTime: Timestamp, maxTime: Timestamp): boolean {
  return minTime <= window.minTime && maxTime >= window.maxTime
}

function orEverything(sets: MatcherSets): MatcherSets {
  return sets.length === 0 ? [[]] : sets
}

function anyPair(window: Window, name: number): boolean {
  for (let pair = window.pairs.firstOfName(name); pair >= 0; pair = window.pairs.nextOfName(pair)) if (hasSamples(window, pair)) return true
  return false
}

/** Whether any series of a pair has samples: one whose batch was rolled back has none. Nearly always the first one does. */
function hasSamples(window: Window, pair: number): boolean {
  const first = window.pairs.firstSeries(pair)
  if (first >= 0 && window.lastTime(first) !== Number.NEGATIVE_INFINITY) return true
  const series = new Uint32Array(window.pairs.seriesCount(pair))
  window.pairs.copySeries(pair, series, 0)
  return series.some((one) => window.lastTime(one) !== Number.NEGATIVE_INFINITY)
}
