// What a job does with histograms that are finer than it wants. Source: Prometheus scrape/scrape.go, pickSchema; scrape/target.go,
// bucketLimitAppender and maxSchemaAppender; docs/protocols/scraping.md.

import { CUSTOM_BUCKETS_SCHEMA, EXPONENTIAL_SCHEMA_MAX, EXPONENTIAL_SCHEMA_MIN, type Histogram } from '../model/histogram.ts'
import { reduceResolution } from '../model/histogram-resolution.ts'

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
  let limited = histogram.schema > schemaMax ? reduceResolution(histogram, schemaMax) : histogram
  if (bucketsMax === 0) return limited
  while (limited.positiveBuckets.length + limited.negativeBuckets.length > bucketsMax) {
    if (limited.schema === CUSTOM_BUCKETS_SCHEMA || limited.schema <= EXPONENTIAL_SCHEMA_MIN) return undefined
    limited = reduceResolution(limited, limited.schema - 1)
  }
  return limited
}
