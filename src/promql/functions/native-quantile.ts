import { CUSTOM_BUCKETS_SCHEMA, type Histogram } from '../../model/histogram.ts'
import { BucketColumns } from '../../model/histogram-buckets.ts'
import type { Annotations } from '../exec/annotations.ts'
import type { PositionRange } from '../parser/ast.ts'

// Quantiles and fractions of native histograms. Inside a bucket observations are spread evenly: over the logarithm where bounds are
// exponential, but in the zero bucket. Without buckets of one sign, zero is taken to be the end of the zero bucket.
// Source: Prometheus promql/quantile.go, HistogramQuantile and HistogramFraction.

/** Where what is to be said goes. The metric name is empty where it was dropped. */
export interface NativePlace {
  readonly annotations: Annotations
  readonly metricName: string
  readonly range: PositionRange
}

const buckets = new BucketColumns()

export function nativeQuantile(quantile: number, histogram: Histogram, place: NativePlace): number {
  if (quantile < 0) return -Infinity
  if (quantile > 1) return Infinity
  if (histogram.count === 0 || Number.isNaN(quantile)) return NaN
  const isCustom = histogram.schema === CUSTOM_BUCKETS_SCHEMA
  const { lowers, uppers, counts, length } = buckets.load(histogram)
  // Observations that are NaN make the sum NaN and are in no bucket: seen from above they would be missed.
  const hasNaN = Number.isNaN(histogram.sum)
  const isUpward = hasNaN || quantile < 0.5
  let rank = (isUpward ? quantile : 1 - quantile) * histogram.count
  let [count, lower, upper, inBucket] = [0, 0, 0, 0]
  let i = isUpward ? 0 : length - 1
  for (const step = isUpward ? 1 : -1; i >= 0 && i < length; i += step) {
    lower = lowers[i]
    upper = uppers[i]
    inBucket = counts[i]
    if (inBucket === 0) continue
    count += inBucket
    if (count >= rank) break
  }
  if (isCustom) {
    if (lower === -Infinity) {
      if (upper <= 0) return upper
      lower = 0
    } else if (upper === Infinity) return lower
  } else if (lower < 0 && upper > 0) {
    if (hasOnlyPositive(histogram)) lower = 0
    else if (hasOnlyNegative(histogram)) upper = 0
  }
  if (count > histogram.count) count = histogram.count
  if (count < rank) {
    if (!hasNaN) return upper
    place.annotations.quantileIsNaN(place.metricName, place.range)
    return NaN
  }
  rank = isUpward ? rank - (count - inBucket) : count - rank
  if (hasNaN) {
    for (let j = i + 1; j < length; j++) count += counts[j]
    if (count < histogram.count) place.annotations.quantileIsSkewed(place.metricName, place.range)
  }
  const share = rank / inBucket
  if (isCustom || (lower <= 0 && upper >= 0)) return lower + (upper - lower) * share
  const [logLower, logUpper] = [Math.log2(Math.abs(lower)), Math.log2(Math.abs(upper))]
  return lower > 0 ? 2 ** (logLower + (logUpper - logLower) * share) : -(2 ** (logUpper + (logLower - logUpper) * (1 - share)))
}

export function nativeFraction(lower: number, upper: number, histogram: Histogram, place: NativePlace): number {
  if (histogram.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN
  if (lower >= upper) return 0
  const { counts, length } = buckets.load(histogram)
  let { count } = histogram
  if (Number.isNaN(histogram.sum)) {
    count = 0
    for (let i = 0; i < length; i++) count += counts[i]
    if (count < histogram.count) place.annotations.fractionLeavesOutNaN(place.metricName, place.range)
  }
  return (Math.min(rankAt(upper, histogram, count), count) - Math.min(rankAt(lower, histogram, count), count)) / histogram.count
}

/** How many observations of the loaded buckets are below `value`; `all` when it is beyond the last bucket. */
function rankAt(value: number, histogram: Histogram, all: number): number {
  const isCustom = histogram.schema === CUSTOM_BUCKETS_SCHEMA
  const { lowers, uppers, counts, length } = buckets
  let rank = 0
  for (let i = 0; i < length; i++) {
    let [lower, upper] = [lowers[i], uppers[i]]
    const isZero = lower <= 0 && upper >= 0
    if (isZero && hasOnlyPositive(histogram)) lower = 0
    else if (isZero && hasOnlyNegative(histogram)) upper = 0
    if (lower >= value) return rank
    if (upper > value) {
      if (isCustom || isZero) return lower === -Infinity ? counts[i] : rank + (counts[i] * (value - lower)) / (upper - lower)
      const [logLower, logUpper, log] = [Math.log2(Math.abs(lower)), Math.log2(Math.abs(upper)), Math.log2(Math.abs(value))]
      const share = value > 0 ? (log - logLower) / (logUpper - logLower) : 1 - (log - logUpper) / (logLower - logUpper)
      return rank + counts[i] * share
    }
    rank += counts[i]
  }
  return all
}

function hasOnlyPositive({ positiveBuckets, negativeBuckets }: Histogram): boolean {
  return negativeBuckets.length === 0 && positiveBuckets.length > 0
}

function hasOnlyNegative({ positiveBuckets, negativeBuckets }: Histogram): boolean {
  return positiveBuckets.length === 0 && negativeBuckets.length > 0
}
