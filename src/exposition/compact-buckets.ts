import type { Histogram, Spans } from '../model/histogram.ts'
import { NumberList } from './number-list.ts'

interface Buckets {
  readonly spans: Spans
  readonly counts: Float64Array
}

/**
 * The same histogram without the empty buckets that cost more than they save: up to `gapMax` of them in a row stay between populated
 * ones. One whose spans do not fit its buckets is left as it is, for the storage to refuse.
 * Source: Prometheus model/histogram/generic.go, compactBuckets.
 */
export function compactHistogram(histogram: Histogram, gapMax: number): Histogram {
  const positive = compacted(histogram.positiveSpans, histogram.positiveBuckets, gapMax)
  const negative = compacted(histogram.negativeSpans, histogram.negativeBuckets, gapMax)
  if (positive === undefined && negative === undefined) return histogram
  return {
    ...histogram,
    positiveSpans: positive?.spans ?? histogram.positiveSpans,
    positiveBuckets: positive?.counts ?? histogram.positiveBuckets,
    negativeSpans: negative?.spans ?? histogram.negativeSpans,
    negativeBuckets: negative?.counts ?? histogram.negativeBuckets,
  }
}

/** undefined: there is nothing to leave out. */
function compacted(spans: Spans, counts: Float64Array, gapMax: number): Buckets | undefined {
  let bucketCount = 0
  for (let s = 1; s < spans.length; s += 2) {
    // A length or offset that no histogram has: what it would lead to is not computed.
    if (spans[s] < 0 || (s > 1 && spans[s - 1] < 0)) return undefined
    bucketCount += spans[s]
  }
  if (bucketCount !== counts.length || isCompact(spans, counts, gapMax)) return undefined
  outSpans.clear()
  outCounts.clear()
  /** Bucket index behind the last one that was put out. */
  let next = 0
  let bucket = 0
  let index = 0
  for (let s = 0; s < spans.length; s += 2) {
    index += spans[s]
    for (let left = spans[s + 1]; left > 0; left--, index++) {
      const count = counts[bucket++]
      if (count === 0) continue
      const gap = index - next
      if (outSpans.length > 0 && gap <= gapMax) {
        for (let i = 0; i < gap; i++) outCounts.push(0)
        outSpans.values[outSpans.length - 1] += gap + 1
      } else {
        outSpans.push(gap)
        outSpans.push(1)
      }
      outCounts.push(count)
      next = index + 1
    }
  }
  const kept = new Int32Array(outSpans.length)
  for (let i = 0; i < kept.length; i++) kept[i] = outSpans.at(i)
  return { spans: kept, counts: outCounts.used.slice() }
}

/** No bucket is empty, no span either, and none could be joined. */
function isCompact(spans: Spans, counts: Float64Array, gapMax: number): boolean {
  for (let s = 0; s < spans.length; s += 2) if (spans[s + 1] === 0 || (s > 0 && spans[s] <= gapMax)) return false
  for (let i = 0; i < counts.length; i++) if (counts[i] === 0) return false
  return true
}

// What is put out, until it is copied to where it stays.
const outSpans = new NumberList()
const outCounts = new NumberList()
