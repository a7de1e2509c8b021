import { ChunkEncoding } from '../../chunkenc/codec.ts'
import { Xor2SampleEncoder } from '../../chunkenc/xor2-sample.ts'
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
  LAST_TIME_FLOAT,
  OPEN_COUNT_MASK,
  OPEN_TIME,
  PUBLISHED,
  STATE,
  STATE_BLOCK,
} from './row.ts'
import type { Slab } from './slab-pool.ts'
import type { WordBlocks } from './word-blocks.ts'

// The state of the encoder in its block; the time and the header of start times lie in the row.
const TIME_DELTA = 0
const HIGH = 1
const LOW = 2
const XOR_WINDOW = 3
const START_LOW = 4
const START_HIGH = 5
const STATE_WORDS = 6

const encoder = new Xor2SampleEncoder()
const state = new Uint32Array(STATE_WORDS)
const float = new Float64Array(1)
const floatWords = new Uint32Array(float.buffer)

/** The chunks of floats with start times in a window. */
export class StartTimeChunks {
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
   * Puts a float into the open chunk of a row, or into a new one; true when it is a new one. The caller has checked that it is the next one
   * of the series, and keeps the bits of the newest value. `mayReuse`: no reader holds cells that were let go.
   */
  append(slab: Slab, row: number, t: Timestamp, v: number, startTime: Timestamp, mayReuse: boolean): boolean {
    const words = slab.words
    let published = words[row + PUBLISHED]
    let count = published & OPEN_COUNT_MASK
    const encoding = encodingOf(published)
    const last = slab.floats[(row >> 1) + LAST_TIME_FLOAT]
    const isNew = count === 0 || count === CHUNK_SAMPLES || encoding !== ChunkEncoding.xor2
    if (isNew) {
      if (count === 0) published &= ~ENCODING_MASK
      else {
        if (encoding !== ChunkEncoding.xor) this.#states.giveBack(words[row + STATE_BLOCK])
        published = closeChunk(this.#cells, words, row, this.#start, last)
      }
      published |= ChunkEncoding.xor2 << ENCODING_SHIFT
      count = 0
      encoder.reset()
      words[row + STATE_BLOCK] = this.#states.take(STATE_WORDS)
      words[row + OPEN_TIME] = t - this.#start
      this.#bits.begin(words, row, mayReuse)
    } else {
      this.#states.read(words[row + STATE_BLOCK], state)
      encoder.count = count
      encoder.t = last
      encoder.tDelta = state[TIME_DELTA]
      encoder.high = state[HIGH] | 0
      encoder.low = state[LOW] | 0
      encoder.window = state[XOR_WINDOW]
      floatWords[0] = state[START_LOW]
      floatWords[1] = state[START_HIGH]
      const { starts } = encoder
      starts.header = words[row + STATE] & 0xff
      starts.startTime = float[0]
      // It follows from the others wherever it counts.
      starts.difference = last - encoder.tDelta - float[0]
    }

    encoder.encode(t, v, startTime, this.#bits.partialByte(words, row), this.#bits.partialBits(words, row))
    // The header of the chunk may change with this sample.
    beginChange(words, row)
    this.#bits.append(words, row, encoder.words, encoder.bitCount, encoder.starts.header, mayReuse)
    state[TIME_DELTA] = encoder.tDelta
    state[HIGH] = encoder.high
    state[LOW] = encoder.low
    state[XOR_WINDOW] = encoder.window
    float[0] = encoder.starts.startTime
    state[START_LOW] = floatWords[0]
    state[START_HIGH] = floatWords[1]
    this.#states.write(words[row + STATE_BLOCK], state)
    slab.floats[(row >> 1) + LAST_TIME_FLOAT] = t
    Atomics.store(words, row + PUBLISHED, ((published & ~OPEN_COUNT_MASK) | (count + 1)) >>> 0)
    return isNew
  }
}
