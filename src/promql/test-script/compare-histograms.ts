import type { Histogram } from '../../model/histogram.ts'
import { SparseBuckets } from '../../model/sparse-buckets.ts'
import { almostEqual } from './almost-equal.ts'

/** Equal but for rounding, and for buckets with nothing in them. Source: Prometheus promql/promqltest/test.go, compareNativeHistogram. */
export function almostEqualHistograms(a: Histogram, b: Histogram): boolean {
  if (a.schema !== b.schema || !almostEqual(a.count, b.count) || !almostEqual(a.sum, b.sum)) return false
  if (!almostEqual(a.zeroThreshold, b.zeroThreshold) || !almostEqual(a.zeroCount, b.zeroCount)) return false
  if (a.customValues.length !== b.customValues.length || !a.customValues.every((bound, i) => almostEqual(bound, b.customValues[i])))
    return false
  const positive = almostEqualBuckets(sparse(a.positiveSpans, a.positiveBuckets), sparse(b.positiveSpans, b.positiveBuckets))
  return positive && almostEqualBuckets(sparse(a.negativeSpans, a.negativeBuckets), sparse(b.negativeSpans, b.negativeBuckets))
}

function almostEqualBuckets(a: SparseBuckets, b: SparseBuckets): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a.indexes[i] !== b.indexes[i] || !almostEqual(a.counts[i], b.counts[i])) return false
  return true
}

function sparse(spans: Int32Array, buckets: Float64Array): SparseBuckets {
  return new SparseBuckets(buckets.length).load(spans, buckets)
}

const HINT_NAMES = ['', ' counter_reset_hint:reset', ' counter_reset_hint:not_reset', ' counter_reset_hint:gauge']

/** As a script would write it, but that buckets are told by their index. */
export function describeHistogram(histogram: Histogram): string {
  const { schema, count, sum, zeroCount, zeroThreshold, customValues, counterResetHint } = histogram
  const side = (name: string, buckets: SparseBuckets) => {
    if (buckets.length === 0) return ''
    return ` ${name}:[${Array.from({ length: buckets.length }, (_, i) => `${buckets.indexes[i]}=${buckets.counts[i]}`).join(' ')}]`
  }
  const zero = zeroCount === 0 && zeroThreshold === 0 ? '' : ` z_bucket:${zeroCount} z_bucket_w:${zeroThreshold}`
  const custom = customValues.length === 0 ? '' : ` custom_values:[${customValues.join(' ')}]`
  const positive = side('buckets', sparse(histogram.positiveSpans, histogram.positiveBuckets))
  const negative = side('n_buckets', sparse(histogram.negativeSpans, histogram.negativeBuckets))
  return `{{schema:${schema} count:${count} sum:${sum}${zero}${custom}${positive}${negative}${HINT_NAMES[counterResetHint]}}}`
}
