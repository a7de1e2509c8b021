import { bucketBound } from '../../model/exponential-bounds.ts'
import { CUSTOM_BUCKETS_SCHEMA, type Histogram, type Spans } from '../../model/histogram.ts'
import { SparseBuckets } from '../../model/sparse-buckets.ts'

// The operators `</` and `>/`: a histogram without the observations above, or below, a value. What a cut bucket keeps is
// interpolated, by the logarithm where bounds are exponential. The sum is then estimated from the middles of the buckets.
// Source: Prometheus model/histogram/float_histogram.go, TrimBuckets.

/** Which end is cut off. */
export type TrimmedEnd = 'upper' | 'lower'

/** The histogram itself where nothing of it lies beyond `cut`. */
export function trimmed(histogram: Histogram, cut: number, end: TrimmedEnd): Histogram {
  const positive = new Trimmer(histogram, cut, end, 1)
  const negative = new Trimmer(histogram, cut, end, -1)
  const hasPositive = positive.run(histogram.positiveSpans, histogram.positiveBuckets)
  const hasNegative = negative.run(histogram.negativeSpans, histogram.negativeBuckets)
  let count = positive.count + negative.count
  let sum = positive.sum + negative.sum
  let { zeroCount } = histogram
  if (zeroCount > 0) {
    // Without observations of one sign the zero bucket is taken to have none either.
    const lower = hasPositive && !hasNegative ? 0 : -histogram.zeroThreshold
    const upper = hasNegative && !hasPositive ? 0 : histogram.zeroThreshold
    const [from, to] = end === 'upper' ? [lower, Math.min(upper, cut)] : [Math.max(lower, cut), upper]
    if (from === lower && to === upper) {
      sum += ((lower + upper) / 2) * zeroCount
    } else {
      zeroCount = to <= from ? 0 : zeroCount * ((to - from) / (upper - lower))
      if (zeroCount > 0) sum += ((from + to) / 2) * zeroCount
    }
    count += zeroCount
  }
  if (!positive.isTrimmed && !negative.isTrimmed && zeroCount === histogram.zeroCount) return histogram
  const positiveSide = positive.side.toSpans()
  const negativeSide = negative.side.toSpans()
  return {
    ...histogram,
    isFloat: true,
    count,
    sum,
    zeroCount,
    positiveSpans: positiveSide.spans,
    positiveBuckets: positiveSide.buckets,
    negativeSpans: negativeSide.spans,
    negativeBuckets: negativeSide.buckets,
  }
}

/** Cuts the buckets of one sign. */
class Trimmer {
  readonly side = new SparseBuckets(0)
  count = 0
  sum = 0
  isTrimmed = false
  readonly #schema: number
  readonly #customValues: Float64Array
  readonly #cut: number
  readonly #end: TrimmedEnd
  readonly #sign: 1 | -1
  readonly #isCustom: boolean

  constructor({ schema, customValues }: Histogram, cut: number, end: TrimmedEnd, sign: 1 | -1) {
    this.#schema = schema
    this.#customValues = customValues
    this.#cut = cut
    this.#end = end
    this.#sign = sign
    this.#isCustom = schema === CUSTOM_BUCKETS_SCHEMA
  }

  /** Whether there are any observations. */
  run(spans: Spans, buckets: Float64Array): boolean {
    const { side } = this
    side.load(spans, buckets)
    for (let i = 0; i < side.length; i++) {
      const index = side.indexes[i]
      const outer = bucketBound(index, this.#schema, this.#customValues)
      const inner = bucketBound(index - 1, this.#schema, this.#customValues)
      const [lower, upper] = this.#sign === 1 ? [inner, outer] : [-outer, -inner]
      const kept = this.#keep(lower, upper, side.counts[i])
      if (kept !== side.counts[i]) this.isTrimmed = true
      side.counts[i] = kept
    }
    return side.length > 0
  }

  /** How many of the observations of a bucket stay; adds them to count and sum. */
  #keep(lower: number, upper: number, count: number): number {
    const cut = this.#cut
    const isWhole = this.#end === 'upper' ? upper <= cut : lower >= cut
    if (isWhole) return this.#take(count, this.#middle(lower, upper))
    const isCut = this.#end === 'upper' ? lower < cut : upper > cut
    if (!isCut) return 0
    if (lower === -Infinity) return this.#keepFromBelowAll(upper, count)
    if (upper === Infinity) return this.#end === 'lower' && cut >= lower ? this.#take(count, cut) : 0
    const below = count * this.#shareBelow(lower, upper)
    if (this.#end === 'upper') return this.#take(below, this.#middle(lower, cut))
    return this.#take(count - below, this.#middle(cut, upper))
  }

  /** Of a bucket that reaches down to -Inf: nobody knows how its observations are spread, unless zero is taken to be its lower end. */
  #keepFromBelowAll(upper: number, count: number): number {
    const cut = this.#cut
    const endsAboveZero = upper > 0 && upper !== Infinity
    if (this.#end === 'upper') {
      if (cut > 0 && endsAboveZero) return this.#take((count * cut) / upper, cut / 2)
      return upper <= 0 ? this.#take(count, cut) : 0
    }
    if (cut === -Infinity) return this.#take(count, 0)
    if (cut >= 0 && endsAboveZero) return this.#take(count * (1 - cut / upper), (cut + upper) / 2)
    return 0
  }

  #take(count: number, middle: number): number {
    this.count += count
    this.sum += middle * count
    return count
  }

  #shareBelow(lower: number, upper: number): number {
    if (this.#isCustom) return (this.#cut - lower) / (upper - lower)
    const [logLower, logUpper, logCut] = [Math.log2(Math.abs(lower)), Math.log2(Math.abs(upper)), Math.log2(Math.abs(this.#cut))]
    return this.#sign === 1 ? (logCut - logLower) / (logUpper - logLower) : 1 - (logCut - logUpper) / (logLower - logUpper)
  }

  #middle(lower: number, upper: number): number {
    if (lower === -Infinity) return upper === Infinity ? 0 : upper > 0 ? upper / 2 : upper
    if (upper === Infinity) return lower
    return this.#isCustom ? (lower + upper) / 2 : this.#sign * Math.sqrt(Math.abs(lower * upper))
  }
}
