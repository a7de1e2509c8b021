import type { Breather } from '../../base/breather.ts'
import { crc32c } from '../../base/crc32c.ts'
import type { File } from '../../base/env.ts'
import { RECORD_HEADER_BYTES, RecordHeader, SEGMENT_HEADER_BYTES, segmentHeaderProblem } from './record.ts'

/** Bytes of a segment that are no record. */
export interface Damage {
  readonly offset: number
  readonly sizeBytes: number
  readonly reason: string
  /** Checksums, where one was wrong. */
  readonly want?: number
  readonly got?: number
  /** Whether nothing whole follows. */
  readonly atEnd: boolean
  /** At the end, and no more than a record that was not written to its end. */
  readonly torn: boolean
  /** Records that are missing, as far as the next one tells. */
  readonly recordsLost: number
}

export interface SegmentVisitor {
  /**
   * A whole record; `bytes` are lent for the call. A throw says that the payload makes no sense and counts as damage. What it answers, if
   * anything, is waited for before the next record. `offset` is that of the record in the segment.
   */
  record(type: number, bytes: Uint8Array, start: number, end: number, offset: number): Promise<void> | undefined
  damage(damage: Damage): Promise<void>
}

const BUFFER_BYTES = 1024 * 1024

/** A part of a file in memory that moves forward. While one part is looked at the next one is read. */
class SlidingBuffer {
  readonly #file: File
  bytes: Uint8Array
  /** What comes behind `bytes`, once `#reading` has resolved to how many there are. */
  #next: Uint8Array | undefined
  #nextAt = 0
  #reading: Promise<number> | undefined
  /** Offset in the file of `bytes[0]`. */
  #base = 0
  #length = 0

  readonly #end: number

  /** `end`: what lies there and after it is not read. */
  constructor(file: File, sizeBytes: number, end: number) {
    this.#file = file
    this.#end = end
    this.bytes = new Uint8Array(Math.min(sizeBytes, BUFFER_BYTES))
  }

