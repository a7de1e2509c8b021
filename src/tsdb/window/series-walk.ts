import type { Breather } from '../../base/breather.ts'
import { Labels } from '../../model/labels.ts'
import { JOINED_BYTES, type JoinedSeries, joinSeries, PLACE_BYTES } from './join-series.ts'
import { type FoundSeries, type LabelRanks, rankLabels } from './label-ranks.ts'
import { NO_PAIR, PairColumns } from './pair-columns.ts'
import { PartLabels } from './part-labels.ts'
import { ORDER_BYTES, orderSeries, type SeriesOrder } from './series-order.ts'
import { SomeLabels } from './some-labels.ts'
import type { Window } from './window.ts'

/** Bytes that a label pair of the series takes: its place in a map, and its text. */
const RANK_BYTES = 100
/** Bytes that a part of the labels takes, for each series at most. */
const PART_BYTES = 4

/** Told of what is going to be held. */
type Hold = (bytes: number) => void

/** Goes through the series of several windows, each once. */
export interface SeriesWalk {
  readonly windows: readonly Window[]
  /** Of the series: in how many windows it is, and by place, oldest first, in which and by what number. */
  count: number
  readonly window: Uint16Array
  readonly series: Uint32Array
  /** What labels are made of where all of them are wanted. */
  readonly ranks: LabelRanks | undefined
  /** Goes to the next series; false where there is none. */
  next(): boolean
  labels(): Labels
}

/** In label order. `names`: only labels by these names. */
export async function walkInOrder(
  found: readonly FoundSeries[],
  names: readonly string[] | undefined,
  hold: Hold,
  breather: Breather,
): Promise<SeriesWalk> {
  const foundCount = countOf(found)
  hold(found.reduce((sum, { window }) => sum + 4 * window.pairs.count, foundCount * ORDER_BYTES))
  const columns = PairColumns.of(found, hold)
  const ranks = await rankLabels(found, columns, breather)
  hold(ranks.names.length * RANK_BYTES)
  if (names !== undefined) hold(foundCount * PART_BYTES)
  const part = names && new PartLabels(ranks, names, foundCount)
  return new OrderedWalk(found, ranks, { part, columns }, await orderSeries(found, ranks, { part, columns }, breather))
}

/** As they lie in the newest window that has them, which is the quickest for all that is read of them. */
export async function walkInAnyOrder(
  found: readonly FoundSeries[],
  names: readonly string[],
  hold: Hold,
  breather: Breather,
): Promise<SeriesWalk> {
  hold(countOf(found) * JOINED_BYTES)
  for (const { window } of found) hold(PLACE_BYTES * (found.length - 1) * window.pairs.count)
  return new AnyWalk(found, await joinSeries(found, breather), names, hold)
}

function countOf(found: readonly FoundSeries[]): number {
  return found.reduce((sum, { series }) => sum + series.length, 0)
}

class OrderedWalk implements SeriesWalk {
  count = 0
  readonly windows: readonly Window[]
  readonly window: Uint16Array
  readonly series: Uint32Array
  readonly #found: readonly FoundSeries[]
  readonly #ranks: LabelRanks
  readonly #part: PartLabels | undefined
  readonly #columns: PairColumns | undefined
  readonly #order: SeriesOrder
  #from = 0
  #to = 0

  constructor(
    found: readonly FoundSeries[],
    ranks: LabelRanks,
    { part, columns }: { readonly part: PartLabels | undefined; readonly columns: PairColumns | undefined },
    order: SeriesOrder,
  ) {
    this.windows = found.map(({ window }) => window)
    this.window = new Uint16Array(found.length)
    this.series = new Uint32Array(found.length)
    this.#found = found
    this.#ranks = ranks
    this.#part = part
    this.#columns = columns
    this.#order = order
  }

  get ranks(): LabelRanks | undefined {
    return this.#part === undefined ? this.#ranks : undefined
  }

