import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../../base/env-virtual.ts'
import { Labels } from '../../model/labels.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import { readAll } from '../../storage/series-source.contract.ts'
import { runDb } from '../db.fixture.ts'
import type { Db } from '../db.ts'
import { endingAt, restarted } from '../ending-disk.fixture.ts'
import { exemplarsRecord, metadataRecord, samplesRecord, segmentOf, seriesRecord, tombstonesRecord } from './upstream-log.fixture.ts'

// Exemplars and metadata that Prometheus left in its log.

const RANGE = 7_200_000
const BASE = Math.ceil(1_700_000_000_000 / RANGE) * RANGE
const MINUTE = 60_000
const EVER = [-(2n ** 63n), 2n ** 63n - 1n] as const
const OPTIONS = { blockRangeMs: RANGE, exemplarsMax: 100 }

const name = (n: number) => ({ __name__: `m${n}_total`, n: String(n) })

async function segment(env: VirtualEnv, number: number, ...records: readonly Uint8Array[]): Promise<void> {
  await env.fs.mkdir('/data/wal')
  const file = await env.fs.open(`/data/wal/${String(number).padStart(8, '0')}`, 'create')
  await file.write([segmentOf(records, 'snappy')], 0)
  await file.sync()
  await env.fs.syncDir('/data/wal')
}

async function left(): Promise<VirtualEnv> {
  const env = virtualEnv({ startTime: BASE + 10 * MINUTE })
  await segment(
    env,
    0,
    seriesRecord([1, name(1)], [2, name(2)], [3, name(3)]),
    metadataRecord([1, 1, { UNIT: 's', HELP: 'old' }], [2, 2, { HELP: 'a gauge', NEW: 'x' }], [3, 3, { HELP: 'ended' }]),
    samplesRecord([1, BASE, 1], [2, BASE, 2], [3, BASE - RANGE, 3]),
    exemplarsRecord(
      [1, BASE, 0.5, { trace_id: 'a' }],
      [1, BASE + MINUTE, 1.5, { trace_id: 'b' }],
      [9, BASE, 1, { trace_id: 'nobody' }],
      [2, BASE, 7, { trace_id: 'x'.repeat(200) }],
    ),
    tombstonesRecord([1, BigInt(BASE), BigInt(BASE)]),
  )
  await segment(
    env,
    1,
    samplesRecord([1, BASE + MINUTE, 2], [2, BASE + MINUTE, 3]),
    metadataRecord([1, 1, { UNIT: 's', HELP: 'new' }]),
    exemplarsRecord([2, BASE + MINUTE, -1, { trace_id: 'c', span_id: 'd' }]),
  )
  return env
}

const WANT = {
  exemplars: [
    `m1_total{n="1"} {trace_id="a"} 0.5 ${BASE}`,
    `m1_total{n="1"} {trace_id="b"} 1.5 ${BASE + MINUTE}`,
    `m2_total{n="2"} {span_id="d", trace_id="c"} -1 ${BASE + MINUTE}`,
  ],
  metadata: [
    ['m1_total', { type: 'counter', unit: 's', help: 'new' }],
    ['m2_total', { type: 'gauge', unit: '', help: 'a gauge' }],
  ],
}

async function contents(db: Db): Promise<unknown> {
  const found = await db.exemplars({ minTime: -Infinity, maxTime: Infinity, matcherSets: [[]] }, unlimitedContext())
  const exemplars = found.flatMap(({ labels, exemplars: some }) =>
    some.map((one) => `${labels} ${one.labels} ${one.value} ${one.timestamp}`),
  )
  return { exemplars: exemplars.sort(), metadata: [...db.metricMetadata()].sort() }
}

const countOf = async (db: Db) => (await readAll(db, -Infinity, Infinity, [])).reduce((sum, { timestamps }) => sum + timestamps.length, 0)

test('exemplars and metadata of a log are there, and after a restart as well, and what Prometheus adds later', async () => {
  const env = await left()
  const { db } = await runDb(env, OPTIONS)
  assert.deepEqual(await contents(db), WANT)
  assert.equal(await countOf(db), 4)
  assert.equal(db.replayReport()!.corruptions, 0)
  // Samples that come, and what is done once a minute, let go of no more than of other parts of the log.
  const appender = db.appender()
  appender.append(appender.series(Labels.of(name(1))), BASE + 11 * MINUTE, 1)
  await appender.commit()
  await env.clock.advance(2 * MINUTE)
  const again = restarted(env)
  await again.fs.remove('/data/promontory.lock')
  await segment(again, 2, samplesRecord([1, BASE + 2 * MINUTE, 2]), exemplarsRecord([1, BASE + 2 * MINUTE, 9, { trace_id: 'z' }]))
  const second = await runDb(again, OPTIONS)
  const { exemplars, metadata } = WANT
  assert.deepEqual(await contents(second.db), {
    exemplars: [...exemplars, `m1_total{n="1"} {trace_id="z"} 9 ${BASE + 2 * MINUTE}`].sort(),
    metadata,
  })
  assert.equal(await countOf(second.db), 6)
  await second.close()
})

test('of many exemplars the newest are there, and none where none are kept', async () => {
  for (const [exemplarsMax, want] of [
    [2, WANT.exemplars.slice(1)],
    [0, []],
  ] as const) {
    const { db, close } = await runDb(await left(), { ...OPTIONS, exemplarsMax })
    assert.deepEqual(await contents(db), { exemplars: want, metadata: WANT.metadata })
    await close()
  }
})

test('exemplars of a series that has ended, or of the time of blocks, are not taken over', async () => {
  const env = virtualEnv({ startTime: BASE })
  await segment(
    env,
    0,
    seriesRecord([1, name(1)], [2, name(2)]),
    samplesRecord([1, BASE, 1], [2, BASE, 2]),
    exemplarsRecord([1, BASE, 1, { trace_id: 'a' }]),
    tombstonesRecord([1, ...EVER]),
    exemplarsRecord([2, BASE, 1, { trace_id: 'b' }]),
  )
  const first = await runDb(env, OPTIONS)
  assert.deepEqual(await contents(first.db), { exemplars: [`m2_total{n="2"} {trace_id="b"} 1 ${BASE}`], metadata: [] })
  await first.close()
  await segment(env, 1, samplesRecord([2, BASE + MINUTE, 2]), exemplarsRecord([2, BASE - MINUTE, 1, { trace_id: 'old' }]))
  const second = await runDb(restarted(env), OPTIONS)
  assert.deepEqual(await contents(second.db), { exemplars: [`m2_total{n="2"} {trace_id="b"} 1 ${BASE}`], metadata: [] })
  await second.close()
})

test('a start that ends at any step leaves them for the next one, once', async () => {
  const counted = endingAt(await left(), Number.POSITIVE_INFINITY)
  const { close } = await runDb(counted.env, OPTIONS)
  const steps = counted.calls()
  await close()
  assert.ok(steps > 40, `${steps} steps`)
  for (let step = 1; step <= steps; step += 2) {
    const losesPower = step % 4 === 1
    const disk = await left()
    const { env, calls } = endingAt(disk, step)
    let isDone = false
    void runDb(env, OPTIONS).then(() => {
      isDone = true
    })
    while (!isDone && calls() <= step) await new Promise((resolve) => setImmediate(resolve))
    if (losesPower) disk.fs.losePower()
    const again = restarted(disk)
    await again.fs.remove('/data/promontory.lock')
    const { db } = await runDb(again, OPTIONS)
    assert.deepEqual(await contents(db), WANT, `step ${step}`)
    assert.equal(await countOf(db), 4, `step ${step}`)
  }
})
