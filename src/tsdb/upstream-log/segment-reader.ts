import { zstdDecompressSync } from 'node:zlib'
import type { Breather } from '../../base/breather.ts'
import { crc32c } from '../../base/crc32c.ts'
import { errorMessage } from '../../base/errors.ts'
import { SnappyDecoder } from '../../base/snappy-block.ts'
import type { ReadableFile } from './log-files.ts'

/** Source: Prometheus tsdb/wlog/wlog.go, pageSize. */
export const PAGE_BYTES = 32 * 1024
const PAGES_AT_ONCE = 16
const HEADER_BYTES = 7

const TYPE_MASK = 0x07
const FRAGMENT = { rest: 0, whole: 1, first: 2, middle: 3, last: 4 } as const
const SNAPPY = 0x08
const ZSTD = 0x10

/** Compressed or not. A segment is 128 MiB, unless one record is longer. */
const RECORD_BYTES_MAX = 256 * 1024 * 1024
/** What is kept of the memory for records between them. */
const KEPT_BYTES = 1024 * 1024

export interface SegmentVisitor {
  /** The bytes are lent for the call. A `RangeError` says that the record is none; others are the visitor's own. */
  record(bytes: Uint8Array, start: number, end: number): void
  /** Of what begins at `offset` something was lost. `isTorn`: the segment ends in the middle of a record, as a crash leaves it. */
  damage(offset: number, reason: string, isTorn: boolean): void
  /** So many bytes of the segment have been read. */
  read(sizeBytes: number): void
  /** Asked after each page, and waited for: the place for what takes time. */
  pause(): Promise<void> | undefined
}

/**
 * Goes through the records of a segment from `from` on, where a record begins. After damage it goes on at the next page, so that what is
 * whole is found; nothing in the file makes it throw, only the file system does. Format: docs/formats/prometheus-wal.md.
 */
export async function readSegment(file: ReadableFile, from: number, visitor: SegmentVisitor, breather: Breather): Promise<void> {
  const sizeBytes = await file.size()
  const reader = new PageReader(visitor)
  const buffer = Buffer.allocUnsafeSlow(PAGES_AT_ONCE * PAGE_BYTES)
  for (let start = from - (from % PAGE_BYTES); start < sizeBytes; start += buffer.length) {
    let length = 0
    while (length < buffer.length) {
      const count = await file.read(buffer.subarray(length), start + length)
      if (count === 0) break
      length += count
    }
    for (let page = 0; page < length; page += PAGE_BYTES) {
      const bytes = buffer.subarray(page, Math.min(length, page + PAGE_BYTES))
      reader.page(bytes, start + page, Math.max(0, from - (start + page)))
      const pause = visitor.pause()
      if (pause !== undefined) await pause
      if (breather.isDue()) await breather.rest()
    }
    visitor.read(length)
    if (length < buffer.length) break
  }
  reader.end()
}

/** Joins fragments to records. */
class PageReader {
  readonly #visitor: SegmentVisitor
  readonly #snappy = new SnappyDecoder(RECORD_BYTES_MAX)
  /** Fragments of a record that is not whole. */
  #pending = Buffer.alloc(0)
  #pendingBytes = 0
  /** Where the record began, -1 outside of one. */
  #recordOffset = -1
  /** What follows is the rest of a record that was lost, and said to be. */
  #isLost = false

  constructor(visitor: SegmentVisitor) {
    this.#visitor = visitor
  }

  /** A page, which lies at `offset`, from `at` on. */
  page(page: Buffer, offset: number, at: number): void {
    while (at < page.length && (page[at] & TYPE_MASK) !== FRAGMENT.rest) {
      const fault = fragmentFault(page, at)
      if (fault !== undefined) {
        this.#lose(offset + at, fault, fault === CUT_OFF && page.length < PAGE_BYTES)
        return
      }
      const end = at + HEADER_BYTES + page.readUInt16BE(at + 1)
      this.#fragment(page, at, end, offset)
      at = end
    }
    for (let i = at; i < page.length; i++) {
      if (page[i] === 0) continue
      // It was written over something, or is no log.
      this.#lose(offset + at, 'a page goes on after its end', false)
      return
    }
  }

