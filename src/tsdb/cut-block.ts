import { Breather } from '../base/breather.ts'
import type { Env } from '../base/env.ts'
import { type Chunk, ChunkEncoding, SampleColumns } from '../chunkenc/codec.ts'
import { decodeChunk } from '../chunkenc/decode-chunk.ts'
import { encodeChunks } from '../chunkenc/encode-chunks.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import type { Series } from '../storage/series-source.ts'
import { BlockWriter } from './block/block-writer.ts'
import { HINT_FROM_WINDOW } from './db-blocks.ts'
import type { Window } from './window/window.ts'
import { selectFromWindows } from './window/window-reader.ts'

export interface CutOptions {
  readonly dir: string
  readonly signal: AbortSignal
  /** Told where the block will be, before anything is there. */
  readonly begun: (directory: string) => void
}

/**
 * Writes all of a window, which must have samples and get no more of them, into a block; answers its directory. Lets others run meanwhile.
 * Rejects when the disk does not do, or the signal aborts; what was written is removed then, as far as that is possible.
 */
export async function cutBlock(env: Env, window: Window, { dir, signal, begun }: CutOptions): Promise<string> {
  // Upstream's blocks begin with their first sample and end where their stretch of time does.
  const range = { minTime: window.minTime, maxTime: window.end }
  const writer = await BlockWriter.create(env, dir, { range, compaction: { hints: [HINT_FROM_WINDOW] } })
  const directory = `${dir}/${writer.ulid}`
  begun(directory)
  try {
    const everything = { minTime: Number.NEGATIVE_INFINITY, maxTime: Number.POSITIVE_INFINITY, matchers: [] }
    const breather = new Breather(env.clock, signal)
    for await (const batch of selectFromWindows([window], everything, unlimitedContext(signal), breather)) {
      await writer.add(batch.map(withoutStartTimes))
    }
    await writer.finish()
    return directory
  } catch (error) {
    try {
      await writer.abort()
    } catch {
      // The next start removes it; why the block was not written says more.
    }
    throw error
  }
}

/** The chunks in encodings that Prometheus 2.42 reads: those have no start times. */
function withoutStartTimes(series: Series): Series {
  if (!series.chunks.some(hasStartTimes)) return series
  return { labels: series.labels, chunks: series.chunks.flatMap((chunk) => (hasStartTimes(chunk) ? encodedAgain(chunk) : [chunk])) }
}

function hasStartTimes({ encoding }: Chunk): boolean {
  return encoding === ChunkEncoding.xor2 || encoding === ChunkEncoding.histogramSt || encoding === ChunkEncoding.floatHistogramSt
}

function encodedAgain(chunk: Chunk): readonly Chunk[] {
  const { length, timestamps, values, histograms } = decoded(chunk)
  return encodeChunks({
    timestamps: timestamps.subarray(0, length),
    values: values.subarray(0, length),
    ...(histograms !== undefined && { histograms }),
  })
}

function decoded(chunk: Chunk): SampleColumns {
  const columns = new SampleColumns(chunk.sampleCount)
  decodeChunk(chunk, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, columns)
  return columns
}
