import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../../base/env-virtual.ts'
import { Labels } from '../../model/labels.ts'
import { MemorySource } from '../../storage/memory-source.ts'
import { everything } from './block.fixture.ts'
import { writeBlock } from './block-writer.ts'
import { BucketCounts, ChunkCounts } from './chunk-counts.ts'

test('values are counted under the first bound that they do not exceed', () => {
  const counts = new BucketCounts(10, 2, 3)
  assert.deepEqual([...counts.bounds], [10, 20, 40])
  for (const value of [0, 10, 10.1, 40, 41, 1000]) counts.add(value)
  assert.deepEqual([...counts.counts], [2, 1, 1, 2])
  assert.equal(counts.sum, 1101.1)
})

test('the chunks of a block are counted when that is wanted', async () => {
  const env = virtualEnv()
  await env.fs.mkdir('/data')
  const timestamps = Array.from({ length: 300 }, (_, i) => i * 1000)
  const chunkCounts = new ChunkCounts()
  await writeBlock(env, '/data', everything(new MemorySource([{ labels: Labels.of({ __name__: 'm' }), timestamps, values: timestamps }])), {
    chunkCounts,
  })
  assert.equal(chunkCounts.samples.sum, 300)
  assert.equal(
    chunkCounts.samples.counts.reduce((a, b) => a + b),
    3,
  )
  assert.equal(chunkCounts.rangeMs.sum, 119_000 + 119_000 + 59_000)
  assert.ok(chunkCounts.sizeBytes.sum > 300)
})
