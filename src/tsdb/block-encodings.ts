import { type Chunk, ChunkEncoding, SampleColumns } from '../chunkenc/codec.ts'
import { decodeChunk } from '../chunkenc/decode-chunk.ts'
import { encodeChunks } from '../chunkenc/encode-chunks.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import type { Series, SeriesSource } from '../storage/series-source.ts'

// Blocks have the encodings that Prometheus 2.42 reads: those have no start times.

/** All of a source, for a block. */
export async function* blockChunksOf(source: SeriesSource, signal: AbortSignal): AsyncIterable<readonly Series[]> {
  const everything = { minTime: Number.NEGATIVE_INFINITY, maxTime: Number.POSITIVE_INFINITY, matchers: [] }
  for await (const batch of source.select(everything, unlimitedContext(signal))) yield batch.map(withoutStartTimes)
}

function withoutStartTimes(series: Series): Series {
  if (!series.chunks.some(({ encoding }) => hasStartTimes(encoding))) return series
  return {
    labels: series.labels,
    chunks: series.chunks.flatMap((chunk) => (hasStartTimes(chunk.encoding) ? encodedAgain(chunk) : [chunk])),
  }
}

export function hasStartTimes(encoding: number): boolean {
  return encoding === ChunkEncoding.xor2 || encoding === ChunkEncoding.histogramSt || encoding === ChunkEncoding.floatHistogramSt
}

/** A chunk as a block has it. */
export function encodedAgain(chunk: Chunk): readonly Chunk[] {
  const columns = new SampleColumns(chunk.sampleCount)
  decodeChunk(chunk, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, columns)
  const { length, timestamps, values, histograms } = columns
  return encodeChunks({
    timestamps: timestamps.subarray(0, length),
    values: values.subarray(0, length),
    ...(histograms !== undefined && { histograms }),
  })
}
