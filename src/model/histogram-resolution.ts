import { assert } from '../base/assert.ts'
import { CUSTOM_BUCKETS_SCHEMA, type Histogram, type Spans } from './histogram.ts'
import { BucketCursor, bucketCountOf } from './histogram-spans.ts'

/**
 * The index, in a coarser schema, of the bucket that a bucket becomes part of.
 * Source: Prometheus model/histogram/float_histogram.go, targetIdx.
 */
export function coarserIndex(index: number, schema: number, coarserSchema: number): number {
  return ((index - 1) >> Math.min(31, schema - coarserSchema)) + 1
}

/**
 * A histogram of exponential buckets in a coarser schema: neighbours become one bucket. Counts are added up in order, those of integer
 * histograms exactly. A side whose spans do not fit its buckets is left as it is, for validateHistogram to find.
 * Source: Prometheus model/histogram/generic.go, reduceResolution.
 */
export function reduceResolution(histogram: Histogram, schema: number): Histogram {
  assert(histogram.schema !== CUSTOM_BUCKETS_SCHEMA && schema !== CUSTOM_BUCKETS_SCHEMA, 'custom buckets have no resolution')
  assert(schema < histogram.schema, 'a resolution is reduced, not raised')
  const positive = mergeBuckets(histogram.positiveSpans, histogram.positiveBuckets, histogram.schema, schema)
  const negative = mergeBuckets(histogram.negativeSpans, histogram.negativeBuckets, histogram.schema, schema)
  return {
    ...histogram,
    schema,
    positiveSpans: positive.spans,
    negativeSpans: negative.spans,
    positiveBuckets: positive.buckets,
    negativeBuckets: negative.buckets,
  }
}

/** The same for one side of a histogram. */
export function mergeBuckets(
  spans: Spans,
  buckets: Float64Array,
  schema: number,
  coarserSchema: number,
): { readonly spans: Spans; readonly buckets: Float64Array } {
  if (bucketCountOf(spans) !== buckets.length || hasNegativeOffset(spans)) return { spans, buckets }
  const cursor = new BucketCursor()
  cursor.open(spans)
  const merged: number[] = []
  const counts = new Float64Array(buckets.length)
  let length = 0
  let last = 0
  for (const count of buckets) {
    cursor.next()
    const index = coarserIndex(cursor.index, schema, coarserSchema)
    if (length > 0 && index === last) counts[length - 1] += count
    else {
      if (length > 0 && index === last + 1) merged[merged.length - 1]++
      else merged.push(length === 0 ? index : index - last - 1, 1)
      counts[length++] = count
      last = index
    }
  }
  return { spans: Int32Array.from(merged), buckets: counts.slice(0, length) }
}

function hasNegativeOffset(spans: Spans): boolean {
  for (let i = 2; i < spans.length; i += 2) if (spans[i] < 0) return true
  return false
}
