import assert from 'node:assert/strict'
import { test } from 'node:test'
import { histogram } from '../chunkenc/samples.fixture.ts'
import { digest, digestHistogram } from './histogram-digest.ts'

function digestOf(spans: number[], buckets: number[]): string {
  digestHistogram(histogram({ isFloat: true, schema: 2, spans, buckets, sum: 1 }))
  return `${digest.high} ${digest.low}`
}

test('a digest says what is counted in which bucket, however the buckets are laid out', () => {
  const plain = digestOf([1, 2], [1, 2])
  assert.equal(digestOf([0, 3], [0, 1, 2]), plain)
  assert.equal(digestOf([1, 1, 0, 3], [1, 2, 0, 0]), plain)
  assert.notEqual(digestOf([0, 2], [1, 2]), plain)
  assert.notEqual(digestOf([1, 2], [2, 1]), plain)
})
