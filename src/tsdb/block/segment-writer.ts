import type { FileSystem } from '../../base/env.ts'
import type { Chunk } from '../../chunkenc/codec.ts'
import { SEGMENT_HEADER_BYTES, SEGMENT_MAGIC, SEGMENT_OFFSETS, SEGMENT_VERSION } from './chunk-segments.ts'
import { FileAppender } from './file-appender.ts'

/** Source: Prometheus tsdb/chunks/chunks.go, DefaultChunkSegmentSize. */
export const SEGMENT_BYTES_MAX = 512 * 1024 * 1024
/** Of a chunk, besides its data: length, encoding, checksum. */
const FRAME_BYTES_MAX = 5 + 1 + 4

/** Writes the chunks of a block into segments. */
export class SegmentWriter {
  readonly #fs: FileSystem
  readonly #directory: string
  readonly #bytesMax: number
  #out: FileAppender | undefined
  #count = 0

  constructor(fs: FileSystem, directory: string, bytesMax: number) {
    this.#fs = fs
    this.#directory = directory
    this.#bytesMax = bytesMax
  }

  /** There must be room: `hasRoom`, or `makeRoom`. Answers the chunk's reference. */
  add(chunk: Chunk): number {
    const out = this.#out!
    const ref = (this.#count - 1) * SEGMENT_OFFSETS + out.position
    out.varuint(chunk.end - chunk.start)
    out.beginChecksum()
    out.u8(chunk.encoding)
    out.bytes(chunk.data, chunk.start, chunk.end)
    out.endChecksum()
    return ref
  }

  hasRoom(chunk: Chunk): boolean {
    const out = this.#out
    return out !== undefined && !out.isFull && this.#fits(out, chunk)
  }

  /** Writes out what is waiting, and begins the next segment where this chunk does not fit any more. */
  async makeRoom(chunk: Chunk): Promise<void> {
    if (this.#out !== undefined && this.#fits(this.#out, chunk)) return this.#out.flush()
    await this.#out?.finish()
    this.#out = undefined
    const out = await FileAppender.create(this.#fs, `${this.#directory}/${String(this.#count + 1).padStart(6, '0')}`)
    this.#out = out
    this.#count++
    out.u32(SEGMENT_MAGIC)
    out.u8(SEGMENT_VERSION)
    out.pad(SEGMENT_HEADER_BYTES)
  }

  async finish(): Promise<void> {
    const out = this.#out
    this.#out = undefined
    await out?.finish()
  }

  async close(): Promise<void> {
    await this.#out?.close()
    this.#out = undefined
  }

  #fits(out: FileAppender, chunk: Chunk): boolean {
    const isEmpty = out.position === SEGMENT_HEADER_BYTES
    return isEmpty || out.position + FRAME_BYTES_MAX + chunk.end - chunk.start <= this.#bytesMax
  }
}
