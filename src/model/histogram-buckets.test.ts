import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram, NO_BUCKETS, NO_SPANS } from './histogram.ts'
import { BucketColumns } from './histogram-buckets.ts'

const PLAIN: Histogram = {
  isFloat: false,
  counterResetHint: CounterResetHint.unknown,
  schema: 0,
  zeroThreshold: 0.001,
  zeroCount: 2,
  count: 11,
  sum: 0,
  positiveSpans: Int32Array.of(-1, 2, 1, 1),
  positiveBuckets: Float64Array.of(1, 0, 3),
  negativeSpans: Int32Array.of(0, 1, 2, 1),
  negativeBuckets: Float64Array.of(4, 1),
  customValues: NO_BUCKETS,
}

/** Each bucket as `kind lower upper count`. */
function show(histogram: Histogram): string[] {
  const { lowers, uppers, counts, bounds, length } = new BucketColumns().load(histogram)
  return Array.from({ length }, (_, i) => `${bounds[i]} ${lowers[i]} ${uppers[i]} ${counts[i]}`)
}

test('buckets from the lowest to the highest', () => {
  const negative = ['1 -8 -4 1', '1 -1 -0.5 4']
  assert.deepEqual(show(PLAIN), [...negative, '3 -0.001 0.001 2', '0 0.25 0.5 1', '0 0.5 1 0', '0 2 4 3'])
  assert.deepEqual(show({ ...PLAIN, zeroCount: 0 }), [...negative, '0 0.25 0.5 1', '0 0.5 1 0', '0 2 4 3'])
})

test('bounds are cut at the end of the zero bucket', () => {
  const wide = { ...PLAIN, zeroThreshold: 0.6 }
  assert.deepEqual(show(wide), ['1 -8 -4 1', '1 -1 -0.6 4', '3 -0.6 0.6 2', '0 0.6 0.5 1', '0 0.6 1 0', '0 2 4 3'])
})

test('custom bounds reach to both infinities', () => {
  const custom: Histogram = {
    ...PLAIN,
    schema: CUSTOM_BUCKETS_SCHEMA,
    zeroThreshold: 0,
    zeroCount: 0,
    negativeSpans: NO_SPANS,
    negativeBuckets: NO_BUCKETS,
    positiveSpans: Int32Array.of(0, 3),
    customValues: Float64Array.of(-1, 5),
  }
  assert.deepEqual(show(custom), ['3 -Infinity -1 1', '0 -1 5 0', '0 5 Infinity 3'])
})
