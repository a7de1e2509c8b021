import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../../base/env-virtual.ts'
import { histogram } from '../../chunkenc/samples.fixture.ts'
import { Labels } from '../../model/labels.ts'
import { Matcher } from '../../model/matcher.ts'
import { STALE_MARKER } from '../../model/staleness.ts'
import { AppendStatus, ExemplarStatus } from '../../storage/appender.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import { readAll } from '../../storage/series-source.contract.ts'
import { CommitQueue } from '../commit-queue.ts'
import { runDb } from '../db.fixture.ts'
import type { Db, DbOptions } from '../db.ts'
import { endingAt, restarted } from '../ending-disk.fixture.ts'
import { ExemplarRing } from '../exemplars/exemplar-ring.ts'
import { RefusalCounts } from '../refusal-counts.ts'
import { BatchPool } from '../sample-batch.ts'
import { slowFor } from '../slow-disk.fixture.ts'
import { LogWriter } from '../wal/log-writer.ts'
import { SlabPool } from '../window/slab-pool.ts'
import { Window } from '../window/window.ts'
import { WindowSet } from '../window-set.ts'
import { HEADER_BYTES } from './checkpoint-format.ts'
import { isWorthItsBytes, isWorthItsLog } from './checkpointer.ts'
import { writeCheckpoint } from './write-checkpoint.ts'

const START = 1_700_000_400_000
const OPTIONS: Partial<DbOptions> & { exemplarsMax: number } = { exemplarsMax: 100, checkpoints: { logBytes: 1, lookMs: 100 } }

const labelsOf = (i: number) => Labels.of({ __name__: `m${i % 3}`, i: String(i) })

/** A sample of each of the series, of all kinds. */
async function appendRound(db: Db, round: number, seriesCount = 12): Promise<void> {
  const appender = db.appender()
  const t = START + round * 10_000
  for (let i = 0; i < seriesCount; i++) {
    const ref = appender.series(labelsOf(i))
    let status: AppendStatus
    if (i % 6 === 4) {
      const buckets = Array.from({ length: 1 + (round % 5) }, (_, n) => round + n)
      status = appender.appendHistogram(
        ref,
        t,
        histogram({ isFloat: i % 4 === 0, schema: 2, spans: [0, buckets.length], buckets, sum: round, zeroThreshold: 0.5 }),
      )
    } else status = appender.append(ref, t, (round + i) % 9 === 8 ? STALE_MARKER : round * 7 + i, i % 6 === 5 ? START - 1 : 0)
    assert.equal(status, AppendStatus.ok)
    if (i === 0) {
      appender.setMetadata(ref, { type: 'gauge', unit: '', help: 'A gauge.' })
      const exemplar = { labels: Labels.of({ id: String(round) }), value: round, timestamp: t, hasTimestamp: true }
      assert.equal(appender.appendExemplar(ref, exemplar), ExemplarStatus.ok)
    }
  }
  await appender.commit()
}

/** All that a database answers, as text. */
async function contents(db: Db): Promise<string> {
  return `${await samplesOf(db)}\n${await otherContents(db)}`
}

async function samplesOf(db: Db): Promise<string> {
  const series = await readAll(db, -Infinity, Infinity, [])
  const lines = series.map(({ labels, timestamps, values, histograms, startTimes }) => {
    const samples = Array.from(timestamps, (t, i) => {
      const buckets = histograms?.[i]?.positiveBuckets.filter((count) => count > 0)
      return `${t} ${buckets === undefined ? values[i] : `[${buckets}]`} ${startTimes?.[i] ?? 0}`
    })
    return `${labels}: ${samples.join(', ')}`
  })
  return lines.join('\n')
}

async function otherContents(db: Db): Promise<string> {
  const lines: string[] = []
  const exemplars = await db.exemplars({ minTime: -Infinity, maxTime: Infinity, matcherSets: [[]] }, unlimitedContext())
  for (const { labels, exemplars: some } of exemplars)
    lines.push(`${labels}: ${some.map((one) => `${one.labels} ${one.value} ${one.timestamp}`)}`)
  lines.push(JSON.stringify([...db.metricMetadata()]))
  return lines.join('\n')
}

const checkpoints = async ({ fs }: VirtualEnv) => ((await fs.stat('/data/checkpoint')) === null ? [] : fs.readDir('/data/checkpoint'))

