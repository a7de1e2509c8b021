import { Breather } from '../base/breather.ts'
import type { Env } from '../base/env.ts'
import { MergeSource } from '../storage/merge-source.ts'
import { BlockDraft, type BlockWriterOptions } from './block/block-draft.ts'
import { BlockWriter } from './block/block-writer.ts'
import type { ChunkCounts } from './block/chunk-counts.ts'
import { IndexFile } from './block/index-file.ts'
import { PostingsPasses } from './block/postings-passes.ts'
import type { Ulid } from './block/ulid.ts'
import { type BlockEncodings, blockChunksOf, COMMON_ENCODINGS } from './block-encodings.ts'
import { HINT_FROM_WINDOW } from './compact/compaction-meta.ts'
import { CutChunks } from './cut-chunks.ts'
import { matchSeries, rankPairs, sortByRanks } from './window/match.ts'
import { rankSymbols } from './window/rank-symbols.ts'
import type { Window } from './window/window.ts'
import { WindowsSource } from './windows-source.ts'

export interface CutOptions {
  readonly dir: string
  readonly signal: AbortSignal
  /** Told the name of the block, before it is one. */
  readonly begun: (ulid: Ulid) => void
  /** More samples of the range may come: the block ends with its last one, and the log goes on to count. */
  readonly isPartial?: boolean
  readonly chunkCounts?: ChunkCounts
  /** Default: those that Prometheus 2.42 reads. */
  readonly encodings?: BlockEncodings
}

/**
 * Writes all of a window and of the late one beside it, which must have samples and get no more of them, into a block; answers its directory,
 * undefined and no block when all of it was deleted. Lets others run meanwhile.
 * Rejects when the disk does not do, or the signal aborts; what was written is removed then, as far as that is possible.
 *
 * What it holds is 16 bytes a series and a few a label pair: labels go from the window's numbers into the block's, and no text is made of them.
 */
export async function cutBlock(
  env: Env,
  window: Window,
  late: Window | undefined,
  { dir, signal, begun, isPartial = false, chunkCounts, encodings = COMMON_ENCODINGS }: CutOptions,
): Promise<string | undefined> {
  // Upstream's blocks begin with their first sample and end where their stretch of time does.
  const range = { minTime: Math.min(window.minTime, late?.minTime ?? Number.POSITIVE_INFINITY), maxTime: window.end }
  const options = { chunkCounts, ...(!isPartial && { range, compaction: { hints: [HINT_FROM_WINDOW] } }) }
  const windows = late === undefined ? [window] : [window, late]
  for (const read of windows) read.pins++
  try {
    if (windows.some(({ tombstones }) => !tombstones.isEmpty))
      return await cutLeft(env, windows, options, encodings, { dir, signal, begun })
    const draft = await BlockDraft.create(env, dir, options)
    begun(draft.ulid)
    await orAbort(draft, async () => {
      await writeWindow(env, window, late, draft, encodings, new Breather(env.clock, signal))
      await draft.finish()
    })
    return `${dir}/${draft.ulid}`
  } finally {
    for (const read of windows) read.pins--
  }
}

/** The same where samples were deleted: as a select of everything answers it. */
async function cutLeft(
  env: Env,
  windows: readonly Window[],
  options: BlockWriterOptions,
  encodings: BlockEncodings,
  { dir, signal, begun }: CutOptions,
): Promise<string | undefined> {
  const source = new MergeSource(
    'windows to cut',
    windows.map((window) => new WindowsSource([window], env.clock)),
  )
  const writer = await BlockWriter.create(env, dir, options)
  begun(writer.ulid)
  await orAbort(writer, async () => {
    for await (const batch of blockChunksOf(source, encodings, signal)) await writer.add(batch)
    if (writer.seriesCount > 0) await writer.finish()
    else await writer.abort()
  })
  return writer.seriesCount > 0 ? `${dir}/${writer.ulid}` : undefined
}

