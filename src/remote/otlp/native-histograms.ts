// Histograms of OTLP as native ones. Source: Prometheus storage/remote/otlptranslator/prometheusremotewrite/histograms.go; the OpenTelemetry
// specification, "Exponential Histograms" of its compatibility page.

import {
  CounterResetHint,
  CUSTOM_BUCKETS_SCHEMA,
  EXPONENTIAL_SCHEMA_MAX,
  EXPONENTIAL_SCHEMA_MIN,
  HISTOGRAM_BUCKETS_MAX,
  type Histogram,
  NO_BUCKETS,
  NO_SPANS,
  type Spans,
} from '../../model/histogram.ts'
import { type ExponentialBuckets, type ExponentialPoint, type HistogramPoint, Temporality } from './metrics-data.ts'
import { Untranslatable } from './request-fault.ts'

const ZERO_THRESHOLD = 1e-128

/** As many empty buckets between others as are kept; more of them begin a span. */
const KEPT_GAP = 2

/** Deltas are stored as gauges: two of them do not follow from each other. */
function hintOf(temporality: number): CounterResetHint {
  return temporality === Temporality.delta ? CounterResetHint.gauge : CounterResetHint.unknown
}

/** Throws Untranslatable for a scale that has no schema. */
export function nativeHistogram(point: ExponentialPoint, temporality: number): Histogram {
  const { scale } = point
  if (scale < EXPONENTIAL_SCHEMA_MIN) {
    throw new Untranslatable(`cannot convert exponential to native histogram. Scale must be >= ${EXPONENTIAL_SCHEMA_MIN}, was ${scale}`)
  }
  const schema = Math.min(scale, EXPONENTIAL_SCHEMA_MAX)
  const positive = sparse(point.positive, scale - schema)
  const negative = sparse(point.negative, scale - schema)
  return {
    isFloat: false,
    counterResetHint: hintOf(temporality),
    schema,
    zeroThreshold: ZERO_THRESHOLD,
    zeroCount: point.zeroCount,
    count: point.count,
    sum: point.sum ?? 0,
    positiveSpans: positive.spans,
    negativeSpans: negative.spans,
    positiveBuckets: positive.counts,
    negativeBuckets: negative.counts,
    customValues: NO_BUCKETS,
  }
}

export function customBucketsHistogram({ count, sum, bucketCounts, bounds }: HistogramPoint, temporality: number): Histogram {
  const { spans, counts } = sparse({ offset: -1, counts: bucketCounts }, 0)
  return {
    isFloat: false,
    counterResetHint: hintOf(temporality),
    schema: CUSTOM_BUCKETS_SCHEMA,
    zeroThreshold: 0,
    zeroCount: 0,
    count,
    sum: sum ?? 0,
    positiveSpans: spans,
    negativeSpans: NO_SPANS,
    positiveBuckets: counts,
    negativeBuckets: NO_BUCKETS,
    customValues: bounds,
  }
}

/**
 * The buckets that count something, 2^scaleDown of them made one. A bucket of OTLP has a bound less in its index: (1, base] is 0 there and
 * 1 here.
 */
function sparse({ offset, counts }: ExponentialBuckets, scaleDown: number): { readonly spans: Spans; readonly counts: Float64Array } {
  const indices: number[] = []
  const merged: number[] = []
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue
    // Rounds down, as a shift does, which ends at 31.
    const index = Math.floor((offset + i) / 2 ** scaleDown) + 1
    if (indices.at(-1) === index) merged[merged.length - 1] += counts[i]
    else {
      indices.push(index)
      merged.push(counts[i])
    }
  }
  if (indices.length === 0) return { spans: NO_SPANS, counts: NO_BUCKETS }
  if (indices.length > HISTOGRAM_BUCKETS_MAX)
    throw new Untranslatable(`histogram has ${indices.length} buckets, want at most ${HISTOGRAM_BUCKETS_MAX}`)
  if (indices[0] < -(2 ** 31) || indices[indices.length - 1] >= 2 ** 31)
    throw new Untranslatable('histogram has a bucket index beyond 32 bits')
  const spans: number[] = [indices[0], 0]
  const filled: number[] = []
  for (let i = 0; i < indices.length; i++) {
    const gap = i === 0 ? 0 : indices[i] - indices[i - 1] - 1
    if (gap > KEPT_GAP) spans.push(gap, 0)
    else
      for (let empty = 0; empty < gap; empty++) {
        filled.push(0)
        spans[spans.length - 1]++
      }
    filled.push(merged[i])
    spans[spans.length - 1]++
  }
  return { spans: Int32Array.from(spans), counts: Float64Array.from(filled) }
}
