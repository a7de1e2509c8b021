import { headerBytesOf, writeHeader } from '../../chunkenc/chunk-header.ts'
import type { Chunk, ChunkEncoding } from '../../chunkenc/codec.ts'
import type { CounterResetHint } from '../../model/histogram.ts'
import type { Timestamp } from '../../model/time.ts'
import type { TimeInterval } from '../block/tombstones.ts'
import type { Cells } from './cells.ts'
import type { ChunkHeader } from './row.ts'

/** Where a chunk lies in a window. */
export interface ChunkPlace {
  readonly cells: Cells
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
  readonly sampleCount: number
  readonly firstCell: number
  /** Without the header of the chunk. */
  readonly byteCount: number
  readonly header: ChunkHeader
  /** What of it was deleted. */
  readonly deleted: readonly TimeInterval[] | undefined
}

/** Bytes of the largest header of a chunk. */
export const HEADER_BYTES_MAX = 3

/** Copies a chunk to `start` in `into`, where there is room for it, with all that was deleted of it. */
export function copyChunk(
  { cells, minTime, maxTime, sampleCount, firstCell, byteCount, header }: ChunkPlace,
  into: Uint8Array,
  start: number,
): Chunk {
  const encoding = (header & 0xff) as ChunkEncoding
  writeHeader(encoding, sampleCount, (header >>> 16) as CounterResetHint, (header >>> 8) & 0xff, into, start)
  const body = start + headerBytesOf(encoding)
  cells.copy(firstCell, byteCount, into, body)
  return { encoding, minTime, maxTime, sampleCount, data: into, start, end: body + byteCount }
}