  /** Makes up to `count` bytes at `offset` available and says how many there are. Offsets before it are let go. */
  async ensure(offset: number, count: number): Promise<number> {
    if (offset + count <= this.#base + this.#length) return count
    const keepFrom = offset - this.#base
    const kept = Math.max(0, this.#length - keepFrom)
    if (count > this.bytes.length) {
      const larger = new Uint8Array(Math.max(count, 2 * this.bytes.length))
      larger.set(this.bytes.subarray(this.#length - kept, this.#length))
      this.bytes = larger
    } else this.bytes.copyWithin(0, this.#length - kept, this.#length)
    this.#base = offset
    this.#length = kept
    await this.#takeNext()
    while (this.#length < this.bytes.length && this.#base + this.#length < this.#end) {
      const wanted = Math.min(this.bytes.length, this.#end - this.#base)
      const read = await this.#file.read(this.bytes.subarray(this.#length, wanted), this.#base + this.#length)
      if (read === 0) break
      this.#length += read
    }
    this.#readNext()
    return Math.min(count, this.#length)
  }

  /** Waits for what is being read: the file can be closed then. */
  async finish(): Promise<void> {
    await this.#reading?.catch(() => undefined)
  }

  /** Puts what was read behind the bytes that are here, as far as there is room. */
  async #takeNext(): Promise<void> {
    const reading = this.#reading
    if (reading === undefined || this.#next === undefined) return
    this.#reading = undefined
    const read = await reading
    if (this.#nextAt !== this.#base + this.#length) return
    const taken = Math.min(read, this.bytes.length - this.#length)
    this.bytes.set(this.#next.subarray(0, taken), this.#length)
    this.#length += taken
  }

  #readNext(): void {
    const at = this.#base + this.#length
    if (at >= this.#end) return
    this.#next ??= new Uint8Array(BUFFER_BYTES)
    this.#nextAt = at
    this.#reading = this.#file.read(this.#next.subarray(0, Math.min(BUFFER_BYTES, this.#end - at)), at)
    // Who comes to these bytes is told.
    this.#reading.catch(() => {})
  }

  /** Where in `bytes` an offset lies that was made available. */
  at(offset: number): number {
    return offset - this.#base
  }

  /** The offset of the next 0xff at or after `offset` among the bytes that are here, or of their end. */
  nextMark(offset: number): number {
    const found = this.bytes.subarray(0, this.#length).indexOf(0xff, offset - this.#base)
    return this.#base + (found < 0 ? this.#length : found)
  }
}

/** A place in a segment, and how many records are before it. */
export interface SegmentPlace {
  readonly offset: number
  readonly recordCount: number
}

/** What is read of a segment. Default: all of it. */
export interface SegmentPart {
  readonly from?: SegmentPlace | undefined
  /** An offset between two records. */
  readonly until?: number | undefined
  /** All records there were found whole before: their checksums are not looked at again. */
  readonly isWhole?: boolean | undefined
}

/**
 * Shows the records of a part of a segment in order, and what is no record. Memory is bounded by the largest record. Others run between records. The answer is where it ended.
 */
export async function scanSegment(
  file: File,
  number: number,
  visitor: SegmentVisitor,
  breather: Breather,
  { from = { offset: 0, recordCount: 0 }, until = Number.POSITIVE_INFINITY, isWhole = false }: SegmentPart = {},
): Promise<SegmentPlace> {
  const sizeBytes = Math.min(until, await file.size())
  const buffer = new SlidingBuffer(file, Math.max(sizeBytes - from.offset, SEGMENT_HEADER_BYTES), sizeBytes)
  try {
    return await scanRecords(file, sizeBytes, buffer, number, visitor, breather, from, isWhole)
  } finally {
    await buffer.finish()
  }
}

async function scanRecords(
  file: File,
  sizeBytes: number,
  buffer: SlidingBuffer,
  number: number,
  visitor: SegmentVisitor,
  breather: Breather,
  from: SegmentPlace,
  isWhole: boolean,
): Promise<SegmentPlace> {
  const header = new RecordHeader()
  let sequence = from.recordCount
  let { offset } = from

  type Problem = { readonly reason: string; readonly want?: number; readonly got?: number; readonly torn?: boolean }

  /** Looks at the record at `offset`; its end in the file when it is whole. */
  const check = async (at: number): Promise<{ end: number } | Problem> => {
    if ((await buffer.ensure(at, RECORD_HEADER_BYTES)) < RECORD_HEADER_BYTES) return { reason: 'incomplete record header', torn: true }
    if (!header.read(buffer.bytes, buffer.at(at), number)) return header.problem!
    const end = at + RECORD_HEADER_BYTES + header.length
    const size = end - at
    if ((await buffer.ensure(at, size)) < size) return { reason: 'incomplete record', torn: true }
    if (isWhole) return { end }
    const start = buffer.at(at) + RECORD_HEADER_BYTES
    const got = crc32c(buffer.bytes, start, start + header.length)
    return got === header.payloadCrc ? { end } : { reason: 'checksum of the record', want: header.payloadCrc, got }
  }

  const findNext = async (from: number): Promise<number> => {
    let at = from
    for (;;) {
      if ((await buffer.ensure(at, RECORD_HEADER_BYTES)) < RECORD_HEADER_BYTES) return -1
      const mark = buffer.nextMark(at)
      if (breather.isDue()) await breather.rest()
      if (mark === at && 'end' in (await check(at))) return at
      at = Math.max(mark, at + 1)
    }
  }

  const onDamage = async (start: number, problem: Problem): Promise<number> => {
    const next = await findNext(start + 1)
    const end = next < 0 ? sizeBytes : next
    let recordsLost = 0
    if (next >= 0) {
      await check(next)
      recordsLost = Math.max(0, header.sequence - sequence)
      sequence = header.sequence
    }
    const torn = next < 0 && (problem.torn === true || (await isZeros(file, start, end)))
    const { reason, want, got } = problem
    await visitor.damage({ offset: start, sizeBytes: end - start, reason, want, got, atEnd: next < 0, torn, recordsLost })
    return end
  }

  if (sizeBytes === 0) return from
  if (offset === 0) {
    const headerBytes = await buffer.ensure(0, SEGMENT_HEADER_BYTES)
    const headerProblem =
      headerBytes < SEGMENT_HEADER_BYTES ? { reason: 'incomplete segment header', torn: true } : segmentHeaderProblem(buffer.bytes, number)
    offset = headerProblem === undefined ? SEGMENT_HEADER_BYTES : await onDamage(0, headerProblem)
  }

  while (offset < sizeBytes) {
    const checked = await check(offset)
    if (!('end' in checked)) {
      offset = await onDamage(offset, checked)
      continue
    }
    if (header.sequence > sequence) {
      const recordsLost = header.sequence - sequence
      await visitor.damage({
        offset,
        sizeBytes: 0,
        reason: `record ${header.sequence}, want ${sequence}`,
        atEnd: false,
        torn: false,
        recordsLost,
      })
    }
    sequence = header.sequence + 1
    const start = buffer.at(offset) + RECORD_HEADER_BYTES
    try {
      const pending = visitor.record(header.type, buffer.bytes, start, start + header.length, offset)
      if (pending !== undefined) await pending
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      const sizeBytes = checked.end - offset
      await visitor.damage({
        offset,
        sizeBytes,
        reason: `record of type ${header.type}: ${error.message}`,
        atEnd: false,
        torn: false,
        recordsLost: 1,
      })
    }
    offset = checked.end
    if (breather.isDue()) await breather.rest()
  }
  return { offset, recordCount: sequence }
}

async function isZeros(file: File, start: number, end: number): Promise<boolean> {
  const bytes = new Uint8Array(64 * 1024)
  for (let at = start; at < end; ) {
    const read = await file.read(bytes, at)
    if (read === 0) return true
    for (let i = 0; i < read; i++) if (bytes[i] !== 0) return false
    at += read
  }
  return true
}
