import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { histogram } from '../chunkenc/samples.fixture.ts'
import { Labels } from '../model/labels.ts'
import { isStaleMarker, STALE_MARKER } from '../model/staleness.ts'
import { AppendStatus } from '../storage/appender.ts'
import { readAll } from '../storage/series-source.contract.ts'
import { runDb } from './db.fixture.ts'
import type { Db } from './db.ts'

const { ok, outOfOrder, duplicateTimestamp, tooOld, tooLate } = AppendStatus
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const BASE = 1_700_000_000_000 - (1_700_000_000_000 % (2 * HOUR))
const UP = Labels.of({ __name__: 'up' })
const at = (minutes: number) => BASE + minutes * MINUTE

/** Appends to `up` in one batch, times in minutes. */
async function append(db: Db, ...samples: readonly (readonly [minutes: number, v: number])[]): Promise<AppendStatus[]> {
  const appender = db.appender()
  const ref = appender.series(UP)
  const statuses = samples.map(([minutes, v]) => appender.append(ref, at(minutes), v))
  await appender.commit()
  return statuses
}

async function text(db: Db, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY): Promise<string> {
  const [found] = await readAll(db, from, to, [])
  if (found === undefined) return ''
  return Array.from(found.timestamps, (t, i) => {
    const value = found.histograms?.[i] === undefined ? found.values[i] : `h${found.values[i]}`
    return `${(t - BASE) / MINUTE}=${isStaleMarker(found.values[i]) ? 'stale' : value}`
  }).join(' ')
}

test('a late sample is taken within the span, and answered as upstream answers it beyond', async () => {
  const check = async (lateSpanMs: number, minutes: number, want: AppendStatus) => {
    const { db, close } = await runDb(virtualEnv(), { lateSpanMs })
    await append(db, [180, 1])
    assert.deepEqual(await append(db, [minutes, 2]), [want], `${minutes} minutes, span ${lateSpanMs}`)
    assert.equal(await text(db), want === ok ? `${minutes}=2 180=1` : '180=1')
    await close()
  }
  await check(10 * MINUTE, 175, ok)
  await check(10 * MINUTE, 170, ok)
  await check(10 * MINUTE, 169, tooLate)
  await check(10 * MINUTE, 60, tooLate)
  await check(0, 175, outOfOrder)
  await check(0, 119, tooOld)
  await check(150 * MINUTE, 30, ok)
  await check(150 * MINUTE, 29, tooLate)
})

test('of two samples of one time the first stays, and the other is refused unless it is the same', async () => {
  const { db, close } = await runDb(virtualEnv(), { lateSpanMs: HOUR })
  await append(db, [1, 1], [3, 3], [5, 5])
  assert.deepEqual(await append(db, [3, 3], [3, 4], [4, 4], [4, 40], [2, STALE_MARKER]), [ok, duplicateTimestamp, ok, ok, ok])
  // In a batch of its own the late one is known.
  assert.deepEqual(await append(db, [4, 40], [4, 4], [2, STALE_MARKER], [2, 2]), [duplicateTimestamp, ok, ok, duplicateTimestamp])
  assert.equal(await text(db), '1=1 2=stale 3=3 4=4 5=5')
  const { duplicate, lateAppended } = db.counters()
  assert.deepEqual([duplicate.float, lateAppended.float, db.stats().sampleCount], [4, 2, 5])
  await close()
})

test('late samples come back with the log, however small the span is by then, and order is still known', async () => {
  const env = virtualEnv()
  const first = await runDb(env, { lateSpanMs: HOUR })
  await append(first.db, [50, 50])
  await append(first.db, [10, 10], [20, 20])
  await append(first.db, [15, 15], [51, 51])
  await first.close()
  env.metrics.clear()
  const { db, close } = await runDb(env)
  assert.equal(await text(db), '10=10 15=15 20=20 50=50 51=51')
  assert.deepEqual(await append(db, [50, 50], [52, 52]), [outOfOrder, ok])
  assert.equal(db.counters().lateAppended.float, 0)
  await close()
})

