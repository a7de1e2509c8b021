import { assert } from '../../base/assert.ts'
import { ChunkEncoding, SampleColumns } from '../../chunkenc/codec.ts'
import { decodeChunk } from '../../chunkenc/decode-chunk.ts'
import { XorSampleEncoder } from '../../chunkenc/xor-sample.ts'
import type { Histogram } from '../../model/histogram.ts'
import { Labels } from '../../model/labels.ts'
import type { Timestamp } from '../../model/time.ts'
import { AppendStatus } from '../../storage/appender.ts'
import { isAllDeleted } from '../block/tombstones.ts'
import { digest, digestHistogram } from '../histogram-digest.ts'
import { appendRun, SampleRun } from './append-run.ts'
import { CELL_BYTES, CELL_LINK_BYTES, CELL_PAYLOAD_BYTES, CELLS_MASK, CELLS_SHIFT, Cells, type CellsState } from './cells.ts'
import { copyChunk, HEADER_BYTES_MAX } from './copy-chunk.ts'
import { HashIndex, type IndexState, mix } from './hash-index.ts'
import { HistogramChunks } from './histogram-chunks.ts'
import { LabelLists } from './label-lists.ts'
import { Pairs, type PairsState } from './pairs.ts'
import {
  BUSY,
  beginChange,
  CHUNK_SAMPLES,
  type ChunkHeader,
  CLOSED,
  CLOSED_FIRST_CELL,
  CLOSED_HEADER,
  CLOSED_MAX_TIME,
  CLOSED_MIN_TIME,
  CLOSED_SIZE,
  closeChunk,
  copyOpenChunk,
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
import { isSameFloat, isSameSample, type SampleBits, sameBits } from './same-sample.ts'
import { histogramKind, kindOf, SampleKind } from './sample-kind.ts'
import type { ArenaState } from './slab-pool.ts'
import { Arena, SLAB_WORDS_SHIFT, Slab, SlabPool } from './slab-pool.ts'
import { StartTimeChunks } from './start-time-chunks.ts'
import { Symbols, type SymbolsState } from './symbols.ts'
import { ValueOrder } from './value-order.ts'
import { type TombstonesState, WindowTombstones } from './window-tombstones.ts'
import { WordBlocks } from './word-blocks.ts'

// 1. A window holds the samples of one block range. All it knows lies in its slabs; they go back to the pool at once.
// 2. A series is a row of 64 bytes, one cache line. Rows, symbols and pairs never move and are never freed singly; cells are let go only
//    when a chunk is written again, and used again only while no reader pins the window.
// 3. The bytes of a sample are written before PUBLISHED counts it, and PUBLISHED is stored with Atomics: a reader in another
//    thread that loads it sees all the bytes it counts. While a chunk is being closed BUSY is set, and the reader waits; while the window is
//    pinned for each sample, since the row has the newest one's time and value in words of their own.
// 4. The samples of a series rise in time within a window. In a late window they do within a chunk, and chunks of a series may overlap: they
//    stand in the order in which they were begun.
// 5. A window of another thread, made by `Window.reader`, knows the series, pairs and symbols that were there when its state was taken; their
//    rows below those counts do not change but for what 3 says. Everything else may change under its eyes: ids beyond the counts are passed
//    over, and where a chunk has gone on in a slab that is not here `catchUp` fetches it. From `state` until it has read, the window is pinned
//    in the writer's thread.

const ROWS_SHIFT = SLAB_WORDS_SHIFT - ROW_WORDS_SHIFT
const ROWS_MASK = (1 << ROWS_SHIFT) - 1

/** What `findFrom` remembers of a pair that a window does not have. */
const ABSENT = 0xffffffff

/** A row whose series has no slot. */
export const NO_SLOT = 0xffffffff

const encoder = new XorSampleEncoder()
/** The sample that is appended, where it is one alone. */
const one = new SampleRun(1)
const value = new Float64Array(1)
const valueWords = new Uint32Array(value.buffer)

/** A row beside the rows, where the open chunk of a late series is written again; made when there is one. */
let aside: Slab | undefined
const decoded = new SampleColumns()

/** What a reader is told of one chunk. */
export interface ChunkVisitor {
  /** When it begins and ends is told in ms since the window's start: small integers, which are handed over without making objects of them. */
  chunk(minOffset: number, maxOffset: number, sampleCount: number, firstCell: number, byteCount: number, header: ChunkHeader): void
}

/** What a reader that wants the newest sample is told. */
export interface NewestVisitor extends ChunkVisitor {
  /** The bits of a float's value. */
  sample(t: Timestamp, high: number, low: number): void
}

/** Where series that come back get the slots that they had. */
interface SlotClaims {
  claim(slot: number, ordinal: number, series: number, t: Timestamp, kind: SampleKind, high: number, low: number): boolean
}

/** What a window knows besides what lies in its slabs. Can be sent to other threads. */
export interface WindowState {
  readonly ordinal: number
  readonly start: Timestamp
  readonly end: Timestamp
  readonly isLate: boolean
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
  readonly sampleCount: number
  readonly histogramCount: number
  readonly chunkCount: number
  readonly slotCount: number
  readonly seriesCount: number
  readonly listWords: number
  readonly symbols: SymbolsState
  readonly pairs: PairsState
  readonly cells: CellsState
  readonly rows: ArenaState
  readonly lists: ArenaState
  readonly index: IndexState
  readonly tombstones: TombstonesState
}

/** What is read of a row at once. */
class RowView {
  published = 0
  openTime = 0
  lastTime = 0
  lastHigh = 0
  lastLow = 0
  firstCell = 0
  openBytes = 0
  state = 0
  closed = 0
  /** The newest cell that belongs to the row, unless older ones were used again. */
  newestCell = 0

  /** Reads while the writer may write: again, until nothing was half done. `waits`: the writer is another thread. */
  load({ words, floats }: Slab, row: number, waits: boolean): void {
    for (let tries = 0; ; tries++) {
      const published = Atomics.load(words, row + PUBLISHED)
      this.openTime = Atomics.load(words, row + OPEN_TIME)
      this.lastTime = floats[(row >> 1) + LAST_TIME_FLOAT]
      this.lastHigh = Atomics.load(words, row + LAST_HIGH)
      this.lastLow = Atomics.load(words, row + LAST_LOW)
      this.firstCell = Atomics.load(words, row + FIRST_CELL)
      this.openBytes = Atomics.load(words, row + OPEN_BYTES)
      this.state = Atomics.load(words, row + STATE)
      this.closed = Atomics.load(words, row + CLOSED)
      this.newestCell = Math.max(this.closed, Atomics.load(words, row + WRITE_CELL))
      this.published = published
      if (!waits || (published < BUSY && Atomics.load(words, row + PUBLISHED) === published)) return
      // The writer needs less than a microsecond, unless it was put to sleep right there.
      if (tries >= SPINS) Atomics.wait(sleeper, 0, 0, 1)
    }
  }
}

const SPINS = 1000
const sleeper = new Int32Array(new SharedArrayBuffer(4))
const view = new RowView()

/** The samples of one block range, in memory: `start` inclusive, `end` exclusive. */
export class Window {
  /** A number that no other window of the process has. */
  readonly ordinal: number
  readonly start: Timestamp
  readonly end: Timestamp
  /** Whether it takes the samples of its range that came after newer ones of their series. */
  readonly isLate: boolean
  readonly symbols: Symbols
  readonly cells: Cells
  readonly pairs: Pairs
  readonly valueOrder: ValueOrder
  /** What was deleted. It is there as before; whoever reads leaves it out. */
  readonly tombstones: WindowTombstones
  /** Times of the oldest and newest sample. */
  minTime = Number.POSITIVE_INFINITY
  maxTime = Number.NEGATIVE_INFINITY
  sampleCount = 0
  /** Of the samples. */
  histogramCount = 0
  chunkCount = 0
  /** Series that have a slot. */
  slotCount = 0

  #pins = 0
  readonly #catchUp: (() => Promise<void>) | undefined
  readonly #rows: Arena
  readonly #lists: LabelLists
  readonly #index: HashIndex
  readonly #blocks: WordBlocks
  readonly #histograms: HistogramChunks
  readonly #startTimes: StartTimeChunks
  #seriesCount = 0
  #list = new Uint32Array(32)
  /** The pair found last for each place of a label set: neighbours share most labels. */
  readonly #recentNames: string[] = []
  readonly #recentValues: string[] = []
  readonly #recentPairs: number[] = []

  constructor(
    pool: SlabPool,
    ordinal: number,
    start: Timestamp,
    end: Timestamp,
    state?: WindowState,
    catchUp?: () => Promise<void>,
    isLate = state?.isLate ?? false,
  ) {
    this.isLate = isLate
    this.ordinal = ordinal
    this.start = start
    this.end = end
    this.symbols = new Symbols(pool, state?.symbols)
    this.cells = new Cells(pool, state?.cells)
    this.pairs = new Pairs(pool, this.cells, state?.pairs)
    this.valueOrder = new ValueOrder(this.pairs, this.symbols)
    this.tombstones = new WindowTombstones(state?.tombstones)
    this.#rows = new Arena(pool)
    this.#lists = new LabelLists(pool)
    this.#index = new HashIndex(pool, (series) => this.#field(series, HASH), state?.index)
    this.#blocks = new WordBlocks(pool)
    this.#histograms = new HistogramChunks(start, this.cells, this.#blocks)
    this.#startTimes = new StartTimeChunks(start, this.cells, this.#blocks)
    this.#catchUp = catchUp
    if (state !== undefined) this.#place(state)
  }

  /** A window for the samples of a range that came after newer ones of their series. */
  static late(pool: SlabPool, ordinal: number, start: Timestamp, end: Timestamp): Window {
    return new Window(pool, ordinal, start, end, undefined, undefined, true)
  }

  /**
   * The window that a state is of, for its writer. The slabs are the pool's from now on. They may be later than the state by all that
   * docs/formats/checkpoint.md allows.
   */
  static restore(pool: SlabPool, state: WindowState): Window {
    const window = new Window(pool, state.ordinal, state.start, state.end, state)
    window.#repair()
    return window
  }

  /**
   * The window of another thread, to be read: what was there when its first `state` was taken, and of the series that were there possibly
   * newer samples. `catchUp` resolves when the window has been refreshed with a state taken after the call.
   */
  static reader(state: WindowState, catchUp: () => Promise<void>): Window {
    return new Window(new SlabPool(), state.ordinal, state.start, state.end, state, catchUp)
  }

  /**
   * For `reader` and `refresh`; the slabs are those that one who has `last`, the state before, does not have. Takes microseconds then. The
   * window must be pinned until the reader has read, and the reader must not read after its window has gone.
   */
  state(last?: WindowState): WindowState {
    return {
      ordinal: this.ordinal,
      start: this.start,
      end: this.end,
      isLate: this.isLate,
      minTime: this.minTime,
      maxTime: this.maxTime,
      sampleCount: this.sampleCount,
      histogramCount: this.histogramCount,
      chunkCount: this.chunkCount,
      slotCount: this.slotCount,
      seriesCount: this.#seriesCount,
      listWords: this.#lists.words,
      symbols: this.symbols.state(last?.symbols),
      pairs: this.pairs.state(last?.pairs),
      cells: this.cells.state(last?.cells),
      rows: this.#rows.state(last?.rows),
      lists: this.#lists.state(last?.lists),
      index: this.#index.state(last?.index),
      tombstones: this.tombstones.state(last?.tombstones),
    }
  }

  /** Brings a reader's window to a later state, which was taken with the one before as `last`. */
  refresh(state: WindowState): void {
    assert(state.ordinal === this.ordinal, 'a state is of the same window')
    this.symbols.refresh(state.symbols)
    this.cells.refresh(state.cells)
    this.pairs.refresh(state.pairs)
    this.#index.refresh(state.index)
    this.tombstones.refresh(state.tombstones)
    this.#place(state)
  }

  /** Takes back what slabs have of later than the state, and closes the chunks whose encoder lost its state. */
  #repair(): void {
    this.cells.repair()
    this.symbols.repair()
    this.pairs.repair(this.#seriesCount)
    this.#rows.clearFrom(this.#seriesCount * ROW_WORDS)
    this.#index.cut(this.#seriesCount)
    this.slotCount = 0
    // A slab a call: at a start code that is called often is compiled sooner than code that loops long.
    for (let from = 0; from < this.#seriesCount; from += 1 << ROWS_SHIFT)
      this.#repairSome(this.#rows.slabs[from >>> ROWS_SHIFT], Math.min(this.#seriesCount - from, 1 << ROWS_SHIFT))
  }

  #repairSome({ words, floats }: Slab, count: number): void {
    for (let row = 0; row < count << ROW_WORDS_SHIFT; row += ROW_WORDS) {
      if (words[row + SLOT] !== NO_SLOT) this.slotCount++
      const published = words[row + PUBLISHED]
      const encoding = published & ENCODING_MASK
      if (encoding === XOR_PUBLISHED || (published & OPEN_COUNT_MASK) === 0) continue
      const closed = closeChunk(this.cells, words, row, this.start, floats[(row >> 1) + LAST_TIME_FLOAT])
      Atomics.store(words, row + PUBLISHED, closed | encoding)
      // What comes next to a late series may be older.
      if (this.isLate) floats[(row >> 1) + LAST_TIME_FLOAT] = Number.MIN_SAFE_INTEGER
    }
  }

  #place(state: WindowState): void {
    this.#rows.place(state.rows)
    this.#lists.place(state.lists, state.listWords)
    this.minTime = state.minTime
    this.maxTime = state.maxTime
    this.sampleCount = state.sampleCount
    this.histogramCount = state.histogramCount
    this.chunkCount = state.chunkCount
    this.slotCount = state.slotCount
    this.#seriesCount = state.seriesCount
  }

  /** Readers that hold the window's slabs, in any thread. */
  get pins(): number {
    return this.#pins
  }

  set pins(count: number) {
    this.#pins = count
    if (count === 0) this.#reclaim()
  }

  /** Gives back slabs that growth has replaced and that readers may have had. */
  #reclaim(): void {
    this.symbols.reclaim()
    this.pairs.reclaim()
    this.#index.reclaim()
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

  /** Makes room for about so many series, before the first one. */
  expect(seriesCount: number): void {
    this.#index.reserve(seriesCount)
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

  /**
   * The series of another window, -1 where it is not here. `translated` remembers pair by pair (+ 1; 0: not yet; ABSENT: not here), `guess` is
   * looked at first: windows mostly have their series in the same order.
   */
  findFrom(other: Window, series: number, translated: Uint32Array, guess: number): number {
    const count = other.labelCount(series)
    this.#growList(count)
    for (let i = 0; i < count; i++) {
      const theirs = other.labelPair(series, i)
      let known = translated[theirs]
      if (known === 0) {
        const pair = this.#pairFrom(other, theirs)
        known = pair < 0 ? ABSENT : pair + 1
        translated[theirs] = known
      }
      if (known === ABSENT) return -1
      this.#list[i] = known - 1
    }
    if (guess >= 0 && guess < this.#seriesCount && this.#hasList(guess, count)) return guess
    return this.#findList(count, hashList(this.#list, count))
  }

  labelCount(series: number): number {
    return this.#field(series, LABEL_COUNT)
  }

  /** The pair at a place of the series' labels, which are in order of names. */
  labelPair(series: number, place: number): number {
    return this.#lists.pair(this.#field(series, LABELS_AT), place)
  }

  /** Writes those of the series' pairs that a column by pair has a 1 for; how many. `into` has room for all pairs of a series. */
  wantedPairs(series: number, isWanted: Uint8Array, into: Uint32Array): number {
    const words = this.#rows.slabs[series >>> ROWS_SHIFT].words
    const row = (series & ROWS_MASK) << ROW_WORDS_SHIFT
    const [address, count] = [words[row + LABELS_AT], words[row + LABEL_COUNT]]
    let wanted = 0
    for (let i = 0; i < count && wanted < into.length; i++) {
      const pair = this.#lists.pair(address, i)
      if (isWanted[pair] === 1) into[wanted++] = pair
    }
    return wanted
  }

  /** Marks the pairs of a series in a column by pair, and adds those that were not marked to `seen`. */
  markPairs(series: number, marks: Uint32Array, seen: number[]): void {
    const words = this.#rows.slabs[series >>> ROWS_SHIFT].words
    const row = (series & ROWS_MASK) << ROW_WORDS_SHIFT
    const [address, count] = [words[row + LABELS_AT], words[row + LABEL_COUNT]]
    for (let i = 0; i < count; i++) {
      const pair = this.#lists.pair(address, i)
      if (marks[pair] !== 0) continue
      marks[pair] = 1
      seen.push(pair)
    }
  }

  /** Writes the pairs of series place by place: the first ones from `at` on, those of the next place `stride` further on. */
  copyPairs(series: Uint32Array, into: Uint32Array, at: number, stride: number): void {
    for (let s = 0; s < series.length; s++) {
      const words = this.#rows.slabs[series[s] >>> ROWS_SHIFT].words
      const row = (series[s] & ROWS_MASK) << ROW_WORDS_SHIFT
      const [address, count] = [words[row + LABELS_AT], words[row + LABEL_COUNT]]
      for (let i = 0; i < count; i++) into[at + s + i * stride] = this.#lists.pair(address, i)
    }
  }

  /** What a column by pair says of the pair at a place of the series' labels; 0 where it has fewer. */
  rankAt(series: number, place: number, column: Uint32Array): number {
    const words = this.#rows.slabs[series >>> ROWS_SHIFT].words
    const row = (series & ROWS_MASK) << ROW_WORDS_SHIFT
    if (place >= words[row + LABEL_COUNT]) return 0
    return column[this.#lists.pair(words[row + LABELS_AT], place)]
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

  /** Shows the series that have a slot. */
  eachSlot(visit: (series: number, slot: number) => void): void {
    for (let series = 0; series < this.#seriesCount; series++) {
      const slot = this.slot(series)
      if (slot !== NO_SLOT) visit(series, slot)
    }
  }

  /** For a window that was restored: claims the slots that its series say they have, and takes away those that others have claimed. Hot at the start. */
  claimSlots(slots: SlotClaims): void {
    // A slab a call, as in `#repair`.
    const stride = 1 << ROWS_SHIFT
    for (let from = 0; from < this.#seriesCount; from += stride) this.#claimSome(slots, from, Math.min(this.#seriesCount, from + stride))
  }

  #claimSome(slots: SlotClaims, from: number, to: number): void {
    const { words } = this.#rows.slabs[from >>> ROWS_SHIFT]
    for (let series = from; series < to; series++) {
      const slot = words[((series & ROWS_MASK) << ROW_WORDS_SHIFT) + SLOT]
      if (slot !== NO_SLOT && !this.claimSlot(slots, slot, series)) this.setSlot(series, NO_SLOT)
    }
  }

  /** Claims a slot for a series, with the newest sample that it has here. */
  claimSlot(slots: SlotClaims, slot: number, series: number): boolean {
    const { words, floats } = this.#rows.slabs[series >>> ROWS_SHIFT]
    const row = (series & ROWS_MASK) << ROW_WORDS_SHIFT
    const published = words[row + PUBLISHED]
    if (published === 0) return slots.claim(slot, this.ordinal, series, Number.NEGATIVE_INFINITY, SampleKind.float, 0, 0)
    const t = floats[(row >> 1) + LAST_TIME_FLOAT]
    return slots.claim(slot, this.ordinal, series, t, kindOf(encodingOf(published)), words[row + LAST_HIGH], words[row + LAST_LOW])
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
    return this.#append(this.#rows.slabs[series >>> ROWS_SHIFT], (series & ROWS_MASK) << ROW_WORDS_SHIFT, t, v, startTime)
  }

  /**
   * The same for floats of this window's range that go on with an open chunk of floats, in order from `from` on up to `to` while they are plainly its next; where
   * it ended. Nothing of the rest is done. While nobody reads. Hot in replay.
   */
  replayRun(series: number, run: SampleRun, from: number, to: number): number {
    const slab = this.#rows.slabs[series >>> ROWS_SHIFT]
    const row = (series & ROWS_MASK) << ROW_WORDS_SHIFT
    const published = slab.words[row + PUBLISHED]
    if (!goesOn(published)) return from
    const room = CHUNK_SAMPLES - (published & OPEN_COUNT_MASK)
    const end = appendRun(this.cells, slab, row, run, from, Math.min(to, from + room), this.end)
    if (end === from) return from
    slab.words[row + PUBLISHED] = published + end - from
    this.sampleCount += end - from
    if (run.times[end - 1] > this.maxTime) this.maxTime = run.times[end - 1]
    if (run.times[from] < this.minTime) this.minTime = run.times[from]
    return end
  }

  #append(slab: Slab, row: number, t: Timestamp, v: number, startTime: Timestamp): AppendStatus {
    const words = slab.words
    let published = words[row + PUBLISHED]
    if (startTime !== 0 || (published & ENCODING_MASK) !== XOR_PUBLISHED) {
      const status = this.#appendOther(slab, row, t, v, startTime)
      if (status !== undefined) return status
      published = words[row + PUBLISHED] & ~BUSY
    }
    let count = published & OPEN_COUNT_MASK
    if (count !== 0) {
      const last = slab.floats[(row >> 1) + LAST_TIME_FLOAT]
      if (t < last) return AppendStatus.outOfOrder
      if (t === last) return sameBits(words[row + LAST_HIGH], words[row + LAST_LOW], v) ? AppendStatus.ok : AppendStatus.duplicateTimestamp
      if (this.#pins > 0) beginChange(words, row)
      if (count === CHUNK_SAMPLES) {
        published = XOR_PUBLISHED | closeChunk(this.cells, words, row, this.start, last)
        count = 0
      } else if (!this.isLate && goesOn(published)) {
        one.times[0] = t
        one.values[0] = v
        if (appendRun(this.cells, slab, row, one, 0, 1, this.end) === 1) {
          Atomics.store(words, row + PUBLISHED, published + 1)
          this.#countOne(t)
          return AppendStatus.ok
        }
      }
    }

    const slabs = this.cells.slabs
    let cell = words[row + WRITE_CELL]
    encoder.count = count
    let bitsUsed = 0
    if (count === 0) {
      cell = this.#newCell()
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
    // A window that was restored may have more in this byte than what counts.
    encoder.encode(t, v, partialBits === 0 ? 0 : bytes[at] & (0xff00 >>> partialBits), partialBits)
    const bitCount = encoder.bitCount
    const byteCount = (bitCount + 7) >>> 3
    const code = encoder.words
    for (let i = 0; i < byteCount; i++) {
      if (room === 0) {
        const next = this.#newCell()
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
    this.#countOne(t)
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
    const row = (series & ROWS_MASK) << ROW_WORDS_SHIFT
    return this.#appendHistogram(slab, row, t, isFloat, histogram, startTime, digestHigh, digestLow)
  }

  #appendHistogram(
    slab: Slab,
    row: number,
    t: Timestamp,
    isFloat: boolean,
    histogram: Histogram | undefined,
    startTime: Timestamp,
    digestHigh: number,
    digestLow: number,
  ): AppendStatus {
    const { words } = slab
    if (words[row + PUBLISHED] !== 0) {
      const last = slab.floats[(row >> 1) + LAST_TIME_FLOAT]
      if (t < last) return AppendStatus.outOfOrder
      if (t === last) {
        const isSame = isSameSample(newestOf(words, row), histogramKind(isFloat), digestHigh, digestLow)
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

  /**
   * Takes a sample that its series may have gone past. Only in a late window, and only what the series has no sample of the same time
   * of. Some microseconds where it belongs into the open chunk, which is written again then.
   */
  insert(series: number, t: Timestamp, v: number, startTime: Timestamp): void {
    const slab = this.#rows.slabs[series >>> ROWS_SHIFT]
    const row = (series & ROWS_MASK) << ROW_WORDS_SHIFT
    if (isNext(slab, row, t)) this.#append(slab, row, t, v, startTime)
    else this.#rewriteOpen(slab, row, t, (into) => this.#append(into, 0, t, v, startTime))
  }

  /** The same for a histogram; undefined: a stale one. */
  insertHistogram(
    series: number,
    t: Timestamp,
    isFloat: boolean,
    histogram: Histogram | undefined,
    startTime: Timestamp,
    digestHigh: number,
    digestLow: number,
  ): void {
    const slab = this.#rows.slabs[series >>> ROWS_SHIFT]
    const row = (series & ROWS_MASK) << ROW_WORDS_SHIFT
    const append = (into: Slab, at: number) => this.#appendHistogram(into, at, t, isFloat, histogram, startTime, digestHigh, digestLow)
    if (isNext(slab, row, t)) append(slab, row)
    else this.#rewriteOpen(slab, row, t, (into) => append(into, 0))
  }

  /** Resolves when the chunks of all series can be read as they are now. */
  async catchUp(): Promise<void> {
    await this.#catchUp?.()
  }

  /** Writes the series of a pair to `into`, from `at` on as far as there is room; where they end. */
  copySeries(pair: number, into: Uint32Array, at: number): number {
    let end = this.pairs.copySeries(pair, this.#seriesCount, into, at)
    // What another thread reads beyond the series it knows may be anything, but no series that it knows to have the pair.
    if (this.#catchUp !== undefined) while (end > at && !this.hasPair(into[end - 1], pair)) end--
    return end
  }

  hasPair(series: number, pair: number): boolean {
    const count = this.labelCount(series)
    for (let i = 0; i < count; i++) if (this.labelPair(series, i) === pair) return true
    return false
  }

  /** Whether a series has a chunk that reaches into `minTime`…`maxTime`, of which something is left. May say so in vain in another thread than the writer's. */
  overlaps(series: number, minTime: Timestamp, maxTime: Timestamp): boolean {
    const slab = this.#rows.slabs[series >>> ROWS_SHIFT]
    const row = (series & ROWS_MASK) << ROW_WORDS_SHIFT
    // Mostly that is seen in the open chunk alone.
    const published = Atomics.load(slab.words, row + PUBLISHED)
    if (published < BUSY && (published & OPEN_COUNT_MASK) > 0 && this.tombstones.isEmpty) {
      const isOpenThere =
        slab.floats[(row >> 1) + LAST_TIME_FLOAT] >= minTime && this.start + Atomics.load(slab.words, row + OPEN_TIME) <= maxTime
      if (isOpenThere && Atomics.load(slab.words, row + PUBLISHED) === published) return true
    }
    view.load(slab, row, this.#catchUp !== undefined)
    if (view.published === 0 || (view.lastTime < minTime && !this.isLate)) return false
    const deleted = this.tombstones.isEmpty ? undefined : this.tombstones.of(series)
    const openTime = this.start + view.openTime
    if ((view.published & OPEN_COUNT_MASK) > 0 && view.lastTime >= minTime && openTime <= maxTime) {
      if (deleted === undefined || !isAllDeleted(deleted, openTime, view.lastTime)) return true
    }
    if (!this.cells.has(view.newestCell)) return true
    for (let closed = view.closed; closed !== 0; closed = this.cells.link(closed)) {
      const closedMaxTime = this.start + this.cells.word(closed, CLOSED_MAX_TIME)
      if (closedMaxTime < minTime) {
        if (this.isLate) continue
        return false
      }
      const closedMinTime = this.start + this.cells.word(closed, CLOSED_MIN_TIME)
      if (closedMinTime <= maxTime && (deleted === undefined || !isAllDeleted(deleted, closedMinTime, closedMaxTime))) return true
    }
    return false
  }

  /**
   * Shows the chunks of a series that reach into `minTime`…`maxTime`, that which was begun last first. False, and nothing is shown: this thread has to `catchUp`
   * first.
   */
  visitChunks(series: number, minTime: Timestamp, maxTime: Timestamp, visitor: ChunkVisitor): boolean {
    view.load(this.#rows.slabs[series >>> ROWS_SHIFT], (series & ROWS_MASK) << ROW_WORDS_SHIFT, this.#catchUp !== undefined)
    // A pinned window uses no cell again, so the newest one has the highest number.
    if (!this.cells.has(view.newestCell)) return false
    if (view.lastTime < minTime && !this.isLate) return true
    const { published, closed: newestClosed } = view
    const openTime = this.start + view.openTime
    if ((published & OPEN_COUNT_MASK) > 0 && openTime <= maxTime && view.lastTime >= minTime) {
      const header = openHeader(published, view.state)
      visitor.chunk(view.openTime, view.lastTime - this.start, published & OPEN_COUNT_MASK, view.firstCell, view.openBytes, header)
    }
    for (let closed = newestClosed; closed !== 0; closed = this.cells.link(closed)) {
      const maxOffset = this.cells.word(closed, CLOSED_MAX_TIME)
      if (this.start + maxOffset < minTime) {
        if (this.isLate) continue
        return true
      }
      const minOffset = this.cells.word(closed, CLOSED_MIN_TIME)
      if (this.start + minOffset > maxTime) continue
      const size = this.cells.word(closed, CLOSED_SIZE)
      const firstCell = this.cells.word(closed, CLOSED_FIRST_CELL)
      visitor.chunk(minOffset, maxOffset, size & 0xff, firstCell, size >>> 8, this.cells.word(closed, CLOSED_HEADER))
    }
    return true
  }

  /**
   * Shows the newest of a series' samples up to `maxTime`, by itself where the row has it, or else the chunk that it is in, which reaches to
   * `minTime` at least. Answers how many of them it has shown; undefined, and nothing is shown: this thread has to `catchUp` first. Not for a late window.
   */
  visitNewest(series: number, minTime: Timestamp, maxTime: Timestamp, visitor: NewestVisitor): 0 | 1 | undefined {
    view.load(this.#rows.slabs[series >>> ROWS_SHIFT], (series & ROWS_MASK) << ROW_WORDS_SHIFT, this.#catchUp !== undefined)
    const { published } = view
    const count = published & OPEN_COUNT_MASK
    const openTime = this.start + view.openTime
    if (published === 0 || view.lastTime < minTime) return 0
    if (count > 0 && openTime <= maxTime) {
      if (view.lastTime <= maxTime && (published & ENCODING_MASK) === XOR_PUBLISHED) {
        visitor.sample(view.lastTime, view.lastHigh, view.lastLow)
        return 1
      }
      if (!this.cells.has(view.newestCell)) return undefined
      visitor.chunk(view.openTime, view.lastTime - this.start, count, view.firstCell, view.openBytes, openHeader(published, view.state))
      return 1
    }
    if (!this.cells.has(view.newestCell)) return undefined
    for (let closed = view.closed; closed !== 0; closed = this.cells.link(closed)) {
      const minOffset = this.cells.word(closed, CLOSED_MIN_TIME)
      if (this.start + minOffset > maxTime) continue
      const maxOffset = this.cells.word(closed, CLOSED_MAX_TIME)
      if (this.start + maxOffset < minTime) return 0
      const size = this.cells.word(closed, CLOSED_SIZE)
      const firstCell = this.cells.word(closed, CLOSED_FIRST_CELL)
      visitor.chunk(minOffset, maxOffset, size & 0xff, firstCell, size >>> 8, this.cells.word(closed, CLOSED_HEADER))
      return 1
    }
    return 0
  }

  /**
   * What is to be done with a float that has a start time, or comes to a series whose open chunk is not a plain one. Undefined: it begins a
   * plain chunk, for which the row is made ready.
   */
  #appendOther(slab: Slab, row: number, t: Timestamp, v: number, startTime: Timestamp): AppendStatus | undefined {
    const words = slab.words
    const published = words[row + PUBLISHED]
    const encoding = encodingOf(published)
    const last = slab.floats[(row >> 1) + LAST_TIME_FLOAT]
    if (published !== 0) {
      if (t < last) return AppendStatus.outOfOrder
      if (t === last) {
        return isSameFloat(newestOf(words, row), v) ? AppendStatus.ok : AppendStatus.duplicateTimestamp
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
    let closed = published & ~(ENCODING_MASK | OPEN_COUNT_MASK)
    if ((published & OPEN_COUNT_MASK) !== 0) {
      this.#blocks.giveBack(words[row + STATE_BLOCK])
      closed = closeChunk(this.cells, words, row, this.start, last)
    }
    Atomics.store(words, row + PUBLISHED, (closed | XOR_PUBLISHED | BUSY) >>> 0)
    return undefined
  }

  /**
   * Writes the open chunk again with a sample between its own; a full one is closed, and the sample begins another. This happens on a row
   * of its own, which then takes the place of the old one at once.
   */
  #rewriteOpen(slab: Slab, row: number, t: Timestamp, append: (into: Slab) => void): void {
    const { words, floats } = slab
    const into = (aside ??= new Slab())
    const published = words[row + PUBLISHED]
    const count = published & OPEN_COUNT_MASK
    const encoding = encodingOf(published)
    const oldBlock = encoding === ChunkEncoding.xor ? undefined : words[row + STATE_BLOCK]
    const [oldFirst, oldLast] = [words[row + FIRST_CELL], words[row + WRITE_CELL]]
    const isFull = count === CHUNK_SAMPLES
    into.words.fill(0, 0, ROW_WORDS)
    into.floats[LAST_TIME_FLOAT] = Number.NEGATIVE_INFINITY
    if (isFull) {
      into.words[PUBLISHED] = closeChunk(this.cells, words, row, this.start, floats[(row >> 1) + LAST_TIME_FLOAT])
      into.words[CLOSED] = words[row + CLOSED]
      append(into)
    } else {
      into.words[PUBLISHED] = published & ~(ENCODING_MASK | OPEN_COUNT_MASK)
      into.words[CLOSED] = words[row + CLOSED]
      this.#decodeOpen(slab, row)
      const isHistogram = kindOf(encoding) !== SampleKind.float
      this.chunkCount--
      this.sampleCount -= count
      if (isHistogram) this.histogramCount -= count
      const { timestamps, values, histograms, startTimes } = decoded
      for (let i = 0; i < count; i++) {
        if (timestamps[i] > t && (i === 0 || timestamps[i - 1] < t)) append(into)
        const startTime = startTimes?.[i] ?? 0
        if (!isHistogram) this.#append(into, 0, timestamps[i], values[i], startTime)
        else {
          digestHistogram(histograms?.[i])
          const isFloat = kindOf(encoding) === SampleKind.floatHistogram
          this.#appendHistogram(into, 0, timestamps[i], isFloat, histograms?.[i], startTime, digest.high, digest.low)
        }
      }
    }
    copyOpenChunk(into.words, words, row)
    if (oldBlock !== undefined) this.#blocks.giveBack(oldBlock)
    if (!isFull) this.cells.retire(oldFirst, oldLast)
  }

  #decodeOpen(slab: Slab, row: number): void {
    const { words, floats } = slab
    const bytes = new Uint8Array(words[row + OPEN_BYTES] + HEADER_BYTES_MAX)
    const place = {
      cells: this.cells,
      minTime: this.start + words[row + OPEN_TIME],
      maxTime: floats[(row >> 1) + LAST_TIME_FLOAT],
      sampleCount: words[row + PUBLISHED] & OPEN_COUNT_MASK,
      firstCell: words[row + FIRST_CELL],
      byteCount: words[row + OPEN_BYTES],
      header: openHeader(words[row + PUBLISHED], words[row + STATE]),
      deleted: undefined,
    }
    decoded.clear()
    decodeChunk(copyChunk(place, bytes, 0), Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, decoded)
  }

  /** In a late window chunks are written again, and leave cells. */
  #newCell(): number {
    return this.isLate && this.pins === 0 ? this.cells.reuse() : this.cells.add()
  }

  #count(t: Timestamp, isNewChunk: boolean): void {
    if (isNewChunk) this.chunkCount++
    this.#countOne(t)
  }

  #countOne(t: Timestamp): void {
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

  /** A pair of another window; -1 where it is not here. */
  #pairFrom(other: Window, pair: number): number {
    const name = this.symbols.findFrom(other.symbols, other.pairs.name(pair))
    const value = name < 0 ? -1 : this.symbols.findFrom(other.symbols, other.pairs.value(pair))
    return value < 0 ? -1 : this.pairs.find(name, value)
  }

  #growList(count: number): void {
    if (count > this.#list.length) this.#list = new Uint32Array(count * 2)
  }

  #findList(count: number, hash: number): number {
    const index = this.#index
    for (let probe = index.first(hash), series = 0; (series = index.at(probe)) >= 0; probe = index.next(probe)) {
      if (series < this.#seriesCount && this.#field(series, HASH) === hash && this.#hasList(series, count)) return series
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
    for (let i = 0; i < count; i++) this.pairs.addSeries(this.#list[i], series)
    words[row + LABELS_AT] = this.#lists.add(this.#list, count)
    words[row + LABEL_COUNT] = count
    words[row + HASH] = hash
    words[row + SLOT] = NO_SLOT
    this.#index.insert(hash, series)
    if (this.#pins === 0) this.#reclaim()
    return series
  }

  #field(series: number, field: number): number {
    return this.#rows.slabs[series >>> ROWS_SHIFT].words[((series & ROWS_MASK) << ROW_WORDS_SHIFT) + field]
  }
}

/** Whether a sample goes behind all of the open chunk of a row. */
function isNext({ words, floats }: Slab, row: number, t: Timestamp): boolean {
  return (words[row + PUBLISHED] & OPEN_COUNT_MASK) === 0 || t > floats[(row >> 1) + LAST_TIME_FLOAT]
}

/** Whether `appendRun` may go on with a row: its open chunk is one of floats, which has two at least and has room. */
function goesOn(published: number): boolean {
  const count = published & OPEN_COUNT_MASK
  return count > 1 && count < CHUNK_SAMPLES && (published & ENCODING_MASK) === XOR_PUBLISHED
}

const RECENT_MAX = 64

function newestOf(words: Uint32Array, row: number): SampleBits {
  return { kind: kindOf(encodingOf(words[row + PUBLISHED])), high: words[row + LAST_HIGH], low: words[row + LAST_LOW] }
}

function hashList(list: Uint32Array, count: number): number {
  let hash = count
  for (let i = 0; i < count; i++) hash = Math.imul(hash ^ list[i], 0x9e3779b1) ^ (hash >>> 15)
  return mix(hash)
}
