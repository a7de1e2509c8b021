import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HashIndex, mix } from './hash-index.ts'
import { SLAB_BYTES, SLAB_WORDS, SlabPool } from './slab-pool.ts'

function idsOf(index: HashIndex, hash: number): number[] {
  const ids: number[] = []
  for (let probe = index.first(hash), id = 0; (id = index.at(probe)) >= 0; probe = index.next(probe)) ids.push(id)
  return ids
}

function fill(index: HashIndex, hashes: readonly number[], count: number): void {
  for (let id = 0; id < count; id++) index.insert(hashes[id], id)
}

test('every id is found by its hash, whatever room was made and however the table grew', () => {
  const hash = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.constantFrom(0, 0xffffffff))
  fc.assert(
    fc.property(fc.array(hash, { maxLength: 300 }), fc.nat({ max: 40_000 }), fc.nat({ max: 30_000 }), (odd, room, many) => {
      const hashes = [...odd, ...Array.from({ length: many }, (_, i) => mix(i))]
      const index = new HashIndex(new SlabPool(), (id) => hashes[id])
      index.reserve(room)
      fill(index, hashes, hashes.length)
      for (const [id, one] of hashes.entries()) assert.ok(idsOf(index, one).includes(id))
    }),
    { numRuns: 20 },
  )
})

test('a table with room for its ids does not grow, and is no larger than it must be', () => {
  const pool = new SlabPool()
  const count = 10 * SLAB_WORDS
  const index = new HashIndex(pool, () => 0)
  index.reserve(count)
  const { usedBytes } = pool
  assert.equal(usedBytes, 14 * SLAB_BYTES)
  for (let id = 0; id < count; id++) index.insert(mix(id), id)
  assert.equal(pool.usedBytes, usedBytes)
})

test('what a state had not yet is cut off', () => {
  const hashes = Array.from({ length: 5000 }, (_, i) => mix(i % 4000))
  const index = new HashIndex(new SlabPool(), (id) => hashes[id])
  fill(index, hashes, hashes.length)
  index.cut(3000)
  for (const [id, one] of hashes.entries()) assert.equal(idsOf(index, one).includes(id), id < 3000)
})
