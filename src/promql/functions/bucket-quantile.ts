// Quantiles and fractions of classic histograms. Buckets are parallel columns: upper bounds and cumulative counts.
// Source: Prometheus promql/quantile.go, BucketQuantile and BucketFraction; util/almost.

/** Differences between counts of neighbours below this, relatively, are rounding. */
const SMALL_DELTA = 1e-12
/** The smallest float64 with full precision. */
const NORMAL_MIN = 2.2250738585072014e-308

/** Buckets of one histogram at one step. Sorted by bound, bounds may repeat; `merge` makes them unique. */
export class Buckets {
  bounds: Float64Array
  counts: Float64Array
  length = 0
  /** What the last `quantile` had to change. */
  readonly fix = { forced: false, minBucket: 0, maxBucket: 0, maxDiff: 0 }

  constructor(capacity: number) {
    this.bounds = new Float64Array(capacity)
    this.counts = new Float64Array(capacity)
  }

  clear(): void {
    this.length = 0
  }

  /** Bounds must not fall; the count of an equal bound is added to it. */
  push(bound: number, count: number): void {
    if (this.length > 0 && this.bounds[this.length - 1] === bound) {
      this.counts[this.length - 1] += count
      return
    }
    this.bounds[this.length] = bound
    this.counts[this.length] = count
    this.length++
  }

  /** The quantile, by linear interpolation in its bucket. Changes the counts so that they do not fall. */
  quantile(quantile: number): number {
    const { bounds, counts, length, fix } = this
    fix.forced = false
    if (Number.isNaN(quantile)) return NaN
    if (quantile < 0) return -Infinity
    if (quantile > 1) return Infinity
    if (bounds[length - 1] !== Infinity) return NaN
    this.#makeMonotonic()
    if (length < 2) return NaN
    const observations = counts[length - 1]
    if (observations === 0) return NaN
    let rank = quantile * observations
    const bucket = this.#search(rank)
    if (bucket === length - 1) return bounds[length - 2]
    if (bucket === 0 && bounds[0] <= 0) return bounds[0]
    let start = 0
    let count = counts[bucket]
    if (bucket > 0) {
      start = bounds[bucket - 1]
      count -= counts[bucket - 1]
      rank -= counts[bucket - 1]
    }
    return start + (bounds[bucket] - start) * (rank / count)
  }

  /** The share of observations between the two values. */
  fraction(lower: number, upper: number): number {
    const { bounds, counts, length } = this
    if (length === 0 || bounds[length - 1] !== Infinity) return NaN
    const total = counts[length - 1]
    if (total === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN
    if (lower >= upper) return 0
    const lowerRank = this.#rankAt(lower, total)
    const upperRank = this.#rankAt(upper, total)
    return (upperRank - lowerRank) / total
  }

  /** How many observations are below `value`; all of them when it is beyond the last bucket. */
  #rankAt(value: number, total: number): number {
    const { bounds, counts, length } = this
    let rank = 0
    let start = bounds[0] <= 0 ? -Infinity : 0
    for (let i = 0; i < length; i++) {
      if (i > 0) start = bounds[i - 1]
      if (start >= value) return Math.min(rank, total)
      if (bounds[i] > value) {
        const inside = start === -Infinity ? counts[i] : rank + ((counts[i] - rank) * (value - start)) / (bounds[i] - start)
        return Math.min(inside, total)
      }
      rank = counts[i]
    }
    return total
  }

  /** The first bucket, the last excepted, whose count reaches `rank`; the last when none does. */
  #search(rank: number): number {
    let low = 0
    let high = this.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.counts[middle] >= rank) high = middle
      else low = middle + 1
    }
    return low
  }

  #makeMonotonic(): void {
    const { bounds, counts, length, fix } = this
    fix.minBucket = Infinity
    fix.maxBucket = -Infinity
    fix.maxDiff = 0
    let before = counts[0]
    for (let i = 1; i < length; i++) {
      const count = counts[i]
      if (count === before) continue
      if (isAlmostEqual(before, count)) {
        counts[i] = before
        continue
      }
      if (count < before) {
        counts[i] = before
        fix.forced = true
        fix.minBucket = Math.min(fix.minBucket, bounds[i])
        fix.maxBucket = Math.max(fix.maxBucket, bounds[i])
        fix.maxDiff = Math.max(fix.maxDiff, before - count)
        continue
      }
      before = count
    }
  }
}

function isAlmostEqual(a: number, b: number): boolean {
  if (Number.isNaN(a) && Number.isNaN(b)) return true
  if (a === b) return true
  const sum = Math.abs(a) + Math.abs(b)
  const difference = Math.abs(a - b)
  if (a === 0 || b === 0 || sum < NORMAL_MIN) return difference < SMALL_DELTA * NORMAL_MIN
  return difference / Math.min(sum, Number.MAX_VALUE) < SMALL_DELTA
}
