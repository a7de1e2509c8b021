import type { Env } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { MergeSource } from '../../storage/merge-source.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import { Block } from '../block/block.ts'
import { BlockCache } from '../block/block-cache.ts'
import { BlockWriter } from '../block/block-writer.ts'
import { PAGE_BYTES } from '../block/cached-file.ts'
import { damagedPath } from '../block/damage.ts'
import { PageBuffers } from '../block/page-buffers.ts'
import type { Ulid } from '../block/ulid.ts'
import { compactedMeta } from './compaction-meta.ts'
import { orderlySource } from './orderly-source.ts'
import { Pacer } from './pacer.ts'

/** Of each block: they are read from end to end, the index through once more. */
const CACHE_BYTES = 2 * 1024 * 1024

/** Blocks of a directory that are to become one. Plain data: it goes to a thread. */
export interface CompactionJob {
  /** The data directory. */
  readonly dir: string
  /** The name of the block that is made. */
  readonly ulid: Ulid
  /** Directories of the blocks; a sample of the same time counts in the one that is named first. */
  readonly sources: readonly string[]
}

/** What became of a job. Plain data. */
export type CompactionOutcome =
  /** The block is durable under its name; without series there is none: nothing is left of the sources. */
  | { readonly kind: 'done'; readonly seriesCount: number }
  /** A source is damaged. Half of a block may be there. */
  | { readonly kind: 'damaged'; readonly source: string; readonly message: string }
  /** Something else went wrong, or the signal aborted. Half of a block may be there, or all of it when only its fsync failed. */
  | { readonly kind: 'failed'; readonly message: string }

export type RunCompaction = (job: CompactionJob, signal: AbortSignal) => Promise<CompactionOutcome>

/**
 * A query for everything that ends in a block writer: the sources are merged, deleted samples left out. Chunks that overlap no other go
 * through as they are. What is held is a batch of each source and what the writer holds; it pauses as much as it works.
 */
export async function compactBlocks(
  env: Pick<Env, 'fs' | 'clock' | 'random'>,
  job: CompactionJob,
  signal: AbortSignal,
): Promise<CompactionOutcome> {
  const { sources } = job
  const blocks: Block[] = []
  const buffers: PageBuffers[] = []
  try {
    for (const source of sources) {
      try {
        const own = new PageBuffers(PAGE_BYTES)
        blocks.push(await Block.open(env, source, new BlockCache(CACHE_BYTES, own)))
        buffers.push(own)
      } catch (error) {
        if (damagedPath(error) === undefined) throw error
        return { kind: 'damaged', source, message: errorMessage(error) }
      }
    }
    return { kind: 'done', seriesCount: await merge(env, job, blocks, buffers, signal) }
  } catch (error) {
    const path = damagedPath(error)
    const source = sources.find((one) => path?.startsWith(`${one}/`))
    const message = errorMessage(error)
    return source === undefined ? { kind: 'failed', message } : { kind: 'damaged', source, message }
  } finally {
    await Promise.allSettled(blocks.map((block) => block.close()))
  }
}

/** Answers how many series the block has; there is none when it has none. */
async function merge(
  env: Pick<Env, 'fs' | 'clock' | 'random'>,
  { dir, ulid }: CompactionJob,
  blocks: readonly Block[],
  buffers: readonly PageBuffers[],
  signal: AbortSignal,
): Promise<number> {
  const pacer = new Pacer(env.clock, signal)
  const source = new MergeSource(
    'blocks to compact',
    blocks.map((block, i) => orderlySource(block, buffers[i])),
  )
  const writer = await BlockWriter.create(env, dir, { ulid, ...compactedMeta(blocks.map(({ meta }) => meta)) })
  try {
    const everything = { minTime: Number.NEGATIVE_INFINITY, maxTime: Number.POSITIVE_INFINITY, matchers: [] }
    for await (const batch of source.select(everything, unlimitedContext(signal))) {
      await writer.add(batch)
      if (pacer.isDue()) await pacer.pause()
    }
    signal.throwIfAborted()
    if (writer.seriesCount > 0) await writer.finish()
    else await writer.abort()
    return writer.seriesCount
  } catch (error) {
    try {
      await writer.abort()
    } catch {
      // Who gave the job removes it; why the block was not written says more.
    }
    throw error
  }
}
