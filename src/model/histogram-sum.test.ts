import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { exponentialBound } from './exponential-bounds.ts'
import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram, NO_BUCKETS, NO_SPANS } from './histogram.ts'
import { areHistogramsEqual } from './histogram-equality.ts'
import { isCounterReset } from './histogram-reset.ts'
import { HistogramSum, SumOutcome } from './histogram-sum.ts'
import { SparseBuckets } from './sparse-buckets.ts'

const EMPTY: Histogram = {
  isFloat: true,
  counterResetHint: CounterResetHint.unknown,
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 0,
  sum: 0,
  positiveSpans: NO_SPANS,
  negativeSpans: NO_SPANS,
  positiveBuckets: NO_BUCKETS,
  negativeBuckets: NO_BUCKETS,
  customValues: NO_BUCKETS,
}

/** Whole counts, so that sums are exact whatever their order. */
const exponential: fc.Arbitrary<Histogram> = fc
  .record({
    schema: fc.integer({ min: -2, max: 4 }),
    offset: fc.integer({ min: -20, max: 20 }),
    gap: fc.integer({ min: 1, max: 5 }),
    positive: fc.array(fc.nat(9), { minLength: 2, maxLength: 12 }),
    negative: fc.array(fc.nat(9), { maxLength: 6 }),
    zeroCount: fc.nat(5),
    zeroStep: fc.integer({ min: -30, max: -10 }),
    sum: fc.integer({ min: -100, max: 100 }),
  })
  .map(({ schema, offset, gap, positive, negative, zeroCount, zeroStep, sum }) => ({
    ...EMPTY,
    schema,
    zeroThreshold: 2 ** zeroStep,
    zeroCount,
    sum,
    count: [...positive, ...negative].reduce((a, b) => a + b, zeroCount),
    positiveSpans: Int32Array.of(offset, 1, gap, positive.length - 1),
    positiveBuckets: Float64Array.from(positive),
    negativeSpans: negative.length === 0 ? NO_SPANS : Int32Array.of(offset, negative.length),
    negativeBuckets: Float64Array.from(negative),
  }))
  // Nothing lies in the zero bucket but what is counted there.
  .filter(({ schema, positiveSpans, zeroThreshold }) => exponentialBound(positiveSpans[0] - 1, schema) >= zeroThreshold)

function added(a: Histogram, b: Histogram): Histogram {
  const sum = new HistogramSum(a)
  sum.add(b)
  return sum.toHistogram()
}

/** All that was observed, wherever it went. */
function total({ zeroCount, positiveBuckets, negativeBuckets }: Histogram): number {
  return [...positiveBuckets, ...negativeBuckets].reduce((a, b) => a + b, zeroCount)
}

/** What is above a bound: the truth about a histogram that resolution does not change, where the bound is one of all. */
function countAbove({ schema, positiveSpans, positiveBuckets }: Histogram, bound: number): number {
  const side = new SparseBuckets(0).load(positiveSpans, positiveBuckets)
  let count = 0
  for (let i = 0; i < side.length; i++) if (exponentialBound(side.indexes[i] - 1, schema) >= bound) count += side.counts[i]
  return count
}

test('a sum holds what both hold, whichever comes first', () => {
  fc.assert(
    fc.property(exponential, exponential, (a, b) => {
      const sum = added(a, b)
      // Where resolution and zero bucket both differ, upstream may count a bucket of `b` that lies in the wider zero bucket there and,
      // in the coarser bucket that it becomes part of, once more.
      if (a.schema === b.schema || a.zeroThreshold === b.zeroThreshold) assert.ok(areHistogramsEqual(sum, added(b, a)))
      assert.equal(sum.schema, Math.min(a.schema, b.schema))
      assert.equal(sum.count, a.count + b.count)
      assert.equal(sum.sum, a.sum + b.sum)
      assert.ok(sum.zeroThreshold >= Math.max(a.zeroThreshold, b.zeroThreshold))
      // 2^8 is a bound of every schema, above every zero bucket.
      assert.equal(countAbove(sum, 256), countAbove(a, 256) + countAbove(b, 256))
    }),
  )
})

test('where zero buckets are as wide, nothing of a sum is lost', () => {
  fc.assert(
    fc.property(exponential, exponential, (a, b) => {
      const same = { ...b, zeroThreshold: Math.min(a.zeroThreshold, b.zeroThreshold) }
      const sum = added({ ...a, zeroThreshold: same.zeroThreshold }, same)
      assert.equal(total(sum), total(a) + total(b))
    }),
  )
})

test('what is added and taken again leaves what was there', () => {
  fc.assert(
    fc.property(exponential, exponential, (a, b) => {
      const alike = { ...b, schema: a.schema, zeroThreshold: a.zeroThreshold }
      const sum = new HistogramSum(a)
      sum.add(alike)
      sum.subtract(alike)
      assert.ok(areHistogramsEqual(sum.toHistogram(), new HistogramSum(a).toHistogram()))
    }),
  )
})

