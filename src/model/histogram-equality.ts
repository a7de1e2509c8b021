import type { Histogram, Spans } from './histogram.ts'
import { sameBounds } from './histogram-sum.ts'

/**
 * Whether two histograms are the same data, buckets with nothing in them included; their hints may differ.
 * Source: Prometheus model/histogram/float_histogram.go, Equals.
 */
export function areHistogramsEqual(a: Histogram, b: Histogram): boolean {
  if (a === b) return true
  if (a.schema !== b.schema || !Object.is(a.count, b.count) || !Object.is(a.sum, b.sum)) return false
  if (a.zeroThreshold !== b.zeroThreshold || !Object.is(a.zeroCount, b.zeroCount)) return false
  if (!sameBounds(a.customValues, b.customValues)) return false
  if (!areCountsEqual(a.negativeBuckets, b.negativeBuckets) || !areCountsEqual(a.positiveBuckets, b.positiveBuckets)) return false
  return areSpansEqual(a.negativeSpans, b.negativeSpans) && areSpansEqual(a.positiveSpans, b.positiveSpans)
}

function areCountsEqual(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false
  return true
}

/** The same buckets, however the spans are cut. */
function areSpansEqual(a: Spans, b: Spans): boolean {
  let [i, j, leftA, leftB, indexA, indexB] = [0, 0, 0, 0, 0, 0]
  for (;;) {
    while (leftA === 0 && i < a.length) {
      indexA += a[i]
      leftA = a[i + 1]
      i += 2
    }
    while (leftB === 0 && j < b.length) {
      indexB += b[j]
      leftB = b[j + 1]
      j += 2
    }
    if (leftA === 0 || leftB === 0) return leftA === leftB
    if (indexA !== indexB) return false
    const both = Math.min(leftA, leftB)
    leftA -= both
    leftB -= both
    indexA += both
    indexB += both
  }
}
