import type { Breather } from '../../base/breather.ts'
import { crc32c } from '../../base/crc32c.ts'
import { readSampleCount } from '../../chunkenc/chunk-header.ts'
import { type Chunk, ChunkEncoding } from '../../chunkenc/codec.ts'
import type { ReadableFile } from './log-files.ts'
import { RecordCursor } from './record-cursor.ts'

/** Source: Prometheus tsdb/chunks/head_chunks.go. */
const MAGIC = 0x0130bc91
const VERSION = 1
const FILE_HEADER_BYTES = 8
/** Reference, two times, encoding. */
const CHUNK_HEADER_BYTES = 25
const LENGTH_BYTES_MAX = 5
const CHECKSUM_BYTES = 4
const OUT_OF_ORDER = 0x80

const READ_BYTES = 512 * 1024
/** A chunk is a few KiB; histograms of many buckets may be more. */
const CHUNK_BYTES_MAX = 64 * 1024 * 1024

/** A finished chunk. Its bytes are lent until the next one is asked for. */
export interface HeadChunk {
  readonly ref: number
  readonly isOutOfOrder: boolean
  readonly chunk: Chunk
}

export interface ChunkFileVisitor {
  chunk(chunk: HeadChunk): void
  /** The rest of the file cannot be read. */
  damage(offset: number, reason: string): void
  /** So many bytes of the file have been read. */
  read(sizeBytes: number): void
  /** Asked after each chunk, and waited for: the place for what takes time. */
  pause(): Promise<void> | undefined
}

const cursor = new RecordCursor()

/**
 * Goes through the chunks of a file of chunks_head, up to the first damage. Only the file system makes it throw.
 * Format: docs/formats/prometheus-wal.md.
 */
export async function readChunkFile(file: ReadableFile, visitor: ChunkFileVisitor, breather: Breather): Promise<void> {
  const sizeBytes = await file.size()
  // Made, and not written to.
  if (sizeBytes === 0) return
  const source = new ByteWindow(file, (count) => visitor.read(count))
  await source.reach(FILE_HEADER_BYTES)
  const { buffer } = source
  if (source.left < FILE_HEADER_BYTES) return visitor.damage(0, `file has ${sizeBytes} bytes, want at least ${FILE_HEADER_BYTES}`)
  const magic = buffer.readUInt32BE(0)
  if (magic !== MAGIC) return visitor.damage(0, `magic number is ${magic.toString(16)}, want ${MAGIC.toString(16)}`)
  if (buffer[4] !== VERSION) return visitor.damage(4, `version is ${buffer[4]}, want ${VERSION}`)
  source.pass(FILE_HEADER_BYTES)
  for (;;) {
    const pause = visitor.pause()
    if (pause !== undefined) await pause
    if (breather.isDue()) await breather.rest()
    await source.reach(CHUNK_HEADER_BYTES + LENGTH_BYTES_MAX)
    const offset = source.offset
    if (source.isZero(Math.min(CHUNK_HEADER_BYTES - 1, source.left))) return
    let length: number
    let headerBytes: number
    let ref: number
    let minTime: number
    let maxTime: number
    let flags: number
    try {
      cursor.open(source.buffer, source.at, source.end)
      ref = cursor.u64()
      minTime = cursor.time()
      maxTime = cursor.time()
      flags = cursor.u8()
      length = cursor.varuint()
      headerBytes = source.left - cursor.left
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return visitor.damage(offset, error.message)
    }
    if (length > CHUNK_BYTES_MAX) return visitor.damage(offset, `a chunk has ${length} bytes, want at most ${CHUNK_BYTES_MAX}`)
    await source.reach(headerBytes + length + CHECKSUM_BYTES)
    if (source.left < headerBytes + length + CHECKSUM_BYTES) return visitor.damage(offset, 'a chunk is cut off')
    const start = source.at + headerBytes
    const end = start + length
    const got = crc32c(source.buffer, source.at, end)
    const want = source.buffer.readUInt32BE(end)
    if (got !== want) return visitor.damage(offset, `checksum of a chunk is ${got.toString(16)}, want ${want.toString(16)}`)
    const encoding = (flags & ~OUT_OF_ORDER) as ChunkEncoding
    if (length >= 2 && Number.isFinite(minTime) && Number.isFinite(maxTime) && isKnown(encoding)) {
      const sampleCount = readSampleCount(encoding, source.buffer, start)
      const chunk = { encoding, minTime, maxTime, sampleCount, data: source.buffer, start, end }
      visitor.chunk({ ref, isOutOfOrder: (flags & OUT_OF_ORDER) !== 0, chunk })
    }
    source.pass(headerBytes + length + CHECKSUM_BYTES)
  }
}

/** Others are passed over. Source: Prometheus tsdb/head.go, loadMmappedChunks. */
function isKnown(encoding: ChunkEncoding): boolean {
  return encoding !== ChunkEncoding.none && Object.values(ChunkEncoding).includes(encoding)
}

/** The part of a file that is being looked at. */
class ByteWindow {
  readonly #file: ReadableFile
  readonly #onRead: (sizeBytes: number) => void
  buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  /** What is looked at, in `buffer`. */
  at = 0
  end = 0
  /** Of `buffer[0]` in the file. */
  #start = 0

  constructor(file: ReadableFile, onRead: (sizeBytes: number) => void) {
    this.#file = file
    this.#onRead = onRead
  }

  get left(): number {
    return this.end - this.at
  }

  /** In the file. */
  get offset(): number {
    return this.#start + this.at
  }

  pass(count: number): void {
    this.at += count
  }

  /** Makes `count` bytes readable, or all that are left. Bytes that were there before may lie elsewhere now. */
  async reach(count: number): Promise<void> {
    if (this.left >= count) return
    const kept = this.buffer
    if (count > this.buffer.length) this.buffer = Buffer.allocUnsafeSlow(2 * count)
    kept.copy(this.buffer, 0, this.at, this.end)
    this.#start += this.at
    this.end -= this.at
    this.at = 0
    while (this.end < this.buffer.length) {
      const read = await this.#file.read(this.buffer.subarray(this.end), this.#start + this.end)
      if (read === 0) return
      this.end += read
      this.#onRead(read)
    }
  }

  isZero(count: number): boolean {
    for (let i = 0; i < count; i++) if (this.buffer[this.at + i] !== 0) return false
    return true
  }
}
