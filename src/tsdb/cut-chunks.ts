import { headerBytesOf, writeHeader } from '../chunkenc/chunk-header.ts'
import { type Chunk, ChunkEncoding } from '../chunkenc/codec.ts'
import type { CounterResetHint } from '../model/histogram.ts'
import { mergeChunks } from '../storage/merge-chunks.ts'
import { type BlockEncodings, encodedAgain, isOfBlock } from './block-encodings.ts'
import type { ChunkHeader } from './window/row.ts'
import type { ChunkVisitor, Window } from './window/window.ts'

/** Bytes of the largest header of a chunk. */
const HEADER_BYTES_MAX = 3

/** The chunk at hand. */
class ReusedChunk implements Chunk {
  encoding: ChunkEncoding = ChunkEncoding.none
  minTime = 0
  maxTime = 0
  sampleCount = 0
  data: Uint8Array = Buffer.allocUnsafeSlow(4096)
  readonly start = 0
  end = 0
}

/**
 * The chunks of one series of a window after the other, as a block has them.
 * Nothing is made for a series or a chunk but what has to be encoded again.
 */
export class CutChunks implements ChunkVisitor {
  /** Of the series. */
  count = 0
  readonly #window: Window
  readonly #encodings: BlockEncodings
  readonly #reused = new ReusedChunk()
  /** Newest first. */
  #visited = 0
  #minTimes = new Float64Array(16)
  #maxTimes = new Float64Array(16)
  /** Sample count, first cell, byte count, header. */
  #words = new Uint32Array(64)
  /** In their place, oldest first, where some are not in encodings of blocks. */
  #encodedAgain: readonly Chunk[] | undefined

  constructor(window: Window, encodings: BlockEncodings) {
    this.#window = window
    this.#encodings = encodings
  }

  collect(series: number): void {
    this.#visited = 0
    this.#encodedAgain = undefined
    this.#window.visitChunks(series, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, this)
    this.count = this.#visited
    for (let i = 0; i < this.#visited; i++) if (!isOfBlock(this.#words[4 * i + 3] & 0xff, this.#encodings)) this.#encodeAgain()
  }

  /** The same, merged with the chunks of a series of the late window beside. */
  collectMerged(series: number, late: Window, lateSeries: number): void {
    this.collect(series)
    const inOrder = this.#readAll()
    const others = new CutChunks(late, this.#encodings)
    others.collect(lateSeries)
    // Late chunks may overlap each other as well; what came first stays.
    const merged = mergeChunks([inOrder, ...others.#readAll().map((chunk) => [chunk])]).flatMap((chunk) =>
      isOfBlock(chunk.encoding, this.#encodings) ? [chunk] : encodedAgain(chunk, this.#encodings),
    )
    this.#encodedAgain = merged
    this.count = merged.length
  }

  /** The chunks of the series in memory of their own. */
  #readAll(): readonly Chunk[] {
    if (this.#encodedAgain !== undefined) return this.#encodedAgain
    return Array.from({ length: this.#visited }, (_, place) => owned(this.#copy(place)))
  }

  chunk(minOffset: number, maxOffset: number, sampleCount: number, firstCell: number, byteCount: number, header: ChunkHeader): void {
    const i = this.#visited++
    if (i === this.#minTimes.length) this.#grow()
    this.#minTimes[i] = this.#window.start + minOffset
    this.#maxTimes[i] = this.#window.start + maxOffset
    this.#words[4 * i] = sampleCount
    this.#words[4 * i + 1] = firstCell
    this.#words[4 * i + 2] = byteCount
    this.#words[4 * i + 3] = header
  }

  /** The chunk at a place, oldest first; good until the next call. */
  read(place: number): Chunk {
    return this.#encodedAgain === undefined ? this.#copy(place) : this.#encodedAgain[place]
  }

  #copy(place: number): ReusedChunk {
    const i = this.#visited - 1 - place
    const words = this.#words
    const [sampleCount, firstCell, byteCount, header] = [words[4 * i], words[4 * i + 1], words[4 * i + 2], words[4 * i + 3]]
    const chunk = this.#reused
    if (HEADER_BYTES_MAX + byteCount > chunk.data.length) chunk.data = Buffer.allocUnsafeSlow(2 * byteCount)
    const encoding = (header & 0xff) as ChunkEncoding
    writeHeader(encoding, sampleCount, (header >>> 16) as CounterResetHint, (header >>> 8) & 0xff, chunk.data, 0)
    const body = headerBytesOf(encoding)
    this.#window.cells.copy(firstCell, byteCount, chunk.data, body)
    chunk.encoding = encoding
    chunk.minTime = this.#minTimes[i]
    chunk.maxTime = this.#maxTimes[i]
    chunk.sampleCount = sampleCount
    chunk.end = body + byteCount
    return chunk
  }

  #encodeAgain(): void {
    if (this.#encodedAgain !== undefined) return
    const chunks: Chunk[] = []
    for (let place = 0; place < this.#visited; place++) {
      const chunk = this.#copy(place)
      if (isOfBlock(chunk.encoding, this.#encodings)) chunks.push(owned(chunk))
      else chunks.push(...encodedAgain(chunk, this.#encodings))
    }
    this.#encodedAgain = chunks
    this.count = chunks.length
  }

  #grow(): void {
    const minTimes = new Float64Array(2 * this.#minTimes.length)
    minTimes.set(this.#minTimes)
    this.#minTimes = minTimes
    const maxTimes = new Float64Array(minTimes.length)
    maxTimes.set(this.#maxTimes)
    this.#maxTimes = maxTimes
    const words = new Uint32Array(4 * minTimes.length)
    words.set(this.#words)
    this.#words = words
  }
}

function owned(chunk: Chunk): Chunk {
  const { encoding, minTime, maxTime, sampleCount, data, start, end } = chunk
  return { encoding, minTime, maxTime, sampleCount, data: Uint8Array.prototype.slice.call(data, start, end), start: 0, end: end - start }
}
