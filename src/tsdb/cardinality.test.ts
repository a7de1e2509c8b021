import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { Labels } from '../model/labels.ts'
import { runDb } from './db.fixture.ts'

const hour = 3_600_000
const base = 1_700_000_000_000
const signal = new AbortController().signal

test('active series are counted by metric, label and pair, wherever they lie', async () => {
  const { db, close } = await runDb(virtualEnv({ startTime: base }))
  const write = async (t: number, ...series: Record<string, string>[]) => {
    const appender = db.appender()
    for (const labels of series) appender.append(appender.series(Labels.of(labels)), t, 1)
    await appender.commit()
  }
  const a = (i: number) => ({ __name__: 'a', i: `value ${i}`, job: 'é' })
  await write(base, a(0), a(1), a(2), { __name__: 'b', job: 'é' })
  const before = await db.cardinality(10, signal)
  assert.deepEqual(before, {
    seriesCount: 4,
    labelPairCount: 6,
    seriesByMetric: [
      { name: 'a', count: 3 },
      { name: 'b', count: 1 },
    ],
    valuesByLabel: [
      { name: 'i', count: 3 },
      { name: '__name__', count: 2 },
      { name: 'job', count: 1 },
    ],
    bytesByLabel: [
      { name: '__name__', count: 4 * 11 },
      { name: 'i', count: 3 * 10 },
      { name: 'job', count: 4 * 7 },
    ],
    seriesByPair: [
      { name: 'job=é', count: 4 },
      { name: '__name__=a', count: 3 },
      { name: '__name__=b', count: 1 },
      { name: 'i=value 0', count: 1 },
      { name: 'i=value 1', count: 1 },
      { name: 'i=value 2', count: 1 },
    ],
  })
  // Two of them go on in the next window, where another one comes: nothing is counted twice.
  await write(base + 2 * hour, a(0), a(1), { __name__: 'c', job: 'x' })
  assert.equal(db.stats().windowCount, 2)
  const after = await db.cardinality(2, signal)
  assert.deepEqual([after.seriesCount, after.labelPairCount], [db.stats().activeSeries, 8])
  assert.deepEqual(after.seriesByMetric, [
    { name: 'a', count: 3 },
    { name: 'b', count: 1 },
  ])
  assert.deepEqual(after.seriesByPair, [
    { name: 'job=é', count: 4 },
    { name: '__name__=a', count: 3 },
  ])
  assert.deepEqual(after.valuesByLabel, [
    { name: '__name__', count: 3 },
    { name: 'i', count: 3 },
  ])
  await close()
})

test('the largest are found among many', async () => {
  const { db, close } = await runDb(virtualEnv({ startTime: base }))
  const appender = db.appender()
  for (let metric = 0; metric < 60; metric++) {
    for (let i = 0; i < (metric * 37) % 61; i++) appender.append(appender.series(Labels.of({ __name__: `m${metric}`, i: `${i}` })), base, 1)
  }
  await appender.commit()
  const { seriesByMetric } = await db.cardinality(5, signal)
  const want = Array.from({ length: 60 }, (_, metric) => ({ name: `m${metric}`, count: (metric * 37) % 61 }))
  assert.deepEqual(seriesByMetric, want.sort((a, b) => b.count - a.count).slice(0, 5))
  await close()
})
