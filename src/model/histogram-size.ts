import type { Histogram } from './histogram.ts'

/** What upstream's struct takes without its slices, and a time beside it. */
const FIXED_BYTES = 168 + 8
const FLOAT_SAMPLE_BYTES = 16

/**
 * How many float samples a histogram sample counts for in a query's budget.
 * Source: Prometheus promql/value.go, HPoint.size; model/histogram/float_histogram.go, Size.
 */
export function histogramSampleCount(histogram: Histogram): number {
  const { positiveSpans, negativeSpans, positiveBuckets, negativeBuckets, customValues } = histogram
  const spans = (positiveSpans.length + negativeSpans.length) / 2
  const elements = spans + positiveBuckets.length + negativeBuckets.length + customValues.length
  return Math.trunc((FIXED_BYTES + elements * 8) / FLOAT_SAMPLE_BYTES)
}
