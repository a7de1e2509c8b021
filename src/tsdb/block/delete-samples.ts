import { type Chunk, SampleColumns } from '../../chunkenc/codec.ts'
import { decodeChunk } from '../../chunkenc/decode-chunk.ts'
import { encodeChunks } from '../../chunkenc/encode-chunks.ts'
import { isDeletedAt, type TimeInterval } from './tombstones.ts'

/** A chunk without the samples in `deleted`, as chunks in time order; none when nothing is left. */
export function withoutDeleted(chunk: Chunk, deleted: readonly TimeInterval[]): readonly Chunk[] {
  const all = new SampleColumns(chunk.sampleCount)
  decodeChunk(chunk, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, all)
  const kept: number[] = []
  for (let i = 0; i < all.length; i++) if (!isDeletedAt(deleted, all.timestamps[i])) kept.push(i)
  // Bits of values are copied as words: a number that is not one could lose its marker on the way.
  const values = new Float64Array(kept.length)
  const words = new Uint32Array(values.buffer)
  kept.forEach((from, to) => {
    words[2 * to] = all.valueWords[2 * from]
    words[2 * to + 1] = all.valueWords[2 * from + 1]
  })
  return encodeChunks({
    timestamps: kept.map((i) => all.timestamps[i]),
    values,
    ...(all.histograms !== undefined && { histograms: kept.map((i) => all.histograms![i]) }),
    ...(all.startTimes !== undefined && { startTimes: kept.map((i) => all.startTimes![i]) }),
  })
}
