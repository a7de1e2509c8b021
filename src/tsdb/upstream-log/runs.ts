import type { Breather } from '../../base/breather.ts'
import type { Env } from '../../base/env.ts'
import { MergeSource } from '../../storage/merge-source.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import type { Series } from '../../storage/series-source.ts'
import { Block } from '../block/block.ts'
import { BlockCache } from '../block/block-cache.ts'
import type { BlockMeta } from '../block/block-meta.ts'
import { writeBlock } from '../block/block-writer.ts'
import { withoutDeleted } from '../block/delete-samples.ts'
import { isAllDeleted, isPartDeleted, joinIntervals } from '../block/tombstones.ts'
import type { RangeOfSeries } from './late-samples.ts'
import type { SeriesCatalog } from './series-catalog.ts'

const CACHE_BYTES = 16 * 1024 * 1024

const EVERYTHING = { minTime: Number.NEGATIVE_INFINITY, maxTime: Number.POSITIVE_INFINITY, matchers: [] }

interface Run {
  readonly start: number
  readonly isLate: boolean
  readonly meta: BlockMeta
}

/** Sorted parts of what was collected, each a block of its own on disk, until they are merged: one block a block range. */
export class Runs {
  readonly #env: Pick<Env, 'fs' | 'clock' | 'random'>
  /** Blocks that are to stay. */
  readonly #dir: string
  /** Runs. */
  readonly #runDir: string
  readonly #signal: AbortSignal
  readonly #runs: Run[] = []

  constructor(env: Pick<Env, 'fs' | 'clock' | 'random'>, dir: string, signal: AbortSignal) {
    this.#env = env
    this.#dir = dir
    this.#runDir = `${dir}/runs`
    this.#signal = signal
  }

  /** Writes runs. Where samples of the same time meet, those of runs that are not late count, and then those of the earlier run. */
  async add(parts: AsyncIterable<RangeOfSeries>, isLate: boolean): Promise<void> {
    await this.#env.fs.mkdir(this.#runDir)
    for await (const { start, series } of parts) {
      const meta = await writeBlock(this.#env, this.#runDir, series)
      if (meta !== undefined) this.#runs.push({ start, isLate, meta })
      this.#signal.throwIfAborted()
    }
  }

  /** Makes a block of all runs of each block range, without what the catalog says was deleted; answers what they are, by time. */
  async merge(catalog: SeriesCatalog, breather: Breather): Promise<readonly BlockMeta[]> {
    const { fs } = this.#env
    const metas: BlockMeta[] = []
    const starts = [...new Set(this.#runs.map(({ start }) => start))].sort((a, b) => a - b)
    for (const start of starts) {
      const runs = this.#runs.filter((run) => run.start === start).sort((a, b) => Number(a.isLate) - Number(b.isLate))
      const meta = await this.#mergeRuns(runs, catalog, breather)
      if (meta !== undefined) metas.push(meta)
      for (const run of runs) await fs.remove(`${this.#runDir}/${run.meta.ulid}`)
    }
    await fs.remove(this.#runDir)
    return metas
  }

  async #mergeRuns(runs: readonly Run[], catalog: SeriesCatalog, breather: Breather): Promise<BlockMeta | undefined> {
    if (runs.length === 1 && catalog.tombstones.size === 0) {
      const { meta } = runs[0]
      await this.#env.fs.rename(`${this.#runDir}/${meta.ulid}`, `${this.#dir}/${meta.ulid}`)
      return meta
    }
    const cache = new BlockCache(CACHE_BYTES)
    const blocks: Block[] = []
    try {
      for (const { meta } of runs) blocks.push(await Block.open(this.#env, `${this.#runDir}/${meta.ulid}`, cache, meta))
      const merged = new MergeSource('runs', blocks).select(EVERYTHING, unlimitedContext(this.#signal))
      return await writeBlock(this.#env, this.#dir, withoutTombstones(merged, catalog, breather))
    } finally {
      for (const block of blocks) await block.close()
    }
  }
}

async function* withoutTombstones(
  batches: AsyncIterable<readonly Series[]>,
  catalog: SeriesCatalog,
  breather: Breather,
): AsyncIterable<readonly Series[]> {
  for await (const batch of batches) {
    if (breather.isDue()) await breather.rest()
    if (catalog.tombstones.size === 0) yield batch
    else yield batch.map((series) => withoutTombstonesOf(series, catalog)).filter(({ chunks }) => chunks.length > 0)
  }
}

function withoutTombstonesOf(series: Series, catalog: SeriesCatalog): Series {
  const deleted = catalog.tombstones.get(catalog.window.find(series.labels))
  if (deleted === undefined) return series
  const intervals = joinIntervals(deleted)
  const chunks = series.chunks.flatMap((chunk) => {
    if (isAllDeleted(intervals, chunk.minTime, chunk.maxTime)) return []
    return isPartDeleted(intervals, chunk.minTime, chunk.maxTime) ? withoutDeleted(chunk, intervals) : [chunk]
  })
  return { labels: series.labels, chunks }
}
