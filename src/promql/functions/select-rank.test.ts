import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { selectRank } from './select-rank.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 20261122)

/** What a sort puts at each rank, or nothing where it was given up. Answers whether it was not. */
function check(values: readonly number[], rank: number): boolean {
  const moved = Float64Array.from(values)
  if (!selectRank(moved, rank)) return false
  const sorted = Float64Array.from(values).sort()
  assert.equal(moved[rank], sorted[rank])
  for (let i = 0; i < rank; i++) assert.ok(moved[i] <= moved[rank])
  for (let i = rank + 1; i < moved.length; i++) assert.ok(moved[i] >= moved[rank])
  assert.deepEqual(moved.sort(), sorted)
  return true
}

test('what a sort would put at a rank is put there', () => {
  const value = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.double({ noNaN: true }))
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), fc.nat(299), (values, rank) => {
      check(values, rank % values.length)
    }),
    { seed: SEED, numRuns: 1000 },
  )
})

test('rising, falling and equal values are not given up', () => {
  for (const count of [1, 17, 100, 5000]) {
    const rising = Array.from({ length: count }, (_, i) => i)
    for (const values of [
      rising,
      rising.toReversed(),
      rising.map(() => 7),
      rising.map((i) => i % 3),
      rising.map((i) => Math.abs(i - count / 2)),
    ])
      for (const rank of [0, count >>> 1, count - 1]) assert.ok(check(values, rank), `${count} values`)
  }
})

test('what would take as long as all pairs is given up', () => {
  // Each time the median of three is the second smallest of what is left.
  const count = 4096
  const values = new Float64Array(count)
  const places = Array.from({ length: count }, (_, i) => i)
  let [low, next] = [0, 0]
  const at = Array.from({ length: count }, (_, i) => i)
  while (count - low > 2) {
    const middle = (low + count - 1) >>> 1
    values[at[low]] = next++
    values[at[middle]] = next++
    ;[at[middle], at[low + 1]] = [at[low + 1], at[middle]]
    low += 2
  }
  for (; low < count; low++) values[at[low]] = next++
  assert.equal(new Set(values).size, places.length)
  assert.equal(check([...values], count - 1), false)
})
