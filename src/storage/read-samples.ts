import type { SampleColumns } from '../chunkenc/codec.ts'
import { decodeChunk } from '../chunkenc/decode-chunk.ts'
import type { Timestamp } from '../model/time.ts'
import type { Series } from './series-source.ts'

/** Appends the samples of a series with `minTime` <= t <= `maxTime` to `out`, in time order. */
export function readSamples(series: Series, minTime: Timestamp, maxTime: Timestamp, out: SampleColumns): void {
  for (const chunk of series.chunks) {
    if (chunk.maxTime < minTime) continue
    if (chunk.minTime > maxTime) return
    decodeChunk(chunk, minTime, maxTime, out)
  }
}
