import { CUSTOM_BUCKETS_SCHEMA, type Histogram, type Spans } from '../model/histogram.ts'
import { STALE_HIGH, STALE_LOW } from '../model/staleness.ts'

// The newest sample of a series is kept as 64 bits, so that the same sample is recognised when it comes again. For a histogram they are
// a digest of all that makes two of them equal for upstream: buckets with their counts (empty spans do not count, nor does the counter
// reset hint). Buckets of nothing do not count either: a chunk whose other histograms have them gives them to all. Two different ones have the same digest once in 2^64.
// Source: Prometheus model/histogram/histogram.go, Equals.

const number = new Float64Array(1)
const words = new Uint32Array(number.buffer)

let high = 0
let low = 0

/** The answer of the last `digestHistogram`. */
export const digest = { high: 0, low: 0 }

/** Digests a histogram into `digest`; undefined: a stale one. */
export function digestHistogram(h: Histogram | undefined): void {
  if (h === undefined) {
    digest.high = STALE_HIGH
    digest.low = STALE_LOW
    return
  }
  high = 0x243f6a88
  low = 0x85a308d3
  add(h.schema)
  addNumber(h.count)
  addNumber(h.sum)
  if (h.schema === CUSTOM_BUCKETS_SCHEMA) {
    for (let i = 0; i < h.customValues.length; i++) addNumber(h.customValues[i])
  } else {
    addNumber(h.zeroThreshold)
    addNumber(h.zeroCount)
  }
  addBuckets(h.positiveSpans, h.positiveBuckets)
  add(0x13198a2e)
  addBuckets(h.negativeSpans, h.negativeBuckets)
  digest.high = mix(high ^ low)
  digest.low = mix(low + Math.imul(high, 0x9e3779b1))
}

function addBuckets(spans: Spans, buckets: Float64Array): void {
  let bucket = 0
  let index = 0
  for (let i = 0; i < spans.length; i += 2) {
    index += spans[i]
    for (let left = spans[i + 1]; left > 0; left--) {
      const count = buckets[bucket++]
      if (count !== 0) {
        add(index)
        addNumber(count)
      }
      index++
    }
  }
}

function addNumber(n: number): void {
  number[0] = n
  add(words[0])
  add(words[1])
}

function add(word: number): void {
  high = Math.imul(high ^ word, 0x85ebca6b)
  high ^= high >>> 13
  low = Math.imul(low ^ (word + 0x9e3779b9), 0xc2b2ae35)
  low ^= low >>> 15
}

function mix(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d)
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b)
  return (hash ^ (hash >>> 16)) >>> 0
}
