import type { Breather } from '../../base/breather.ts'
import type { Matcher } from '../../model/matcher.ts'
import type { Timestamp } from '../../model/time.ts'
import { matchSeries } from './match.ts'
import { sortTexts } from './sort-texts.ts'
import type { Window } from './window.ts'

type MatcherSets = readonly (readonly Matcher[])[]

/**
 * Whose labels are asked for: series that fulfil any of the sets, and have samples in the range. No sets: all of a window that reaches into the
 * range, as upstream answers from the index of a block; where something was deleted, those that have samples there.
 */
export interface LabelScope {
  readonly matcherSets: MatcherSets
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
}

/** Looked at between two looks at the clock. */
const STRIDE = 256

/** The label names of the series in scope, sorted. */
export async function labelNamesOf(window: Window, scope: LabelScope, breather: Breather): Promise<readonly string[]> {
  if (!reaches(window, scope)) return []
  const { symbols, pairs } = window
  const names = new Set<string>()
  if (scope.matcherSets.length === 0) {
    const counts = pairTest(window, scope)
    for (const name of pairs.names()) {
      for (let pair = pairs.firstOfName(name); pair >= 0; pair = pairs.nextOfName(pair)) {
        if (breather.isDue()) await breather.rest()
        if (!counts(pair)) continue
        names.add(symbols.text(name))
        break
      }
    }
  } else await eachPair(window, scope, breather, (pair) => names.add(symbols.text(pairs.name(pair))))
  return sortTexts([...names], breather)
}

/** The values that a label has in those series, sorted. */
export async function labelValuesOf(window: Window, label: string, scope: LabelScope, breather: Breather): Promise<readonly string[]> {
  if (!reaches(window, scope)) return []
  const { symbols, pairs } = window
  const name = symbols.find(label)
  if (name < 0) return []
  const values: string[] = []
  if (scope.matcherSets.length > 0) {
    await eachPair(window, scope, breather, (pair) => {
      if (pairs.name(pair) === name) values.push(symbols.text(pairs.value(pair)))
    })
    return sortTexts(values, breather)
  }
  const counts = pairTest(window, scope)
  const { pairs: inOrder, texts } = await window.valueOrder.textsOf(name, breather)
  let known = 0
  for (; known < inOrder.length && counts(inOrder[known]); known++) if (known % STRIDE === 0 && breather.isDue()) await breather.rest()
  // Nearly always all of them: that list need not be made again.
  if (known === inOrder.length) return texts
  for (let i = 0; i < inOrder.length; i++) {
    if (i % STRIDE === 0 && breather.isDue()) await breather.rest()
    if (i < known || counts(inOrder[i])) values.push(texts[i])
  }
  return values
}

function reaches({ minTime, maxTime }: Window, scope: LabelScope): boolean {
  return minTime <= scope.maxTime && maxTime >= scope.minTime
}

/** Whether a pair has a series that counts, where no matchers say which do. */
function pairTest(window: Window, scope: LabelScope): (pair: number) => boolean {
  const { pairs } = window
  return window.tombstones.isEmpty ? (pair) => pairs.seriesCount(pair) > 0 : (pair) => hasSamples(window, pair, scope)
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
    const found = await matchSeries(window, matchers, minTime, maxTime, breather)
    for (let s = 0; s < found.length; s++) {
      if (s % STRIDE === 0 && breather.isDue()) await breather.rest()
      const count = window.labelCount(found[s])
      for (let i = 0; i < count; i++) {
        const pair = window.labelPair(found[s], i)
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