  /** The segment is over. */
  end(): void {
    if (this.#recordOffset >= 0) this.#visitor.damage(this.#recordOffset, 'a record is cut off', true)
  }

  #fragment(page: Buffer, at: number, end: number, offset: number): void {
    const type = page[at] & TYPE_MASK
    const start = at + HEADER_BYTES
    if (type === FRAGMENT.whole || type === FRAGMENT.first) {
      if (this.#recordOffset >= 0) this.#lose(this.#recordOffset, 'a record has no end', false)
      this.#recordOffset = offset + at
      this.#isLost = false
    }
    if (this.#recordOffset < 0) {
      if (!this.#isLost) this.#lose(offset + at, 'a record has no beginning', false)
    } else if (type === FRAGMENT.whole) this.#record(page[at], page, start, end)
    else if (this.#pendingBytes + end - start > RECORD_BYTES_MAX) this.#lose(this.#recordOffset, 'a record is too long', false)
    else {
      this.#grow(this.#pendingBytes + end - start)
      page.copy(this.#pending, this.#pendingBytes, start, end)
      this.#pendingBytes += end - start
      if (type === FRAGMENT.last) this.#record(page[at], this.#pending, 0, this.#pendingBytes)
    }
  }

  #record(flags: number, bytes: Buffer, start: number, end: number): void {
    const offset = this.#recordOffset
    this.#forget()
    if (start === end) return
    const record = this.#decompress(flags, bytes, start, end, offset)
    if (record === undefined) return
    try {
      this.#visitor.record(record, record === bytes ? start : 0, record === bytes ? end : record.length)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.#visitor.damage(offset, error.message, false)
    }
    if (this.#pending.length > KEPT_BYTES) this.#pending = Buffer.alloc(0)
  }

  #decompress(flags: number, bytes: Buffer, start: number, end: number, offset: number): Uint8Array | undefined {
    try {
      if ((flags & SNAPPY) !== 0) return this.#snappy.decode(bytes.subarray(start, end))
      if ((flags & ZSTD) !== 0) return zstdDecompressSync(bytes.subarray(start, end), { maxOutputLength: RECORD_BYTES_MAX })
      return bytes
    } catch (error) {
      this.#visitor.damage(offset, `a record cannot be decompressed: ${errorMessage(error)}`, false)
      return undefined
    }
  }

  #lose(offset: number, reason: string, isTorn: boolean): void {
    this.#visitor.damage(this.#recordOffset >= 0 ? this.#recordOffset : offset, reason, isTorn)
    this.#forget()
    this.#isLost = true
  }

  #forget(): void {
    this.#recordOffset = -1
    this.#pendingBytes = 0
  }

  #grow(sizeBytes: number): void {
    if (sizeBytes <= this.#pending.length) return
    const larger = Buffer.allocUnsafe(Math.max(2 * PAGE_BYTES, 2 * this.#pending.length, sizeBytes))
    this.#pending.copy(larger, 0, 0, this.#pendingBytes)
    this.#pending = larger
  }
}

const CUT_OFF = 'a fragment is cut off'

/** What is wrong with the fragment at a place of a page; undefined: nothing. */
function fragmentFault(page: Buffer, at: number): string | undefined {
  const type = page[at] & TYPE_MASK
  if (type > FRAGMENT.last) return `type of a fragment is ${type}, want at most ${FRAGMENT.last}`
  const start = at + HEADER_BYTES
  if (start > page.length) return CUT_OFF
  const end = start + page.readUInt16BE(at + 1)
  if (end > PAGE_BYTES) return `a fragment has ${end - start} bytes, want what fits into its page`
  if (end > page.length) return CUT_OFF
  const got = crc32c(page, start, end)
  const want = page.readUInt32BE(at + 3)
  return got === want ? undefined : `checksum of a fragment is ${hex(got)}, want ${hex(want)}`
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, '0')
}
