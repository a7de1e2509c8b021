import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CounterResetHint, type Histogram, NO_BUCKETS, NO_SPANS } from '../model/histogram.ts'
import { limitBuckets, schemaOfFactor } from './bucket-limits.ts'

function histogram(schema: number, positive: ReadonlyMap<number, number>, customValues = NO_BUCKETS): Histogram {
  const spans: number[] = []
  const buckets: number[] = []
  let next = 0
  for (const [index, count] of [...positive].sort(([a], [b]) => a - b)) {
    if (spans.length > 0 && index === next) spans[spans.length - 1]++
    else spans.push(index - next, 1)
    buckets.push(count)
    next = index + 1
  }
  return {
    isFloat: false,
    counterResetHint: CounterResetHint.unknown,
    schema,
    zeroThreshold: 0.001,
    zeroCount: 1,
    count: 1 + buckets.reduce((a, b) => a + b, 0),
    sum: 5,
    positiveSpans: Int32Array.from(spans),
    negativeSpans: NO_SPANS,
    positiveBuckets: Float64Array.from(buckets),
    negativeBuckets: NO_BUCKETS,
    customValues,
  }
}

function counts({ positiveSpans, positiveBuckets }: Histogram): [number, number][] {
  const out: [number, number][] = []
  let index = 0
  let bucket = 0
  for (let i = 0; i < positiveSpans.length; i += 2) {
    index += positiveSpans[i]
    for (let j = 0; j < positiveSpans[i + 1]; j++) out.push([index++, positiveBuckets[bucket++]])
  }
  return out
}

test('a factor asks for the finest schema whose buckets grow by it', () => {
  const check = (factor: number, want: number) => assert.equal(schemaOfFactor(factor), want)
  check(0, 8)
  check(1, 8)
  check(1.002, 8)
  check(1.1, 2)
  check(1.09, 3)
  check(2, 0)
  check(4, -1)
  check(65536, -4)
  check(1e9, -4)
  check(Infinity, -4)
})

test('buckets are merged until there are few enough', () => {
  const fine = histogram(3, new Map([-8, -7, 0, 1, 2, 8, 9].map((index) => [index, 10 + index])))
  assert.equal(limitBuckets(fine, 0, 8), fine)
  assert.equal(limitBuckets(fine, 7, 8), fine)
  const six = limitBuckets(fine, 6, 8)!
  assert.equal(six.schema, 2)
  assert.deepEqual(counts(six), [
    [-4, 2],
    [-3, 3],
    [0, 10],
    [1, 23],
    [4, 18],
    [5, 19],
  ])
  assert.equal(limitBuckets(fine, 0, 2)!.schema, 2)
  assert.equal(limitBuckets(fine, 2, 8)!.schema, -1)
  assert.equal(
    limitBuckets(
      histogram(
        -4,
        new Map([
          [0, 1],
          [1, 1],
        ]),
      ),
      1,
      8,
    ),
    undefined,
  )
})

test('custom buckets are taken as they are or not at all', () => {
  const custom = histogram(
    -53,
    new Map([
      [0, 1],
      [1, 2],
      [2, 3],
    ]),
    Float64Array.of(1, 2),
  )
  assert.equal(limitBuckets(custom, 3, -4), custom)
  assert.equal(limitBuckets(custom, 2, 8), undefined)
})

test('every observation is in the coarse bucket that covers its fine one', () => {
  const bound = (schema: number, index: number) => 2 ** (index * 2 ** -schema)
  fc.assert(
    fc.property(
      fc.integer({ min: -3, max: 8 }),
      fc.array(fc.tuple(fc.integer({ min: -60, max: 60 }), fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 3 }),
      (schema, buckets, by) => {
        const fine = histogram(schema, new Map(buckets))
        const target = Math.max(-4, schema - by)
        const coarse = limitBuckets(fine, 0, target)!
        assert.equal(coarse.schema, target)
        const want = new Map<number, number>()
        for (const [index, count] of counts(fine)) {
          const upper = bound(schema, index)
          // The smallest coarse bucket whose upper bound is not below that of the fine one.
          let at = -200
          while (bound(target, at) < upper * (1 - 1e-12)) at++
          want.set(at, (want.get(at) ?? 0) + count)
        }
        assert.deepEqual(
          counts(coarse),
          [...want].sort(([a], [b]) => a - b),
        )
      },
    ),
  )
})
