import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reachingTo, valueRange } from './value-range.ts'

test('valueRange keeps zero in sight when it is near', () => {
  const check = (min: number | null, max: number | null, want: [number, number]) => assert.deepEqual(valueRange(min, max, false), want)
  check(null, null, [0, 1])
  check(0, 0, [0, 1])
  check(5, 5, [0, 10])
  check(-5, -5, [-10, 0])
  check(1, 11, [0, 11.5])
  check(100, 110, [99.5, 110.5])
  check(-11, -1, [-11.5, 0])
  check(-10, 10, [-11, 11])
})

test('a stack stands on zero', () => assert.deepEqual(valueRange(100, 110, true), [0, 115.5]))

test('the axis reaches for values that do not flatten the lines', () => {
  const check = (max: number | null, values: readonly number[], want: number | null) => assert.equal(reachingTo(max, values), want)
  check(10, [30, 5], 30)
  check(10, [30, 41, 20], 30)
  check(10, [], 10)
  check(null, [5], null)
})
