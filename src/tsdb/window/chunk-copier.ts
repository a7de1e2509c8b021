import { headerBytesOf, writeHeader } from '../../chunkenc/chunk-header.ts'
import { type Chunk, ChunkEncoding } from '../../chunkenc/codec.ts'
import { writeXorOne, XOR_ONE_BYTES_MAX } from '../../chunkenc/xor.ts'
import type { CounterResetHint } from '../../model/histogram.ts'
import type { Timestamp } from '../../model/time.ts'
import { mergeChunks } from '../../storage/merge-chunks.ts'
import type { QueryBudget } from '../../storage/series-source.ts'
import { withoutDeleted } from '../block/delete-samples.ts'
import { isAllDeleted, isPartDeleted, type TimeInterval } from '../block/tombstones.ts'
import { CELL_BYTES, CELL_PAYLOAD_BYTES, type Cells } from './cells.ts'
import type { ChunkHeader } from './row.ts'
import type { NewestVisitor, Window } from './window.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const NO_CHUNKS: readonly Chunk[] = []

/** Bytes before a chunk's bits, so that these begin with a word. */
const HEADER_ROOM = 4
const BUFFER_BYTES_MIN = 4096
/** Chunks that are followed at the same time. */
const LANES = 8

/** Of those that nobody uses so many are kept, if they hold no more. */
const IDLE_MAX = 4
const IDLE_BYTES_MAX = 512 * 1024
const IDLE_CHUNKS_MAX = 4096

const idle: ChunkCopier[] = []

/**
 * One with what another select has left: memory that each had for itself would be as much as it copies, taken from the system, filled with zeros and
 * collected. What it holds is charged.
 */
export function takeChunkCopier(budget: QueryBudget): ChunkCopier {
  const copier = idle.pop() ?? new ChunkCopier()
  copier.open(budget)
  return copier
}

/** What it has copied is no longer wanted. */
export function giveBackChunkCopier(copier: ChunkCopier): void {
  copier.close()
  if (idle.length < IDLE_MAX && copier.isSmall) idle.push(copier)
}

/**
 * Copies chunks out of windows, those of a batch of series into one buffer, which the next batch takes over.
 *
 * Where a cell of a chunk lies stands in the cell before, and that is nowhere near: to follow one chunk is to wait for memory once a
 * cell. So several are followed at the same time, and their waits are one (select.bench.ts).
 */
export class ChunkCopier implements NewestVisitor {
  /** Of the series that is being collected: newest first. The list is used again and again, what is behind `#chunkCount` is of others. */
  readonly #chunks: Chunk[] = []
  #chunkCount = 0
  /** Objects of chunks, made once: the first `#madeUsed` of them are in this batch. */
  readonly #made: Mutable<Chunk>[] = []
  #madeUsed = 0
  #window: Window | undefined
  /** Of the series. */
  #deleted: readonly TimeInterval[] | undefined
  /** Whether its chunks may overlap. */
  #isLate = false
  #bytes = new Uint8Array(0)
  #words = new Uint32Array(0)
  #at = 0
  /** So much of the buffer is in use, and charged. */
  #room = 0
  /** Buffers that were too small, which chunks of the batch still lie in. */
  #outgrownBytes = 0
  /** Whether chunks that it has made may lie in buffers that it no longer has. */
  #hasGrown = false
  #budget!: QueryBudget
  /** Chunks that are not copied yet: the next cell of each, where it goes, and how many bytes are left. */
  readonly #cells = new Uint32Array(LANES)
  readonly #homes: Cells[] = []
  readonly #into = new Uint32Array(LANES)
  readonly #left = new Int32Array(LANES)
  #laneCount = 0

  /** Whether it holds little enough to be kept. */
  get isSmall(): boolean {
    return this.#bytes.length <= IDLE_BYTES_MAX && this.#made.length <= IDLE_CHUNKS_MAX
  }

  /** Begins with nothing that is charged. */
  open(budget: QueryBudget): void {
    this.#budget = budget
  }

  /** The chunks of the batch before are no longer wanted. */
  beginBatch(): void {
    this.#at = 0
    this.#madeUsed = 0
    this.#budget.releaseBytes(this.#outgrownBytes)
    this.#outgrownBytes = 0
  }

  /** Collects the chunks of a window's series that reach into the times. Newer windows first. False: the window has to catch up before. */
  collect(window: Window, series: number, minTime: Timestamp, maxTime: Timestamp): boolean {
    this.#window = window
    this.#deleted = window.tombstones.isEmpty ? undefined : window.tombstones.of(series)
    return window.visitChunks(series, minTime, maxTime, this)
  }

  /**
   * Collects the newest sample between the times of a window where nothing came late and nothing was deleted. Answers how many it has
   * found; undefined: the window has to catch up before.
   */
  collectNewest(window: Window, series: number, minTime: Timestamp, maxTime: Timestamp): 0 | 1 | undefined {
    this.#window = window
    this.#deleted = undefined
    return window.visitNewest(series, minTime, maxTime, this)
  }

