import { crc32c } from '../../base/crc32c.ts'

// The frame of segments and records. Format: docs/formats/wal.md.

export const SEGMENT_HEADER_BYTES = 28
export const RECORD_HEADER_BYTES = 24
export const RECORD_PAYLOAD_BYTES_MAX = 4 * 1024 * 1024

export const RecordType = { series: 1, samples: 2, samplesFrom: 3, histograms: 4, exemplars: 5, metadata: 6, deletions: 7 } as const
export type RecordType = (typeof RecordType)[keyof typeof RecordType]

const SEGMENT_MAGIC = new TextEncoder().encode('PROMLOG1')
const SEGMENT_VERSION = 2
/** The oldest that is read. */
const SEGMENT_VERSION_MIN = 1
const RECORD_MAGIC = [0xff, 0x50, 0x52, 0xfe]

export function segmentHeader(number: number, created: number): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  bytes.set(SEGMENT_MAGIC)
  view.setUint32(8, SEGMENT_VERSION, true)
  view.setUint32(12, number, true)
  view.setFloat64(16, created, true)
  view.setUint32(24, crc32c(bytes, 0, 24), true)
  return bytes
}

/** What is wrong with a segment's header; undefined when it is good. */
export function segmentHeaderProblem(
  bytes: Uint8Array,
  number: number,
): { readonly reason: string; readonly want?: number; readonly got?: number } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  for (let i = 0; i < SEGMENT_MAGIC.length; i++) if (bytes[i] !== SEGMENT_MAGIC[i]) return { reason: 'no segment magic' }
  const want = view.getUint32(24, true)
  const got = crc32c(bytes, 0, 24)
  if (want !== got) return { reason: 'checksum of the segment header', want, got }
  const version = view.getUint32(8, true)
  if (version < SEGMENT_VERSION_MIN || version > SEGMENT_VERSION)
    return { reason: `segment version ${version}, want ${SEGMENT_VERSION_MIN} to ${SEGMENT_VERSION}` }
  if (view.getUint32(12, true) !== number) return { reason: `segment number ${view.getUint32(12, true)}, want ${number}` }
  return undefined
}

/** When a segment was begun, of a header that is whole. */
export function segmentCreated(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(16, true)
}

/** Completes the header before a payload that lies in `bytes` from `start + RECORD_HEADER_BYTES` up to `end`. */
export function sealRecord(bytes: Uint8Array, start: number, end: number, type: RecordType, segment: number, sequence: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, RECORD_HEADER_BYTES)
  for (let i = 0; i < 4; i++) bytes[start + i] = RECORD_MAGIC[i]
  view.setUint32(4, type, true)
  view.setUint32(8, end - start - RECORD_HEADER_BYTES, true)
  view.setUint32(12, sequence, true)
  view.setUint32(16, crc32c(bytes, start + RECORD_HEADER_BYTES, end), true)
  view.setUint32(20, crc32c(bytes, start, start + 20, segment), true)
}

/** A record's header as it was read; valid until the next `readRecordHeader` into it. */
export class RecordHeader {
  type = 0
  length = 0
  sequence = 0
  payloadCrc = 0
  /** Why the bytes are no header; undefined when they are. */
  problem: { readonly reason: string; readonly want?: number; readonly got?: number } | undefined

  /** Reads the header at `start`, where `RECORD_HEADER_BYTES` bytes are; false when there is none. */
  read(bytes: Uint8Array, start: number, segment: number): boolean {
    this.problem = undefined
    for (let i = 0; i < 4; i++) {
      if (bytes[start + i] !== RECORD_MAGIC[i]) {
        this.problem = { reason: 'no record magic' }
        return false
      }
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset + start, RECORD_HEADER_BYTES)
    const want = view.getUint32(20, true)
    const got = crc32c(bytes, start, start + 20, segment)
    this.type = view.getUint32(4, true)
    this.length = view.getUint32(8, true)
    this.sequence = view.getUint32(12, true)
    this.payloadCrc = view.getUint32(16, true)
    if (want !== got) this.problem = { reason: 'checksum of the record header', want, got }
    else if (this.length > RECORD_PAYLOAD_BYTES_MAX)
      this.problem = { reason: `payload of ${this.length} bytes, want at most ${RECORD_PAYLOAD_BYTES_MAX}` }
    return this.problem === undefined
  }
}
