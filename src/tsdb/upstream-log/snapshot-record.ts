import { readSampleCount } from '../../chunkenc/chunk-header.ts'
import { type Chunk, ChunkEncoding } from '../../chunkenc/codec.ts'
import type { Labels } from '../../model/labels.ts'
import { readLabels } from './log-records.ts'
import { RecordCursor } from './record-cursor.ts'

/** Source: Prometheus tsdb/head_wal.go, chunkSnapshotRecordTypeSeries. */
const SERIES = 1

const cursor = new RecordCursor()

/** Shows a series of a snapshot of chunks, and its unfinished chunk if it has one; nothing for other records. Throws `RangeError`. */
export function decodeSnapshotRecord(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (ref: number, labels: Labels, chunk: Chunk | undefined) => void,
): void {
  if (bytes[start] !== SERIES) return
  cursor.open(bytes, start + 1, end)
  const ref = cursor.u64()
  const labels = readLabels(cursor)
  cursor.skip(8)
  visit(ref, labels, cursor.varuint() === 0 ? undefined : readChunk())
}

/** Undefined: none that we know. */
function readChunk(): Chunk | undefined {
  const minTime = cursor.time()
  const maxTime = cursor.time()
  const encoding = cursor.u8() as ChunkEncoding
  const data = cursor.take(cursor.varuint())
  if (data.length < 2 || encoding === ChunkEncoding.none || !Object.values(ChunkEncoding).includes(encoding)) return undefined
  if (!Number.isFinite(minTime) || !Number.isFinite(maxTime)) return undefined
  return { encoding, minTime, maxTime, sampleCount: readSampleCount(encoding, data, 0), data, start: 0, end: data.length }
}
