import type { Breather } from '../../base/breather.ts'
import type { FoundSeries } from './label-ranks.ts'

/** What is the same series in several windows. Series are items here, counted window by window. */
export interface JoinedSeries {
  /** By item: the same series in the nearest older window that has it, -1 where none does. */
  readonly older: Int32Array
  /** By item: whether a newer window has the same series. */
  readonly isOlder: Uint8Array
}

/** What `joinSeries` holds of each series, beside what it holds of each window. */
export const JOINED_BYTES = 5
/** Of a window, for each pair that it has. */
export const PLACE_BYTES = 4

/** Looked at between two looks at the clock. */
const STRIDE = 1024

/** Finds out which series of windows are the same, without putting them into order: each is looked up in the next window. */
export async function joinSeries(found: readonly FoundSeries[], breather: Breather): Promise<JoinedSeries> {
  const starts: number[] = []
  let count = 0
  for (const { series } of found) {
    starts.push(count)
    count += series.length
  }
  const older = new Int32Array(count).fill(-1)
  const isOlder = new Uint8Array(count)
  for (let w = found.length - 2; w >= 0; w--) {
    const { window, series } = found[w]
    for (let v = w + 1; v < found.length; v++) {
      const { window: newer, series: newerSeries } = found[v]
      const translated = new Uint32Array(window.pairs.count)
      // What lies between the numbers of a series in the two windows: mostly the same all along.
      let apart = 0
      // And so are their places among those that were found.
      let place = 0
      for (let i = 0; i < series.length; i++) {
        if (i % STRIDE === 0 && breather.isDue()) await breather.rest()
        const item = starts[w] + i
        if (isOlder[item] === 1) continue
        const same = newer.findFrom(window, series[i], translated, series[i] + apart)
        if (same < 0) continue
        apart = same - series[i]
        if (newerSeries[place] !== same) place = placeOf(newerSeries, same)
        if (newerSeries[place] !== same) continue
        older[starts[v] + place] = item
        isOlder[item] = 1
        place++
      }
    }
  }
  return { older, isOlder }
}

/** Where a number is among rising ones, or would be. */
function placeOf(rising: Uint32Array, wanted: number): number {
  let from = 0
  let to = rising.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if (rising[middle] < wanted) from = middle + 1
    else to = middle
  }
  return from
}