test('a window becomes one block with its late samples', async () => {
  const env = virtualEnv()
  const { db, close } = await runDb(env, { lateSpanMs: HOUR })
  const appender = db.appender()
  const other = appender.series(Labels.of({ __name__: 'zz' }))
  appender.append(other, at(121), 1)
  await appender.commit()
  await append(db, [100, 1], [110, 2], [121, 3])
  // One series has nothing but late samples in the window.
  const late = db.appender()
  late.append(other, at(119), 0)
  late.append(late.series(UP), at(105), 1.5)
  late.appendHistogram(late.series(UP), at(106), histogram({ isFloat: false, sum: 7 }))
  await late.commit()
  assert.equal(db.blockMetas().length, 0)
  await append(db, [179, 4])
  await env.clock.advance(1000)
  assert.equal(db.blockMetas().length, 0)
  await append(db, [181, 5])
  await env.clock.advance(1000)
  assert.deepEqual(
    db
      .blockMetas()
      .map(({ minTime, maxTime, stats }) => [(minTime - BASE) / MINUTE, (maxTime - BASE) / MINUTE, stats.numSamples, stats.numSeries]),
    [[100, 120, 5, 2]],
  )
  assert.equal(await text(db), '100=1 105=1.5 106=h7 110=2 121=3 179=4 181=5')
  assert.equal((await readAll(db, at(0), at(120), [])).length, 2)
  assert.equal(db.stats().sampleCount, 4)
  await close()
})

test('a window stays open for the span', async () => {
  const env = virtualEnv()
  const { db, close } = await runDb(env, { lateSpanMs: 3 * HOUR })
  await append(db, [119, 1])
  await append(db, [299, 2])
  await env.clock.advance(1000)
  assert.equal(db.blockMetas().length, 0)
  assert.deepEqual(await append(db, [118.99, 0], [119.5, 1.5]), [tooLate, ok])
  await append(db, [301, 3])
  await env.clock.advance(1000)
  assert.equal(db.blockMetas().length, 1)
  assert.deepEqual(await append(db, [119.7, 0]), [tooLate])
  // A longer span does not open again what has become a block.
  db.takeLateSamples(5 * HOUR)
  assert.deepEqual(await append(db, [119.8, 0], [120, 2]), [tooLate, ok])
  assert.equal(await text(db), '119=1 119.5=1.5 120=2 299=2 301=3')
  await close()
})

test('a batch that does not want it has no late samples', async () => {
  const { db, close } = await runDb(virtualEnv(), { lateSpanMs: HOUR })
  await append(db, [10, 1])
  const appender = db.appender()
  const ref = appender.series(UP)
  appender.takesLate = false
  assert.equal(appender.append(ref, at(9), STALE_MARKER), outOfOrder)
  assert.equal(appender.appendHistogram(ref, at(9), histogram({ isFloat: true })), outOfOrder)
  appender.takesLate = true
  assert.equal(appender.append(ref, at(8), 0), ok)
  await appender.commit()
  assert.equal(await text(db), '8=0 10=1')
  await close()
})

test('batches that are committed in another order than they were filled lose nothing', async () => {
  const env = virtualEnv()
  const first = await runDb(env)
  const [a, b] = [first.db.appender(), first.db.appender()]
  a.append(a.series(UP), at(1), 1)
  b.append(b.series(UP), at(2), 2)
  await b.commit()
  await a.commit()
  assert.equal(await text(first.db), '1=1 2=2')
  await first.close()
  env.metrics.clear()
  const { db, close } = await runDb(env)
  assert.equal(await text(db), '1=1 2=2')
  await close()
})

test('late samples are counted, and how late samples are', async () => {
  const env = virtualEnv()
  const { db, close } = await runDb(env, { lateSpanMs: 20 * MINUTE })
  await append(db, [100, 1])
  await append(db, [95, 1], [85, 1], [60, 1], [100, 1], [101, 1])
  const shown = await env.metrics.metrics()
  for (const line of [
    'prometheus_tsdb_head_out_of_order_samples_appended_total{type="float"} 2',
    'prometheus_tsdb_head_out_of_order_samples_appended_total{type="histogram"} 0',
    'prometheus_tsdb_too_old_samples_total{type="float"} 1',
    'prometheus_tsdb_out_of_order_samples_total{type="float"} 0',
    'prometheus_tsdb_sample_ooo_delta_bucket{le="600"} 1',
    'prometheus_tsdb_sample_ooo_delta_bucket{le="1800"} 2',
    'prometheus_tsdb_sample_ooo_delta_sum 3600',
  ])
    assert.ok(shown.includes(`${line}\n`), line)
  await close()
})
