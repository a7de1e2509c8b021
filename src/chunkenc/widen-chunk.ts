import { assert } from '../base/assert.ts'
import type { Histogram } from '../model/histogram.ts'
import { SampleColumns } from './codec.ts'
import { decodeHistograms } from './decode-histogram.ts'
import { widerLayout } from './histogram-fit.ts'
import type { HistogramSampleEncoder } from './histogram-sample.ts'

const columns = new SampleColumns()

/**
 * Writes the chunk of an encoder again, so that it can take a histogram that made `fit` say `widen`. The chunk lies in `data` from
 * `start` up to, not including, `end`, header included. The answer is its bits (without a header) and how many there are; it belongs
 * to the caller. The encoder goes on from there. Buckets appear when a series is young: rare, so it may allocate.
 */
export function widenChunk(
  encoder: HistogramSampleEncoder,
  data: Uint8Array,
  start: number,
  end: number,
  histogram: Histogram,
): { readonly bytes: Uint8Array; readonly bitCount: number } {
  const { encoding, reset, sampleCount } = encoder
  const layout = widerLayout(encoder.chunk, histogram)
  columns.clear()
  decodeHistograms(encoding, data, start, end, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, columns)
  assert(columns.length === sampleCount, 'a chunk that is widened is the one of the encoder')
  const { timestamps, histograms, startTimes, length } = columns
  encoder.chunk.begin(layout, histogram.isFloat, startTimes !== undefined, reset)
  let bytes = new Uint8Array(2 * (end - start) + 64)
  let bitCount = 0
  for (let i = 0; i < length; i++) {
    const sample = histograms?.[i]
    assert(sample !== undefined, 'a chunk that ends in a staleness marker is not widened')
    const at = bitCount >>> 3
    encoder.encode(timestamps[i], sample, startTimes?.[i] ?? 0, bytes[at], bitCount & 7)
    const wanted = at + ((encoder.bitCount + 7) >>> 3)
    if (wanted > bytes.length) {
      const grown = new Uint8Array(2 * wanted)
      grown.set(bytes)
      bytes = grown
    }
    bitCount = appendBits(encoder.words, encoder.bitCount, bytes, at)
  }
  columns.clear()
  return { bytes: bytes.subarray(0, (bitCount + 7) >>> 3), bitCount }
}

/** Writes an encoder's answer to `bytes` from `at` on; tells how many bits there are then. */
export function appendBits(words: Uint32Array, bitCount: number, bytes: Uint8Array, at: number): number {
  const byteCount = (bitCount + 7) >>> 3
  for (let i = 0; i < byteCount; i++) bytes[at + i] = words[i >>> 2] >>> (24 - ((i & 3) << 3))
  return 8 * at + bitCount
}