  /** What was collected, in time order. Its bytes are there once the batch has ended. */
  take(): readonly Chunk[] {
    const count = this.#chunkCount
    const isLate = this.#isLate
    this.#chunkCount = 0
    this.#isLate = false
    if (count === 0) return NO_CHUNKS
    const chunks = new Array<Chunk>(count)
    for (let i = 0; i < count; i++) chunks[i] = this.#chunks[count - 1 - i]
    if (!isLate) return chunks
    // Of two samples of one time that which came first stays.
    this.#copyLanes()
    return mergeChunks(chunks.map((chunk) => [chunk]))
  }

  /** Copies what is not copied yet. */
  endBatch(): void {
    this.#copyLanes()
  }

  chunk(minOffset: number, maxOffset: number, sampleCount: number, firstCell: number, byteCount: number, header: ChunkHeader): void {
    const window = this.#window!
    const minTime = window.start + minOffset
    const maxTime = window.start + maxOffset
    let deleted = this.#deleted
    if (deleted !== undefined) {
      if (isAllDeleted(deleted, minTime, maxTime)) return
      if (!isPartDeleted(deleted, minTime, maxTime)) deleted = undefined
    }
    if (window.isLate) this.#isLate = true
    // The last cell is copied whole.
    this.#reserve(HEADER_ROOM + byteCount + CELL_BYTES)
    const encoding = (header & 0xff) as ChunkEncoding
    const data = this.#bytes
    const body = this.#at + HEADER_ROOM
    const start = body - headerBytesOf(encoding)
    writeHeader(encoding, sampleCount, (header >>> 16) as CounterResetHint, (header >>> 8) & 0xff, data, start)
    const lane = this.#laneCount++
    this.#cells[lane] = firstCell
    this.#homes[lane] = window.cells
    this.#into[lane] = body >>> 2
    this.#left[lane] = byteCount
    const end = body + byteCount
    // What the last cell has behind the end goes where the next chunk will be, which may be copied before.
    this.#at = body + Math.ceil(byteCount / CELL_PAYLOAD_BYTES) * CELL_PAYLOAD_BYTES
    const chunk = this.#make(encoding, minTime, maxTime, sampleCount, data, start, end)
    if (deleted === undefined) {
      this.#add(chunk)
      if (this.#laneCount === LANES) this.#copyLanes()
      return
    }
    this.#copyLanes()
    for (const left of [...withoutDeleted(chunk, deleted)].reverse()) this.#add(left)
  }

  sample(t: Timestamp, high: number, low: number): void {
    this.#reserve(XOR_ONE_BYTES_MAX)
    const data = this.#bytes
    const start = this.#at
    const end = writeXorOne(t, high, low, data, start)
    this.#at = (end + 3) & ~3
    this.#add(this.#make(ChunkEncoding.xor, t, t, 1, data, start, end))
  }

  close(): void {
    this.#budget.releaseBytes(this.#room + this.#outgrownBytes)
    this.#room = 0
    this.#outgrownBytes = 0
    // What a select left that was not read to its end, and what would keep windows and buffers that are gone.
    this.#chunkCount = 0
    this.#laneCount = 0
    this.#isLate = false
    this.#window = undefined
    this.#homes.length = 0
    this.#chunks.length = 0
    if (this.#hasGrown) this.#made.length = 0
    this.#hasGrown = false
  }

  #add(chunk: Chunk): void {
    this.#chunks[this.#chunkCount++] = chunk
  }

  #make(
    encoding: ChunkEncoding,
    minTime: Timestamp,
    maxTime: Timestamp,
    sampleCount: number,
    data: Uint8Array,
    start: number,
    end: number,
  ): Chunk {
    const place = this.#madeUsed++
    if (place === this.#made.length) {
      const chunk = { encoding, minTime, maxTime, sampleCount, data, start, end }
      this.#made.push(chunk)
      return chunk
    }
    const chunk = this.#made[place]
    chunk.encoding = encoding
    chunk.minTime = minTime
    chunk.maxTime = maxTime
    chunk.sampleCount = sampleCount
    chunk.data = data
    chunk.start = start
    chunk.end = end
    return chunk
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#room) return
    const size = (Math.max(2 * this.#room, this.#at + count, BUFFER_BYTES_MIN) + 3) & ~3
    if (size <= this.#bytes.length) {
      this.#budget.chargeBytes(size - this.#room)
      this.#room = size
      return
    }
    this.#copyLanes()
    this.#budget.chargeBytes(size)
    this.#outgrownBytes += this.#room
    this.#hasGrown = true
    this.#bytes = new Uint8Array(size)
    this.#words = new Uint32Array(this.#bytes.buffer)
    this.#room = size
    this.#at = 0
  }

  #copyLanes(): void {
    if (this.#laneCount === 0) return
    const [lanes, homes, into, left, words] = [this.#cells, this.#homes, this.#into, this.#left, this.#words]
    for (let busy = this.#laneCount; busy > 0; ) {
      for (let lane = 0; lane < busy; lane++) {
        lanes[lane] = homes[lane].copyCell(lanes[lane], words, into[lane])
        into[lane] += CELL_PAYLOAD_BYTES / 4
        left[lane] -= CELL_PAYLOAD_BYTES
        if (left[lane] > 0) continue
        busy--
        lanes[lane] = lanes[busy]
        homes[lane] = homes[busy]
        into[lane] = into[busy]
        left[lane] = left[busy]
        lane--
      }
    }
    this.#laneCount = 0
  }
}
