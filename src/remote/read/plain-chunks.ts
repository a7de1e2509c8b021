import { type Chunk, ChunkEncoding, SampleColumns } from '../../chunkenc/codec.ts'
import { decodeChunk } from '../../chunkenc/decode-chunk.ts'
import { encodeChunks } from '../../chunkenc/encode-chunks.ts'
import type { Timestamp } from '../../model/time.ts'

/** The chunks with what lies between the times, both inclusive, in the encodings that every reader knows. Most go through as they are. */
export function plainChunks(chunks: readonly Chunk[], minTime: Timestamp, maxTime: Timestamp): readonly Chunk[] {
  const out: Chunk[] = []
  for (const chunk of chunks) {
    if (chunk.maxTime < minTime || chunk.minTime > maxTime) continue
    if (chunk.minTime >= minTime && chunk.maxTime <= maxTime && chunk.encoding <= ChunkEncoding.floatHistogram) out.push(chunk)
    else out.push(...encodedAnew(chunk, minTime, maxTime))
  }
  return out
}

function encodedAnew(chunk: Chunk, minTime: Timestamp, maxTime: Timestamp): readonly Chunk[] {
  const columns = new SampleColumns(chunk.sampleCount)
  decodeChunk(chunk, minTime, maxTime, columns)
  const { timestamps, values, histograms, length } = columns
  return encodeChunks({ timestamps: timestamps.subarray(0, length), values: values.subarray(0, length), histograms })
}
