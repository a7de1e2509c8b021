import { ChunkEncoding } from '../../chunkenc/codec.ts'
import { XorSampleEncoder } from '../../chunkenc/xor-sample.ts'
import type { Histogram } from '../../model/histogram.ts'
import { Labels } from '../../model/labels.ts'
import { isStaleBits, STALE_HIGH, STALE_LOW } from '../../model/staleness.ts'
import type { Timestamp } from '../../model/time.ts'
import { AppendStatus } from '../../storage/appender.ts'
import { CELL_BYTES, CELL_LINK_BYTES, CELL_PAYLOAD_BYTES, CELLS_MASK, CELLS_SHIFT, Cells } from './cells.ts'
import { HashIndex, mix } from './hash-index.ts'
import { HistogramChunks } from './histogram-chunks.ts'
import { Pairs } from './pairs.ts'
import {
  BUSY,
  CHUNK_SAMPLES,
  type ChunkHeader,
  CLOSED,
  CLOSED_FIRST_CELL,
  CLOSED_HEADER,
  CLOSED_MAX_TIME,
  CLOSED_MIN_TIME,
  CLOSED_SIZE,
  closeChunk,
  ENCODING_MASK,
  encodingOf,
  FIRST_CELL,
  HASH,
  LABEL_COUNT,
  LABELS_AT,
  LAST_HIGH,
  LAST_LOW,
  LAST_TIME_FLOAT,
  OPEN_BYTES,
  OPEN_COUNT_MASK,
  OPEN_TIME,
  openHeader,
  PUBLISHED,
  ROW_WORDS,
  ROW_WORDS_SHIFT,
  SLOT,
  STATE,
  STATE_BLOCK,
  TIME_DELTA,
  WRITE_CELL,
  XOR_PUBLISHED,
} from './row.ts'
import { histogramKind, kindOf, SampleKind } from './sample-kind.ts'
import type { SlabPool } from './slab-pool.ts'
import { Arena, SLAB_WORDS, SLAB_WORDS_SHIFT } from './slab-pool.ts'
import { StartTimeChunks } from './start-time-chunks.ts'
import { Symbols } from './symbols.ts'
import { WordBlocks } from './word-blocks.ts'

// 1. A window holds the samples of one block range. All it knows lies in its slabs; they go back to the pool at once.
// 2. A series is a row of 64 bytes, one cache line. Rows, symbols and pairs never move and are never freed singly; cells are let go only
//    when a chunk is written again, and used again only while no reader pins the window.
// 3. The bytes of a sample are written before PUBLISHED counts it, and PUBLISHED is stored with Atomics: a reader in another
//    thread that loads it sees all the bytes it counts. While a chunk is being closed BUSY is set, and the reader waits.
// 4. The samples of a series rise in time within a window.

const WORD_MASK = SLAB_WORDS - 1

const ROWS_SHIFT = SLAB_WORDS_SHIFT - ROW_WORDS_SHIFT
const ROWS_MASK = (1 << ROWS_SHIFT) - 1

/** A row whose series has no slot. */
export const NO_SLOT = 0xffffffff

const encoder = new XorSampleEncoder()
const value = new Float64Array(1)
const valueWords = new Uint32Array(value.buffer)

/** What a reader is told of one chunk. */
export interface ChunkVisitor {
  chunk(minTime: Timestamp, maxTime: Timestamp, sampleCount: number, firstCell: number, byteCount: number, header: ChunkHeader): void
}

/** The samples of one block range, in memory: `start` inclusive, `end` exclusive. */
export class Window {
  /** A number that no other window of the process has. */
  readonly ordinal: number
  readonly start: Timestamp
  readonly end: Timestamp
  readonly symbols: Symbols
  readonly cells: Cells
  readonly pairs: Pairs
  /** Times of the oldest and newest sample. */
  minTime = Number.POSITIVE_INFINITY
  maxTime = Number.NEGATIVE_INFINITY
  sampleCount = 0
  /** Of the samples. */
  histogramCount = 0
  chunkCount = 0
  /** Readers that hold the window's slabs. */
  pins = 0
  /** Series that have a slot. */
  slotCount = 0

  readonly #rows: Arena
  readonly #lists: Arena
  readonly #index: HashIndex
  readonly #blocks: WordBlocks
  readonly #histograms: HistogramChunks
  readonly #startTimes: StartTimeChunks
  #seriesCount = 0
  #listWords = 0
  #list = new Uint32Array(32)
  /** The pair found last for each place of a label set: neighbours share most labels. */
  readonly #recentNames: string[] = []
  readonly #recentValues: string[] = []
  readonly #recentPairs: number[] = []

