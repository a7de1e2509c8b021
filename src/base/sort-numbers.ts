import type { Breather } from './breather.ts'

const RUN = 256
/** Merged between two looks at the clock. */
const STRIDE = 1024

/**
 * Sorts in place by `compare`, and lets others run on the way. What is in order already costs a comparison an item. `scratch`: as long as
 * the items, if the caller has that much; what is in it does not matter, before and after.
 */
export async function sortNumbers(
  items: Uint32Array,
  compare: (a: number, b: number) => number,
  breather: Breather,
  scratch?: Uint32Array,
): Promise<void> {
  for (let start = 0; start < items.length; start += RUN) {
    sortRun(items, start, Math.min(start + RUN, items.length), compare)
    if (breather.isDue()) await breather.rest()
  }
  if (items.length <= RUN) return
  const left = scratch ?? new Uint32Array(items.length)
  for (let width = RUN; width < items.length; width *= 2) {
    for (let start = 0; start + width < items.length; start += 2 * width) {
      const middle = start + width
      if (compare(items[middle - 1], items[middle]) <= 0) continue
      const end = Math.min(middle + width, items.length)
      left.set(items.subarray(start, middle))
      for (let l = 0, r = middle, at = start; l < width && r < end; at++) {
        items[at] = compare(left[l], items[r]) <= 0 ? left[l++] : items[r++]
        // Once the right side is used up, the rest of the left one follows.
        if (r === end) items.set(left.subarray(l, width), at + 1)
        if (at % STRIDE === 0 && breather.isDue()) await breather.rest()
      }
    }
  }
}

function sortRun(items: Uint32Array, start: number, end: number, compare: (a: number, b: number) => number): void {
  for (let i = start + 1; i < end; i++) {
    if (compare(items[i - 1], items[i]) > 0) {
      items.subarray(start, end).sort(compare)
      return
    }
  }
}
