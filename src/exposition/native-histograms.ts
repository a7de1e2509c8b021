import { CounterResetHint, type Histogram, NO_BUCKETS } from '../model/histogram.ts'
import { compactHistogram } from './compact-buckets.ts'
import { knownSpans } from './known-spans.ts'
import type { NumberList } from './number-list.ts'
import type { ProtobufHistogram } from './protobuf-histogram.ts'

/** Counts of histograms that one piece of memory is taken for. */
const COUNTS_AT_ONCE = 1024

/** Native histograms of metrics of a page of the protobuf format. */
export class NativeHistograms {
  /** Counts that were given out, side by side: small arrays with memory of their own are dear. */
  #counts = NO_BUCKETS
  #countsUsed = 0

  /** What the message says, without the empty buckets that cost more than they save. */
  compact(message: ProtobufHistogram, isGauge: boolean): Histogram {
    return compactHistogram(this.of(message, isGauge), 0)
  }

  /** What the message says, bucket by bucket. */
  of(message: ProtobufHistogram, isGauge: boolean): Histogram {
    const isFloat = message.countFloat > 0 || message.zeroCountFloat > 0
    return {
      isFloat,
      counterResetHint: isGauge ? CounterResetHint.gauge : CounterResetHint.unknown,
      schema: message.schema,
      zeroThreshold: message.zeroThreshold,
      zeroCount: isFloat ? message.zeroCountFloat : message.zeroCount,
      count: isFloat ? message.countFloat : message.count,
      sum: message.sum,
      positiveSpans: knownSpans(message.positiveSpans),
      negativeSpans: knownSpans(message.negativeSpans),
      positiveBuckets: isFloat ? message.positiveCounts.used.slice() : this.#absolute(message.positiveDeltas),
      negativeBuckets: isFloat ? message.negativeCounts.used.slice() : this.#absolute(message.negativeDeltas),
      customValues: NO_BUCKETS,
    }
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