  constructor(pool: SlabPool, ordinal: number, start: Timestamp, end: Timestamp) {
    this.ordinal = ordinal
    this.start = start
    this.end = end
    this.symbols = new Symbols(pool)
    this.cells = new Cells(pool)
    this.pairs = new Pairs(pool, this.symbols, this.cells)
    this.#rows = new Arena(pool)
    this.#lists = new Arena(pool)
    this.#index = new HashIndex(pool, (series) => this.#field(series, HASH))
    this.#blocks = new WordBlocks(pool)
    this.#histograms = new HistogramChunks(start, this.cells, this.#blocks)
    this.#startTimes = new StartTimeChunks(start, this.cells, this.#blocks)
  }

  /** Gives the memory back. The window must not be used again. */
  release(): void {
    this.symbols.release()
    this.cells.release()
    this.pairs.release()
    this.#rows.release()
    this.#lists.release()
    this.#index.release()
    this.#blocks.release()
  }

  get seriesCount(): number {
    return this.#seriesCount
  }

  /** The series with these labels, -1 when the window does not have it. */
  find(labels: Labels): number {
    const { pairs } = labels
    this.#growList(labels.size)
    for (let i = 0; i < pairs.length; i += 2) {
      const pair = this.#pairOf(i >> 1, pairs[i], pairs[i + 1], false)
      if (pair < 0) return -1
      this.#list[i >> 1] = pair
    }
    return this.#findList(labels.size, hashList(this.#list, labels.size))
  }

  /** The series with these labels, made when it is new. */
  add(labels: Labels): number {
    const { pairs } = labels
    this.#growList(labels.size)
    for (let i = 0; i < pairs.length; i += 2) this.#list[i >> 1] = this.#pairOf(i >> 1, pairs[i], pairs[i + 1], true)
    return this.#addList(labels.size)
  }

  /** The same for a series of another window. `translated` remembers pair by pair (+ 1; 0: not yet) and is as long as the other has pairs. */
  addFrom(other: Window, series: number, translated: Uint32Array): number {
    const count = other.labelCount(series)
    this.#growList(count)
    for (let i = 0; i < count; i++) {
      const theirs = other.labelPair(series, i)
      let pair = theirs < translated.length ? translated[theirs] - 1 : -1
      if (pair < 0) {
        const name = this.symbols.addFrom(other.symbols, other.pairs.name(theirs))
        pair = this.pairs.add(name, this.symbols.addFrom(other.symbols, other.pairs.value(theirs)))
        if (theirs < translated.length) translated[theirs] = pair + 1
      }
      this.#list[i] = pair
    }
    return this.#addList(count)
  }

  labelCount(series: number): number {
    return this.#field(series, LABEL_COUNT)
  }

  /** The pair at a place of the series' labels, which are in order of names. */
  labelPair(series: number, place: number): number {
    const at = this.#field(series, LABELS_AT) + place
    return this.#lists.slabs[at >>> SLAB_WORDS_SHIFT].words[at & WORD_MASK]
  }

  labels(series: number): Labels {
    const count = this.labelCount(series)
    const flat: string[] = []
    for (let i = 0; i < count; i++) {
      const pair = this.labelPair(series, i)
      flat.push(this.symbols.text(this.pairs.name(pair)), this.symbols.text(this.pairs.value(pair)))
    }
    return Labels.fromSortedPairs(flat)
  }

  slot(series: number): number {
    return this.#field(series, SLOT)
  }

  /** Gives a series a slot, or takes it away. */
  setSlot(series: number, slot: number): void {
    this.slotCount += Number(slot !== NO_SLOT) - Number(this.slot(series) !== NO_SLOT)
    this.#rows.slabs[series >>> ROWS_SHIFT].words[((series & ROWS_MASK) << ROW_WORDS_SHIFT) + SLOT] = slot
  }

  /** Time of the newest sample of a series; -Infinity when it has none. */
  lastTime(series: number): Timestamp {
    const slab = this.#rows.slabs[series >>> ROWS_SHIFT]
    const row = (series & ROWS_MASK) << ROW_WORDS_SHIFT
    return slab.words[row + PUBLISHED] === 0 ? Number.NEGATIVE_INFINITY : slab.floats[(row >> 1) + LAST_TIME_FLOAT]
  }

  /** The bits of the newest value of a series that has one; of a histogram its digest. */
  lastLow(series: number): number {
    return this.#field(series, LAST_LOW)
  }

