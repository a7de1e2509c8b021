import { crc32c } from '../../base/crc32c.ts'
import type { LogPosition } from '../wal/segment.ts'

// The frame of a checkpoint. Format: docs/formats/checkpoint.md.

/** 2: lists of pairs in halves of words. */
export const CHECKPOINT_VERSION = 2
/** Slabs begin here, each at a multiple of its size. */
export const HEADER_BYTES = 4096
export const FOOTER_BYTES = 32

const HEADER_MAGIC = new TextEncoder().encode('PROMCKP1')
const FOOTER_MAGIC = new TextEncoder().encode('PROMCKPE')

/** Bytes of a checkpoint and their checksum. */
export interface Part {
  readonly offset: number
  readonly sizeBytes: number
  readonly crc: number
}

/** Slabs of a checkpoint: the first one, and how many. */
export interface SlabRange {
  readonly first: number
  readonly count: number
}

export interface ManifestWindow {
  readonly ordinal: number
  readonly start: number
  readonly end: number
  readonly isLate: boolean
  /** null: there are no samples. */
  readonly minTime: number | null
  readonly maxTime: number | null
  readonly sampleCount: number
  readonly histogramCount: number
  readonly chunkCount: number
  readonly seriesCount: number
  readonly listWords: number
  readonly symbolCount: number
  readonly textBytes: number
  readonly pairCount: number
  readonly cellCount: number
  readonly cellsRetired: number
  /** Series, first time, last time of what was deleted, f64. */
  readonly tombstones: Part
  readonly rows: SlabRange
  readonly pairRows: SlabRange
  readonly cells: SlabRange
  readonly lists: SlabRange
  readonly symbolRows: SlabRange
  readonly symbolText: SlabRange
  readonly symbolIndex: SlabRange
  readonly pairIndex: SlabRange
  readonly seriesIndex: SlabRange
}

export interface ManifestSegment {
  readonly number: number
  readonly sizeBytes: number
  /** null: there are no samples in it. */
  readonly maxTime: number | null
}

/** What a checkpoint is about; JSON. */
export interface Manifest {
  /** Unix ms. */
  readonly created: number
  readonly blockRangeMs: number
  /** What is before it in the log is here. */
  readonly position: LogPosition
  /** Nothing that is after it in the log is here. */
  readonly end: LogPosition
  readonly segments: readonly ManifestSegment[]
  readonly windows: readonly ManifestWindow[]
  readonly slotCount: number
  /** A checksum a slab, u32. */
  readonly slabChecksums: Part
  /** For each slot the number of its series in the segment of `position`, u32. */
  readonly logIndexes: Part
  /** Three u32 each: a slot, and the ordinal and the series where it was at `position`. */
  readonly moves: Part
  /** For each slot a number of `metadata`, u32; 0: nothing is said. */
  readonly metadataNumbers: Part
  /** JSON. */
  readonly metadata: Part
  readonly exemplars: Part
  readonly exemplarCount: number
}

export function checkpointHeader(number: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  bytes.set(HEADER_MAGIC)
  view.setUint32(8, CHECKPOINT_VERSION, true)
  view.setUint32(12, number, true)
  view.setUint32(16, crc32c(bytes, 0, 16), true)
  return bytes
}

/** Throws a RangeError that says what is wrong with a header. */
export function checkHeader(bytes: Uint8Array, number: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let i = 0; i < HEADER_MAGIC.length; i++) if (bytes[i] !== HEADER_MAGIC[i]) throw new RangeError('no checkpoint magic')
  checkCrc('header', view.getUint32(16, true), crc32c(bytes, 0, 16))
  const version = view.getUint32(8, true)
  if (version !== CHECKPOINT_VERSION) throw new RangeError(`checkpoint version ${version}, want ${CHECKPOINT_VERSION}`)
  if (view.getUint32(12, true) !== number) throw new RangeError(`checkpoint number ${view.getUint32(12, true)}, want ${number}`)
}

/** The last bytes of a checkpoint: where its manifest is. */
export function checkpointFooter({ offset, sizeBytes, crc }: Part): Uint8Array {
  const bytes = new Uint8Array(FOOTER_BYTES)
  const view = new DataView(bytes.buffer)
  view.setFloat64(0, offset, true)
  view.setUint32(8, sizeBytes, true)
  view.setUint32(12, crc, true)
  view.setUint32(16, crc32c(bytes, 0, 16), true)
  bytes.set(FOOTER_MAGIC, 24)
  return bytes
}

export function readFooter(bytes: Uint8Array): Part {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let i = 0; i < FOOTER_MAGIC.length; i++) if (bytes[24 + i] !== FOOTER_MAGIC[i]) throw new RangeError('no footer magic')
  checkCrc('footer', view.getUint32(16, true), crc32c(bytes, 0, 16))
  return { offset: view.getFloat64(0, true), sizeBytes: view.getUint32(8, true), crc: view.getUint32(12, true) }
}

export function checkCrc(what: string, want: number, got: number): void {
  if (want === got) return
  throw new RangeError(`checksum of the ${what} is ${hex(got)}, want ${hex(want)}`)
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, '0')
}

const NAME = /^(\d{8,})\.checkpoint$/

export function checkpointName(number: number): string {
  return `${String(number).padStart(8, '0')}.checkpoint`
}

/** The number of a checkpoint's file; undefined for other files. */
export function checkpointNumber(name: string): number | undefined {
  const match = NAME.exec(name)
  return match === null ? undefined : Number(match[1])
}

export const TEMPORARY_SUFFIX = '.tmp'
