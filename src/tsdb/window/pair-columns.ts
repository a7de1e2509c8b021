import type { Window } from './window.ts'

interface FoundSeries {
  readonly window: Window
  readonly series: Uint32Array
}

/** Where a series has fewer labels. */
export const NO_PAIR = 0xffffffff

/** Series whose pairs are read at once: less than a ms. */
const SERIES_MAX = 16_384
/** Places of their labels: one series of thousands of labels would make as many columns for all of them. */
const CELLS_MAX = 32 * SERIES_MAX

/**
 * The label pairs of not many series of several windows, read once, since they are looked at several times: which of them there are, in what order they are,
 * and what is made of them. Items are the series, window by window.
 */
export class PairColumns {
  readonly count: number
  /** The most labels that a series has. */
  readonly placeCount: number
  /** By place, then by item. */
  readonly pairs: Uint32Array
  /** By window: its first item; the last one is where they end. */
  readonly starts: readonly number[]

  private constructor(found: readonly FoundSeries[], starts: readonly number[], placeCount: number) {
    const count = starts[found.length]
    this.count = count
    this.placeCount = placeCount
    this.starts = starts
    this.pairs = new Uint32Array(count * placeCount).fill(NO_PAIR)
    for (const [w, { window, series }] of found.entries()) window.copyPairs(series, this.pairs, starts[w], count)
  }

  /** Undefined: the series, or their labels, are too many. `hold` is told of the bytes that are going to be held. */
  static of(found: readonly FoundSeries[], hold: (bytes: number) => void): PairColumns | undefined {
    const starts = [0]
    let count = 0
    for (const { series } of found) {
      count += series.length
      starts.push(count)
    }
    if (count > SERIES_MAX) return undefined
    let placeCount = 0
    for (const { window, series } of found)
      for (let i = 0; i < series.length; i++) placeCount = Math.max(placeCount, window.labelCount(series[i]))
    if (count * placeCount > CELLS_MAX) return undefined
    hold(4 * count * placeCount)
    return new PairColumns(found, starts, placeCount)
  }

  /** Marks the pairs of a window's series in a column by pair, and adds those that were not marked to `seen`. */
  mark(place: number, marks: Uint32Array, seen: number[]): void {
    const { pairs, count, placeCount } = this
    const [from, to] = [this.starts[place], this.starts[place + 1]]
    for (let row = 0; row < placeCount * count; row += count) {
      for (let i = row + from; i < row + to; i++) {
        const pair = pairs[i]
        if (pair === NO_PAIR || marks[pair] !== 0) continue
        marks[pair] = 1
        seen.push(pair)
      }
    }
  }

  /** What columns by pair, one for each window, say of the pairs at a place of the labels; 0 where there are fewer. */
  read(place: number, columns: readonly Uint32Array[], into: Uint32Array): void {
    const { pairs, starts } = this
    const row = place * this.count
    for (let w = 0; w < columns.length; w++) {
      const column = columns[w]
      for (let i = starts[w]; i < starts[w + 1]; i++) {
        const pair = pairs[row + i]
        into[i] = pair === NO_PAIR ? 0 : column[pair]
      }
    }
  }
}
