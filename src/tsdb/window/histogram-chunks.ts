import { headerBytesOf, writeHeader } from '../../chunkenc/chunk-header.ts'
import { ChunkEncoding } from '../../chunkenc/codec.ts'
import { HistogramFit } from '../../chunkenc/histogram-fit.ts'
import { HISTOGRAM_CHUNK_BYTES, HISTOGRAM_CHUNK_SAMPLES_MIN, HistogramSampleEncoder } from '../../chunkenc/histogram-sample.ts'
import { widenChunk } from '../../chunkenc/widen-chunk.ts'
import type { Histogram } from '../../model/histogram.ts'
import type { Timestamp } from '../../model/time.ts'
import { BitCells } from './bit-cells.ts'
import type { Cells } from './cells.ts'
import {
  beginChange,
  CHUNK_SAMPLES,
  closeChunk,
  ENCODING_MASK,
  ENCODING_SHIFT,
  encodingOf,
  FIRST_CELL,
  LAST_TIME_FLOAT,
  OPEN_BYTES,
  OPEN_COUNT_MASK,
  OPEN_TIME,
  PUBLISHED,
  STATE_BLOCK,
  WRITE_CELL,
} from './row.ts'
import { histogramKind, kindOf, SampleKind } from './sample-kind.ts'
import type { Slab } from './slab-pool.ts'
import type { WordBlocks } from './word-blocks.ts'

/** Loaded with the state of one chunk at a time. */
const encoder = new HistogramSampleEncoder()
let scratch = new Uint8Array(4096)

function hasStartTimes(encoding: ChunkEncoding): boolean {
  return encoding === ChunkEncoding.histogramSt || encoding === ChunkEncoding.floatHistogramSt
}

/** The chunks of native histograms in a window. */
export class HistogramChunks {
  readonly #start: Timestamp
  readonly #cells: Cells
  readonly #states: WordBlocks
  readonly #bits: BitCells

  constructor(start: Timestamp, cells: Cells, states: WordBlocks) {
    this.#start = start
    this.#cells = cells
    this.#states = states
    this.#bits = new BitCells(cells)
  }

  /**
   * Puts a histogram (undefined: a stale one) into the open chunk of a row, or into a new one; true when it is a new one. The caller has
   * checked that it is the next one of the series, and keeps the bits of the newest value.
   * `mayReuse`: no reader holds cells that were let go.
   */
  append(
    slab: Slab,
    row: number,
    t: Timestamp,
    isFloat: boolean,
    histogram: Histogram | undefined,
    startTime: Timestamp,
    mayReuse: boolean,
  ): boolean {
    const words = slab.words
    let published = words[row + PUBLISHED]
    let count = published & OPEN_COUNT_MASK
    const isCut = !this.#fits(words, row, published, isFloat, histogram, startTime, mayReuse)
    if (isCut) {
      if (count === 0) published &= ~ENCODING_MASK
      else {
        if (encodingOf(published) !== ChunkEncoding.xor) this.#states.giveBack(words[row + STATE_BLOCK])
        published = closeChunk(this.#cells, words, row, this.#start, slab.floats[(row >> 1) + LAST_TIME_FLOAT])
      }
      count = 0
      if (histogram === undefined) encoder.beginStale(isFloat, startTime !== 0)
      else encoder.begin(histogram, startTime !== 0)
      words[row + STATE_BLOCK] = this.#states.take(encoder.stateLength)
      words[row + OPEN_TIME] = t - this.#start
      this.#bits.begin(words, row, mayReuse)
    }

    const partialBits = this.#bits.partialBits(words, row)
    const partialByte = this.#bits.partialByte(words, row)
    if (histogram === undefined) encoder.encodeStale(t, startTime, partialByte, partialBits)
    else encoder.encode(t, histogram, startTime, partialByte, partialBits)
    // The header of the chunk may change with this sample.
    beginChange(words, row)
    this.#bits.append(words, row, encoder.words, encoder.bitCount, encoder.startHeader | (encoder.reset << 8), mayReuse)
    this.#states.write(words[row + STATE_BLOCK], encoder.state)
    const closedAndEncoding = isCut ? published | (encoder.encoding << ENCODING_SHIFT) : published & ~OPEN_COUNT_MASK
    slab.floats[(row >> 1) + LAST_TIME_FLOAT] = t
    Atomics.store(words, row + PUBLISHED, (closedAndEncoding | (count + 1)) >>> 0)
    return isCut
  }

  /** Loads the state of the open chunk, if there is one, and says whether the sample can go there; widens the chunk when that is what it takes. */
  #fits(
    words: Uint32Array,
    row: number,
    published: number,
    isFloat: boolean,
    histogram: Histogram | undefined,
    startTime: Timestamp,
    mayReuse: boolean,
  ): boolean {
    const encoding = encodingOf(published)
    if (kindOf(encoding) === SampleKind.float || (published & OPEN_COUNT_MASK) === 0) {
      encoder.clear()
      if (histogram !== undefined) encoder.fit(histogram)
      return false
    }
    const block = words[row + STATE_BLOCK]
    encoder.reserveState(this.#states.length(block))
    this.#states.read(block, encoder.state)
    const fit = histogram === undefined ? HistogramFit.append : encoder.fit(histogram)
    if (fit === HistogramFit.cut || kindOf(encoding) !== histogramKind(isFloat)) return false
    const count = published & OPEN_COUNT_MASK
    const isLarge = headerBytesOf(encoding) + words[row + OPEN_BYTES] >= HISTOGRAM_CHUNK_BYTES
    const isFull = count === CHUNK_SAMPLES || (isLarge && count >= HISTOGRAM_CHUNK_SAMPLES_MIN)
    if (isFull || (startTime !== 0 && !hasStartTimes(encoding))) return false
    if (fit === HistogramFit.widen) this.#widen(words, row, encoding, count, histogram!, mayReuse)
    return true
  }

  /** Writes the open chunk again with the buckets of a histogram that it has not. */
  #widen(words: Uint32Array, row: number, encoding: ChunkEncoding, count: number, histogram: Histogram, mayReuse: boolean): void {
    const header = headerBytesOf(encoding)
    const end = header + words[row + OPEN_BYTES]
    if (end > scratch.length) scratch = new Uint8Array(2 * end)
    writeHeader(encoding, count, encoder.reset, encoder.startHeader, scratch, 0)
    this.#cells.copy(words[row + FIRST_CELL], end - header, scratch, header)
    const [oldFirst, oldLast] = [words[row + FIRST_CELL], words[row + WRITE_CELL]]
    const { bytes, bitCount } = widenChunk(encoder, scratch, 0, end, histogram)
    beginChange(words, row)
    this.#states.giveBack(words[row + STATE_BLOCK])
    words[row + STATE_BLOCK] = this.#states.take(encoder.stateLength)
    this.#bits.replace(words, row, bytes, bitCount, mayReuse)
    this.#cells.retire(oldFirst, oldLast)
  }
}
