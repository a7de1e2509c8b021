import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../../base/env-virtual.ts'
import { Labels } from '../../model/labels.ts'
import { histogramSourceContract } from '../../storage/histogram-source.contract.ts'
import { type MemorySeries, MemorySource } from '../../storage/memory-source.ts'
import { readAll, seriesSourceContract } from '../../storage/series-source.contract.ts'
import { everything, TEST_CACHE_BYTES } from './block.fixture.ts'
import { BlockCache } from './block-cache.ts'
import { BlockSet, listBlocks, overlappingBlocks } from './block-set.ts'
import { writeBlock } from './block-writer.ts'

const hour = 3_600_000

/** One block for every two hours that have samples. */
async function blocksOf(series: readonly MemorySeries[]) {
  const env = virtualEnv({ seed: 1 })
  await env.fs.mkdir('/data/wal')
  const starts = new Set(series.flatMap(({ timestamps }) => Array.from(timestamps, (t) => Math.floor(t / (2 * hour)))))
  for (const start of starts) {
    const parts = series.map((one) => {
      const kept = Array.from({ length: one.timestamps.length }, (_, i) => i).filter(
        (i) => Math.floor(one.timestamps[i] / (2 * hour)) === start,
      )
      // A subarray keeps the bits of staleness markers.
      const from = kept[0] ?? 0
      const values = one.values instanceof Float64Array ? one.values.subarray(from, from + kept.length) : kept.map((i) => one.values[i])
      return {
        labels: one.labels,
        timestamps: kept.map((i) => one.timestamps[i]),
        values,
        histograms: one.histograms && kept.map((i) => one.histograms![i]),
        startTimes: one.startTimes && kept.map((i) => one.startTimes![i]),
      }
    })
    await writeBlock(env, '/data', everything(new MemorySource(parts)))
  }
  return { env, set: await BlockSet.open(env, '/data', new BlockCache(TEST_CACHE_BYTES)) }
}

const open = async (series: readonly MemorySeries[]) => {
  const { set } = await blocksOf(series)
  return { source: set.source, close: () => set.close() }
}
seriesSourceContract('blocks of 2 hours', open)
histogramSourceContract('blocks of 2 hours', open)

const line = (from: number, count: number): MemorySeries => {
  const timestamps = Array.from({ length: count }, (_, i) => from + i * 60_000)
  return { labels: Labels.of({ __name__: 'm' }), timestamps, values: timestamps }
}

test('a question opens only the blocks that have something for it', async () => {
  const { set } = await blocksOf([line(0, 6000)])
  assert.equal(set.blocks.length, 50)
  const [found] = await readAll(set.source, 98 * hour, 100 * hour, [])
  assert.equal(found.timestamps.length, 120)
  assert.deepEqual(
    set.blocks.map(({ readBytes }) => readBytes > 0),
    Array.from({ length: 50 }, (_, i) => i === 49),
  )
  await set.close()
})

test('what is no block is passed over, what was compacted is not read twice, and overlaps are known', async () => {
  const { env } = await blocksOf([line(0, 240)])
  const [first, second] = (await listBlocks(env.fs, '/data')).blocks
  const merged = await writeBlock(env, '/data', everything(new MemorySource([line(0, 240)])), {
    compaction: { level: 2, parents: [first, second].map(({ meta: { ulid, minTime, maxTime } }) => ({ ulid, minTime, maxTime })) },
  })
  for (const name of ['01ARYZ6S410000000000000000.tmp-for-deletion', '01ARYZ6S410000000000000000', 'other'])
    await env.fs.mkdir(`/data/${name}`)
  const set = await BlockSet.open(env, '/data', new BlockCache(TEST_CACHE_BYTES))
  assert.equal(set.listing.blocks.length, 3)
  assert.deepEqual(set.listing.leftovers, ['/data/01ARYZ6S410000000000000000.tmp-for-deletion'])
  assert.match(set.listing.faulty[0].reason, /ENOENT/)
  assert.deepEqual(
    set.blocks.map(({ meta }) => meta.ulid),
    [merged!.ulid],
  )
  assert.deepEqual(
    overlappingBlocks(set.listing.blocks).map((group) => group.length),
    [3],
  )
  assert.deepEqual(overlappingBlocks([first, second]), [])
  assert.equal((await readAll(set.source, 0, 4 * hour, []))[0].timestamps.length, 240)
  await set.close()
})

test('a block that can not be opened fails the question, and is tried again at the next one', async () => {
  const { env, set } = await blocksOf([line(0, 10)])
  const [{ directory }] = set.blocks
  const index = await env.fs.readFile(`${directory}/index`)
  await env.fs.writeFile(`${directory}/index`, index.slice(0, 5))
  await assert.rejects(
    readAll(set.source, 0, hour, []),
    /open block \/data\/\w+: .*index at offset 0: file is 5 bytes long, want at least 52/,
  )
  await env.fs.writeFile(`${directory}/index`, index)
  assert.equal((await readAll(set.source, 0, hour, [])).length, 1)
  await set.close()
})
