import { type Chunk, SampleColumns } from '../../chunkenc/codec.ts'
import { decodeChunk } from '../../chunkenc/decode-chunk.ts'
import { giveBackDecodeMemory, takeDecodeMemory } from '../../chunkenc/decode-memory.ts'
import { CounterResetHint, type Histogram } from '../../model/histogram.ts'
import { isCounterReset } from '../../model/histogram-reset.ts'
import { histogramSampleCount } from '../../model/histogram-size.ts'
import type { Labels } from '../../model/labels.ts'
import type { Timestamp } from '../../model/time.ts'
import type { Selection } from '../plan/plan.ts'
import { BYTES_PER_HISTOGRAM } from './columns.ts'
import type { QueryRun } from './query-run.ts'

/** Called once a series, in label order, and waited for. The samples are the caller's and change with the next call. */
export type SeriesVisitor = (labels: Labels, samples: SampleColumns) => void | Promise<void>

export interface ScanTimes {
  /** Both inclusive. */
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
  readonly stepMs: number
  /** Only the newest sample is looked at. */
  readonly newestOnly?: boolean
}

/** Reads the series of a selection from `minTime` to `maxTime`, both inclusive, one decoded series at a time. */
export async function scan(run: QueryRun, selection: Selection, times: ScanTimes, visit: SeriesVisitor): Promise<void> {
  const memory = times.newestOnly === true ? undefined : takeDecodeMemory()
  try {
    await scanInto(new SampleColumns(0, memory), run, selection, times, visit)
  } finally {
    giveBackDecodeMemory(memory)
  }
}

async function scanInto(
  samples: SampleColumns,
  run: QueryRun,
  selection: Selection,
  { minTime, maxTime, stepMs, newestOnly }: ScanTimes,
  visit: SeriesVisitor,
): Promise<void> {
  const { source, context, pacer } = run
  pacer.check()
  let capacity = 0
  let sinceLook = 0
  const hints = { ...selection.hints, stepMs, ...(newestOnly === true && { newestOnly }) }
  const request = { minTime, maxTime, matchers: selection.matchers, hints, labelRange: run.labelRange }
  for await (const batch of source.select(request, context)) {
    // Not `of`, which in a function that may be left makes an object for each series.
    for (let i = 0; i < batch.length; i++) {
      const { labels, chunks } = batch[i]
      const from = newestOnly === true ? newestOf(chunks, maxTime) : 0
      const charged = countSamples(chunks, from, minTime, maxTime)
      context.budget.chargeSamples(charged)
      samples.clear()
      if (charged > capacity) {
        context.budget.chargeBytes((charged - capacity) * BYTES_PER_SAMPLE)
        capacity = charged
        samples.reserve(capacity)
      }
      let histogramBytes = 0
      for (let c = from; c < chunks.length; c++) {
        const chunk = chunks[c]
        if (chunk.maxTime < minTime || chunk.minTime > maxTime) continue
        const before = samples.length
        decodeChunk(chunk, minTime, maxTime, samples)
        if (samples.histograms === undefined) continue
        const bytes = bytesOf(samples.histograms, before, samples.length)
        context.budget.chargeBytes(bytes)
        histogramBytes += bytes
      }
      if (selection.marksResets && samples.histograms !== undefined) markResets(samples.histograms, samples.length)
      const visited = samples.length > 0 ? visit(labels, samples) : undefined
      if (visited !== undefined) await visited
      context.budget.releaseSamples(charged)
      context.budget.releaseBytes(histogramBytes)
      sinceLook += SERIES_WORTH + charged
      if (visited === undefined && sinceLook < LOOK_EVERY) continue
      sinceLook = 0
      if (pacer.isDue()) await pacer.rest()
    }
  }
  context.budget.releaseBytes(capacity * BYTES_PER_SAMPLE)
}

const BYTES_PER_SAMPLE = 16

/** Samples between two looks at the clock, some 50 µs, and how many of them a series is worth. */
const LOOK_EVERY = 4096
const SERIES_WORTH = 100

function bytesOf(histograms: SampleColumns['histograms'], from: number, to: number): number {
  let bytes = 0
  for (let i = from; i < to; i++) {
    const histogram = histograms?.[i]
    if (histogram !== undefined) bytes += histogramSampleCount(histogram) * BYTES_PER_SAMPLE + BYTES_PER_HISTOGRAM
  }
  return bytes
}

/** The place of the chunk with the newest sample up to `maxTime`: it begins with one that is not after it. */
function newestOf(chunks: readonly Chunk[], maxTime: Timestamp): number {
  let newest = chunks.length - 1
  while (newest > 0 && chunks[newest].minTime > maxTime) newest--
  return newest
}

function countSamples(chunks: readonly Chunk[], from: number, minTime: Timestamp, maxTime: Timestamp): number {
  let count = 0
  for (let c = from; c < chunks.length; c++) {
    const chunk = chunks[c]
    if (chunk.maxTime >= minTime && chunk.minTime <= maxTime) count += chunk.sampleCount
  }
  return count
}

/** Has histograms that do not know it say whether the counter was reset since the one before. */
function markResets(histograms: (Histogram | undefined)[], length: number): void {
  let before: Histogram | undefined
  for (let i = 0; i < length; i++) {
    const histogram = histograms[i]
    if (histogram === undefined) continue
    if (before !== undefined && histogram.counterResetHint === CounterResetHint.unknown) {
      const counterResetHint = isCounterReset(histogram, before) ? CounterResetHint.reset : CounterResetHint.notReset
      histograms[i] = { ...histogram, counterResetHint }
    }
    before = histogram
  }
}
