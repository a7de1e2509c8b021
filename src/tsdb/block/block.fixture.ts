import { virtualEnv } from '../../base/env-virtual.ts'
import { type MemorySeries, MemorySource } from '../../storage/memory-source.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import type { Series, SeriesSource } from '../../storage/series-source.ts'
import { Block } from './block.ts'
import { BlockCache } from './block-cache.ts'
import type { BlockWriterOptions } from './block-draft.ts'
import { BlockWriter } from './block-writer.ts'

export const TEST_CACHE_BYTES = 8 * 1024 * 1024

/** All of a source, as its select hands it out. */
export function everything(source: SeriesSource): AsyncIterable<readonly Series[]> {
  return source.select({ minTime: Number.NEGATIVE_INFINITY, maxTime: Number.POSITIVE_INFINITY, matchers: [] }, unlimitedContext())
}

/** Series written to a block on a virtual disk, and the block opened. */
export async function writtenBlock(
  series: readonly MemorySeries[],
  options: BlockWriterOptions & { readonly cacheBytes?: number; readonly seed?: number } = {},
) {
  const env = virtualEnv({ seed: options.seed ?? 1 })
  await env.fs.mkdir('/data')
  const writer = await BlockWriter.create(env, '/data', options)
  for await (const batch of everything(new MemorySource(series))) await writer.add(batch)
  const meta = await writer.finish()
  const cache = new BlockCache(options.cacheBytes ?? TEST_CACHE_BYTES)
  const block = await Block.open(env, `/data/${meta.ulid}`, cache)
  return { env, meta, cache, block, directory: block.directory }
}
