import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Annotations, positionText } from './annotations.ts'

test('positions are lines and columns of bytes, from 1', () => {
  const check = (query: string, start: number, want: string) => assert.equal(positionText(query, start), want)
  check('rate(m[5m])', 5, '1:6')
  check('rate(\n  m[5m]\n)', 8, '2:3')
  check('{"é"}', 5, '1:6')
  check('', 0, '1:1')
})

test('the same is said once', () => {
  const annotations = new Annotations('rate(m[5m])')
  annotations.possibleNonCounter('m', { start: 5, end: 10 })
  annotations.possibleNonCounter('m', { start: 5, end: 10 })
  assert.deepEqual(annotations.infos, [
    'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "m" (1:6)',
  ])
  assert.deepEqual(annotations.warnings, [])
})

test('fixes of buckets are summed up', () => {
  const annotations = new Annotations('histogram_quantile(0.9, b)')
  const range = { start: 24, end: 25 }
  annotations.forcedMonotonicity({ metricName: '', time: 60_000, minBucket: 2, maxBucket: 4, maxDiff: 1 }, range)
  annotations.forcedMonotonicity({ metricName: '', time: 30_500, minBucket: 1, maxBucket: 3, maxDiff: 2.55 }, range)
  assert.deepEqual(annotations.infos, [
    'PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile), from buckets 1 to 4, with a max diff of 2.5, over 2 samples from 1970-01-01T00:00:30Z to 1970-01-01T00:01:00Z (1:25)',
  ])
})
