import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bucketBound } from './exponential-bounds.ts'
import { NO_BUCKETS } from './histogram.ts'
import { coarserIndex, mergeBuckets } from './histogram-resolution.ts'
import { BucketCursor, uniteSpans } from './histogram-spans.ts'

function indicesOf(spans: Int32Array): number[] {
  const cursor = new BucketCursor()
  cursor.open(spans)
  const indices: number[] = []
  while (cursor.next()) indices.push(cursor.index)
  return indices
}

test('a bucket goes into the one whose bounds hold its own', () => {
  for (const [schema, coarser] of [
    [8, 7],
    [3, 0],
    [1, -4],
    [0, -1],
  ]) {
    for (let index = -40; index <= 40; index++) {
      const into = coarserIndex(index, schema, coarser)
      assert.ok(bucketBound(into, coarser, NO_BUCKETS) >= bucketBound(index, schema, NO_BUCKETS) * (1 - 1e-12))
      assert.ok(bucketBound(into - 1, coarser, NO_BUCKETS) <= bucketBound(index - 1, schema, NO_BUCKETS) * (1 + 1e-12))
    }
  }
  assert.equal(coarserIndex(-5, 52, 8), 0)
  assert.equal(coarserIndex(1, 52, 8), 1)
})

// Source: Prometheus model/histogram/histogram_test.go, TestHistogramReduceResolution.
test('neighbours become one bucket, gaps close', () => {
  const check = (spans: number[], buckets: number[], by: number, wantSpans: number[], wantBuckets: number[]) => {
    const merged = mergeBuckets(Int32Array.from(spans), Float64Array.from(buckets), by, 0)
    assert.deepEqual([[...merged.spans], [...merged.buckets]], [wantSpans, wantBuckets])
  }
  check([], [], 1, [], [])
  check([0, 4], [1, 2, 3, 4], 1, [0, 3], [1, 5, 4])
  check([0, 1, 3, 1], [5, 7], 2, [0, 2], [5, 7])
  check([0, 1, 9, 1], [5, 7], 1, [0, 1, 4, 1], [5, 7])
  check([-3, 2, 0, 0, 1, 1], [1, 2, 4], 1, [-1, 2], [3, 4])
  // Spans and buckets that do not fit each other stay so.
  check([0, 3], [1, 2], 1, [0, 3], [1, 2])
  check([0, 1], [1, 2], 1, [0, 1], [1, 2])
  check([0, 1, -5, 1], [1, 2], 1, [0, 1, -5, 1], [1, 2])
})

const anySpans = fc
  .array(fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 4 })), { maxLength: 5 })
  .map((pairs) => Int32Array.from(pairs.flatMap(([offset, length], i) => [i === 0 ? offset - 2 : offset, length])))

test('united spans have the buckets of both, and no neighbours', () => {
  fc.assert(
    fc.property(anySpans, anySpans, (a, b) => {
      const united = uniteSpans(a, b)
      const want = [...new Set([...indicesOf(a), ...indicesOf(b)])].sort((x, y) => x - y)
      assert.deepEqual(indicesOf(united), want)
      for (let i = 0; i < united.length; i += 2) {
        assert.ok(united[i + 1] > 0)
        if (i > 0) assert.ok(united[i] > 0)
      }
    }),
  )
  const far = [0x7fffffff, 1, 0x7fffffff, 1]
  const gap = uniteSpans(Int32Array.from([0, 1]), Int32Array.from([0x7fffffff, 0, 0x7fffffff, 1]))
  assert.deepEqual(indicesOf(gap), [0, 2 * 0x7fffffff])
  assert.deepEqual([...uniteSpans(Int32Array.from(far), new Int32Array(0))], far)
})
