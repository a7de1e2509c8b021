import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Labels } from '../../model/labels.ts'
import { Matcher } from '../../model/matcher.ts'
import { histogramSourceContract } from '../../storage/histogram-source.contract.ts'
import { MemorySource } from '../../storage/memory-source.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import { readAll, seriesSourceContract } from '../../storage/series-source.contract.ts'
import { everything, writtenBlock } from './block.fixture.ts'
import { Block } from './block.ts'
import { BlockCache } from './block-cache.ts'

for (const [kind, options] of [
  ['block', {}],
  ['block whose cache holds nothing', { cacheBytes: 0 }],
  ['block in many segments', { segmentBytesMax: 2000 }],
] as const) {
  const open = async (series: Parameters<typeof writtenBlock>[0]) => {
    const { block, cache } = await writtenBlock(series, options)
    const close = async () => {
      await block.close()
      assert.deepEqual([cache.usedBytes, cache.entryCount], [0, 0], 'a closed block holds nothing of the cache')
    }
    return { source: block, close }
  }
  seriesSourceContract(kind, open)
  histogramSourceContract(kind, open)
}

test('a block that is closed waits for who is reading, and refuses who comes then', async () => {
  const series = Array.from({ length: 300 }, (_, i) => ({ labels: Labels.of({ i: String(i) }), timestamps: [1], values: [i] }))
  const { block, env, directory } = await writtenBlock(series)
  const reading = everything(block)[Symbol.asyncIterator]()
  await reading.next()
  let isClosed = false
  const closing = block.close().then(() => {
    isClosed = true
  })
  await env.fs.remove(directory)
  let seriesCount = 128
  for (let next = await reading.next(); !next.done; next = await reading.next()) {
    assert.ok(!isClosed)
    seriesCount += next.value.length
  }
  await closing
  assert.equal(seriesCount, 300)
  await assert.rejects(async () => {
    for await (const _ of everything(block));
  }, /block \w{26} is closed/)
})

test('what a question reads of a large block is its part of it', async () => {
  const timestamps = Array.from({ length: 1200 }, (_, i) => i * 15_000)
  const series = Array.from({ length: 500 }, (_, i) => ({
    labels: Labels.of({ __name__: `m${i % 10}`, i: String(i) }),
    timestamps,
    values: timestamps.map((t) => Math.sin(t * i)),
  }))
  const { block } = await writtenBlock(series)
  const { index, chunks } = await block.open()
  await index.tables()
  const before = block.readBytes
  let seriesCount = 0
  const one = { minTime: 0, maxTime: 600_000, matchers: [new Matcher('=', 'i', '77')] }
  for await (const batch of block.select(one, unlimitedContext())) seriesCount += batch.length
  assert.equal(seriesCount, 1)
  assert.ok(chunks.sizeBytes > 4_000_000)
  assert.ok(block.readBytes - before < 400_000, `${block.readBytes - before} bytes`)
  assert.ok(block.heldBytes < 5000, `${block.heldBytes} bytes`)
  await block.close()
})

test('a block that the cache has given up is opened anew, and who reads it is not disturbed', async () => {
  const timestamps = Array.from({ length: 500 }, (_, i) => i * 15_000)
  const series = Array.from({ length: 300 }, (_, i) => ({ labels: Labels.of({ i: String(i) }), timestamps, values: timestamps }))
  const { env, meta, directory } = await writtenBlock(series)
  // There is room for one block, or for some of its pages.
  const cache = new BlockCache(40_000)
  const blocks = Array.from({ length: 3 }, () => Block.listed(env, { directory, meta }, cache))
  assert.equal(cache.readBytes, 0)
  const want = await readAll(new MemorySource(series), 0, 1e9, [])
  for (let round = 0; round < 2; round++)
    for (const found of await Promise.all(blocks.map((block) => readAll(block, 0, 1e9, [])))) assert.deepEqual(found, want)
  assert.ok(cache.usedBytes <= 40_000)
  assert.ok(blocks.some(({ readBytes }) => readBytes === 0))
  for (const block of blocks) await block.close()
  assert.deepEqual([cache.usedBytes, cache.files.count], [0, 0])
})
