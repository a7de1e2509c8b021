import { type Chunk, ChunkEncoding, SampleColumns } from '../chunkenc/codec.ts'
import { decodeChunk } from '../chunkenc/decode-chunk.ts'
import { encodeChunks } from '../chunkenc/encode-chunks.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import type { Series, SeriesSource } from '../storage/series-source.ts'

/** What chunks of windows become in blocks. Whoever reads those must know the encodings: docs/formats/chunks.md. */
export interface BlockEncodings {
  /** Of floats. Only the second has start times. */
  readonly floats: 'xor' | 'xor2'
  /** Whether histograms that have start times keep them. */
  readonly histogramStartTimes: boolean
}

/** Those that Prometheus 2.42 reads. They have no start times. */
export const COMMON_ENCODINGS: BlockEncodings = { floats: 'xor', histogramStartTimes: false }

/** All of a source, for a block. */
export async function* blockChunksOf(
  source: SeriesSource,
  encodings: BlockEncodings,
  signal: AbortSignal,
): AsyncIterable<readonly Series[]> {
  const everything = { minTime: Number.NEGATIVE_INFINITY, maxTime: Number.POSITIVE_INFINITY, matchers: [] }
  for await (const batch of source.select(everything, unlimitedContext(signal))) yield batch.map((series) => ofBlock(series, encodings))
}

function ofBlock(series: Series, encodings: BlockEncodings): Series {
  if (series.chunks.every(({ encoding }) => isOfBlock(encoding, encodings))) return series
  return {
    labels: series.labels,
    chunks: series.chunks.flatMap((chunk) => (isOfBlock(chunk.encoding, encodings) ? [chunk] : encodedAgain(chunk, encodings))),
  }
}

/** Whether chunks of an encoding are in blocks as they are. Hot: once a chunk of a window that becomes a block. */
export function isOfBlock(encoding: number, { floats, histogramStartTimes }: BlockEncodings): boolean {
  if (encoding === ChunkEncoding.xor) return floats === 'xor'
  if (encoding === ChunkEncoding.xor2) return floats === 'xor2'
  return histogramStartTimes || (encoding !== ChunkEncoding.histogramSt && encoding !== ChunkEncoding.floatHistogramSt)
}

/** A chunk that `isOfBlock` does not take, as a block has it. */
export function encodedAgain(chunk: Chunk, { floats }: BlockEncodings): readonly Chunk[] {
  const columns = new SampleColumns(chunk.sampleCount)
  decodeChunk(chunk, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, columns)
  const { length, timestamps, values, histograms } = columns
  const isFloat = chunk.encoding === ChunkEncoding.xor || chunk.encoding === ChunkEncoding.xor2
  return encodeChunks({
    timestamps: timestamps.subarray(0, length),
    values: values.subarray(0, length),
    ...(histograms !== undefined && { histograms }),
    ...(isFloat && floats === 'xor2' && { startTimes: columns.startTimes ?? new Float64Array(length) }),
  })
}
