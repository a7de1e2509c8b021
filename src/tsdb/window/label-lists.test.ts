import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LabelLists } from './label-lists.ts'
import { SLAB_WORDS, SlabPool } from './slab-pool.ts'

const small = fc.nat({ max: 0xffff })
const any = fc.oneof(small, fc.integer({ min: 0, max: 0xffffffff }), fc.constantFrom(0xffff, 0x10000))
const lists = fc.array(fc.oneof(fc.array(small, { maxLength: 12 }), fc.array(any, { maxLength: 12 })), { maxLength: 60 })

function addAll(all: LabelLists, added: readonly (readonly number[])[]): number[] {
  return added.map((list) => all.add(Uint32Array.from(list), list.length))
}

function read(all: LabelLists, address: number, length: number): number[] {
  return Array.from({ length }, (_, place) => all.pair(address, place))
}

test('lists are read as they were added', () => {
  fc.assert(
    fc.property(lists, (added) => {
      const all = new LabelLists(new SlabPool())
      const addresses = addAll(all, added)
      for (const [i, list] of added.entries()) assert.deepEqual(read(all, addresses[i], list.length), list)
    }),
  )
})

test('a list of small numbers takes half a word each', () => {
  const all = new LabelLists(new SlabPool())
  addAll(all, [
    [1, 2, 3],
    [0xffff, 5, 6],
  ])
  assert.equal(all.words, 3)
  addAll(all, [[7], [0x10000, 8]])
  assert.equal(all.words, 6)
})

test('lists go on over the end of a slab', () => {
  const all = new LabelLists(new SlabPool())
  const added = Array.from({ length: SLAB_WORDS }, (_, i) => (i % 3 === 0 ? [i, 0x10000 + i, i + 1] : [i, i + 1, i + 2]))
  const addresses = addAll(all, added)
  for (const [i, list] of added.entries()) assert.deepEqual(read(all, addresses[i], list.length), list)
})

test('what lies behind the lists of a state is written over', () => {
  fc.assert(
    fc.property(lists, lists, lists, (kept, later, others) => {
      const pool = new SlabPool()
      const before = new LabelLists(pool)
      const addresses = addAll(before, kept)
      const { words } = before
      addAll(before, later)
      const all = new LabelLists(pool)
      all.place(before.state(), words)
      const next = addAll(all, others)
      for (const [i, list] of kept.entries()) assert.deepEqual(read(all, addresses[i], list.length), list)
      for (const [i, list] of others.entries()) assert.deepEqual(read(all, next[i], list.length), list)
    }),
  )
})
