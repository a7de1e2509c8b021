import type { Breather } from '../../base/breather.ts'
import type { FoundSeries, LabelRanks } from './label-ranks.ts'
import type { PairColumns } from './pair-columns.ts'
import type { PartLabels } from './part-labels.ts'

/** Series of several windows in label order. What is the same series in two windows stands together, the older window's first. */
export interface SeriesOrder {
  /** By place: the series' number in its window. */
  readonly series: Uint32Array
  /** By place: the index of its window. */
  readonly window: Uint16Array
  /** By place: whether it is the same series as the place before. */
  readonly isSame: Uint8Array
  /** By place: which item it was among those that were found, window by window. */
  readonly item: Uint32Array
}

/** What `orderSeries` holds at most for each series. */
export const ORDER_BYTES = 36

/** Items that are worked on at once: some ms. */
const STRIDE = 32_768

/**
 * Puts series into label order, place by place from the last label to the first: each pass is stable, so what the later ones find equal
 * stays as the earlier ones had it. It costs the labels of the series, whatever order they come in, and reads them one after the other
 * (select.bench.ts). `part`, where given, is told the labels on the way. `columns`: their pairs, where they have been read.
 */
export async function orderSeries(
  found: readonly FoundSeries[],
  ranks: LabelRanks,
  { part, columns }: { readonly part: PartLabels | undefined; readonly columns: PairColumns | undefined },
  breather: Breather,
): Promise<SeriesOrder> {
  const labels = new LabelColumns(found, ranks, columns)
  const { count } = labels
  const counts = new Uint32Array(ranks.names.length + 1)
  let item = new Uint32Array(count)
  for (let i = 0; i < count; i++) item[i] = i
  let dealt = new Uint32Array(count)
  const keys = found.length < 2 || part !== undefined ? undefined : new ItemKeys(count)
  for (let place = labels.placeCount - 1; place >= 0; place--) {
    await labels.read(place, breather)
    const { digits, least, most } = labels
    if (least === most) continue
    keys?.add(digits, least, most)
    counts.fill(0, 0, most - least + 2)
    for (let i = 0; i < count; i++) counts[digits[i] - least + 1]++
    for (let i = 1; i <= most - least; i++) counts[i] += counts[i - 1]
    for (let from = 0; from < count; from += STRIDE) {
      deal(item, dealt, digits, counts, least, from, Math.min(from + STRIDE, count))
      if (breather.isDue()) await breather.rest()
    }
    const before = item
    item = dealt
    dealt = before
  }
  const order = { series: dealt, window: new Uint16Array(count), isSame: new Uint8Array(count), item }
  for (let i = 0; i < count; i++) {
    order.series[i] = labels.series[item[i]]
    order.window[i] = labels.window[item[i]]
    // A window has each series once.
    order.isSame[i] = i > 0 && order.window[i] !== order.window[i - 1] ? 1 : 0
  }
  if (found.length < 2 && part === undefined) return order
  if (keys?.areWhole === true) {
    for (let i = 1; i < count; i++) if (keys.keys[item[i]] !== keys.keys[item[i - 1]]) order.isSame[i] = 0
    return order
  }
  for (let place = 0; place < labels.placeCount; place++) {
    await labels.read(place, breather)
    const { digits, least, most } = labels
    part?.add(digits, least === most)
    if (least === most) continue
    const { isSame } = order
    for (let i = 1; i < count; i++) if (digits[item[i]] !== digits[item[i - 1]]) isSame[i] = 0
  }
  return order
}

/** By item: a number made of its labels, another one for other labels, as long as there are few enough of them. */
class ItemKeys {
  readonly keys: Float64Array
  /** Whether all that was added is told apart. */
  areWhole = true
  #scale = 1

  constructor(count: number) {
    this.keys = new Float64Array(count)
  }

  /** Takes in the label of every item at a place: ranks from `least` to `most`. */
  add(ranks: Uint32Array, least: number, most: number): void {
    const scale = this.#scale
    this.#scale *= most - least + 1
    if (this.#scale > Number.MAX_SAFE_INTEGER) this.areWhole = false
    if (!this.areWhole) return
    const { keys } = this
    for (let i = 0; i < keys.length; i++) keys[i] += (ranks[i] - least) * scale
  }
}

/** The labels of series as columns, one place of them at a time. */
class LabelColumns {
  readonly count: number
  /** The most labels that a series has. */
  readonly placeCount: number
  readonly series: Uint32Array
  readonly window: Uint16Array
  /** What was read last: the ranks of the pairs at a place of the labels, 0 where there are fewer labels. */
  readonly digits: Uint32Array
  least = 0
  most = 0
  readonly #found: readonly FoundSeries[]
  readonly #ranks: LabelRanks
  readonly #columns: PairColumns | undefined

  constructor(found: readonly FoundSeries[], ranks: LabelRanks, columns: PairColumns | undefined) {
    this.#found = found
    this.#ranks = ranks
    this.#columns = columns
    this.count = found.reduce((sum, { series }) => sum + series.length, 0)
    this.series = new Uint32Array(this.count)
    this.window = new Uint16Array(this.count)
    this.digits = new Uint32Array(this.count)
    let placeCount = 0
    for (let w = 0, at = 0; w < found.length; w++) {
      const { window, series } = found[w]
      this.series.set(series, at)
      this.window.fill(w, at, at + series.length)
      at += series.length
      for (let s = 0; s < series.length && columns === undefined; s++) placeCount = Math.max(placeCount, window.labelCount(series[s]))
    }
    this.placeCount = columns?.placeCount ?? placeCount
  }

  async read(place: number, breather: Breather): Promise<void> {
    this.least = 0xffffffff
    this.most = 0
    if (this.#columns !== undefined) {
      this.#columns.read(place, this.#ranks.ofPair, this.digits)
      this.#span()
      return
    }
    for (let from = 0; from < this.count; from += STRIDE) {
      this.#readSome(place, from, Math.min(from + STRIDE, this.count))
      if (breather.isDue()) await breather.rest()
    }
  }

  #span(): void {
    const { digits } = this
    let { least, most } = this
    for (let i = 0; i < digits.length; i++) {
      if (digits[i] < least) least = digits[i]
      if (digits[i] > most) most = digits[i]
    }
    this.least = least
    this.most = most
  }

  #readSome(place: number, from: number, to: number): void {
    const { series, window, digits } = this
    let { least, most } = this
    for (let i = from; i < to; i++) {
      const digit = this.#found[window[i]].window.rankAt(series[i], place, this.#ranks.ofPair[window[i]])
      digits[i] = digit
      if (digit < least) least = digit
      if (digit > most) most = digit
    }
    this.least = least
    this.most = most
  }
}

function deal(
  order: Uint32Array,
  into: Uint32Array,
  digits: Uint32Array,
  counts: Uint32Array,
  least: number,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) {
    const item = order[i]
    into[counts[digits[item] - least]++] = item
  }
}