  lastHigh(series: number): number {
    return this.#field(series, LAST_HIGH)
  }

  /** What the newest sample of a series is. */
  lastKind(series: number): SampleKind {
    return kindOf(encodingOf(this.#field(series, PUBLISHED)))
  }

  /**
   * Appends a sample of this window's range. `ok` also when the newest sample is the same; nothing is stored then.
   * Hot: about 60 ns when the row and its cell are in the cache.
   */
  append(series: number, t: Timestamp, v: number, startTime: Timestamp = 0): AppendStatus {
    const slab = this.#rows.slabs[series >>> ROWS_SHIFT]
    const words = slab.words
    const row = (series & ROWS_MASK) << ROW_WORDS_SHIFT
    let published = words[row + PUBLISHED]
    if (startTime !== 0 || (published & ENCODING_MASK) !== XOR_PUBLISHED) {
      const status = this.#appendOther(series, t, v, startTime)
      if (status !== undefined) return status
      published = words[row + PUBLISHED] & ~BUSY
    }
    let count = published & OPEN_COUNT_MASK
    if (count !== 0) {
      const last = slab.floats[(row >> 1) + LAST_TIME_FLOAT]
      if (t < last) return AppendStatus.outOfOrder
      if (t === last) return sameBits(words[row + LAST_HIGH], words[row + LAST_LOW], v) ? AppendStatus.ok : AppendStatus.duplicateTimestamp
      if (count === CHUNK_SAMPLES) {
        published = XOR_PUBLISHED | closeChunk(this.cells, words, row, this.start, last)
        count = 0
      }
    }

    const slabs = this.cells.slabs
    let cell = words[row + WRITE_CELL]
    encoder.count = count
    let bitsUsed = 0
    if (count === 0) {
      cell = this.cells.add()
      words[row + FIRST_CELL] = cell
      words[row + OPEN_TIME] = t - this.start
      words[row + OPEN_BYTES] = 0
      encoder.reset()
      this.chunkCount++
    } else {
      const state = words[row + STATE]
      encoder.leading = state & 0xff
      encoder.trailing = (state >>> 8) & 0xff
      bitsUsed = (state >>> 16) & 0xff
      encoder.t = slab.floats[(row >> 1) + LAST_TIME_FLOAT]
      encoder.tDelta = words[row + TIME_DELTA]
      encoder.high = words[row + LAST_HIGH] | 0
      encoder.low = words[row + LAST_LOW] | 0
    }

    let bytes = slabs[cell >>> CELLS_SHIFT].bytes
    let at = (cell & CELLS_MASK) * CELL_BYTES + CELL_LINK_BYTES + (bitsUsed >>> 3)
    let room = CELL_PAYLOAD_BYTES - (bitsUsed >>> 3)
    const partialBits = bitsUsed & 7
    encoder.encode(t, v, partialBits === 0 ? 0 : bytes[at], partialBits)
    const bitCount = encoder.bitCount
    const byteCount = (bitCount + 7) >>> 3
    const code = encoder.words
    for (let i = 0; i < byteCount; i++) {
      if (room === 0) {
        const next = this.cells.add()
        this.cells.setLink(cell, next)
        cell = next
        bytes = slabs[cell >>> CELLS_SHIFT].bytes
        at = (cell & CELLS_MASK) * CELL_BYTES + CELL_LINK_BYTES
        room = CELL_PAYLOAD_BYTES
      }
      bytes[at++] = code[i >>> 2] >>> (24 - ((i & 3) << 3))
      room--
    }
    words[row + WRITE_CELL] = cell
    words[row + OPEN_BYTES] += byteCount - (partialBits === 0 ? 0 : 1)
    const spareBits = byteCount * 8 - bitCount
    words[row + STATE] = encoder.leading | (encoder.trailing << 8) | (((CELL_PAYLOAD_BYTES - room) * 8 - spareBits) << 16)
    words[row + TIME_DELTA] = encoder.tDelta
    words[row + LAST_LOW] = encoder.low
    words[row + LAST_HIGH] = encoder.high
    slab.floats[(row >> 1) + LAST_TIME_FLOAT] = t
    Atomics.store(words, row + PUBLISHED, (published & ~OPEN_COUNT_MASK) | (count + 1))

    this.sampleCount++
    if (t > this.maxTime) this.maxTime = t
    if (t < this.minTime) this.minTime = t
    return AppendStatus.ok
  }

  /**
   * Appends a histogram of this window's range; undefined: a stale one. `digestHigh` and `digestLow` are what `digestHistogram` says of
   * it. `ok` also when the newest sample is the same; nothing is stored then.
   */
  appendHistogram(
    series: number,
    t: Timestamp,
    isFloat: boolean,
    histogram: Histogram | undefined,
    startTime: Timestamp,
    digestHigh: number,
    digestLow: number,
  ): AppendStatus {
    const slab = this.#rows.slabs[series >>> ROWS_SHIFT]
    const words = slab.words
    const row = (series & ROWS_MASK) << ROW_WORDS_SHIFT
    if (words[row + PUBLISHED] !== 0) {
      const last = slab.floats[(row >> 1) + LAST_TIME_FLOAT]
      if (t < last) return AppendStatus.outOfOrder
      if (t === last) {
        const isSame =
          this.lastKind(series) === histogramKind(isFloat) && words[row + LAST_HIGH] === digestHigh && words[row + LAST_LOW] === digestLow
        return isSame ? AppendStatus.ok : AppendStatus.duplicateTimestamp
      }
    }
    const isNew = this.#histograms.append(slab, row, t, isFloat, histogram, startTime, this.pins === 0)
    words[row + LAST_HIGH] = digestHigh
    words[row + LAST_LOW] = digestLow
    this.histogramCount++
    this.#count(t, isNew)
    return AppendStatus.ok
  }

  /** Whether a series has a chunk that reaches into `minTime`…`maxTime`. */
  overlaps(series: number, minTime: Timestamp, maxTime: Timestamp): boolean {
    const slab = this.#rows.slabs[series >>> ROWS_SHIFT]
    const row = (series & ROWS_MASK) << ROW_WORDS_SHIFT
    const published = slab.words[row + PUBLISHED]
    if (published === 0) return false
    const last = slab.floats[(row >> 1) + LAST_TIME_FLOAT]
    if (last < minTime) return false
    if ((published & OPEN_COUNT_MASK) > 0 && this.start + slab.words[row + OPEN_TIME] <= maxTime) return true
    for (let closed = slab.words[row + CLOSED]; closed !== 0; closed = this.cells.link(closed)) {
      if (this.start + this.cells.word(closed, CLOSED_MAX_TIME) < minTime) return false
      if (this.start + this.cells.word(closed, CLOSED_MIN_TIME) <= maxTime) return true
    }
    return false
  }

  /** Shows the chunks of a series that reach into `minTime`…`maxTime`, newest first. */
  visitChunks(series: number, minTime: Timestamp, maxTime: Timestamp, visitor: ChunkVisitor): void {
    const { words, floats } = this.#rows.slabs[series >>> ROWS_SHIFT]
    const row = (series & ROWS_MASK) << ROW_WORDS_SHIFT
    const count = words[row + PUBLISHED] & OPEN_COUNT_MASK
    const openTime = this.start + words[row + OPEN_TIME]
    const last = floats[(row >> 1) + LAST_TIME_FLOAT]
    if (count > 0 && openTime <= maxTime && last >= minTime)
      visitor.chunk(
        openTime,
        last,
        count,
        words[row + FIRST_CELL],
        words[row + OPEN_BYTES],
        openHeader(words[row + PUBLISHED], words[row + STATE]),
      )
    for (let closed = words[row + CLOSED]; closed !== 0; closed = this.cells.link(closed)) {
      const closedMaxTime = this.start + this.cells.word(closed, CLOSED_MAX_TIME)
      if (closedMaxTime < minTime) return
      const closedMinTime = this.start + this.cells.word(closed, CLOSED_MIN_TIME)
      if (closedMinTime > maxTime) continue
      const size = this.cells.word(closed, CLOSED_SIZE)
      const firstCell = this.cells.word(closed, CLOSED_FIRST_CELL)
      visitor.chunk(closedMinTime, closedMaxTime, size & 0xff, firstCell, size >>> 8, this.cells.word(closed, CLOSED_HEADER))
    }
  }

  /**
   * What is to be done with a float that has a start time, or comes to a series whose open chunk is not a plain one. Undefined: it begins a
   * plain chunk, for which the row is made ready.
   */
  #appendOther(series: number, t: Timestamp, v: number, startTime: Timestamp): AppendStatus | undefined {
    const slab = this.#rows.slabs[series >>> ROWS_SHIFT]
    const words = slab.words
    const row = (series & ROWS_MASK) << ROW_WORDS_SHIFT
    const published = words[row + PUBLISHED]
    const encoding = encodingOf(published)
    const last = slab.floats[(row >> 1) + LAST_TIME_FLOAT]
    if (published !== 0) {
      if (t < last) return AppendStatus.outOfOrder
      if (t === last) {
        const isSame = kindOf(encoding) === SampleKind.float && sameBits(words[row + LAST_HIGH], words[row + LAST_LOW], v)
        return isSame ? AppendStatus.ok : AppendStatus.duplicateTimestamp
      }
    }
    if (startTime !== 0 || (encoding === ChunkEncoding.xor2 && (published & OPEN_COUNT_MASK) < CHUNK_SAMPLES)) {
      const isNew = this.#startTimes.append(slab, row, t, v, startTime, this.pins === 0)
      value[0] = v
      words[row + LAST_LOW] = valueWords[0]
      words[row + LAST_HIGH] = valueWords[1]
      this.#count(t, isNew)
      return AppendStatus.ok
    }
    let closed = 0
    if (published !== 0) {
      this.#blocks.giveBack(words[row + STATE_BLOCK])
      closed = closeChunk(this.cells, words, row, this.start, last)
    }
    Atomics.store(words, row + PUBLISHED, (closed | XOR_PUBLISHED | BUSY) >>> 0)
    return undefined
  }

  #count(t: Timestamp, isNewChunk: boolean): void {
    if (isNewChunk) this.chunkCount++
    this.sampleCount++
    if (t > this.maxTime) this.maxTime = t
    if (t < this.minTime) this.minTime = t
  }

