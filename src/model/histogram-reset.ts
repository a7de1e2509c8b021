import { exponentialBound } from './exponential-bounds.ts'
import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram } from './histogram.ts'
import { countWithin, indexOfBound, sameBounds, widerThreshold } from './histogram-sum.ts'
import { SparseBuckets } from './sparse-buckets.ts'

// Two pairs, used by one call at a time.
const currentPositive = new SparseBuckets(32)
const currentNegative = new SparseBuckets(32)
const previousPositive = new SparseBuckets(32)
const previousNegative = new SparseBuckets(32)

/**
 * Whether the counter was reset between two histograms: a count fell, a populated bucket is gone, or the resolution rose. The hint
 * decides where it knows. Source: Prometheus model/histogram/float_histogram.go, DetectReset.
 */
export function isCounterReset(current: Histogram, previous: Histogram): boolean {
  if (current.counterResetHint === CounterResetHint.reset) return true
  if (current.counterResetHint === CounterResetHint.notReset) return false
  if (current.count < previous.count) return true
  if (current.schema === CUSTOM_BUCKETS_SCHEMA) return isCustomReset(current, previous)
  if (current.schema > previous.schema || current.zeroThreshold < previous.zeroThreshold) return true
  const { schema, zeroThreshold } = current
  currentPositive.load(current.positiveSpans, current.positiveBuckets)
  currentNegative.load(current.negativeSpans, current.negativeBuckets)
  previousPositive.load(previous.positiveSpans, previous.positiveBuckets)
  previousNegative.load(previous.negativeSpans, previous.negativeBuckets)
  let previousZeroCount = previous.zeroCount
  if (zeroThreshold > previous.zeroThreshold) {
    // The end of the zero bucket lies in a populated bucket: that cannot be a wider one of the same counter.
    if (widerThreshold(previousPositive, previousNegative, previous.schema, zeroThreshold) !== zeroThreshold) return true
    previousZeroCount += countWithin(previousPositive, previous.schema, zeroThreshold)
    previousZeroCount += countWithin(previousNegative, previous.schema, zeroThreshold)
  }
  if (current.zeroCount < previousZeroCount) return true
  previousPositive.reduceResolution(previous.schema - schema)
  previousNegative.reduceResolution(previous.schema - schema)
  const isInZero = (index: number) => exponentialBound(index, schema) <= zeroThreshold
  return isAnyLower(currentPositive, previousPositive, isInZero) || isAnyLower(currentNegative, previousNegative, isInZero)
}

function isCustomReset(current: Histogram, previous: Histogram): boolean {
  if (previous.schema !== CUSTOM_BUCKETS_SCHEMA) return true
  currentPositive.load(current.positiveSpans, current.positiveBuckets)
  previousPositive.load(previous.positiveSpans, previous.positiveBuckets)
  if (!sameBounds(current.customValues, previous.customValues)) {
    const known = new Set(previous.customValues)
    const common = current.customValues.filter((bound) => known.has(bound))
    currentPositive.reindex((index) => indexOfBound(common, current.customValues, index))
    previousPositive.reindex((index) => indexOfBound(common, previous.customValues, index))
  }
  return isAnyLower(currentPositive, previousPositive, () => false)
}

/** Whether a bucket, those in the zero bucket left out, has a lower count than before, or is gone. */
function isAnyLower(current: SparseBuckets, previous: SparseBuckets, isInZero: (index: number) => boolean): boolean {
  for (let i = 0, j = 0; j < previous.length; j++) {
    const index = previous.indexes[j]
    if (isInZero(index)) continue
    while (i < current.length && current.indexes[i] < index) i++
    const count = i < current.length && current.indexes[i] === index ? current.counts[i] : 0
    if (count < previous.counts[j]) return true
  }
  return false
}
