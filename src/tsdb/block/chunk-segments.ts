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

  /** Opens all segments of a directory and looks at their headers. */
  static async open(fs: FileSystem, directory: string, cache: BlockCache): Promise<ChunkSegments> {
    const files: CachedFile[] = []
    try {
      for (const name of await fs.readDir(directory)) {
        if (!/^\d+$/.test(name)) continue
        const file = await CachedFile.open(fs, `${directory}/${name}`, cache)
        files.push(file)
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
    const head = file.peek(offset, Math.max(1, Math.min(LENGTH_BYTES_MAX, file.sizeBytes - offset)))
    if (head === undefined) return undefined
    const cursor = this.#cursor
    cursor.set(head, offset)
    const length = cursor.varuint()
    const body = file.peek(cursor.position, length + 5)
    return body === undefined ? undefined : toChunk(file, cursor.position, body, minTime, maxTime)
  }

  async read(ref: number, minTime: Timestamp, maxTime: Timestamp): Promise<Chunk> {
    const file = this.#file(ref)
    const offset = ref % SEGMENT_OFFSETS
    const head = await file.read(offset, Math.max(1, Math.min(LENGTH_BYTES_MAX, file.sizeBytes - offset)))
    const cursor = new ByteCursor(file.path, head, offset)
    const length = cursor.varuint()
    return toChunk(file, cursor.position, await file.read(cursor.position, length + 5), minTime, maxTime)
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
function toChunk(file: CachedFile, offset: number, body: Buffer, minTime: Timestamp, maxTime: Timestamp): Chunk {
  const end = body.length - 4
  const got = crc32c(body, 0, end)
  const want = body.readUInt32BE(end)
  if (got !== want) throw new DamageError(file.path, offset + end, 'checksum of a chunk', hex(got), hex(want))
  const encoding = body[0] as ChunkEncoding
  if (!KNOWN_ENCODINGS.includes(encoding))
    throw new DamageError(file.path, offset, 'encoding of a chunk', encoding, `one of ${KNOWN_NAMES}`)
  if (end - 1 < headerBytesOf(encoding)) throw new DamageError(file.path, offset, 'data of a chunk', `${end - 1} bytes`, 'a header')
  return { encoding, minTime, maxTime, sampleCount: readSampleCount(encoding, body, 1), data: body, start: 1, end }
}
