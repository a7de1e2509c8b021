import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Buckets } from './bucket-quantile.ts'

function bucketsOf(...pairs: [bound: number, count: number][]): Buckets {
  const buckets = new Buckets(pairs.length)
  for (const [bound, count] of pairs) buckets.push(bound, count)
  return buckets
}

test('quantiles are interpolated inside their bucket', () => {
  const check = (quantile: number, pairs: [number, number][], want: number) => {
    assert.equal(bucketsOf(...pairs).quantile(quantile), want)
  }
  const plain: [number, number][] = [
    [1, 10],
    [2, 20],
    [4, 40],
    [Infinity, 50],
  ]
  check(0, plain, 0)
  check(0.1, plain, 0.5)
  check(0.3, plain, 1.5)
  check(0.6, plain, 3)
  check(0.9, plain, 4)
  check(-0.1, plain, -Infinity)
  check(1.1, plain, Infinity)
  check(NaN, plain, NaN)
  check(0.5, [[1, 10]], NaN)
  check(0.5, [[Infinity, 10]], NaN)
  check(
    0.5,
    [
      [1, 0],
      [Infinity, 0],
    ],
    NaN,
  )
  check(
    0.1,
    [
      [-1, 10],
      [Infinity, 20],
    ],
    -1,
  )
  check(
    0.5,
    [
      [1, 5],
      [1, 5],
      [Infinity, 10],
    ],
    0.5,
  )
})

test('counts that fall are lifted, and said so unless it is rounding', () => {
  const buckets = bucketsOf([1, 10], [2, 8], [3, 9], [Infinity, 20])
  assert.equal(buckets.quantile(0.75), 3)
  assert.deepEqual(buckets.fix, { forced: true, minBucket: 2, maxBucket: 3, maxDiff: 2 })
  const rounded = bucketsOf([1, 10], [2, 10 - 1e-13], [Infinity, 10 + 1e-13])
  rounded.quantile(0.5)
  assert.equal(rounded.fix.forced, false)
})

test('fractions count what is between two values', () => {
  const check = (lower: number, upper: number, pairs: [number, number][], want: number) => {
    assert.equal(bucketsOf(...pairs).fraction(lower, upper), want)
  }
  const plain: [number, number][] = [
    [1, 10],
    [2, 20],
    [4, 40],
    [Infinity, 50],
  ]
  check(0, 1, plain, 0.2)
  check(1, 3, plain, 0.4)
  check(3, Infinity, plain, 0.4)
  check(-Infinity, Infinity, plain, 1)
  check(2, 2, plain, 0)
  check(3, 1, plain, 0)
  check(NaN, 1, plain, NaN)
  check(0, 1, [[1, 1]], NaN)
  check(
    0,
    1,
    [
      [1, 0],
      [Infinity, 0],
    ],
    NaN,
  )
  check(
    -Infinity,
    -1,
    [
      [-1, 10],
      [Infinity, 20],
    ],
    0.5,
  )
  check(
    -5,
    -1,
    [
      [-1, 10],
      [Infinity, 20],
    ],
    0,
  )
})
