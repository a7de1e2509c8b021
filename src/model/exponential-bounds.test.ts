import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { bucketBound, exponentialBound } from './exponential-bounds.ts'
import { CUSTOM_BUCKETS_SCHEMA, NO_BUCKETS } from './histogram.ts'

test('bounds of schema 8 are those that Prometheus prints, to the last bit', () => {
  // Of all 256, from index -255 to 0, as Prometheus 3.5 answers them.
  const text = JSON.stringify(Array.from({ length: 256 }, (_, i) => String(exponentialBound(i - 255, 8))))
  assert.equal(createHash('sha256').update(text).digest('hex'), 'd6eb0e1483fb0d1c6fe98889bb9a7140c4626c88b157bcdfac405712f0182e65')
  // Source: Prometheus model/histogram/generic.go, exponentialBounds.
  const check = (index: number, schema: number, want: number) => assert.equal(exponentialBound(index, schema) / 2, want)
  check(1, 1, 0.7071067811865475)
  check(3, 2, 0.8408964152537144)
  check(7, 3, 0.9170040432046711)
  check(15, 4, 0.9576032806985735)
  check(31, 5, 0.9785720620876999)
  check(63, 6, 0.9892280131939752)
  check(127, 7, 0.9945994234836328)
  check(255, 8, 0.9972960560854698)
})

test('bounds at the ends of what a float64 holds', () => {
  const check = (index: number, schema: number, want: number) => assert.equal(exponentialBound(index, schema), want)
  check(0, 0, 1)
  check(-1, 0, 0.5)
  check(3, -2, 4096)
  check(-1, -4, 2 ** -16)
  check(64, -4, Number.MAX_VALUE)
  check(65, -4, Number.POSITIVE_INFINITY)
  check(1024, 0, Number.MAX_VALUE)
  check(1025, 0, Number.POSITIVE_INFINITY)
  check(1024 * 256, 8, Number.MAX_VALUE)
  check(1024 * 256 + 1, 8, Number.POSITIVE_INFINITY)
  check(-1074, 0, 5e-324)
  check(-1074 * 256, 8, 5e-324)
  check(-1022 * 2 - 1, 1, 2 * 0.7071067811865475 * 2 ** -1023)
})

test('custom bounds end in infinity', () => {
  const bounds = Float64Array.from([1, 2.5])
  assert.deepEqual(
    [-1, 0, 1, 2].map((index) => bucketBound(index, CUSTOM_BUCKETS_SCHEMA, bounds)),
    [Number.NEGATIVE_INFINITY, 1, 2.5, Number.POSITIVE_INFINITY],
  )
  assert.equal(bucketBound(1, 0, NO_BUCKETS), 2)
})
