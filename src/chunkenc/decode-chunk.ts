import type { Timestamp } from '../model/time.ts'
import { type Chunk, ChunkEncoding, type SampleColumns } from './codec.ts'
import { decodeHistograms } from './decode-histogram.ts'
import { decodeXor } from './xor.ts'
import { decodeXor2 } from './xor2.ts'

/** Appends the samples of a chunk with `minTime` <= t <= `maxTime` to `out`. Throws on bytes that are not what they say. */
export function decodeChunk(chunk: Chunk, minTime: Timestamp, maxTime: Timestamp, out: SampleColumns): void {
  switch (chunk.encoding) {
    case ChunkEncoding.xor:
      decodeXor(chunk.data, chunk.start, chunk.end, minTime, maxTime, out)
      return
    case ChunkEncoding.histogram:
    case ChunkEncoding.floatHistogram:
    case ChunkEncoding.histogramSt:
    case ChunkEncoding.floatHistogramSt:
      decodeHistograms(chunk.encoding, chunk.data, chunk.start, chunk.end, minTime, maxTime, out)
      return
    case ChunkEncoding.xor2:
      decodeXor2(chunk.data, chunk.start, chunk.end, minTime, maxTime, out)
      return
    default:
      throw new Error(`decode chunk: encoding is ${chunk.encoding}, want one of ${known}`)
  }
}

const known = Object.entries(ChunkEncoding)
  .filter(([, number]) => number !== ChunkEncoding.none)
  .map(([name, number]) => `${number} (${name})`)
  .join(', ')
