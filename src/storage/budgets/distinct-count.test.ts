import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DistinctCount } from './distinct-count.ts'

test('an estimate is near what there was, for few and for many, however often each came', () => {
  for (const [prefix, count] of [
    ['10.0.0.', 1],
    ['', 7],
    ['user-', 100],
    ['/path/', 5000],
    ['u', 200_000],
    ['', 1_000_000],
  ] as const) {
    const distinct = new DistinctCount()
    for (let i = 0; i < count; i++) {
      distinct.add(prefix + i)
      if (i % 3 === 0) distinct.add(prefix + i)
    }
    const estimate = distinct.estimate()
    assert.ok(Math.abs(estimate - count) <= Math.max(1, count * 0.2), `${estimate} for ${count} of ${prefix}`)
  }
  assert.equal(new DistinctCount().estimate(), 0)
})
