import { Breather } from '../../base/breather.ts'
import type { Clock, File, FileSystem } from '../../base/env.ts'
import type { Timestamp } from '../../model/time.ts'
import { SEGMENT_HEADER_BYTES, segmentHeader } from './record.ts'
import { scanSegment } from './scan-segment.ts'
import type { Segment } from './segment.ts'
import { UnsyncedBytes } from './unsynced-bytes.ts'

/** Of the file that takes a segment's place. */
export const ANEW_SUFFIX = '.anew'
const COPY_BYTES = 1024 * 1024

/** A segment that this process writes, or wrote, or makes durable for the process before. */
export class OwnSegment implements Segment {
  readonly number: number
  readonly path: string
  /** Absent until the first batch is written, after the last fsync, and while nothing is done with a segment of the process before. */
  file: File | undefined
  sizeBytes = 0
  maxTime: Timestamp = Number.NEGATIVE_INFINITY
  deletionsEnd = 0
  /** No batch comes to it any more. */
  isRetired = false
  /** The next batch goes elsewhere unless repeating the series there would cost too much. */
  isEnough = false
  /** Of its bytes, those that are durable. */
  #syncedBytes = 0
  readonly #unsynced = new UnsyncedBytes()

  constructor(number: number, path: string) {
    this.number = number
    this.path = path
  }

  /** One of the process before, of which nobody knows what is durable. */
  static adopted({ number, path, sizeBytes, maxTime, deletionsEnd }: Segment): OwnSegment {
    const segment = new OwnSegment(number, path)
    segment.sizeBytes = sizeBytes
    segment.maxTime = maxTime
    segment.deletionsEnd = deletionsEnd
    segment.isRetired = true
    segment.isEnough = true
    return segment
  }

  /** Whether it has no batch. */
  get isEmpty(): boolean {
    return this.sizeBytes <= SEGMENT_HEADER_BYTES
  }

  async create(fs: FileSystem): Promise<void> {
    this.file = await fs.open(this.path, 'create')
  }

  /** Writes a batch behind all others, and the header before the first one. What of it counts when that fails, `takeBack` says. */
  async write(batch: Uint8Array, created: number): Promise<void> {
    const file = this.file!
    if (this.sizeBytes === 0) {
      const header = segmentHeader(this.number, created)
      await file.write([header, batch], 0)
      this.#unsynced.push(header)
      this.sizeBytes = SEGMENT_HEADER_BYTES
    } else await file.write([batch], this.sizeBytes)
    this.#unsynced.push(batch)
    this.sizeBytes += batch.length
  }

  /** It ends where it did before a batch; the file has more until it is cut. */
  takeBack(sizeBytes: number): void {
    this.#unsynced.dropLast(this.sizeBytes - sizeBytes)
    this.sizeBytes = sizeBytes
    this.#syncedBytes = Math.min(this.#syncedBytes, sizeBytes)
  }

  async cut(): Promise<void> {
    await this.file!.truncate(this.sizeBytes)
  }

  /** Makes durable what it has when this is called. Not again after a failure: see `writeAnew`. */
  async sync(fs: FileSystem): Promise<void> {
    const { sizeBytes } = this
    this.file ??= await fs.open(this.path, 'write')
    await this.file.sync()
    this.#unsynced.dropFirst(sizeBytes - this.#syncedBytes)
    this.#syncedBytes = sizeBytes
  }

  /**
   * Writes what it has to another file, which takes its place: from what was durable of it, from memory, and what was too much for that from the file.
   * Durable then, and closed. Answers how many places of it could not be read.
   */
  async writeAnew(fs: FileSystem, dir: string, clock: Clock): Promise<number> {
    const path = this.path + ANEW_SUFFIX
    await fs.remove(path)
    const { sizeBytes } = this
    const syncedBytes = this.#syncedBytes
    const anew = await fs.open(path, 'create')
    let damageCount = 0
    try {
      const from = this.file ?? (this.file = await fs.open(this.path, 'read'))
      const { kept } = this.#unsynced
      await copyBytes(from, anew, 0, syncedBytes)
      await anew.write([kept], syncedBytes)
      await copyBytes(from, anew, syncedBytes + kept.length, sizeBytes)
      await anew.sync()
      const count = async () => void damageCount++
      await scanSegment(anew, this.number, { record: () => {}, damage: count }, new Breather(clock))
    } finally {
      await anew.close()
    }
    await fs.rename(path, this.path)
    await fs.syncDir(dir)
    this.#unsynced.dropFirst(this.#unsynced.length)
    await this.close()
    this.#syncedBytes = sizeBytes
    return damageCount
  }

  /** What the file has is durable, or elsewhere: it does not matter how closing it ends. */
  async close(): Promise<void> {
    const { file } = this
    this.file = undefined
    this.#unsynced.letGo()
    await file?.close().catch(() => {})
  }
}

/** Copies the bytes from `start` up to `end` to the same place of another file. */
async function copyBytes(from: File, to: File, start: number, end: number): Promise<void> {
  const bytes = new Uint8Array(Math.max(0, Math.min(COPY_BYTES, end - start)))
  for (let at = start; at < end; ) {
    const read = await from.read(bytes.subarray(0, Math.min(bytes.length, end - at)), at)
    if (read === 0) return
    await to.write([bytes.subarray(0, read)], at)
    at += read
  }
}