async function orAbort(writer: { abort(): Promise<void> }, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    try {
      await writer.abort()
    } catch {
      // The next start removes it; why the block was not written says more.
    }
    throw error
  }
}

/** The series of a late window by those of the window beside it, which gets rows for those that it does not have. */
async function pairLate(window: Window, late: Window, breather: Breather): Promise<ReadonlyMap<number, number>> {
  const lateOf = new Map<number, number>()
  const translated = new Uint32Array(late.pairs.count)
  for (let series = 0; series < late.seriesCount; series++) {
    if (series % STRIDE === 0 && breather.isDue()) await breather.rest()
    lateOf.set(window.addFrom(late, series, translated), series)
  }
  return lateOf
}

/** The series that have samples in either window. */
async function seriesOfBoth(window: Window, lateOf: ReadonlyMap<number, number>, breather: Breather): Promise<Uint32Array> {
  const series = await matchSeries(window, [], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, breather)
  const lateOnly = [...lateOf.keys()].filter((one) => window.lastTime(one) === Number.NEGATIVE_INFINITY)
  return lateOnly.length === 0 ? series : Uint32Array.from([...series, ...lateOnly])
}

const NONE_LATE: ReadonlyMap<number, number> = new Map()

/** Looked at between two looks at the clock. */
const STRIDE = 64

async function writeWindow(
  env: Env,
  window: Window,
  late: Window | undefined,
  draft: BlockDraft,
  encodings: BlockEncodings,
  breather: Breather,
): Promise<void> {
  const lateOf = late === undefined ? NONE_LATE : await pairLate(window, late, breather)
  const { pairs, symbols } = window
  const series = await seriesOfBoth(window, lateOf, breather)
  const { ranks, order, seriesCounts } = await rankPairs(window, series, breather)
  // What is sorted with becomes the column of their numbers in the index.
  const numbers = new Uint32Array(series.length)
  await sortByRanks(window, series, ranks, breather, numbers)
  const symbolRanks = await rankSymbols(window, order, breather)

  await IndexFile.write(env.fs, draft.indexPath, breather, async (file) => {
    await file.writeSymbols(symbolRanks.order, symbols)
    const chunks = new CutChunks(window, encodings)
    let own = new Uint32Array(128)
    for (let s = 0; s < series.length; s++) {
      if (s % STRIDE === 0 && breather.isDue()) await breather.rest()
      const lateSeries = lateOf.get(series[s])
      if (late === undefined || lateSeries === undefined) chunks.collect(series[s])
      else chunks.collectMerged(series[s], late, lateSeries)
      draft.beginSeries(chunks.count)
      for (let i = 0; i < chunks.count; i++) {
        const chunk = chunks.read(i)
        if (!draft.hasRoom(chunk)) await draft.makeRoom(chunk)
        draft.addChunk(chunk)
      }
      const pairCount = window.labelCount(series[s])
      if (2 * pairCount > own.length) own = new Uint32Array(4 * pairCount)
      for (let i = 0; i < pairCount; i++) {
        const pair = window.labelPair(series[s], i)
        own[2 * i] = symbolRanks.ranks[pairs.name(pair)]
        own[2 * i + 1] = symbolRanks.ranks[pairs.value(pair)]
      }
      const { chunkList } = draft
      numbers[s] = file.addSeries(own, pairCount, chunkList.bytes, 0, chunkList.length)
      if (file.isFull) await file.flush()
    }
    await draft.endChunks()

    const allOffset = await file.writePostings(numbers, 0, numbers.length)
    const passes = new PostingsPasses(order, seriesCounts, pairs.count)
    while (passes.begin()) {
      for (let s = 0; s < series.length; s++) {
        if (s % STRIDE === 0 && breather.isDue()) await breather.rest()
        const pairCount = window.labelCount(series[s])
        for (let i = 0; i < pairCount; i++) passes.add(window.labelPair(series[s], i), numbers[s])
      }
      await passes.end(file)
    }
    await file.writePostingsTable(order, pairs, symbols, allOffset, passes.offsets)
  })
}
