import type { Breather } from '../../base/breather.ts'
import { sortTexts } from './sort-texts.ts'
import type { Window } from './window.ts'

/** Series of one window, and what is known of their pairs. */
export interface FoundSeries {
  readonly window: Window
  readonly series: Uint32Array
}

/** The label pairs that series of several windows have, each once, in the order of names and values. */
export interface LabelRanks {
  /** By window, then by pair: its rank, from 1 on; 0: none of the series has it. */
  readonly ofPair: readonly Uint32Array[]
  /** By rank. */
  readonly names: readonly string[]
  readonly values: readonly string[]
}

/** Looked at between two looks at the clock. */
const STRIDE = 1024

/**
 * Ranks the pairs of series: the same pair has the same rank in every window, so series are compared, told apart and put into order by
 * numbers, and a text is decoded once for all series that have it.
 */
export async function rankLabels(found: readonly FoundSeries[], breather: Breather): Promise<LabelRanks> {
  const rankOf = new Map<string, Map<string, number>>()
  const ofPair: Uint32Array[] = []
  for (const { window, series } of found) {
    const { pairs, symbols } = window
    const seen = new Uint32Array(pairs.count)
    for (let s = 0; s < series.length; s++) {
      if (s % STRIDE === 0 && breather.isDue()) await breather.rest()
      window.markPairs(series[s], seen)
    }
    ofPair.push(seen)
    for (let pair = 0; pair < seen.length; pair++) {
      if (pair % STRIDE === 0 && breather.isDue()) await breather.rest()
      if (seen[pair] === 0) continue
      const [name, value] = [pairs.name(pair), pairs.value(pair)]
      const nameText = symbols.text(name)
      const known = rankOf.get(nameText)
      if (known === undefined) rankOf.set(nameText, new Map([[symbols.text(value), 0]]))
      else known.set(symbols.text(value), 0)
    }
  }
  const names: string[] = ['']
  const values: string[] = ['']
  for (const name of await sortTexts([...rankOf.keys()], breather)) {
    const ranks = rankOf.get(name)!
    for (const value of await sortTexts([...ranks.keys()], breather)) {
      ranks.set(value, names.length)
      names.push(name)
      values.push(value)
    }
  }
  for (let w = 0; w < found.length; w++) {
    const { pairs, symbols } = found[w].window
    const ranks = ofPair[w]
    for (let pair = 0; pair < ranks.length; pair++) {
      if (pair % STRIDE === 0 && breather.isDue()) await breather.rest()
      if (ranks[pair] !== 0) ranks[pair] = rankOf.get(symbols.text(pairs.name(pair)))!.get(symbols.text(pairs.value(pair)))!
    }
  }
  return { ofPair, names, values }
}