test('after an orderly end a start reads nothing of the log, and everything is there and goes on', async () => {
  const env = virtualEnv()
  const first = await runDb(env, OPTIONS)
  for (let round = 0; round < 150; round++) await appendRound(first.db, round)
  const before = await contents(first.db)
  await first.close()
  assert.deepEqual(await checkpoints(env), ['00000001.checkpoint'])
  env.metrics.clear()
  const second = await runDb(env, OPTIONS)
  assert.equal(second.db.recovery()!.checkpoint?.number, 1)
  assert.equal(second.db.replayReport()!.bytes, 0)
  assert.equal(await contents(second.db), before)
  assert.deepEqual(second.db.stats().activeSeries, 12)
  for (let round = 150; round < 300; round++) await appendRound(second.db, round, 15)
  const later = await contents(second.db)
  assert.ok(later.length > before.length)
  await second.close()
  assert.deepEqual(await checkpoints(env), ['00000002.checkpoint'])
  env.metrics.clear()
  const third = await runDb(env, OPTIONS)
  assert.equal(await contents(third.db), later)
  await third.close()
})

test('a process that is killed is back from its checkpoint and the log after it', async () => {
  const env = virtualEnv()
  const { db } = await runDb(
    slowFor(env, '/checkpoint/', () => 30),
    OPTIONS,
  )
  for (let round = 0; round < 100; round++) {
    await appendRound(db, round, 12 + Math.floor(round / 10))
    await env.clock.advance(20)
  }
  const before = await contents(db)
  const { checkpointsBegun, checkpointsFailed } = db.counters()
  assert.ok(checkpointsBegun > 0, `${checkpointsBegun} checkpoints`)
  assert.equal(checkpointsFailed, 0)
  const after = await runDb(restarted(env), OPTIONS)
  assert.ok(after.db.recovery()!.checkpoint !== undefined)
  const { samples, samplesLost } = after.db.replayReport()!
  assert.ok(samples > 0 && samples < db.stats().sampleCount, `${samples} samples`)
  assert.equal(samplesLost, 0)
  assert.equal(await contents(after.db), before)
})

test('what is deleted while a checkpoint is written stays deleted, and what comes after stays', async () => {
  for (let step = 1; step < 60; step += 3) {
    const env = virtualEnv()
    const { db } = await runDb(
      slowFor(env, '/checkpoint/', () => 10),
      OPTIONS,
    )
    for (let round = 0; round < 20; round++) await appendRound(db, round)
    // The checkpoint is somewhere on its way.
    await env.clock.advance(100 + step * 7)
    const deleting = db.deleteSamples([new Matcher('=', '__name__', 'm1')], START + 50_000, START + 900_000, new AbortController().signal)
    for (let round = 20; round < 30; round++) {
      await env.clock.advance(10)
      const appending = appendRound(db, round)
      await env.clock.advance(20)
      await appending
    }
    await deleting
    const before = await samplesOf(db)
    for (let turn = 0; turn < 30; turn++) await env.clock.advance(30)
    const after = await runDb(restarted(env), OPTIONS)
    assert.ok(after.db.recovery()!.checkpoint !== undefined)
    assert.equal(await samplesOf(after.db), before, `step ${step}`)
  }
})

test('a checkpoint is written while late samples come to times of which others were deleted, and has them', async () => {
  for (let step = 0; step < 30; step += 3) {
    const env = virtualEnv()
    const options = { ...OPTIONS, lateSpanMs: 900_000, checkpoints: { logBytes: 1, lookMs: 1000 } }
    const { db } = await runDb(
      slowFor(env, '/checkpoint/', () => 10),
      options,
    )
    for (let round = 0; round < 20; round++) await appendRound(db, round)
    const appendLate = async (t: number) => {
      const appender = db.appender()
      assert.equal(appender.append(appender.series(labelsOf(1)), t, t % 1000), AppendStatus.ok)
      await appender.commit()
    }
    for (const t of [START + 50_500, START + 140_500]) await appendLate(t)
    const m1 = [new Matcher('=', '__name__', 'm1')]
    await db.deleteSamples(m1, START + 50_000, START + 150_000, new AbortController().signal)
    await env.clock.advance(950 + step * 7)
    for (let n = 1; n <= 30; n++) {
      await appendLate(START + 51_000 + n * 7)
      await env.clock.advance(10)
    }
    const before = await samplesOf(db)
    for (let turn = 0; turn < 60; turn++) await env.clock.advance(10)
    const { checkpointsBegun, checkpointsFailed } = db.counters()
    assert.ok(checkpointsBegun > 0)
    assert.equal(checkpointsFailed, 0, `step ${step}`)
    const after = await runDb(restarted(env), options)
    assert.ok(after.db.recovery()!.checkpoint !== undefined, `step ${step}`)
    assert.equal(await samplesOf(after.db), before, `step ${step}`)
  }
})