  #pairOf(place: number, name: string, text: string, make: boolean): number {
    if (this.#recentValues[place] === text && this.#recentNames[place] === name) return this.#recentPairs[place]
    let pair = -1
    if (make) pair = this.pairs.add(this.symbols.add(name), this.symbols.add(text))
    else {
      const nameSymbol = this.symbols.find(name)
      const valueSymbol = nameSymbol < 0 ? -1 : this.symbols.find(text)
      pair = valueSymbol < 0 ? -1 : this.pairs.find(nameSymbol, valueSymbol)
    }
    if (pair < 0 || place >= RECENT_MAX) return pair
    this.#recentNames[place] = name
    this.#recentValues[place] = text
    this.#recentPairs[place] = pair
    return pair
  }

  #growList(count: number): void {
    if (count > this.#list.length) this.#list = new Uint32Array(count * 2)
  }

  #findList(count: number, hash: number): number {
    const index = this.#index
    for (let probe = index.first(hash), series = 0; (series = index.at(probe)) >= 0; probe = index.next(probe)) {
      if (this.#field(series, HASH) === hash && this.#hasList(series, count)) return series
    }
    return -1
  }

  #hasList(series: number, count: number): boolean {
    if (this.#field(series, LABEL_COUNT) !== count) return false
    for (let i = 0; i < count; i++) if (this.labelPair(series, i) !== this.#list[i]) return false
    return true
  }

  #addList(count: number): number {
    const hash = hashList(this.#list, count)
    const found = this.#findList(count, hash)
    if (found >= 0) return found
    const series = this.#seriesCount++
    this.#rows.reserveWords((series + 1) * ROW_WORDS)
    const words = this.#rows.slabs[series >>> ROWS_SHIFT].words
    const row = (series & ROWS_MASK) << ROW_WORDS_SHIFT
    const listAt = this.#listWords
    this.#listWords += count
    this.#lists.reserveWords(this.#listWords)
    for (let i = 0; i < count; i++) {
      const at = listAt + i
      this.#lists.slabs[at >>> SLAB_WORDS_SHIFT].words[at & WORD_MASK] = this.#list[i]
      this.pairs.addSeries(this.#list[i], series)
    }
    words[row + LABELS_AT] = listAt
    words[row + LABEL_COUNT] = count
    words[row + HASH] = hash
    words[row + SLOT] = NO_SLOT
    this.#index.insert(hash, series)
    return series
  }

  #field(series: number, field: number): number {
    return this.#rows.slabs[series >>> ROWS_SHIFT].words[((series & ROWS_MASK) << ROW_WORDS_SHIFT) + field]
  }
}

const RECENT_MAX = 64

function hashList(list: Uint32Array, count: number): number {
  let hash = count
  for (let i = 0; i < count; i++) hash = Math.imul(hash ^ list[i], 0x9e3779b1) ^ (hash >>> 15)
  return mix(hash)
}

/** Whether a value has these bits. Staleness markers are one, however the engine has them. */
export function sameBits(high: number, low: number, v: number): boolean {
  value[0] = v
  if (valueWords[0] === low && valueWords[1] === high) return true
  return low === STALE_LOW && (high === STALE_HIGH || isStaleBits(high, low)) && isStaleBits(valueWords[1], valueWords[0])
}
