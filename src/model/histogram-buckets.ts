import { bucketBound } from './exponential-bounds.ts'
import { CUSTOM_BUCKETS_SCHEMA, type Histogram } from './histogram.ts'

/** Which bounds belong to a bucket, as upstream's API numbers it. Source: Prometheus docs/querying/api.md, "Native histograms". */
export const BucketBounds = { openLeft: 0, openRight: 1, open: 2, closed: 3 } as const
export type BucketBounds = (typeof BucketBounds)[keyof typeof BucketBounds]

/**
 * All buckets of a histogram in the order of their bounds, the zero bucket among them where it is populated. Bounds that reach
 * into the zero bucket are cut at its end. Source: Prometheus model/histogram/float_histogram.go, AllBucketIterator.
 */
export class BucketColumns {
  lowers = new Float64Array(64)
  uppers = new Float64Array(64)
  counts = new Float64Array(64)
  bounds = new Uint8Array(64)
  length = 0

  /** The buckets of a histogram, in place of what was here. A negated histogram has a zero bucket with less than nothing in it. */
  load(histogram: Histogram, withZero = histogram.zeroCount > 0): this {
    const { schema, zeroThreshold, zeroCount, positiveBuckets, negativeBuckets, customValues } = histogram
    const room = positiveBuckets.length + negativeBuckets.length + 1
    if (this.counts.length < room) {
      this.lowers = new Float64Array(room * 2)
      this.uppers = new Float64Array(room * 2)
      this.counts = new Float64Array(room * 2)
      this.bounds = new Uint8Array(room * 2)
    }
    this.length = 0
    const isCustom = schema === CUSTOM_BUCKETS_SCHEMA
    // Negative buckets stand in the order of what is below zero: the last is the lowest.
    const negative = histogram.negativeSpans
    let index = 0
    for (let s = 0; s < negative.length; s += 2) index += negative[s] + negative[s + 1]
    for (let s = negative.length - 2, bucket = negativeBuckets.length - 1; s >= 0; s -= 2) {
      for (let left = negative[s + 1]; left > 0; left--) {
        index--
        const upper = -bucketBound(index - 1, schema, customValues)
        const cut = upper < 0 && upper > -zeroThreshold ? -zeroThreshold : upper
        this.#push(-bucketBound(index, schema, customValues), cut, negativeBuckets[bucket--], BucketBounds.openRight)
      }
      index -= negative[s]
    }
    if (withZero) this.#push(-zeroThreshold, zeroThreshold, zeroCount, BucketBounds.closed)
    const positive = histogram.positiveSpans
    index = 0
    for (let s = 0, bucket = 0; s < positive.length; s += 2) {
      index += positive[s]
      for (let left = positive[s + 1]; left > 0; left--, index++) {
        const lower = bucketBound(index - 1, schema, customValues)
        const cut = lower > 0 && lower < zeroThreshold ? zeroThreshold : lower
        const bounds = isCustom && index === 0 ? BucketBounds.closed : BucketBounds.openLeft
        this.#push(cut, bucketBound(index, schema, customValues), positiveBuckets[bucket++], bounds)
      }
    }
    return this
  }

  #push(lower: number, upper: number, count: number, bounds: BucketBounds): void {
    const at = this.length++
    this.lowers[at] = lower
    this.uppers[at] = upper
    this.counts[at] = count
    this.bounds[at] = bounds
  }
}
