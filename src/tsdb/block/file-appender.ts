import { assert } from '../../base/assert.ts'
import { crc32c } from '../../base/crc32c.ts'
import type { File, FileSystem } from '../../base/env.ts'

const FLUSH_BYTES = 128 * 1024

/** What waits for the disk at most: all of a large file at its end would hold up the log's own syncs. */
const UNSYNCED_BYTES = 16 * 1024 * 1024

/** Writes a new file from its beginning to its end. Numbers as docs/formats/blocks.md has them. */
export class FileAppender {
  readonly #file: File
  /** What waits, for who fills what `take` gave. */
  buffer = Buffer.allocUnsafeSlow(2 * FLUSH_BYTES)
  /** In the buffer. */
  #length = 0
  #flushed = 0
  #unsynced = 0
  /** In the buffer: what begins there is part of the checksum that is being made; -1: none is. */
  #crcFrom = -1
  #crc = 0

  private constructor(file: File) {
    this.#file = file
  }

  static async create(fs: FileSystem, path: string): Promise<FileAppender> {
    return new FileAppender(await fs.open(path, 'create'))
  }

  /** In the file: where the next byte goes. */
  get position(): number {
    return this.#flushed + this.#length
  }

  /** Time for `flush`. The buffer grows as long as it is not called. */
  get isFull(): boolean {
    return this.#length >= FLUSH_BYTES
  }

  async flush(): Promise<void> {
    if (this.#length === 0) return
    if (this.#crcFrom >= 0) {
      this.#crc = crc32c(this.buffer, this.#crcFrom, this.#length, this.#crc)
      this.#crcFrom = 0
    }
    const length = this.#length
    await this.#file.write([this.buffer.subarray(0, length)], this.#flushed)
    assert(length === this.#length, 'nothing is added while a file is flushed')
    this.#flushed += length
    this.#length = 0
    this.#unsynced += length
    if (this.#unsynced < UNSYNCED_BYTES) return
    this.#unsynced = 0
    await this.#file.sync()
  }

  /** What follows goes into a checksum. */
  beginChecksum(): void {
    this.#crc = 0
    this.#crcFrom = this.#length
  }

  /** Adds the checksum of what came since `beginChecksum`. */
  endChecksum(): void {
    assert(this.#crcFrom >= 0, 'a checksum that ends has begun')
    const crc = crc32c(this.buffer, this.#crcFrom, this.#length, this.#crc)
    this.#crcFrom = -1
    this.u32(crc)
  }

  u8(value: number): void {
    this.#room(1)
    this.buffer[this.#length++] = value
  }

  u32(value: number): void {
    this.#room(4)
    this.#length = this.buffer.writeUInt32BE(value, this.#length)
  }

  u64(value: number): void {
    this.u32(Math.floor(value / 0x1_0000_0000))
    this.u32(value >>> 0)
  }

  varuint(value: number): void {
    this.#room(10)
    let left = value
    while (left >= 0x8000_0000) {
      this.buffer[this.#length++] = (left % 0x80) | 0x80
      left = Math.floor(left / 0x80)
    }
    while (left >= 0x80) {
      this.buffer[this.#length++] = (left & 0x7f) | 0x80
      left >>>= 7
    }
    this.buffer[this.#length++] = left
  }

  varint(value: number): void {
    this.varuint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  bytes(data: Uint8Array, start = 0, end = data.length): void {
    this.#room(end - start)
    this.buffer.set(start === 0 && end === data.length ? data : data.subarray(start, end), this.#length)
    this.#length += end - start
  }

  /** Adds bytes that the caller puts into `buffer` at once; answers where. */
  take(count: number): number {
    this.#room(count)
    const at = this.#length
    this.#length += count
    return at
  }

  /** Zeros up to a multiple of `alignment`. */
  pad(alignment: number): void {
    while (this.position % alignment !== 0) this.u8(0)
  }

  /** Replaces four bytes that were written as 0. They are in no checksum. */
  async patchU32(position: number, value: number): Promise<void> {
    await this.flush()
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    await this.#file.write([bytes], position)
  }

  /** Makes all of it durable and closes the file, which is closed when that is refused as well. */
  async finish(): Promise<void> {
    try {
      await this.flush()
      await this.#file.sync()
    } catch (error) {
      await this.#file.close().catch(() => {})
      throw error
    }
    await this.#file.close()
  }

  /** Closes the file without caring for what is in it. */
  async close(): Promise<void> {
    await this.#file.close()
  }

  #room(count: number): void {
    if (this.#length + count <= this.buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.buffer.length, this.#length + count))
    this.buffer.copy(larger, 0, 0, this.#length)
    this.buffer = larger
  }
}

/** Bytes that `varuint` takes. */
export function varuintBytes(value: number): number {
  let count = 1
  for (let left = value; left >= 0x80; left = Math.floor(left / 0x80)) count++
  return count
}
