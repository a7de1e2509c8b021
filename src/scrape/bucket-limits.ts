// What a job does with histograms that are finer than it wants. Source: Prometheus scrape/scrape.go, pickSchema; scrape/target.go,
// bucketLimitAppender and maxSchemaAppender; docs/protocols/scraping.md.

import { CUSTOM_BUCKETS_SCHEMA, EXPONENTIAL_SCHEMA_MAX, EXPONENTIAL_SCHEMA_MIN, type Histogram, type Spans } from '../model/histogram.ts'

/** What stands for a factor that asks for nothing: finer than any schema. */
const SMALLEST_FACTOR = 1.00271

/** The finest schema whose buckets grow by at least `factor` from one to the next. */
export function schemaOfFactor(factor: number): number {
  // Adding 0 makes 0 of -0.
  const schema = Math.floor(-Math.log2(Math.log2(factor <= 1 ? SMALLEST_FACTOR : factor))) + 0
  return Math.min(EXPONENTIAL_SCHEMA_MAX, Math.max(EXPONENTIAL_SCHEMA_MIN, schema))
}

/**
 * The histogram in `schemaMax` or coarser, with at most `bucketsMax` buckets (0: no limit). undefined: it cannot be made so coarse;
 * custom buckets cannot be merged at all.
 */
export function limitBuckets(histogram: Histogram, bucketsMax: number, schemaMax: number): Histogram | undefined {
  let limited = histogram.schema > schemaMax ? coarser(histogram, schemaMax) : histogram
  if (bucketsMax === 0) return limited
  while (limited.positiveBuckets.length + limited.negativeBuckets.length > bucketsMax) {
    if (limited.schema === CUSTOM_BUCKETS_SCHEMA || limited.schema <= EXPONENTIAL_SCHEMA_MIN) return undefined
    limited = coarser(limited, limited.schema - 1)
  }
  return limited
}

/** The same in a coarser exponential schema: each of its buckets takes the counts of those it covers. */
function coarser(histogram: Histogram, schema: number): Histogram {
  const shift = histogram.schema - schema
  const positive = merged(histogram.positiveSpans, histogram.positiveBuckets, shift)
  const negative = merged(histogram.negativeSpans, histogram.negativeBuckets, shift)
  return {
    ...histogram,
    schema,
    positiveSpans: positive.spans,
    positiveBuckets: positive.buckets,
    negativeSpans: negative.spans,
    negativeBuckets: negative.buckets,
  }
}

function merged(spans: Spans, buckets: Float64Array, shift: number): { readonly spans: Spans; readonly buckets: Float64Array } {
  const outSpans: number[] = []
  const outBuckets: number[] = []
  let bucket = 0
  let index = 0
  /** Of the last bucket that was written. */
  let last = 0
  for (let span = 0; span < spans.length; span += 2) {
    index += spans[span]
    for (let i = 0; i < spans[span + 1]; i++, index++, bucket++) {
      // Bucket i is (base^(i-1), base^i]: the upper bounds of 2^shift of them in a row fall on one that is a multiple.
      const target = ((index - 1) >> shift) + 1
      if (outBuckets.length > 0 && target === last) {
        outBuckets[outBuckets.length - 1] += buckets[bucket]
        continue
      }
      const gap = outBuckets.length === 0 ? target : target - last - 1
      if (outBuckets.length > 0 && gap === 0) outSpans[outSpans.length - 1]++
      else outSpans.push(gap, 1)
      outBuckets.push(buckets[bucket])
      last = target
    }
  }
  return { spans: Int32Array.from(outSpans), buckets: Float64Array.from(outBuckets) }
}
