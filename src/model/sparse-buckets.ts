import { NO_BUCKETS, NO_SPANS, type Spans } from './histogram.ts'

// Buckets of one sign of a histogram while it is being computed with.
// 1. Indexes rise; every index stands there once. A bucket that is missing is empty; one that is there may be.
// 2. The true count of a bucket is `counts` + `lost`: what additions have lost is kept beside their sum.

/** Populated buckets as columns: bucket index, count, and what the sum that made the count has lost. */
export class SparseBuckets {
  indexes: Int32Array
  counts: Float64Array
  lost: Float64Array
  length = 0

  constructor(capacity: number) {
    this.indexes = capacity === 0 ? NO_SPANS : new Int32Array(capacity)
    this.counts = capacity === 0 ? NO_BUCKETS : new Float64Array(capacity)
    this.lost = capacity === 0 ? NO_BUCKETS : new Float64Array(capacity)
  }

  /** Takes over the buckets of a histogram, in place of what was here. */
  load(spans: Spans, buckets: Float64Array): this {
    if (this.indexes.length < buckets.length) {
      this.indexes = new Int32Array(buckets.length)
      this.counts = new Float64Array(buckets.length)
      this.lost = new Float64Array(buckets.length)
    }
    let length = 0
    let bucket = 0
    let index = 0
    for (let s = 0; s < spans.length; s += 2) {
      index += spans[s]
      for (let left = spans[s + 1]; left > 0; left--, index++) {
        const count = buckets[bucket++]
        if (count === 0) continue
        this.indexes[length] = index
        this.counts[length] = count
        this.lost[length] = 0
        length++
      }
    }
    this.length = length
    return this
  }

  multiply(factor: number): void {
    for (let i = 0; i < this.length; i++) {
      this.counts[i] *= factor
      this.lost[i] = lostTimes(this.lost[i], factor)
    }
  }

  divide(divisor: number): void {
    for (let i = 0; i < this.length; i++) {
      this.counts[i] /= divisor
      this.lost[i] /= divisor
    }
  }

  /** Adds the buckets of `other` from its `from`th on, times `sign`. */
  add(other: SparseBuckets, from: number, sign: 1 | -1): void {
    let missing = 0
    for (let i = 0, j = from; j < other.length; j++) {
      while (i < this.length && this.indexes[i] < other.indexes[j]) i++
      if (i === this.length || this.indexes[i] !== other.indexes[j]) missing++
    }
    if (missing > 0) this.#makeRoom(other, from, missing)
    for (let i = 0, j = from; j < other.length; j++) {
      while (this.indexes[i] < other.indexes[j]) i++
      this.#addTo(i, sign * other.counts[j])
      this.lost[i] += sign * other.lost[j]
    }
  }

  /** Puts in buckets with nothing in them for those of `other` that are missing here. */
  #makeRoom(other: SparseBuckets, from: number, missing: number): void {
    const merged = new SparseBuckets(this.length + missing)
    let i = 0
    let j = from
    let length = 0
    while (i < this.length || j < other.length) {
      const mine = i < this.length ? this.indexes[i] : Infinity
      const theirs = j < other.length ? other.indexes[j] : Infinity
      merged.indexes[length] = Math.min(mine, theirs)
      if (mine <= theirs) {
        merged.counts[length] = this.counts[i]
        merged.lost[length] = this.lost[i]
        i++
      }
      if (theirs <= mine) j++
      length++
    }
    this.indexes = merged.indexes
    this.counts = merged.counts
    this.lost = merged.lost
    this.length = length
  }

  /** Compensated addition. Source: Prometheus util/kahansum. */
  #addTo(i: number, value: number): void {
    const sum = this.counts[i]
    const total = sum + value
    if (total === Infinity || total === -Infinity) this.lost[i] = 0
    else this.lost[i] += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
    this.counts[i] = total
  }

  /** Gives each bucket the index that `change` has for it, which must not fall, and makes one of those with the same. */
  reindex(change: (index: number) => number): void {
    let length = 0
    for (let i = 0; i < this.length; i++) {
      const index = change(this.indexes[i])
      const [count, lost] = [this.counts[i], this.lost[i]]
      if (length > 0 && this.indexes[length - 1] === index) {
        this.#addTo(length - 1, count)
        this.lost[length - 1] += lost
        continue
      }
      this.indexes[length] = index
      this.counts[length] = count
      this.lost[length] = lost
      length++
    }
    this.length = length
  }

  /** The buckets of a schema of lower resolution, `by` steps away. Source: Prometheus model/histogram/float_histogram.go, targetIdx. */
  reduceResolution(by: number): void {
    if (by > 0) this.reindex((index) => ((index - 1) >> by) + 1)
  }

  /** Forgets the first buckets. */
  dropFirst(count: number): void {
    if (count === 0) return
    this.indexes.copyWithin(0, count, this.length)
    this.counts.copyWithin(0, count, this.length)
    this.lost.copyWithin(0, count, this.length)
    this.length -= count
  }

  /** The largest count, whatever its sign; NaN when there is one. */
  get largest(): number {
    let largest = 0
    for (let i = 0; i < this.length; i++) largest = Math.max(largest, Math.abs(this.counts[i]))
    return largest
  }

  /** Counts in what was lost, once and for all. */
  settle(): void {
    for (let i = 0; i < this.length; i++) {
      this.counts[i] += this.lost[i]
      this.lost[i] = 0
    }
  }

  /** As a histogram has them, without the empty ones. */
  toSpans(): { spans: Spans; buckets: Float64Array } {
    if (this.length === 0) return { spans: NO_SPANS, buckets: NO_BUCKETS }
    if (spans.length < this.length * 2) spans = new Int32Array(this.length * 4)
    const buckets = new Float64Array(this.length)
    let spansLength = 0
    let length = 0
    let end = 0
    for (let i = 0; i < this.length; i++) {
      const count = this.counts[i] + this.lost[i]
      if (count === 0) continue
      const index = this.indexes[i]
      if (length > 0 && index === end) spans[spansLength - 1]++
      else {
        spans[spansLength++] = index - end
        spans[spansLength++] = 1
      }
      end = index + 1
      buckets[length++] = count
    }
    return { spans: spans.slice(0, spansLength), buckets: length === buckets.length ? buckets : buckets.slice(0, length) }
  }
}

/** Where spans are put together before they are as many as there are. */
let spans = new Int32Array(128)

/** Infinity times nothing would be NaN. */
export function lostTimes(lost: number, factor: number): number {
  return lost === 0 ? 0 : lost * factor
}
