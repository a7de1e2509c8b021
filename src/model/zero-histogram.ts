import { CounterResetHint, type Histogram, NO_BUCKETS, NO_SPANS } from './histogram.ts'

/**
 * The sample at the start time of a histogram: nothing has been counted, and both go into one chunk. Where counting begins, what was
 * counted before is gone. Source: Prometheus tsdb/head_append.go, AppendHistogramSTZeroSample.
 */
export function zeroHistogram({ isFloat, schema, zeroThreshold, customValues }: Histogram): Histogram {
  return {
    isFloat,
    counterResetHint: CounterResetHint.reset,
    schema,
    zeroThreshold,
    zeroCount: 0,
    count: 0,
    sum: 0,
    positiveSpans: NO_SPANS,
    negativeSpans: NO_SPANS,
    positiveBuckets: NO_BUCKETS,
    negativeBuckets: NO_BUCKETS,
    customValues,
  }
}
