import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../base/virtual/random.ts'
import { SlabPool } from './slab-pool.ts'
import { WordBlocks } from './word-blocks.ts'

test('blocks of all sizes keep what is theirs while others come and go', (t) => {
  const seed = Math.floor(Math.random() * 1e9)
  t.diagnostic(`seed ${seed}`)
  const random = seededRandom(seed)
  const below = (limit: number) => Math.floor(random.next() * limit)
  const pool = new SlabPool()
  const blocks = new WordBlocks(pool)
  const held = new Map<number, Uint32Array>()
  for (let i = 0; i < 3000; i++) {
    if (below(2) === 0 && held.size > 0) {
      const block = [...held.keys()][below(held.size)]
      const want = held.get(block)!
      assert.equal(blocks.length(block), want.length)
      const got = new Uint32Array(want.length)
      blocks.read(block, got)
      assert.deepEqual(got, want)
      blocks.giveBack(block)
      held.delete(block)
    } else {
      // Most are small; some do not fit into a slab.
      const length = below(100) === 0 ? 10_000 + below(40_000) : 1 + below(600)
      const words = Uint32Array.from({ length }, () => below(2 ** 32))
      const block = blocks.take(length)
      assert.ok(!held.has(block))
      blocks.write(block, words)
      held.set(block, words)
    }
  }
  blocks.release()
  assert.equal(pool.usedBytes, 0)
})

test('a block that was given back serves the next one of about its size', () => {
  const pool = new SlabPool()
  const blocks = new WordBlocks(pool)
  const first = blocks.take(100)
  blocks.giveBack(first)
  assert.equal(blocks.take(103), first)
  assert.notEqual(blocks.take(100), first)
  for (let i = 0; i < 100_000; i++) blocks.giveBack(blocks.take(1 + (i % 1000)))
  assert.ok(pool.usedBytes < 200_000, `${pool.usedBytes} bytes`)
})
