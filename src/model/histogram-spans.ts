import { NO_SPANS, type Spans } from './histogram.ts'

// Which buckets a side of a histogram has.

const OFFSET_MAX = 0x7fffffff

/** How many buckets spans have. */
export function bucketCountOf(spans: Spans): number {
  let count = 0
  for (let i = 1; i < spans.length; i += 2) count += spans[i]
  return count
}

/** Walks the indices of the buckets that spans have, rising. Spans of no length count for their offset alone. */
export class BucketCursor {
  #spans = NO_SPANS
  #at = 0
  #left = 0
  index = 0

  /** Begins before the first bucket. */
  open(spans: Spans): void {
    this.#spans = spans
    this.#at = 0
    this.#left = 0
    this.index = -1
  }

  /** False after the last bucket. */
  next(): boolean {
    this.index++
    while (this.#left === 0) {
      if (this.#at >= this.#spans.length) return false
      this.index += this.#spans[this.#at]
      this.#left = this.#spans[this.#at + 1]
      this.#at += 2
    }
    this.#left--
    return true
  }
}

/** Spans of the buckets that either has, without neighbours that could be one span. */
export function uniteSpans(a: Spans, b: Spans): Spans {
  const cursorA = new BucketCursor()
  const cursorB = new BucketCursor()
  cursorA.open(a)
  cursorB.open(b)
  const united: number[] = []
  let last = -1
  let hasA = cursorA.next()
  let hasB = cursorB.next()
  while (hasA || hasB) {
    const index = !hasB || (hasA && cursorA.index < cursorB.index) ? cursorA.index : cursorB.index
    if (united.length > 0 && index === last + 1) united[united.length - 1]++
    else {
      let gap = united.length === 0 ? index : index - last - 1
      // Further than one span can tell: spans of no length bridge it.
      for (; gap > OFFSET_MAX; gap -= OFFSET_MAX) united.push(OFFSET_MAX, 0)
      united.push(gap, 1)
    }
    last = index
    if (hasA && cursorA.index === index) hasA = cursorA.next()
    if (hasB && cursorB.index === index) hasB = cursorB.next()
  }
  return Int32Array.from(united)
}
