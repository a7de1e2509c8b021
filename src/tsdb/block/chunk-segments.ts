import { crc32c } from '../../base/crc32c.ts'
import type { FileSystem } from '../../base/env.ts'
import { headerBytesOf, readSampleCount } from '../../chunkenc/chunk-header.ts'
import { type Chunk, ChunkEncoding } from '../../chunkenc/codec.ts'
import type { Timestamp } from '../../model/time.ts'
import type { BlockCache } from './block-cache.ts'
import { ByteCursor } from './byte-cursor.ts'
import { CachedFile } from './cached-file.ts'
import { DamageError, hex } from './damage.ts'

export const CHUNKS_DIRECTORY = 'chunks'
export const SEGMENT_MAGIC = 0x85bd40dd
export const SEGMENT_VERSION = 1
export const SEGMENT_HEADER_BYTES = 8
/** Bytes of the length of a chunk at most. */
const LENGTH_BYTES_MAX = 5
/** Most chunks are smaller, with their length and checksum. */
const SMALL_CHUNK_BYTES = 1024
/** Of a reference: the rest is the segment's place. */
export const SEGMENT_OFFSETS = 0x1_0000_0000

const KNOWN_ENCODINGS: readonly number[] = Object.values(ChunkEncoding).filter((encoding) => encoding !== ChunkEncoding.none)
const KNOWN_NAMES = Object.entries(ChunkEncoding)
  .filter(([, encoding]) => encoding !== ChunkEncoding.none)
  .map(([name, encoding]) => `${encoding} (${name})`)
  .join(', ')

/** The chunks of a block. */
export class ChunkSegments {
  readonly #files: readonly CachedFile[]
  readonly #cursor = new ByteCursor('')

  private constructor(files: readonly CachedFile[]) {
    this.#files = files
  }

  /** Opens all segments of a directory and looks at their headers, unless somebody has done that before. */
  static async open(fs: FileSystem, directory: string, cache: BlockCache, isKnown = false): Promise<ChunkSegments> {
    const files: CachedFile[] = []
    try {
      for (const name of await fs.readDir(directory)) {
        if (!/^\d+$/.test(name)) continue
        const file = await CachedFile.open(fs, `${directory}/${name}`, cache)
        files.push(file)
        if (isKnown) continue
        const head = await file.readUncached(0, Buffer.alloc(Math.min(SEGMENT_HEADER_BYTES, file.sizeBytes)))
        const cursor = new ByteCursor(file.path, head)
        const magic = cursor.u32()
        if (magic !== SEGMENT_MAGIC) throw new DamageError(file.path, 0, 'magic number', hex(magic), hex(SEGMENT_MAGIC))
        const version = cursor.u8()
        if (version !== SEGMENT_VERSION) throw new DamageError(file.path, 4, 'version', version, SEGMENT_VERSION)
        cursor.skip(3)
      }
      return new ChunkSegments(files)
    } catch (error) {
      await Promise.allSettled(files.map((file) => file.close()))
      throw error
    }
  }

  get sizeBytes(): number {
    return this.#files.reduce((sum, file) => sum + file.sizeBytes, 0)
  }

  get readBytes(): number {
    return this.#files.reduce((sum, file) => sum + file.readBytes, 0)
  }

  /** Of a segment, for messages. */
  pathOf(ref: number): string {
    return this.#file(ref).path
  }

  /** The chunk of a reference if it is in memory. Its bytes are not to be written to. Hot. */
  peek(ref: number, minTime: Timestamp, maxTime: Timestamp): Chunk | undefined {
    const file = this.#file(ref)
    const offset = ref % SEGMENT_OFFSETS
    const page = file.page(offset)
    const cursor = this.#cursor
    if (page !== undefined) {
      const start = offset - page.start
      cursor.set(page.bytes, page.start)
      cursor.at = start
      if (cursor.left >= LENGTH_BYTES_MAX) {
        const length = cursor.varuint()
        if (cursor.left >= length + 5) {
          const { at } = cursor
          if (!page.isChecked(start)) {
            compareChecksum(file, page.bytes, at, length, page.start)
            page.setChecked(start)
          }
          return toChunk(file, page.bytes, at, length, page.start, minTime, maxTime)
        }
      }
    }
    // It goes on in the next page.
    const head = file.peek(offset, Math.max(1, Math.min(LENGTH_BYTES_MAX, file.sizeBytes - offset)))
    if (head === undefined) return undefined
    cursor.set(head, offset)
    const length = cursor.varuint()
    const bodyOffset = cursor.position
    const body = file.peek(bodyOffset, length + 5)
    return body === undefined ? undefined : toCheckedChunk(file, body, length, bodyOffset, minTime, maxTime)
  }

  async read(ref: number, minTime: Timestamp, maxTime: Timestamp): Promise<Chunk> {
    const file = this.#file(ref)
    const offset = ref % SEGMENT_OFFSETS
    const alone = await file.readAlone(offset, SMALL_CHUNK_BYTES)
    const head = alone ?? (await file.read(offset, Math.max(1, Math.min(LENGTH_BYTES_MAX, file.sizeBytes - offset))))
    const cursor = new ByteCursor(file.path, head, offset)
    const length = cursor.varuint()
    if (alone !== undefined && cursor.left >= length + 5)
      return toCheckedChunk(file, alone.subarray(cursor.at), length, cursor.position, minTime, maxTime)
    return toCheckedChunk(file, await file.read(cursor.position, length + 5), length, cursor.position, minTime, maxTime)
  }

  async close(): Promise<void> {
    for (const file of this.#files) await file.close()
  }

  #file(ref: number): CachedFile {
    const segment = Math.floor(ref / SEGMENT_OFFSETS)
    const file = this.#files[segment]
    if (file !== undefined) return file
    const directory = this.#files[0]?.path.replace(/\/[^/]*$/, '') ?? CHUNKS_DIRECTORY
    throw new DamageError(directory, ref % SEGMENT_OFFSETS, 'segment of a chunk', segment, `less than ${this.#files.length}`)
  }
}

/** `body`: encoding, data, checksum; at `offset` of the file. */
function toCheckedChunk(file: CachedFile, body: Buffer, length: number, offset: number, minTime: Timestamp, maxTime: Timestamp): Chunk {
  compareChecksum(file, body, 0, length, offset)
  return toChunk(file, body, 0, length, offset, minTime, maxTime)
}

/** Of encoding and data, which begin at `at` of bytes that lie at `fileOffset`. */
function compareChecksum(file: CachedFile, bytes: Buffer, at: number, length: number, fileOffset: number): void {
  const end = at + 1 + length
  const got = crc32c(bytes, at, end)
  const want = bytes.readUInt32BE(end)
  if (got !== want) throw new DamageError(file.path, fileOffset + end, 'checksum of a chunk', hex(got), hex(want))
}

function toChunk(
  file: CachedFile,
  bytes: Buffer,
  at: number,
  length: number,
  fileOffset: number,
  minTime: Timestamp,
  maxTime: Timestamp,
): Chunk {
  const encoding = bytes[at] as ChunkEncoding
  if (encoding !== ChunkEncoding.xor && !KNOWN_ENCODINGS.includes(encoding))
    throw new DamageError(file.path, fileOffset + at, 'encoding of a chunk', encoding, `one of ${KNOWN_NAMES}`)
  if (length < headerBytesOf(encoding)) throw new DamageError(file.path, fileOffset + at, 'data of a chunk', `${length} bytes`, 'a header')
  const start = at + 1
  return { encoding, minTime, maxTime, sampleCount: readSampleCount(encoding, bytes, start), data: bytes, start, end: start + length }
}
