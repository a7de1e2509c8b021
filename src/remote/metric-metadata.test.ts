import assert from 'node:assert/strict'
import { test } from 'node:test'
import { field } from '../../test/support/write-requests.ts'
import { MetricMetadata, metricType } from './metric-metadata.ts'
import { WireReader } from './wire-reader.ts'

function read(known: MetricMetadata, name: string, help: string): boolean {
  const reader = new WireReader()
  const bytes = Buffer.concat([field(2, name), field(4, help)])
  reader.open(bytes)
  return known.read(reader, bytes.length)
}

test('what comes when there is no more room is forgotten, what is known may change', () => {
  const known = new MetricMetadata()
  // 32 Mi characters, 10,000 for each, with its name and what an entry takes.
  for (let i = 0; i < 5000; i++) read(known, `m${1000 + i}`, 'x'.repeat(9795))
  assert.equal(known.size, Math.floor((32 * 1024 * 1024) / 10_000))
  // Without texts, too, it takes something.
  for (let i = 0; i < 100; i++) read(known, `${i}`, '')
  assert.ok(known.size < 3355 + 50)
  assert.equal(read(known, 'other', ''), false)
  assert.equal(known.of('other'), undefined)
  read(known, 'm1007', 'y'.repeat(20_000))
  assert.equal(known.of('m1007')?.help.length, 9795)
  read(known, 'm1007', 'z')
  assert.equal(known.of('m1007_total')?.help, 'z')
})

test('numbers of types', () => {
  assert.deepEqual([0, 1, 4, 7, 8, 2 ** 40].map(metricType), ['unknown', 'counter', 'gaugehistogram', 'stateset', 'unknown', 'unknown'])
})
