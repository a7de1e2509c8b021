import { assert } from '../../base/assert.ts'
import type { File, FileSystem } from '../../base/env.ts'
import type { BlockCache, CacheEntry } from './block-cache.ts'
import { DamageError } from './damage.ts'
import type { OpenFile } from './open-files.ts'
import type { PageBuffers } from './page-buffers.ts'

export const PAGE_BYTES = 32 * 1024
/** Read at once when one page was asked for after the other. */
const READ_AHEAD_PAGES = 8
/** What is longer goes around the cache. */
const CACHED_READ_BYTES_MAX = 8 * PAGE_BYTES

/** Parts of a file whose checksums are told apart stand at least so many bytes from each other. */
const CHECKED_APART = 16

/** Small parts of a file that are read without the pages around them: who wants few of each of many files shall not pay for pages of all. */
const READS_ALONE_MAX = 2

/** A part of a file that is in memory. */
export class Page implements CacheEntry {
  readonly bytes: Buffer
  /** In the file. */
  readonly start: number
  readonly sizeBytes: number
  isUsed = true
  slot = -1
  readonly #pages: (Page | undefined)[]
  readonly #index: number
  readonly #buffers: PageBuffers | undefined

  /** A bit for every so many bytes: whether what begins there was compared with its checksum since it was read. */
  #checked: Uint8Array | undefined

  constructor(bytes: Buffer, pages: (Page | undefined)[], index: number, buffers: PageBuffers | undefined) {
    this.#buffers = buffers
    this.bytes = bytes
    this.start = index * PAGE_BYTES
    this.sizeBytes = bytes.length + 128 + checkedBytes(bytes)
    this.#pages = pages
    this.#index = index
  }

  /** Whether what begins at a place was found whole before. */
  isChecked(at: number): boolean {
    const bit = Math.floor(at / CHECKED_APART)
    return this.#checked !== undefined && (this.#checked[bit >>> 3] & (1 << (bit & 7))) !== 0
  }

  setChecked(at: number): void {
    this.#checked ??= new Uint8Array(checkedBytes(this.bytes))
    const bit = Math.floor(at / CHECKED_APART)
    this.#checked[bit >>> 3] |= 1 << (bit & 7)
  }

  drop(): void {
    this.#pages[this.#index] = undefined
    this.#buffers?.give(this.bytes)
  }
}

function checkedBytes({ length }: Buffer): number {
  return Math.ceil(length / CHECKED_APART / 8)
}

/** A file that does not change, read in pages that a cache keeps. What `peek` and `read` answer must not be written to. */
export class CachedFile implements OpenFile {
  readonly path: string
  sizeBytes = 0
  handle: Promise<File> | undefined
  users = 0
  readonly #fs: FileSystem
  readonly #cache: BlockCache
  readonly #pages: (Page | undefined)[] = []
  readonly #loading = new Map<number, Promise<void>>()
  #lastLoaded = -1
  #scratch: Buffer | undefined
  #aloneCount = 0
  /** Bytes read from the file system; says what a query touched. */
  readBytes = 0
  #isClosed = false

  private constructor(fs: FileSystem, path: string, cache: BlockCache) {
    this.path = path
    this.#fs = fs
    this.#cache = cache
  }

  static async open(fs: FileSystem, path: string, cache: BlockCache): Promise<CachedFile> {
    const file = new CachedFile(fs, path, cache)
    try {
      file.sizeBytes = await cache.files.use(fs, file, (handle) => handle.size())
      return file
    } catch (error) {
      await cache.files.close(file).catch(() => {})
      throw error
    }
  }

  /** The page that a byte of the file is in, if it is in the cache. Hot. */
  page(offset: number): Page | undefined {
    const page = this.#pages[Math.floor(offset / PAGE_BYTES)]
    if (page !== undefined) page.isUsed = true
    return page
  }

  /** The bytes if they are in the cache. Throws DamageError when the file has no such bytes. Hot. */
  peek(offset: number, length: number): Buffer | undefined {
    if (offset + length > this.sizeBytes) throw this.#tooShort(offset, length)
    const index = Math.floor(offset / PAGE_BYTES)
    const page = this.#pages[index]
    if (page === undefined) return undefined
    page.isUsed = true
    const start = offset - index * PAGE_BYTES
    if (start + length <= page.bytes.length) return page.bytes.subarray(start, start + length)
    if (length > CACHED_READ_BYTES_MAX) return undefined
    const out = Buffer.allocUnsafe(length)
    for (let at = 0, next = index; at < length; next++) {
      const part = this.#pages[next]
      if (part === undefined) return undefined
      part.isUsed = true
      const from = offset + at - next * PAGE_BYTES
      at += part.bytes.copy(out, at, from, from + length - at)
    }
    return out
  }

