import { CounterResetHint, type Histogram, NO_BUCKETS } from '../model/histogram.ts'
import { compactHistogram } from './compact-buckets.ts'
import { knownSpans } from './known-spans.ts'
import type { NumberList } from './number-list.ts'
import type { ProtobufMetric } from './protobuf-metric.ts'

/** Counts of histograms that one piece of memory is taken for. */
const COUNTS_AT_ONCE = 1024

/** Native histograms of metrics of a page. */
export class ProtobufHistograms {
  /** Counts that were given out, side by side: small arrays with memory of their own are dear. */
  #counts = NO_BUCKETS
  #countsUsed = 0

  /** Makes one of what the metric says. */
  of(metric: ProtobufMetric, isGauge: boolean): Histogram {
    const isFloat = metric.countFloat > 0 || metric.zeroCountFloat > 0
    return compactHistogram(
      {
        isFloat,
        counterResetHint: isGauge ? CounterResetHint.gauge : CounterResetHint.unknown,
        schema: metric.schema,
        zeroThreshold: metric.zeroThreshold,
        zeroCount: isFloat ? metric.zeroCountFloat : metric.zeroCount,
        count: isFloat ? metric.countFloat : metric.count,
        sum: metric.sum,
        positiveSpans: knownSpans(metric.positiveSpans),
        negativeSpans: knownSpans(metric.negativeSpans),
        positiveBuckets: isFloat ? metric.positiveCounts.used.slice() : this.#absolute(metric.positiveDeltas),
        negativeBuckets: isFloat ? metric.negativeCounts.used.slice() : this.#absolute(metric.negativeDeltas),
        customValues: NO_BUCKETS,
      },
      0,
    )
  }

  #absolute(deltas: NumberList): Float64Array {
    const size = deltas.length
    if (size === 0) return NO_BUCKETS
    if (this.#countsUsed + size > this.#counts.length) {
      this.#counts = new Float64Array(Math.max(COUNTS_AT_ONCE, size))
      this.#countsUsed = 0
    }
    const counts = new Float64Array(this.#counts.buffer, this.#countsUsed * 8, size)
    this.#countsUsed += size
    let count = 0
    for (let i = 0; i < size; i++) {
      count += deltas.at(i)
      counts[i] = count
    }
    return counts
  }
}

/** Whether a metric that is a histogram is a native one. */
export function isNative(metric: ProtobufMetric): boolean {
  return (
    metric.positiveSpans.length > 0 ||
    metric.negativeSpans.length > 0 ||
    metric.zeroThreshold > 0 ||
    metric.zeroCount > 0 ||
    metric.zeroCountFloat > 0
  )
}

/** Of the observations, whole or not. */
export function totalCount(metric: ProtobufMetric): number {
  return metric.countFloat === 0 ? metric.count : metric.countFloat
}