test('a checkpoint that ends before it has begun to write keeps no deletion waiting', async () => {
  const env = virtualEnv()
  await env.fs.mkdir('/data/log')
  const batches = new BatchPool()
  const windows = new WindowSet(3_600_000, batches)
  const exemplars = new ExemplarRing(windows.pool)
  const common = { fs: env.fs, clock: env.clock, log: env.log, dir: '/data/log', segmentBefore: 0 }
  const log = new LogWriter({ ...common, fsync: 'interval', onSync: () => {}, onFailure: () => {} })
  const refused = new RefusalCounts(() => {})
  const queue = new CommitQueue(windows, exemplars, log, batches, env.clock, refused, () => {})
  const window = windows.windowOf(START)
  window.state = () => {
    throw new Error('no memory left')
  }
  await assert.rejects(writeCheckpoint(env, '/data', 1, { windows, exemplars, log, queue }, false), /no memory left/)
  await queue.delete({ minTime: 0, maxTime: 1, matchers: [] })
  assert.equal(window.pins, 0)
  assert.deepEqual(await env.fs.readDir('/data'), ['log'])
  await queue.close()
  await log.close()
})

test('a checkpoint with damage anywhere is set aside, and the log is read', async () => {
  const env = virtualEnv()
  const first = await runDb(env, OPTIONS)
  for (let round = 0; round < 20; round++) await appendRound(first.db, round)
  const before = await contents(first.db)
  await first.close()
  const path = '/data/checkpoint/00000001.checkpoint'
  const whole = (await env.fs.readFile(path)).slice()
  const partsStart = HEADER_BYTES + Math.floor((whole.length - HEADER_BYTES) / 65536) * 65536
  const places = [0, 8, 12, HEADER_BYTES, HEADER_BYTES + 70_000, whole.length - 1, whole.length - 30, whole.length - 40]
  for (let at = partsStart; at < whole.length; at += 97) places.push(at)
  const damaged: Uint8Array[] = places.map((at) => {
    const bytes = whole.slice()
    bytes[at] ^= 0x10
    return bytes
  })
  for (const length of [0, 100, HEADER_BYTES + 5, whole.length - 1]) damaged.push(whole.slice(0, length))
  for (const bytes of damaged) {
    await env.fs.remove('/data/quarantine')
    await env.fs.writeFile(path, bytes)
    const again = restarted(env)
    const { db } = await runDb(again, OPTIONS)
    assert.equal(db.recovery()!.checkpoint, undefined)
    assert.equal(await contents(db), before)
    assert.deepEqual(await env.fs.readDir('/data/quarantine'), ['00000001.checkpoint'])
    assert.ok(again.lines.some(({ level, message }) => level === 'error' && message === 'checkpoint not used, the log is read instead'))
    // The lock of a process that is there no more.
    await env.fs.remove('/data/promontory.lock')
  }
})

test('a checkpoint with damage that cannot be set aside keeps nobody from starting', async () => {
  const env = virtualEnv({ startTime: START })
  const first = await runDb(env, OPTIONS)
  await appendRound(first.db, 1)
  const want = await contents(first.db)
  await first.close()
  const again = restarted(env)
  const file = await again.fs.open('/data/checkpoint/00000001.checkpoint', 'write')
  await file.write([new Uint8Array(100).fill(0xaa)], HEADER_BYTES)
  await file.close()
  again.fs.fault = (call, path) => (call === 'mkdir' && path === '/data/quarantine' ? 'ENOSPC' : undefined)
  const second = await runDb(again, OPTIONS)
  again.fs.fault = undefined
  assert.equal(await contents(second.db), want)
  await second.close()
})

test('a log that has lost its end since the checkpoint costs nothing of what that has', async () => {
  const env = virtualEnv()
  const first = await runDb(env, OPTIONS)
  for (let round = 0; round < 20; round++) await appendRound(first.db, round)
  const before = await contents(first.db)
  await first.close()
  const path = '/data/log/00000001.log'
  const whole = (await env.fs.readFile(path)).slice()
  for (const length of [28, 100, whole.length >> 1]) {
    await env.fs.writeFile(path, whole.slice(0, length))
    const { db } = await runDb(restarted(env), OPTIONS)
    assert.notEqual(db.recovery()!.checkpoint, undefined)
    assert.equal(await contents(db), before)
    await env.fs.remove('/data/promontory.lock')
  }
})