test('a histogram that grew was not reset; one that shrank was', () => {
  fc.assert(
    fc.property(exponential, exponential, (a, b) => {
      const later = added(a, { ...b, schema: a.schema, zeroThreshold: a.zeroThreshold })
      assert.equal(isCounterReset(later, a), false)
      if (b.count > 0) assert.equal(isCounterReset(a, later), true)
      assert.equal(isCounterReset({ ...a, counterResetHint: CounterResetHint.notReset }, later), false)
      assert.equal(isCounterReset({ ...later, counterResetHint: CounterResetHint.reset }, a), true)
    }),
  )
})

test('sums are compensated', () => {
  const one = (value: number): Histogram => ({
    ...EMPTY,
    count: value,
    sum: value,
    positiveSpans: Int32Array.of(0, 1),
    positiveBuckets: Float64Array.of(value),
  })
  const sum = new HistogramSum(one(1e16))
  for (let i = 0; i < 1000; i++) sum.add(one(1))
  const { count, sum: total, positiveBuckets } = sum.toHistogram()
  assert.deepEqual([count, total, ...positiveBuckets], [1e16 + 1000, 1e16 + 1000, 1e16 + 1000])
})

test('custom bounds are reduced to those that both have', () => {
  const custom = (bounds: number[], counts: number[]): Histogram => ({
    ...EMPTY,
    schema: CUSTOM_BUCKETS_SCHEMA,
    count: counts.reduce((a, b) => a + b, 0),
    positiveSpans: Int32Array.of(0, counts.length),
    positiveBuckets: Float64Array.from(counts),
    customValues: Float64Array.from(bounds),
  })
  const check = (a: Histogram, b: Histogram, wantOutcome: number, wantBounds: number[], wantCounts: number[]) => {
    const sum = new HistogramSum(a)
    assert.equal(sum.add(b), wantOutcome)
    const { customValues, positiveBuckets, positiveSpans } = sum.toHistogram()
    const dense = new Array<number>(wantCounts.length).fill(0)
    const side = new SparseBuckets(0).load(positiveSpans, positiveBuckets)
    for (let i = 0; i < side.length; i++) dense[side.indexes[i]] = side.counts[i]
    assert.deepEqual([[...customValues], dense], [wantBounds, wantCounts])
  }
  check(custom([1, 2], [1, 2, 3]), custom([1, 2], [1, 0, 1]), 0, [1, 2], [2, 2, 4])
  check(custom([1, 2, 3], [1, 2, 3, 4]), custom([1, 3], [1, 1, 1]), SumOutcome.boundsReconciled, [1, 3], [2, 6, 5])
  check(custom([1], [1, 2]), custom([2], [3, 4]), SumOutcome.boundsReconciled, [], [10])
  assert.equal(new HistogramSum(custom([1], [1, 1])).add(EMPTY), SumOutcome.incompatible)
  assert.equal(isCounterReset(custom([1, 3], [3, 3, 3]), custom([1, 2, 3], [1, 1, 1, 1])), false)
  assert.equal(isCounterReset(custom([1, 3], [3, 1, 6]), custom([1, 2, 3], [1, 1, 1, 1])), true)
  assert.equal(isCounterReset(custom([1], [1, 1]), EMPTY), true)
})

test('hints of a sum', () => {
  const { unknown, reset, notReset, gauge } = CounterResetHint
  const check = (a: CounterResetHint, b: CounterResetHint, want: CounterResetHint, wantOutcome = 0) => {
    const sum = new HistogramSum({ ...EMPTY, counterResetHint: a })
    assert.equal(sum.add({ ...EMPTY, counterResetHint: b }), wantOutcome)
    assert.equal(sum.toHistogram().counterResetHint, want)
  }
  check(unknown, unknown, unknown)
  check(notReset, notReset, notReset)
  check(notReset, unknown, unknown)
  check(reset, notReset, unknown, SumOutcome.resetsCollide)
  check(gauge, reset, gauge)
  check(notReset, gauge, gauge)
  assert.equal(new HistogramSum(EMPTY).multiply(-1).toHistogram().counterResetHint, gauge)
})

test('a division by zero leaves no buckets', () => {
  const histogram = { ...EMPTY, count: 2, sum: -3, positiveSpans: Int32Array.of(3, 1), positiveBuckets: Float64Array.of(2) }
  const { count, sum, zeroCount, positiveBuckets } = new HistogramSum(histogram).divide(0).toHistogram()
  assert.deepEqual([count, sum, zeroCount, positiveBuckets.length], [Infinity, -Infinity, NaN, 0])
})

test('equality is of buckets, however their spans are cut', () => {
  const cut = (spans: number[], ...counts: number[]): Histogram => ({
    ...EMPTY,
    positiveSpans: Int32Array.from(spans),
    positiveBuckets: Float64Array.from(counts),
  })
  const check = (a: Histogram, b: Histogram, want: boolean) => assert.equal(areHistogramsEqual(a, b), want)
  check(cut([2, 3], 1, 2, 3), cut([2, 1, 0, 2], 1, 2, 3), true)
  check(cut([2, 3], 1, 2, 3), cut([0, 0, 2, 3], 1, 2, 3), true)
  check(cut([2, 3], 1, 2, 3), cut([2, 1, 1, 2], 1, 2, 3), false)
  check(cut([2, 3], 1, 2, 3), cut([2, 3], 1, 2, 4), false)
  check({ ...EMPTY, sum: NaN }, { ...EMPTY, sum: NaN }, true)
  check(EMPTY, { ...EMPTY, schema: 1 }, false)
})
