import { SampleColumns } from '../chunkenc/codec.ts'
import { decodeChunk } from '../chunkenc/decode-chunk.ts'
import { isStaleMarker } from '../model/staleness.ts'
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

export interface LastSample {
  readonly time: Timestamp
  readonly value: number
}

/** The newest sample of a series between the times, both inclusive; undefined where there is none or it is a staleness marker. */
export function lastSample(series: Series, minTime: Timestamp, maxTime: Timestamp): LastSample | undefined {
  const columns = new SampleColumns()
  readSamples(series, minTime, maxTime, columns)
  const index = columns.length - 1
  if (index < 0 || isStaleMarker(columns.values[index] as number)) return undefined
  return { time: columns.timestamps[index] as number, value: columns.values[index] as number }
}
