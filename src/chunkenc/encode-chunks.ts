import { assert } from '../base/assert.ts'
import type { Histogram } from '../model/histogram.ts'
import { isStaleMarker } from '../model/staleness.ts'
import type { Timestamp } from '../model/time.ts'
import { type Chunk, ChunkEncoding } from './codec.ts'
import { HistogramChunkWriter } from './histogram-chunk-writer.ts'
import { encodeXor } from './xor.ts'
import { encodeXor2 } from './xor2.ts'

/** Samples of a full chunk of floats, as upstream cuts them. */
const FLOAT_CHUNK_SAMPLES = 120

/** Samples of one series, times rising. */
export interface SamplesOfSeries {
  readonly timestamps: ArrayLike<Timestamp>
  /** Sums where the sample is a histogram. */
  readonly values: ArrayLike<number>
  readonly histograms?: ArrayLike<Histogram | undefined> | undefined
  readonly startTimes?: ArrayLike<Timestamp> | undefined
}

/**
 * The chunks of a series, of encodings with start times only where `startTimes` is given. A staleness marker after a histogram is one
 * of histograms.
 */
export function encodeChunks(samples: SamplesOfSeries): readonly Chunk[] {
  const { timestamps, values, histograms, startTimes } = samples
  const chunks: Chunk[] = []
  for (let from = 0; from < timestamps.length; ) {
    let to = from + 1
    if (histograms?.[from] === undefined) {
      while (to < timestamps.length && to < from + FLOAT_CHUNK_SAMPLES && histograms?.[to] === undefined) to++
      chunks.push(encodeFloats(samples, from, to))
    } else {
      const writer = new HistogramChunkWriter(startTimes !== undefined)
      writer.append(timestamps[from], histograms[from], startTimes?.[from] ?? 0)
      while (to < timestamps.length && (histograms[to] !== undefined || isStaleMarker(values[to]))) {
        const finished = writer.append(timestamps[to], histograms[to], startTimes?.[to] ?? 0)
        if (finished !== undefined) chunks.push(finished)
        to++
      }
      const last = writer.finish()
      assert(last !== undefined, 'a writer that took a histogram has a chunk')
      chunks.push(last)
    }
    from = to
  }
  return chunks
}

function encodeFloats({ timestamps, values, startTimes }: SamplesOfSeries, from: number, to: number): Chunk {
  const data = startTimes === undefined ? encodeXor(timestamps, values, from, to) : encodeXor2(timestamps, values, startTimes, from, to)
  return {
    encoding: startTimes === undefined ? ChunkEncoding.xor : ChunkEncoding.xor2,
    minTime: timestamps[from],
    maxTime: timestamps[to - 1],
    sampleCount: to - from,
    data,
    start: 0,
    end: data.length,
  }
}
