import type { Breather } from '../../base/breather.ts'
import type { Matcher } from '../../model/matcher.ts'
import type { Timestamp } from '../../model/time.ts'
import { matchSeries } from './match.ts'
import type { Window } from './window.ts'

type MatcherSets = readonly (readonly Matcher[])[]

/** Whose labels are asked for: series that fulfil any of the sets (no sets: all), and have samples in the range. */
export interface LabelScope {
  readonly matcherSets: MatcherSets
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
}

/** Adds the label names of the series in scope to `names`. */
export async function collectLabelNames(window: Window, scope: LabelScope, names: Set<string>, breather: Breather): Promise<void> {
  const { symbols, pairs } = window
  if (scope.matcherSets.length === 0) {
    for (const name of pairs.names()) {
      for (let pair = pairs.firstOfName(name); pair >= 0; pair = pairs.nextOfName(pair)) {
        if (breather.isDue()) await breather.rest()
        if (!hasSamples(window, pair, scope)) continue
        names.add(symbols.text(name))
        break
      }
    }
    return
  }
  await eachPair(window, scope, breather, (pair) => names.add(symbols.text(pairs.name(pair))))
}

/** Adds the values that a label has in those series to `values`. */
export async function collectLabelValues(
  window: Window,
  label: string,
  scope: LabelScope,
  values: Set<string>,
  breather: Breather,
): Promise<void> {
  const { symbols, pairs } = window
  const name = symbols.find(label)
  if (name < 0) return
  if (scope.matcherSets.length === 0) {
    for (let pair = pairs.firstOfName(name); pair >= 0; pair = pairs.nextOfName(pair)) {
      if (breather.isDue()) await breather.rest()
      if (hasSamples(window, pair, scope)) values.add(symbols.text(pairs.value(pair)))
    }
    return
  }
  await eachPair(window, scope, breather, (pair) => {
    if (pairs.name(pair) === name) values.add(symbols.text(pairs.value(pair)))
  })
}

/** Shows the label pairs of the series that fulfil any of the sets, each once. */
async function eachPair(
  window: Window,
  { matcherSets, minTime, maxTime }: LabelScope,
  breather: Breather,
  visit: (pair: number) => void,
): Promise<void> {
  // Series found here were there before, and so were their pairs.
  const isSeen = new Uint8Array(window.pairs.count)
  for (const matchers of matcherSets) {
    for (const series of await matchSeries(window, matchers, minTime, maxTime, breather)) {
      if (breather.isDue()) await breather.rest()
      const count = window.labelCount(series)
      for (let i = 0; i < count; i++) {
        const pair = window.labelPair(series, i)
        if (isSeen[pair] === 1) continue
        isSeen[pair] = 1
        visit(pair)
      }
    }
  }
}

/** Whether any series of a pair has samples in the range. Nearly always the first one does. */
function hasSamples(window: Window, pair: number, { minTime, maxTime }: LabelScope): boolean {
  const first = window.pairs.firstSeries(pair)
  if (first >= 0 && window.overlaps(first, minTime, maxTime)) return true
  const series = new Uint32Array(window.pairs.seriesCount(pair))
  return series.subarray(0, window.copySeries(pair, series, 0)).some((one) => window.overlaps(one, minTime, maxTime))
}
