import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type VirtualEnv, virtualEnv } from '../../base/env-virtual.ts'
import { seededRandom } from '../../base/virtual/random.ts'
import { Labels } from '../../model/labels.ts'
import { type MemorySeries, MemorySource } from '../../storage/memory-source.ts'
import { readAll } from '../../storage/series-source.contract.ts'
import { everything, TEST_CACHE_BYTES } from '../block/block.fixture.ts'
import { Block } from '../block/block.ts'
import { BlockCache } from '../block/block-cache.ts'
import { BlockSet } from '../block/block-set.ts'
import { writeBlock } from '../block/block-writer.ts'
import { newUlid } from '../block/ulid.ts'
import { verifyBlock } from '../block/verify-block.ts'
import { compactBlocks } from './compact-blocks.ts'

const signal = new AbortController().signal

/** What a directory's blocks answer, a text a series. */
async function answer(env: VirtualEnv, directory: string): Promise<readonly string[]> {
  const set = await BlockSet.open(env, directory, new BlockCache(TEST_CACHE_BYTES))
  const found = await readAll(set.source, -Infinity, Infinity, [])
  await set.close()
  return found.map(({ labels, timestamps, values }) => `${labels} ${Array.from(timestamps, (t, i) => `${t}=${values[i]}`)}`)
}

/** Compacts all blocks of `/data` into one in `/out`. */
async function compact(env: VirtualEnv): Promise<Block> {
  const set = await BlockSet.open(env, '/data', new BlockCache(TEST_CACHE_BYTES))
  const sources = set.blocks.map(({ directory }) => directory)
  await set.close()
  await env.fs.mkdir('/out')
  const ulid = newUlid(env)
  const outcome = await compactBlocks(env, { dir: '/out', ulid, sources }, signal)
  assert.equal(outcome.kind, 'done', JSON.stringify(outcome))
  for await (const fault of verifyBlock(env, `/out/${ulid}`, new BlockCache(TEST_CACHE_BYTES), signal)) assert.fail(fault)
  return Block.open(env, `/out/${ulid}`, new BlockCache(TEST_CACHE_BYTES))
}

test('a compacted block answers as its sources do, whatever overlaps', async () => {
  // One value a time: of two samples of one time either may stay.
  const line = fc
    .tuple(fc.integer({ min: 0, max: 5 }), fc.uniqueArray(fc.integer({ min: 0, max: 600 }), { minLength: 1, maxLength: 300 }))
    .map(([name, times]): MemorySeries => {
      const timestamps = times.sort((a, b) => a - b)
      return { labels: Labels.of({ __name__: `m${name}` }), timestamps, values: timestamps.map((t) => t * 1.5) }
    })
  const block = fc.uniqueArray(line, { minLength: 1, maxLength: 6, selector: ({ labels }) => labels.toString() })
  await fc.assert(
    fc.asyncProperty(fc.array(block, { minLength: 1, maxLength: 4 }), async (blocks) => {
      const env = virtualEnv({ seed: 1 })
      await env.fs.mkdir('/data')
      for (const series of blocks) await writeBlock(env, '/data', everything(new MemorySource(series)))
      const want = await answer(env, '/data')
      const made = await compact(env)
      assert.deepEqual(await answer(env, '/out'), want)
      assert.equal(made.meta.compaction.parents.length, blocks.length)
      await made.close()
    }),
    { numRuns: 100 },
  )
})

test('what does not overlap goes through byte for byte, also when it is much more than is held', async () => {
  const random = seededRandom(3)
  const env = virtualEnv({ seed: 1 })
  await env.fs.mkdir('/data')
  const [seriesCount, sampleCount] = [300, 1500]
  for (let n = 0; n < 3; n++) {
    const series = Array.from({ length: seriesCount }, (_, i): MemorySeries => {
      const timestamps = Float64Array.from({ length: sampleCount }, (_, s) => (n * sampleCount + s) * 1000)
      return { labels: Labels.of({ __name__: 'm', i: String(i) }), timestamps, values: timestamps.map(() => random.next()) }
    })
    await writeBlock(env, '/data', everything(new MemorySource(series)))
  }
  const want = await answer(env, '/data')
  const made = await compact(env)
  assert.ok((await made.open()).chunks.sizeBytes > 8 * 1024 * 1024, 'more than all caches')
  assert.deepEqual(await answer(env, '/out'), want)
  assert.equal(made.meta.stats.numChunks, 3 * seriesCount * Math.ceil(sampleCount / 120))
  await made.close()
})

test('samples outside of a block’s own time go, as upstream’s go', async () => {
  const env = virtualEnv({ seed: 1 })
  await env.fs.mkdir('/data')
  const timestamps = Array.from({ length: 300 }, (_, i) => i)
  const series = [{ labels: Labels.of({ __name__: 'm' }), timestamps, values: timestamps }]
  const meta = await writeBlock(env, '/data', everything(new MemorySource(series)))
  const path = `/data/${meta!.ulid}/meta.json`
  await env.fs.writeFile(
    path,
    (await env.fs.readText(path)).replace('"minTime": 0', '"minTime": 100').replace('"maxTime": 300', '"maxTime": 200'),
  )
  const made = await compact(env)
  assert.deepEqual([made.meta.minTime, made.meta.maxTime, made.meta.stats.numSamples], [100, 200, 100])
  await made.close()
})

test('a source out of label order is damaged, and says so', async () => {
  const env = virtualEnv({ seed: 1 })
  await env.fs.mkdir('/data')
  const series = ['a', 'b'].map((name) => ({ labels: Labels.of({ __name__: name }), timestamps: [1], values: [1] }))
  const meta = await writeBlock(env, '/data', everything(new MemorySource(series)))
  const path = `/data/${meta!.ulid}`
  const open = Block.open
  // No writer of ours makes such a block: its reader gives the series the wrong way round.
  Block.open = async (...args) => {
    const block = await open.apply(Block, args)
    const select = block.select.bind(block)
    block.select = async function* (request, ctx) {
      for await (const batch of select(request, ctx)) yield [...batch].reverse()
    }
    return block
  }
  try {
    const outcome = await compactBlocks(env, { dir: '/data', ulid: newUlid(env), sources: [path] }, signal)
    assert.ok(outcome.kind === 'damaged' && outcome.source === path && /series after/.test(outcome.message), JSON.stringify(outcome))
  } finally {
    Block.open = open
  }
})
