import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lonePoints } from './lone-points.ts'

test('lonePoints finds values between gaps and at the ends', () => {
  const check = (values: (number | null)[], want: number[]) => assert.deepEqual(lonePoints(values, 0, values.length - 1), want)
  check([], [])
  check([1, 2, 3], [])
  check([1, null, 2, null, 3, 4, null, 0], [0, 2, 7])
  check([null, null, 1], [2])
})