  next(): boolean {
    const { series, window, isSame } = this.#order
    this.#from = this.#to
    if (this.#from === series.length) return false
    this.count = 0
    do {
      this.window[this.count] = window[this.#to]
      this.series[this.count] = series[this.#to]
      this.count++
      this.#to++
    } while (this.#to < series.length && isSame[this.#to] === 1)
    return true
  }

  labels(): Labels {
    if (this.#part !== undefined) return this.#part.labels(this.#order.item[this.#from])
    const w = this.window[0]
    if (this.#columns !== undefined) return labelsOf(this.#columns, this.#order.item[this.#from], this.#ranks, w)
    return allLabels(this.#found[w].window, this.series[0], this.#ranks, w)
  }
}

/** All labels of a series of a window, which is the one at `place` of those that were ranked. */
export function allLabels(window: Window, series: number, { names, values, ofPair }: LabelRanks, place: number): Labels {
  const count = window.labelCount(series)
  const texts = new Array<string>(2 * count)
  for (let i = 0; i < count; i++) {
    const rank = window.rankAt(series, i, ofPair[place])
    texts[2 * i] = names[rank]
    texts[2 * i + 1] = values[rank]
  }
  return Labels.fromSortedPairs(texts)
}

function labelsOf({ pairs, count, placeCount }: PairColumns, item: number, { names, values, ofPair }: LabelRanks, place: number): Labels {
  let size = placeCount
  while (size > 0 && pairs[(size - 1) * count + item] === NO_PAIR) size--
  const texts = new Array<string>(2 * size)
  for (let i = 0; i < size; i++) {
    const rank = ofPair[place][pairs[i * count + item]]
    texts[2 * i] = names[rank]
    texts[2 * i + 1] = values[rank]
  }
  return Labels.fromSortedPairs(texts)
}

class AnyWalk implements SeriesWalk {
  count = 0
  readonly windows: readonly Window[]
  readonly window: Uint16Array
  readonly series: Uint32Array
  readonly ranks = undefined
  readonly #found: readonly FoundSeries[]
  /** By window: its first item. */
  readonly #starts: Uint32Array
  readonly #joined: JoinedSeries
  readonly #labels: readonly SomeLabels[]
  /** The window whose turn it is, and the item in it. */
  #turn: number
  #item: number

  constructor(found: readonly FoundSeries[], joined: JoinedSeries, names: readonly string[], hold: Hold) {
    this.windows = found.map(({ window }) => window)
    this.window = new Uint16Array(found.length)
    this.series = new Uint32Array(found.length)
    this.#found = found
    this.#joined = joined
    this.#starts = new Uint32Array(found.length + 1)
    for (let w = 0; w < found.length; w++) this.#starts[w + 1] = this.#starts[w] + found[w].series.length
    const made = new Map<string, Labels>()
    this.#labels = found.map(({ window }) => new SomeLabels(window, names, made, hold))
    this.#turn = found.length - 1
    this.#item = found.length === 0 ? 0 : this.#starts[this.#turn]
  }

  next(): boolean {
    const { older, isOlder } = this.#joined
    const starts = this.#starts
    for (;;) {
      if (this.#turn < 0) return false
      if (this.#item === starts[this.#turn + 1]) {
        this.#turn--
        if (this.#turn >= 0) this.#item = starts[this.#turn]
      } else if (isOlder[this.#item] === 1) this.#item++
      else break
    }
    let count = 1
    for (let item = older[this.#item]; item >= 0; item = older[item]) count++
    this.count = count
    for (let item = this.#item++, w = this.#turn; item >= 0; item = older[item]) {
      while (item < starts[w]) w--
      count--
      this.window[count] = w
      this.series[count] = this.#found[w].series[item - starts[w]]
    }
    return true
  }

  labels(): Labels {
    return this.#labels[this.window[0]].of(this.series[0])
  }
}
