import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOT_LOGGED, SeriesSlots } from './series-slots.ts'
import { SlabPool } from './window/slab-pool.ts'

test('a ref is good until its slot is released, and the next series of the slot has another one', () => {
  const slots = new SeriesSlots(new SlabPool())
  const a = slots.take(1, 10)
  const b = slots.take(1, 11)
  const [refA, refB] = [slots.ref(a), slots.ref(b)]
  assert.equal(slots.slotOf(refA), a)
  slots.release(a)
  assert.equal(slots.slotOf(refA), -1)
  assert.equal(slots.slotOf(refB), b)
  const c = slots.take(2, 12)
  assert.equal(c, a)
  assert.equal(slots.slotOf(refA), -1)
  assert.equal(slots.slotOf(slots.ref(c)), c)
  assert.deepEqual([slots.window(c), slots.series(c), slots.logIndex(c), slots.lastTime(c)], [2, 12, NOT_LOGGED, Number.NEGATIVE_INFINITY])
  assert.equal(slots.used, 2)
})

test('numbers that are no refs', () => {
  const slots = new SeriesSlots(new SlabPool())
  slots.take(1, 0)
  for (const ref of [1, 2 ** 32, 2 ** 52, -1, 0.5, Number.NaN]) assert.equal(slots.slotOf(ref), -1, `${ref}`)
})

test('thousands of slots are released and taken again', () => {
  const slots = new SeriesSlots(new SlabPool())
  const refs = new Set<number>()
  for (let round = 1; round <= 3; round++) {
    const taken = Array.from({ length: 5000 }, (_, i) => slots.take(round, i))
    for (const slot of taken) {
      refs.add(slots.ref(slot))
      slots.setLogIndex(slot, slot)
    }
    slots.forgetLogged()
    assert.ok(taken.every((slot) => slots.logIndex(slot) === NOT_LOGGED))
    for (const slot of taken) slots.release(slot)
  }
  assert.equal(refs.size, 15_000)
  assert.equal(slots.used, 0)
})
