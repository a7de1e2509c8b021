import type { Breather } from '../../base/breather.ts'
import { compareStrings, sortStrings } from '../../model/labels.ts'
import type { PairColumns } from './pair-columns.ts'
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
/** Pairs of a name whose kept order is used: so many at least, and one in so many of all pairs of the window. */
const KEPT_ORDER_MIN = 256
const SHARE_OF_KEPT = 4

/** Pairs of one name that series of a window have, in the order of their values. */
interface OrderedPairs {
  /** Of the window. */
  readonly place: number
  readonly pairs: ArrayLike<number>
  readonly texts: readonly string[]
}

/**
 * Ranks the pairs of series: the same pair has the same rank in every window, so series are compared, told apart and put into order by
 * numbers, and a text is decoded once for all series that have it. `columns`: their pairs, where they have been read.
 */
export async function rankLabels(found: readonly FoundSeries[], columns: PairColumns | undefined, breather: Breather): Promise<LabelRanks> {
  const byName = new Map<string, OrderedPairs[]>()
  const ofPair: Uint32Array[] = []
  for (const [place, { window, series }] of found.entries()) {
    const marks = new Uint32Array(window.pairs.count)
    ofPair.push(marks)
    const seen: number[] = []
    if (columns === undefined) await markPairs(window, series, marks, seen, breather)
    else columns.mark(place, marks, seen)
    for (const [name, pairs] of byNames(window, seen)) {
      const ordered = await inOrder(window, place, name, pairs, marks, breather)
      const text = window.symbols.text(name)
      const known = byName.get(text)
      if (known === undefined) byName.set(text, [ordered])
      else known.push(ordered)
    }
  }
  const names: string[] = ['']
  const values: string[] = ['']
  for (const name of sortStrings([...byName.keys()])) {
    const lists = byName.get(name)!
    const at = lists.map(() => 0)
    for (;;) {
      if (names.length % STRIDE === 0 && breather.isDue()) await breather.rest()
      let least: string | undefined
      for (let l = 0; l < lists.length; l++) {
        const text = lists[l].texts[at[l]]
        if (text !== undefined && (least === undefined || compareStrings(text, least) < 0)) least = text
      }
      if (least === undefined) break
      for (let l = 0; l < lists.length; l++) {
        const { place, pairs, texts } = lists[l]
        if (texts[at[l]] === least) ofPair[place][pairs[at[l]++]] = names.length
      }
      names.push(name)
      values.push(least)
    }
  }
  return { ofPair, names, values }
}

async function markPairs(window: Window, series: Uint32Array, marks: Uint32Array, seen: number[], breather: Breather): Promise<void> {
  for (let s = 0; s < series.length; s++) {
    if (s % STRIDE === 0 && breather.isDue()) await breather.rest()
    window.markPairs(series[s], marks, seen)
  }
}

/** Pairs of a window by the symbol of their name. */
function byNames({ pairs }: Window, seen: readonly number[]): ReadonlyMap<number, number[]> {
  const byName = new Map<number, number[]>()
  for (const pair of seen) {
    const name = pairs.name(pair)
    const known = byName.get(name)
    if (known === undefined) byName.set(name, [pair])
    else known.push(pair)
  }
  return byName
}

async function inOrder(
  { pairs, symbols, valueOrder }: Window,
  place: number,
  name: number,
  found: readonly number[],
  marks: Uint32Array,
  breather: Breather,
): Promise<OrderedPairs> {
  // Most of all pairs: their order is kept, and need not be made again.
  if (found.length >= KEPT_ORDER_MIN && SHARE_OF_KEPT * found.length >= pairs.count) {
    const kept = (await valueOrder.pairsOf(name, breather)).filter((pair) => pair < marks.length && marks[pair] !== 0)
    const texts: string[] = []
    for (let i = 0; i < kept.length; i++) {
      if (i % STRIDE === 0 && breather.isDue()) await breather.rest()
      texts.push(symbols.text(pairs.value(kept[i])))
    }
    return { place, pairs: kept, texts }
  }
  const pairOf = new Map<string, number>()
  for (const pair of found) pairOf.set(symbols.text(pairs.value(pair)), pair)
  const texts = await sortTexts([...pairOf.keys()], breather)
  return { place, pairs: texts.map((text) => pairOf.get(text)!), texts }
}
