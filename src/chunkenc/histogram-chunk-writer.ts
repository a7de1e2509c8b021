import type { Histogram } from '../model/histogram.ts'
import type { Timestamp } from '../model/time.ts'
import { writeHeader } from './chunk-header.ts'
import type { Chunk } from './codec.ts'
import { HistogramFit } from './histogram-fit.ts'
import { HISTOGRAM_CHUNK_BYTES, HISTOGRAM_CHUNK_SAMPLES_MIN, HistogramSampleEncoder } from './histogram-sample.ts'
import { appendBits, widenChunk } from './widen-chunk.ts'

/** Bytes before the bits of every encoding of histograms. */
const HEADER_BYTES = 3

/**
 * Writes the histograms of a series as chunks in memory of their own: cut when they are full, when the layout changes or the counter is
 * reset, written again when buckets appear.
 */
export class HistogramChunkWriter {
  readonly #withStarts: boolean
  readonly #encoder = new HistogramSampleEncoder()
  #bytes = new Uint8Array(2 * HISTOGRAM_CHUNK_BYTES)
  /** Bits used, the header's included. */
  #bits = 0
  #minTime: Timestamp = 0

  constructor(withStarts: boolean) {
    this.#withStarts = withStarts
    this.#encoder.clear()
  }

  /**
   * Takes a histogram, or a staleness marker for undefined, which must follow a histogram. Answers the chunk before when another began.
   * Times must not go back.
   */
  append(t: Timestamp, histogram: Histogram | undefined, startTime: Timestamp): Chunk | undefined {
    const encoder = this.#encoder
    let finished: Chunk | undefined
    const fit = histogram === undefined ? HistogramFit.append : encoder.fit(histogram)
    if (histogram !== undefined && (fit === HistogramFit.cut || this.#isFull)) {
      finished = this.finish()
      encoder.begin(histogram, this.#withStarts)
      this.#begin(t)
    } else if (histogram === undefined && this.#isFull) {
      const isFloat = encoder.isFloat
      finished = this.finish()
      encoder.beginStale(isFloat, this.#withStarts)
      this.#begin(t)
    } else if (histogram !== undefined && fit === HistogramFit.widen) {
      this.#writeHeader()
      const widened = widenChunk(encoder, this.#bytes, 0, (this.#bits + 7) >>> 3, histogram)
      this.#bits = 8 * HEADER_BYTES
      this.#reserve(widened.bytes.length)
      this.#bytes.fill(0)
      this.#bytes.set(widened.bytes, HEADER_BYTES)
      this.#bits += widened.bitCount
    }
    const at = this.#bits >>> 3
    if (histogram === undefined) encoder.encodeStale(t, startTime, this.#bytes[at], this.#bits & 7)
    else encoder.encode(t, histogram, startTime, this.#bytes[at], this.#bits & 7)
    this.#reserve((encoder.bitCount + 7) >>> 3)
    this.#bits = appendBits(encoder.words, encoder.bitCount, this.#bytes, at)
    return finished
  }

  /** The chunk that is open, which takes no more; undefined when none is. What comes next begins a chunk that follows it. */
  finish(): Chunk | undefined {
    const { encoding, sampleCount, lastTime } = this.#encoder
    if (sampleCount === 0) return undefined
    this.#writeHeader()
    const data = this.#bytes.slice(0, (this.#bits + 7) >>> 3)
    return { encoding, minTime: this.#minTime, maxTime: lastTime, sampleCount, data, start: 0, end: data.length }
  }

  get #isFull(): boolean {
    return this.#encoder.sampleCount >= HISTOGRAM_CHUNK_SAMPLES_MIN && this.#bits >= 8 * HISTOGRAM_CHUNK_BYTES
  }

  #begin(t: Timestamp): void {
    this.#bytes.fill(0)
    this.#bits = 8 * HEADER_BYTES
    this.#minTime = t
  }

  #reserve(count: number): void {
    const wanted = (this.#bits >>> 3) + count + 1
    if (wanted <= this.#bytes.length) return
    const bytes = new Uint8Array(2 * wanted)
    bytes.set(this.#bytes)
    this.#bytes = bytes
  }

  #writeHeader(): void {
    const { encoding, sampleCount, reset, startHeader } = this.#encoder
    writeHeader(encoding, sampleCount, reset, startHeader, this.#bytes, 0)
  }
}