  /** The bytes. Throws DamageError when the file has no such bytes, and what the file system says. */
  async read(offset: number, length: number): Promise<Buffer> {
    if (offset + length > this.sizeBytes) throw this.#tooShort(offset, length)
    if (length === 0) return Buffer.alloc(0)
    if (length > CACHED_READ_BYTES_MAX) return this.readUncached(offset, Buffer.allocUnsafeSlow(length))
    const first = Math.floor(offset / PAGE_BYTES)
    const last = Math.floor((offset + length - 1) / PAGE_BYTES)
    const out = first === last ? undefined : Buffer.allocUnsafe(length)
    for (let index = first, at = 0; ; index++) {
      // A full cache may drop a page before we come to look at it.
      const bytes = this.#pages[index]?.bytes ?? (await this.#load(index))
      const from = Math.max(0, offset - index * PAGE_BYTES)
      if (out === undefined) return bytes.subarray(from, from + length)
      at += bytes.copy(out, at, from, from + length - at)
      if (index === last) return out
    }
  }

  /** Reads all of a small file at once, which is less work than the reads that would follow. */
  async readAhead(): Promise<void> {
    if (this.sizeBytes > CACHED_READ_BYTES_MAX || this.#pages.length > 0 || this.#cache.pageBuffers !== undefined) return
    const whole = await this.readUncached(0, Buffer.allocUnsafeSlow(this.sizeBytes))
    if (this.#isClosed) return
    for (let index = Math.ceil(whole.length / PAGE_BYTES) - 1; index >= 0; index--) {
      if (this.#pages[index] !== undefined) continue
      const page = new Page(whole.subarray(index * PAGE_BYTES, (index + 1) * PAGE_BYTES), this.#pages, index, undefined)
      this.#pages[index] = page
      this.#cache.add(page)
    }
  }

  /**
   * The bytes from `offset` on, `length` at most, read for the caller alone; undefined where pages are worth it: others of the file are there already,
   * or were asked for.
   */
  async readAlone(offset: number, length: number): Promise<Buffer | undefined> {
    if (this.#pages.length > 0 || this.#aloneCount >= READS_ALONE_MAX || offset >= this.sizeBytes) return undefined
    this.#aloneCount++
    return this.readUncached(offset, Buffer.allocUnsafe(Math.min(length, this.sizeBytes - offset)))
  }

  /** Fills `into`, and leaves the cache alone: for what is read through once. */
  async readUncached(offset: number, into: Buffer): Promise<Buffer> {
    assert(!this.#isClosed, 'a closed file is not read')
    return this.#cache.files.use(this.#fs, this, async (handle) => {
      for (let done = 0; done < into.length; ) {
        const count = await handle.read(done === 0 ? into : into.subarray(done), offset + done)
        if (count === 0) throw this.#tooShort(offset + done, into.length - done)
        done += count
        this.readBytes += count
        this.#cache.readBytes += count
      }
      return into
    })
  }

  async #load(index: number): Promise<Buffer> {
    for (let running = this.#loading.get(index); running !== undefined; running = this.#loading.get(index)) {
      await running
      const page = this.#pages[index]
      if (page !== undefined) return page.bytes
    }
    let count = index === this.#lastLoaded + 1 ? READ_AHEAD_PAGES : 1
    const pageCount = Math.ceil(this.sizeBytes / PAGE_BYTES)
    count = Math.min(count, pageCount - index)
    for (let i = 1; i < count; i++) if (this.#pages[index + i] !== undefined || this.#loading.has(index + i)) count = i
    const start = index * PAGE_BYTES
    const sizeBytes = Math.min(count * PAGE_BYTES, this.sizeBytes - start)
    const buffers = this.#cache.pageBuffers
    const whole = count === 1 ? newBuffer(buffers, sizeBytes) : this.#takeScratch(sizeBytes)
    const loading = this.readUncached(start, whole)
    const done = loading.then(
      () => undefined,
      () => undefined,
    )
    for (let i = 0; i < count; i++) this.#loading.set(index + i, done)
    try {
      await loading
    } finally {
      for (let i = 0; i < count; i++) this.#loading.delete(index + i)
    }
    this.#lastLoaded = index + count - 1
    if (this.#isClosed) return whole.subarray(0, PAGE_BYTES)
    // Last things first: the page that is asked for is the last that a small cache drops.
    let asked = whole
    for (let i = count - 1; i >= 0; i--) {
      const part = whole.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES)
      asked = count === 1 ? whole : newBuffer(buffers, part.length)
      if (count > 1) part.copy(asked)
      const page = new Page(asked, this.#pages, index + i, buffers)
      this.#pages[index + i] = page
      this.#cache.add(page)
    }
    if (count > 1 && buffers !== undefined) this.#scratch = whole
    return asked
  }

  /** For pages that are read ahead, and then copied. */
  #takeScratch(sizeBytes: number): Buffer {
    const scratch = this.#scratch
    this.#scratch = undefined
    return scratch !== undefined && scratch.length >= sizeBytes ? scratch.subarray(0, sizeBytes) : Buffer.allocUnsafeSlow(sizeBytes)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const page of this.#pages) if (page !== undefined) this.#cache.remove(page)
    this.#pages.length = 0
    await this.#cache.files.close(this)
  }

  #tooShort(offset: number, length: number): DamageError {
    return new DamageError(this.path, offset, 'file', `${this.sizeBytes} bytes long`, `at least ${offset + length}`)
  }
}

function newBuffer(buffers: PageBuffers | undefined, sizeBytes: number): Buffer {
  return buffers === undefined ? Buffer.allocUnsafeSlow(sizeBytes) : buffers.take(sizeBytes)
}