test('a checkpoint of a log that has begun anew is not used', async () => {
  const env = virtualEnv({ startTime: START })
  const first = await runDb(env, { ...OPTIONS, segmentBytes: 1 })
  for (let round = 0; round < 5; round++) await appendRound(first.db, round)
  await first.close()
  const path = '/data/checkpoint/00000001.checkpoint'
  const checkpoint = (await env.fs.readFile(path)).slice()
  await env.fs.remove('/data/checkpoint')
  await env.fs.remove('/data/log')
  let again = restarted(env)
  await again.clock.advance(1000)
  const second = await runDb(again, { ...OPTIONS, checkpoints: { logBytes: 1e9 } })
  await appendRound(second.db, 7)
  const want = await contents(second.db)
  await second.close()
  await env.fs.mkdir('/data/checkpoint')
  await env.fs.writeFile(path, checkpoint)
  again = restarted(again)
  const third = await runDb(again, OPTIONS)
  assert.equal(await contents(third.db), want)
  await third.close()
})

test('a process that ends at any step of a checkpoint leaves the one before, or the new one', async () => {
  let numbers = ''
  for (let last = 0; ; last++) {
    const env = virtualEnv()
    const first = await runDb(env, OPTIONS)
    for (let round = 0; round < 10; round++) await appendRound(first.db, round)
    await first.close()
    env.metrics.clear()
    const disk = endingAt(env, Number.POSITIVE_INFINITY)
    const second = await runDb(env, OPTIONS)
    for (let round = 10; round < 20; round++) await appendRound(second.db, round)
    const before = await contents(second.db)
    // From here on the steps count.
    Object.assign(env, { fs: endingAt(env, last).env.fs })
    let isOver = false
    const closing = second.close().then(() => {
      isOver = true
    })
    for (let turn = 0; turn < 5; turn++) await env.clock.advance(1)
    const { db } = await runDb(restarted(disk.env), OPTIONS)
    assert.equal(await contents(db), before)
    numbers += db.recovery()!.checkpoint!.number
    assert.deepEqual(
      (await checkpoints(env)).filter((name) => name.endsWith('.tmp')),
      [],
    )
    if (!isOver) continue
    await closing
    break
  }
  assert.match(numbers, /^1{5,}2{2,}$/)
})

test('a disk that does not do costs the checkpoint and nothing else', async () => {
  const env = virtualEnv()
  const slow = slowFor(env, '/checkpoint/', () => 10)
  const { db, close } = await runDb(slow, OPTIONS)
  await appendRound(db, 0)
  env.fs.failing.sync = 'ENOSPC'
  await env.clock.advance(400)
  env.fs.failing = {}
  const { checkpointsBegun, checkpointsFailed } = db.counters()
  assert.deepEqual([checkpointsBegun, checkpointsFailed], [1, 1])
  assert.deepEqual(await checkpoints(env), [])
  await appendRound(db, 1)
  assert.equal(db.stats().sampleCount, 24)
  // Tried again after a minute.
  for (let turn = 0; turn < 70; turn++) await env.clock.advance(1000)
  assert.deepEqual(await checkpoints(env), ['00000001.checkpoint'])
  const closing = close()
  await env.clock.advance(100)
  await closing
})

test('a checkpoint that would not leave the disk to the log is not begun', async () => {
  const env = virtualEnv()
  const { db, close } = await runDb(env, OPTIONS)
  await appendRound(db, 0)
  env.fs.freeBytes = 60 * 1024 * 1024
  await close()
  assert.deepEqual(await checkpoints(env), [])
  assert.ok(env.lines.some(({ fields }) => /^the disk has \d+ bytes left/.test(String(fields.error))))
})

test('series go on that a checkpoint has in a window which became a block', async () => {
  const env = virtualEnv()
  const options = { ...OPTIONS, blockRangeMs: 100_000 }
  const first = await runDb(
    slowFor(env, '/checkpoint/', () => 1),
    options,
  )
  for (let round = 0; round < 8; round++) await appendRound(first.db, round)
  for (let turn = 0; turn < 50; turn++) await env.clock.advance(10)
  assert.deepEqual(await checkpoints(env), ['00000001.checkpoint'])
  const kept = (await env.fs.readFile('/data/checkpoint/00000001.checkpoint')).slice()
  for (let round = 8; round < 40; round++) {
    await appendRound(first.db, round)
    await env.clock.advance(0)
  }
  assert.ok(first.db.stats().blockCount > 1)
  const before = await samplesOf(first.db)
  // As if no other had been written.
  for (const name of await checkpoints(env)) await env.fs.remove(`/data/checkpoint/${name}`)
  await env.fs.writeFile('/data/checkpoint/00000001.checkpoint', kept)
  const { db } = await runDb(restarted(env), options)
  assert.ok(db.recovery()!.checkpoint !== undefined)
  assert.equal(db.replayReport()!.samplesLost, 0)
  assert.equal(await samplesOf(db), before)
  assert.equal(db.stats().windowCount, first.db.stats().windowCount)
})

test('a checkpoint of another block range is not used, and does not stay', async () => {
  const env = virtualEnv()
  const first = await runDb(env, OPTIONS)
  for (let round = 0; round < 20; round++) await appendRound(first.db, round)
  const before = await contents(first.db)
  await first.close()
  env.metrics.clear()
  const { db, close } = await runDb(env, { ...OPTIONS, blockRangeMs: 3_600_000 })
  assert.equal(db.recovery()!.checkpoint, undefined)
  assert.equal(await contents(db), before)
  assert.deepEqual(await checkpoints(env), [])
  await close()
  assert.deepEqual(await checkpoints(env), ['00000002.checkpoint'])
})

test('a checkpoint follows when many series have come and no more come, and not for a few samples', async () => {
  const env = virtualEnv()
  const { db, close } = await runDb(env)
  for (let round = 0; round < 6; round++) {
    const appender = db.appender()
    for (let i = 0; i < 10_000; i++) appender.append(appender.series(Labels.of({ i: String(round * 10_000 + i) })), START, i)
    await appender.commit()
    await env.clock.advance(5000)
    assert.equal(db.counters().checkpointsBegun, 0)
  }
  await env.clock.advance(5000)
  for (let turn = 0; turn < 200; turn++) await env.clock.advance(50)
  assert.equal(db.counters().checkpointsBegun, 1)
  assert.deepEqual(await checkpoints(env), ['00000001.checkpoint'])
  for (let turn = 0; turn < 20; turn++) await env.clock.advance(5000)
  assert.equal(db.counters().checkpointsBegun, 1)
  await close()
})

test('a process that ends writes a checkpoint where that does not make it much more than the log', () => {
  const MB = 1e6
  const check = (checkpoints: number, next: number, log: number, want: boolean) =>
    assert.equal(isWorthItsBytes({ checkpoints: checkpoints * MB, next: next * MB, log: log * MB }), want)
  check(0, 10, 1, true)
  check(500, 10, 1, true)
  check(0, 170, 4, false)
  check(135, 230, 150, false)
  check(2000, 500, 1150, true)
})

test('a checkpoint comes behind the beginning of a segment rather than before it, and not much later than wanted', () => {
  const check = (log: number, share: number, isSaid: boolean, want: boolean) =>
    assert.equal(isWorthItsLog({ log, wanted: 100, share, isSaid }), want, `${log} ${share} ${isSaid}`)
  check(80, 0.1, true, false)
  check(90, 0.1, true, true)
  check(90, 0.1, false, false)
  check(90, 0.4, true, false)
  check(100, 0.4, true, true)
  check(100, 0.7, true, false)
  check(140, 0.02, false, false)
  check(140, 0.95, true, false)
  check(150, 0.95, false, true)
})

test('a segment knows how full it is, beside the series that it has said', async () => {
  const env = virtualEnv({ startTime: START })
  await env.fs.mkdir('/data/log')
  const writer = new LogWriter({
    fs: env.fs,
    clock: env.clock,
    log: env.log,
    dir: '/data/log',
    fsync: 'interval',
    segmentBefore: 0,
    segmentBytes: 10_000,
    onSync: () => {},
    onFailure: () => {},
  })
  assert.equal(writer.segmentFill.share, 0)
  const window = new Window(new SlabPool(), 1, 0, 7_200_000)
  assert.equal(writer.beginBatch(), true)
  const number = writer.encoder.series(window, window.add(labelsOf(1)), 0)
  await writer.writeBatch(0)
  const { seriesBytes, share } = writer.segmentFill
  assert.ok(seriesBytes > 0 && seriesBytes < 100 && share > 0 && share < 0.01, `${seriesBytes} ${share}`)
  let before = share
  for (let t = 0; t < 5; t++) {
    assert.equal(writer.beginBatch(), false)
    for (let i = 0; i < 100; i++) writer.encoder.sample(number, 1000 * t + i, i / 3)
    await writer.writeBatch(t)
    const fill = writer.segmentFill
    assert.ok(fill.seriesBytes === seriesBytes && fill.share > before && fill.share < 1, `${fill.share}`)
    before = fill.share
  }
  await writer.close()
})
