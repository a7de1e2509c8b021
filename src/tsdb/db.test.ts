import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { CodedError } from '../base/errors.ts'
import { histogram } from '../chunkenc/samples.fixture.ts'
import type { Exemplar } from '../model/exemplar.ts'
import type { Histogram } from '../model/histogram.ts'
import { Labels } from '../model/labels.ts'
import { Matcher } from '../model/matcher.ts'
import type { Metadata } from '../model/metadata.ts'
import { isStaleMarker, STALE_MARKER } from '../model/staleness.ts'
import { AppendStatus, ExemplarStatus } from '../storage/appender.ts'
import { histogramSourceContract } from '../storage/histogram-source.contract.ts'
import type { MemorySeries } from '../storage/memory-source.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import { readAll, type SourceUnderTest, seriesSourceContract } from '../storage/series-source.contract.ts'
import type { Series } from '../storage/series-source.ts'
import { runDb } from './db.fixture.ts'
import { type Db, openDb } from './db.ts'
import { appendAll, storeSeries } from './store-series.fixture.ts'

async function filled(series: readonly MemorySeries[]): Promise<SourceUnderTest> {
  const { db, close } = await runDb(virtualEnv())
  await storeSeries(db, series)
  return { source: db, close }
}

async function filledAndRestarted(series: readonly MemorySeries[]): Promise<SourceUnderTest> {
  const env = virtualEnv()
  const first = await runDb(env)
  // All appenders are there before the first commit, so none finds its samples too old.
  for (const [i, appender] of series.map(() => first.db.appender()).entries()) {
    appendAll(appender, series[i])
    await appender.commit()
  }
  await first.close()
  env.metrics.clear()
  const { db, close } = await runDb(env)
  return { source: db, close }
}

for (const [kind, open] of [['database', filled] as const, ['database after a restart', filledAndRestarted] as const]) {
  seriesSourceContract(kind, open)
  histogramSourceContract(kind, open)
}

const hour = 3_600_000
const base = 1_700_000_000_000
const everything = [new Matcher('=~', '__name__', '.+')]

async function write(db: Db, labels: Record<string, string>, ...samples: [t: number, v: number][]): Promise<AppendStatus[]> {
  const appender = db.appender()
  const ref = appender.series(Labels.of(labels))
  const answers = samples.map(([t, v]) => appender.append(ref, t, v))
  await appender.commit()
  return answers
}

async function dump(db: Db): Promise<Record<string, [number, number][]>> {
  const found: Record<string, [number, number][]> = {}
  for (const { labels, timestamps, values } of await readAll(db, -Infinity, Infinity, everything)) {
    found[labels.toString()] = Array.from(timestamps, (t, i) => [t, values[i]])
  }
  return found
}

test('answers to samples out of order, too old, twice, and of series that are gone', async () => {
  const { db, close } = await runDb(virtualEnv())
  const { ok, outOfOrder, duplicateTimestamp, tooOld, tooFarAhead, unknownSeries } = AppendStatus
  assert.deepEqual(await write(db, { __name__: 'a' }, [base, 1], [base, 1], [base, 2], [base - 1, 1], [base + 1, STALE_MARKER]), [
    ok,
    ok,
    duplicateTimestamp,
    outOfOrder,
    ok,
  ])
  assert.deepEqual(await write(db, { __name__: 'a' }, [base, 1], [base + 1, STALE_MARKER], [base + 1, 5], [2 ** 53, 1]), [
    outOfOrder,
    ok,
    duplicateTimestamp,
    tooFarAhead,
  ])
  assert.deepEqual(await write(db, { __name__: 'b' }, [base - hour, 1], [base + hour + 2, 1]), [tooOld, ok])
  assert.deepEqual(await write(db, { __name__: 'c' }, [base + 1, 1], [base + 2, 1]), [tooOld, ok])
  assert.equal(db.appender().append(2 ** 40 + 1, base + 2 * hour, 1), unknownSeries)
  assert.equal(db.appender().append(12345, base + 2 * hour, 1), unknownSeries)
  assert.deepEqual(Object.keys(await dump(db)), ['a', 'b', 'c'])
  await close()
})

test('nothing is readable before its commit, after a rollback, or out of a batch that was not written', async () => {
  const env = virtualEnv()
  const { db, close } = await runDb(env)
  const appender = db.appender()
  appender.append(appender.series(Labels.of({ __name__: 'rolled' })), base, 1)
  assert.deepEqual(await dump(db), {})
  appender.rollback()
  assert.deepEqual(await dump(db), {})
  assert.deepEqual(await db.labelNames({ minTime: 0, maxTime: Infinity, matcherSets: [], limit: 0 }, unlimitedContext()), [])
  assert.deepEqual(await write(db, { __name__: 'rolled' }, [base, 2]), [AppendStatus.ok])

  env.fs.failing.write = 'ENOSPC'
  const failed = [write(db, { __name__: 'rolled' }, [base + 1, 3]), write(db, { __name__: 'new' }, [base + 1, 3])]
  for (const one of failed) await assert.rejects(one, /write \/data\/log\/00000001\.log: ENOSPC/)
  assert.deepEqual(await dump(db), { rolled: [[base, 2]] })
  env.fs.failing = {}
  await env.clock.advance(1000)
  assert.deepEqual(await write(db, { __name__: 'rolled' }, [base + 1, 4]), [AppendStatus.ok])
  assert.deepEqual(await write(db, { __name__: 'new' }, [base + 1, 5]), [AppendStatus.ok])
  const want = {
    new: [[base + 1, 5]],
    rolled: [
      [base, 2],
      [base + 1, 4],
    ],
  }
  assert.deepEqual(await dump(db), want)
  await close()

  env.metrics.clear()
  const again = await runDb(env)
  assert.deepEqual(await dump(again.db), want)
  assert.equal(again.db.replayReport()!.corruptions, 0)
  await again.close()
})

test('an fsync that fails before the answer refuses the batch, and a restart does not bring it back', async () => {
  const env = virtualEnv()
  const { db, close } = await runDb(env, { walFsync: 'always' })
  await write(db, { __name__: 'm' }, [base, 1])
  env.fs.failing.sync = 'EIO'
  await assert.rejects(write(db, { __name__: 'm' }, [base + 1, 2]), /EIO/)
  env.fs.failing = {}
  await env.clock.advance(1000)
  await write(db, { __name__: 'm' }, [base + 2, 3])
  const late = db.appender()
  late.append(late.series(Labels.of({ __name__: 'm' })), base + 3, 4)
  await close()
  await assert.rejects(late.commit(), /database is closed/)
  env.metrics.clear()
  const again = await runDb(env)
  assert.deepEqual(await dump(again.db), {
    m: [
      [base, 1],
      [base + 2, 3],
    ],
  })
  await again.close()
})

test('an end during the replay waits for one segment, not for all', async () => {
  const env = virtualEnv()
  const first = await runDb(env, { segmentBytes: 100 })
  for (let t = base; t < base + 50; t++) await write(first.db, { __name__: 'm' }, [t, t])
  await first.close()
  env.metrics.clear()
  const db = await openDb({ env, dir: '/data', retentionMs: 0, blockRangeMs: 2 * hour, walFsync: 'interval' })
  const stop = new AbortController()
  stop.abort()
  await db.run(stop.signal, () => assert.fail('it is not ready'))
  assert.equal(db.replayStatus().segmentsDone, 1)
  env.metrics.clear()
  const again = await runDb(env)
  assert.equal((await dump(again.db)).m.length, 50)
  await again.close()
})

test('commits of one moment share a write, and keep their order', async () => {
  const env = virtualEnv()
  const { db, close } = await runDb(env)
  const written: number[] = []
  const commits = Array.from({ length: 20 }, (_, i) => write(db, { __name__: 'm' }, [base + i, i]).then(() => written.push(i)))
  await Promise.all(commits)
  assert.deepEqual(
    written,
    Array.from({ length: 20 }, (_, i) => i),
  )
  assert.equal((await dump(db)).m.length, 20)
  await close()
})

test('the same sample again is acknowledged only when the first one is', async () => {
  const env = virtualEnv()
  const { db, close } = await runDb(env)
  await write(db, { __name__: 'm' }, [base, 1])
  const first = db.appender()
  first.append(first.series(Labels.of({ __name__: 'm' })), base + 1, 2)
  const second = db.appender()
  assert.equal(second.append(second.series(Labels.of({ __name__: 'm' })), base + 1, 2), AppendStatus.ok)
  first.rollback()
  await second.commit()
  assert.deepEqual(await dump(db), {
    m: [
      [base, 1],
      [base + 1, 2],
    ],
  })
  await close()
})

/** An appender with samples of one series, not committed yet. */
function begin(db: Db, labels: Record<string, string>, ...samples: [t: number, v: number][]) {
  const appender = db.appender()
  const ref = appender.series(Labels.of(labels))
  for (const [t, v] of samples) assert.equal(appender.append(ref, t, v), AppendStatus.ok)
  return appender
}

test('a sample on its way keeps its series when the window of the series closes', async () => {
  const { db, close } = await runDb(virtualEnv())
  await write(db, { __name__: 'a' }, [base, 1])
  await write(db, { __name__: 'b' }, [base, 1])
  // Of `a` the same sample comes twice; of `b` a newer one is taken back while an older one waits.
  const copies = [begin(db, { __name__: 'a' }, [base + 1, 2]), begin(db, { __name__: 'a' }, [base + 1, 2])]
  const older = begin(db, { __name__: 'b' }, [base + 1, 2])
  begin(db, { __name__: 'b' }, [base + 2, 3]).rollback()
  await copies[0].commit()
  await write(db, { __name__: 'jump' }, [base + 12 * hour, 1])
  await write(db, { __name__: 'other' }, [base + 12 * hour, 1])
  await copies[1].commit()
  await older.commit()
  const found = await dump(db)
  for (const name of ['a', 'b']) {
    assert.deepEqual(found[name], [
      [base, 1],
      [base + 1, 2],
    ])
  }
  for (const name of ['jump', 'other']) assert.deepEqual(found[name], [[base + 12 * hour, 1]])
  await write(db, { __name__: 'jump' }, [base + 12 * hour + 1, 1])
  assert.equal(db.stats().activeSeries, 2)
  await close()
})

test('a sample is not taken when a batch that waits has another value for its time', async () => {
  const { db, close } = await runDb(virtualEnv())
  await write(db, { __name__: 'm' }, [base, 1])
  const waits = begin(db, { __name__: 'm' }, [base + 1, 2])
  begin(db, { __name__: 'm' }, [base + 2, 3]).rollback()
  assert.deepEqual(await write(db, { __name__: 'm' }, [base + 1, 9], [base, 1]), [AppendStatus.duplicateTimestamp, AppendStatus.outOfOrder])
  await waits.commit()
  assert.deepEqual((await dump(db)).m, [
    [base, 1],
    [base + 1, 2],
  ])
  await close()
})

test('a series that was let go and comes back late has one slot', async () => {
  const { db, close } = await runDb(virtualEnv())
  await write(db, { __name__: 'm' }, [base, 1])
  const late = begin(db, { __name__: 'other' }, [base, 1])
  await write(db, { __name__: 'jump' }, [base + 12 * hour, 1])
  const ref = late.series(Labels.of({ __name__: 'm' }))
  assert.equal(late.append(ref, base + 1, 2), AppendStatus.ok)
  await late.commit()
  for (const [t, v] of [[base + 12 * hour, 3] as const, [base + 12 * hour + 1, 4] as const]) await write(db, { __name__: 'm' }, [t, v])
  assert.deepEqual(
    (await dump(db)).m.map(([, v]) => v),
    [1, 2, 3, 4],
  )
  assert.equal(db.stats().activeSeries, 2)
  await close()
})

test('a ref lives as long as its series gets samples, over windows, and is unknown after', async () => {
  const { db, close } = await runDb(virtualEnv())
  const appender = db.appender()
  const kept = appender.series(Labels.of({ __name__: 'kept', zone: 'ü' }))
  const left = appender.series(Labels.of({ __name__: 'left' }))
  appender.append(left, base, 1)
  await appender.commit()
  for (let t = base; t < base + 12 * hour; t += hour / 2) {
    const next = db.appender()
    assert.equal(next.append(kept, t, t), AppendStatus.ok, `at ${(t - base) / hour} h`)
    await next.commit()
  }
  assert.equal(db.stats().activeSeries, 1)
  const last = db.appender()
  assert.equal(last.append(left, base + 12 * hour, 1), AppendStatus.unknownSeries)
  const again = last.series(Labels.of({ __name__: 'left' }))
  assert.notEqual(again, left)
  assert.equal(last.append(again, base + 12 * hour, 1), AppendStatus.ok)
  await last.commit()
  const found = await dump(db)
  assert.equal(found['kept{zone="ü"}'].length, 24)
  assert.deepEqual(found.left, [
    [base, 1],
    [base + 12 * hour, 1],
  ])
  await close()
})

test('a day of history in time order, then windows far apart', async () => {
  const env = virtualEnv({ startTime: base + 100 * hour })
  const { db, close } = await runDb(env)
  for (let t = base; t < base + 24 * hour; t += 10 * 60_000) {
    const appender = db.appender()
    for (let i = 0; i < 20; i++)
      assert.equal(appender.append(appender.series(Labels.of({ __name__: 'h', i: String(i) })), t, i), AppendStatus.ok)
    await appender.commit()
  }
  await write(db, { __name__: 'far' }, [base + 1000 * hour, 1])
  const found = await dump(db)
  assert.equal(Object.keys(found).length, 21)
  for (let i = 0; i < 20; i++) assert.equal(found[`h{i="${i}"}`].length, 144)
  await close()
})

test('retention drops windows and blocks wholly older, and the log of what is in blocks goes', async () => {
  const env = virtualEnv({ startTime: base + 24 * hour })
  const { db, close } = await runDb(env, { retentionMs: 5 * hour, segmentBytes: 500 })
  for (let t = base; t < base + 24 * hour; t += 60_000) await write(db, { __name__: 'm' }, [t, t])
  const segments = db.stats().segmentCount
  await env.clock.advance(60_000)
  const { lowestTime, minTime, maxTime, windowCount, blockCount, segmentCount } = db.stats()
  assert.ok(maxTime - lowestTime >= 5 * hour - 60_000 && maxTime - lowestTime <= 7 * hour, `${(maxTime - lowestTime) / hour} h`)
  assert.ok(maxTime - minTime <= 3 * hour, `${(maxTime - minTime) / hour} h in memory`)
  assert.ok(windowCount <= 2 && blockCount >= 2 && blockCount <= 3, `${windowCount} windows, ${blockCount} blocks`)
  assert.ok(segmentCount <= segments && db.stats().logBytes < 20_000, `${db.stats().logBytes} bytes of log`)
  assert.equal((await dump(db)).m[0][0], lowestTime)
  await close()

  env.metrics.clear()
  const again = await runDb(env, { retentionMs: 5 * hour })
  assert.equal((await dump(again.db)).m.at(-1)![0], maxTime)
  await again.close()
})

test('a select that is under way keeps what retention drops', async () => {
  const env = virtualEnv()
  const { db, close } = await runDb(env, { retentionMs: hour })
  const appender = db.appender()
  for (let i = 0; i < 300; i++) appender.append(appender.series(Labels.of({ __name__: 'old', i: String(i) })), base, i)
  await appender.commit()
  const before = db.stats().memoryBytes
  const batches = db.select({ minTime: 0, maxTime: Infinity, matchers: everything }, unlimitedContext())[Symbol.asyncIterator]()
  const next = async () => {
    const given = batches.next()
    await env.clock.advance(1)
    return (await given).value as readonly Series[] | undefined
  }
  let seen = (await next())!.length
  await write(db, { __name__: 'new' }, [base + 10 * hour, 1])
  await env.clock.advance(60_000)
  assert.deepEqual(Object.keys(await dump(db)), ['new'])
  for (let batch = await next(); batch !== undefined; batch = await next()) {
    seen += batch.length
    for (const { labels } of batch) assert.equal(labels.get('__name__'), 'old')
  }
  assert.equal(seen, 300)
  await env.clock.advance(60_000)
  assert.ok(db.stats().memoryBytes <= before)
  await close()
})

test('a select charges what it holds, and gives it back however it ends', async () => {
  const { db, close } = await runDb(virtualEnv())
  const appender = db.appender()
  for (let i = 0; i < 300; i++) appender.append(appender.series(Labels.of({ __name__: 'm', i: String(i) })), base, i)
  await appender.commit()
  const select = async (limit: number, batchesMax: number) => {
    let held = 0
    let most = 0
    const budget = {
      ...unlimitedContext().budget,
      chargeBytes(count: number) {
        if (held + count > limit) throw new CodedError('limit', 'too much')
        held += count
        most = Math.max(most, held)
      },
      releaseBytes(count: number) {
        held -= count
      },
    }
    let batches = 0
    try {
      for await (const _ of db.select({ minTime: 0, maxTime: Infinity, matchers: everything }, { ...unlimitedContext(), budget })) {
        if (++batches === batchesMax) break
      }
    } finally {
      assert.equal(held, 0)
    }
    return most
  }
  const whole = await select(Infinity, Infinity)
  assert.ok(whole > 300 * 4 + 128 * 10, `${whole} bytes`)
  await select(Infinity, 1)
  await assert.rejects(select(300 * 4 + 10, Infinity), /too much/)
  await assert.rejects(select(10, Infinity), /too much/)
  await close()
})

test('durable after a second, or before the answer when asked for', async () => {
  const check = async (walFsync: 'interval' | 'always', waitMs: number, want: number) => {
    const env = virtualEnv({ seed: 5 })
    const { db } = await runDb(env, { walFsync })
    await write(db, { __name__: 'm' }, [base, 1])
    await env.clock.advance(waitMs)
    await write(db, { __name__: 'm' }, [base + 1, 2])
    if (walFsync === 'interval') await env.clock.advance(waitMs)
    env.fs.losePower()
    env.metrics.clear()
    const again = await runDb(env)
    const found = (await dump(again.db)).m ?? []
    assert.ok(found.length >= want, `${found.length} samples, want ${want}`)
    await again.close()
  }
  await check('interval', 1000, 2)
  await check('always', 0, 2)
})

test('an fsync that fails after the answer ends its segment', async () => {
  const env = virtualEnv()
  const { db, close } = await runDb(env)
  await write(db, { __name__: 'm' }, [base, 1])
  env.fs.failing.sync = 'EIO'
  await env.clock.advance(1000)
  env.fs.failing = {}
  await env.clock.advance(1000)
  assert.equal(db.stats().segmentCount, 1)
  await write(db, { __name__: 'm' }, [base + 1, 2])
  assert.equal(db.stats().segmentCount, 2)
  await write(db, { __name__: 'm' }, [base + 2, 3])
  assert.equal(db.stats().segmentCount, 2)
  await close()
  env.metrics.clear()
  const again = await runDb(env)
  assert.equal((await dump(again.db)).m.length, 3)
  await again.close()
})

test('before the log is replayed nothing is taken, and a query waits or is aborted', async () => {
  const env = virtualEnv()
  const first = await runDb(env)
  await write(first.db, { __name__: 'm' }, [base, 1])
  await first.close()
  env.metrics.clear()
  const db = await openDb({ env, dir: '/data', retentionMs: 0, blockRangeMs: 2 * hour, walFsync: 'interval' })
  assert.throws(() => db.appender(), /write-ahead log is being replayed/)
  assert.equal(db.replayStatus().done, false)
  const controller = new AbortController()
  const given = db.labelNames({ minTime: 0, maxTime: Infinity, matcherSets: [], limit: 0 }, unlimitedContext(controller.signal))
  controller.abort(new Error('too long'))
  await assert.rejects(given, /too long/)
  const waiting = dump(db)
  const stop = new AbortController()
  const done = db.run(stop.signal, () => {})
  assert.deepEqual(await waiting, { m: [[base, 1]] })
  assert.deepEqual(db.replayStatus(), { segmentsDone: 1, segmentsTotal: 1, done: true })
  stop.abort()
  await done
  assert.throws(() => db.appender(), /database is closed/)
  await assert.rejects(dump(db), /database is closed/)
})

const gauge = (buckets: number[], part: Parameters<typeof histogram>[0] = {}) =>
  histogram({ schema: 3, spans: [0, buckets.length], buckets, sum: 1.5, ...part })

test('answers to histograms: again, another, after a float, bad', async () => {
  const { db, close } = await runDb(virtualEnv())
  const { ok, outOfOrder, duplicateTimestamp, tooOld, tooFarAhead, badHistogram, unknownSeries } = AppendStatus
  const appender = db.appender()
  const ref = appender.series(Labels.of({ __name__: 'h' }))
  const one = gauge([1, 2])
  const check = (t: number, h: Histogram, want: AppendStatus) => assert.equal(appender.appendHistogram(ref, t, h), want, appender.refusal)
  check(base, one, ok)
  // The hint does not count, and neither does how the spans are cut.
  check(base, gauge([1, 2], { hint: 3, spans: [0, 1, 0, 0, 0, 1] }), ok)
  check(base, gauge([1, 3]), duplicateTimestamp)
  check(base, gauge([1, 2], { sum: 2 }), duplicateTimestamp)
  check(base, gauge([1, 2], { spans: [1, 2] }), duplicateTimestamp)
  check(base, { ...one, isFloat: true }, duplicateTimestamp)
  check(base - 1, one, outOfOrder)
  assert.equal(appender.append(ref, base, 1.5), duplicateTimestamp)
  assert.equal(appender.append(ref, base + 1, 1.5), ok)
  check(base + 1, gauge([1], { sum: 1.5 }), duplicateTimestamp)
  check(2 ** 53, one, tooFarAhead)
  check(base + 2, { ...one, count: 1 }, badHistogram)
  assert.match(appender.refusal, /histogram's observation count|observations found in buckets/)
  check(base + 2, gauge([2 ** 53]), badHistogram)
  assert.match(appender.refusal, /want at most 2\^53 - 1/)
  check(base + 2, gauge([1.5, 1.5]), badHistogram)
  assert.match(appender.refusal, /count 1.5, want an integer/)
  check(base + 2, gauge(new Array(70_000).fill(1)), badHistogram)
  assert.match(appender.refusal, /70001 buckets, spans and bounds, want at most 65536/)
  assert.equal(appender.appendHistogram(12345, base, one), unknownSeries)
  await appender.commit()
  await write(db, { __name__: 'later' }, [base + hour + 2, 1])
  const late = db.appender()
  assert.equal(late.appendHistogram(late.series(Labels.of({ __name__: 'l' })), base, one), tooOld)
  late.rollback()
  assert.deepEqual(db.counters().outOfOrder, { float: 0, histogram: 1 })
  assert.deepEqual(db.counters().duplicate, { float: 1, histogram: 5 })
  assert.deepEqual(db.counters().tooOld, { float: 0, histogram: 1 })
  await close()
})

test('a series of histograms goes stale in its chunk, and a rolled back histogram leaves the series as it was', async () => {
  const { db, close } = await runDb(virtualEnv())
  const labels = Labels.of({ __name__: 'h' })
  const append = async (t: number, v: Histogram | number, end: 'commit' | 'rollback' = 'commit') => {
    const appender = db.appender()
    const ref = appender.series(labels)
    const status = typeof v === 'number' ? appender.append(ref, t, v) : appender.appendHistogram(ref, t, v)
    await appender[end]()
    return status
  }
  await append(base, gauge([1, 2]))
  await append(base + 1, gauge([1, 3]), 'rollback')
  assert.equal(await append(base + 1, gauge([1, 2])), AppendStatus.ok)
  const [taken, gone] = [db.appender(), db.appender()]
  taken.appendHistogram(taken.series(labels), base + 2, gauge([1, 4]))
  gone.appendHistogram(gone.series(labels), base + 3, gauge([1, 5]))
  gone.rollback()
  assert.equal(await append(base + 2, gauge([1, 5]), 'rollback'), AppendStatus.duplicateTimestamp)
  assert.equal(await append(base + 2, gauge([1, 4]), 'rollback'), AppendStatus.ok)
  taken.rollback()
  await append(base + 2, 5, 'rollback')
  assert.equal(await append(base + 2, STALE_MARKER), AppendStatus.ok)
  assert.equal(await append(base + 2, STALE_MARKER), AppendStatus.ok)
  assert.equal(await append(base + 2, 1), AppendStatus.duplicateTimestamp)
  assert.equal(db.stats().chunkCount, 1)
  const [found] = await readAll(db, base, base + hour, everything)
  assert.deepEqual(found.histograms!.length === 3 && Array.from(found.histograms!, (one) => one?.count), [3, 3, undefined])
  assert.ok(isStaleMarker(found.values[2]))
  await append(base + 3, gauge([7]))
  assert.equal(db.stats().chunkCount, 2)
  await close()
})

test('a series that changes its kind within a batch, and over batches written together, is replayed as it was', async () => {
  const env = virtualEnv()
  const first = await runDb(env)
  const labels = Labels.of({ __name__: 'mixed' })
  const appenders = [first.db.appender(), first.db.appender()]
  let t = base
  for (const appender of appenders) {
    const ref = appender.series(labels)
    for (let i = 0; i < 9; i++) {
      t += 1000
      const status = i % 3 === 0 ? appender.append(ref, t, i) : appender.appendHistogram(ref, t, gauge([i], { isFloat: i % 3 === 2 }))
      assert.equal(status, AppendStatus.ok)
    }
  }
  await Promise.all(appenders.map((appender) => appender.commit()))
  const want = await readAll(first.db, -Infinity, Infinity, everything)
  assert.equal(want[0].timestamps.length, 18)
  await first.close()
  env.metrics.clear()
  const again = await runDb(env)
  assert.deepEqual(await readAll(again.db, -Infinity, Infinity, everything), want)
  await again.close()
})

const exemplar = (timestamp: number, value: number, labels: Record<string, string> = { trace_id: 'a' }): Exemplar => ({
  labels: Labels.of(labels),
  value,
  timestamp,
  hasTimestamp: true,
})

test('exemplars are kept with their batch, read by matchers and times, and replayed', async () => {
  const env = virtualEnv()
  const first = await runDb(env, { exemplarsMax: 3 })
  const append = async (db: Db, job: string, ...exemplars: Exemplar[]) => {
    const appender = db.appender()
    const ref = appender.series(Labels.of({ __name__: 'm', job }))
    appender.append(ref, base, 1)
    const answers = exemplars.map((one) => appender.appendExemplar(ref, one))
    await appender.commit()
    return answers
  }
  const dumped = async (db: Db, minTime: number, maxTime: number, ...jobs: string[]) => {
    const matcherSets = jobs.map((job) => [new Matcher('=', 'job', job)])
    const found = await db.exemplars({ minTime, maxTime, matcherSets }, unlimitedContext())
    return found.map(
      ({ labels, exemplars }) =>
        `${labels.get('job')}: ${exemplars.map(({ timestamp, value }) => `${timestamp - base}=${value}`).join(' ')}`,
    )
  }
  const { ok, outOfOrder, duplicate, labelsTooLong, unknownSeries } = ExemplarStatus
  assert.deepEqual(await append(first.db, 'b', exemplar(base, 1)), [ok])
  assert.deepEqual(await append(first.db, 'b', exemplar(base, 1), exemplar(base - 1, 1), exemplar(base, 0.5), exemplar(base + 1, 1)), [
    duplicate,
    outOfOrder,
    outOfOrder,
    ok,
  ])
  assert.deepEqual(await append(first.db, 'a', exemplar(base, 1, { id: 'x'.repeat(126) }), exemplar(base, 1, { id: 'x'.repeat(127) })), [
    ok,
    labelsTooLong,
  ])
  assert.equal(first.db.appender().appendExemplar(99, exemplar(base, 1)), unknownSeries)
  const rolledBack = first.db.appender()
  rolledBack.appendExemplar(rolledBack.series(Labels.of({ __name__: 'm', job: 'c' })), exemplar(base, 1))
  rolledBack.rollback()
  const want = ['a: 0=1', 'b: 0=1 1=1']
  assert.deepEqual(await dumped(first.db, -Infinity, Infinity, 'b', 'a', 'c'), want)
  assert.deepEqual(await dumped(first.db, base + 1, Infinity, 'b', 'a'), ['b: 1=1'])
  assert.deepEqual(await dumped(first.db, -Infinity, Infinity, 'a'), ['a: 0=1'])
  await first.close()

  env.metrics.clear()
  const again = await runDb(env, { exemplarsMax: 3 })
  assert.deepEqual(await dumped(again.db, -Infinity, Infinity, 'b', 'a', 'c'), want)
  assert.deepEqual(await append(again.db, 'b', exemplar(base + 1, 1), exemplar(base + 2, 7)), [duplicate, ok])
  assert.deepEqual(await dumped(again.db, -Infinity, Infinity, 'b', 'a'), ['a: 0=1', 'b: 1=1 2=7'])
  again.db.keepExemplars(0)
  assert.deepEqual(await append(again.db, 'b', exemplar(base + 3, 1)), [ExemplarStatus.disabled])
  assert.deepEqual(await dumped(again.db, -Infinity, Infinity, 'b', 'a'), [])
  await again.close()
})

test('metadata is kept as long as its series, over segments and restarts', async () => {
  const env = virtualEnv()
  const first = await runDb(env, { segmentBytes: 100 })
  const append = async (db: Db, name: string, t: number, metadata?: Metadata) => {
    const appender = db.appender()
    const ref = appender.series(Labels.of({ __name__: name }))
    assert.equal(appender.append(ref, t, 1), AppendStatus.ok)
    if (metadata !== undefined) appender.setMetadata(ref, metadata)
    await appender.commit()
  }
  const counter: Metadata = { type: 'counter', unit: 'bytes', help: 'Bytes.' }
  await append(first.db, 'plain', base)
  assert.equal(first.db.metricMetadata().size, 0)
  await append(first.db, 'said', base, counter)
  await append(first.db, 'unsaid', base, { type: 'unknown', unit: '', help: '' })
  await append(first.db, 'long', base, { type: 'gauge', unit: '', help: 'x'.repeat(70_000) })
  const failed = first.db.appender()
  failed.setMetadata(failed.series(Labels.of({ __name__: 'plain' })), counter)
  failed.rollback()
  await append(first.db, 'said', base + 1, { ...counter, help: 'More bytes.' })
  const want = new Map([['said', { ...counter, help: 'More bytes.' }]])
  assert.deepEqual(first.db.metricMetadata(), want)
  // Every segment that has the series has what is known of it.
  for (let i = 2; i < 30; i++) await append(first.db, 'said', base + i)
  await first.close()
  for (const name of (await env.fs.readDir('/data/log')).slice(0, -1)) await env.fs.remove(`/data/log/${name}`)

  env.metrics.clear()
  const again = await runDb(env)
  assert.deepEqual(again.db.metricMetadata(), want)
  await append(again.db, 'other', base + 12 * hour)
  assert.equal(again.db.metricMetadata().size, 0)
  await again.close()
})

test('metrics under the names of upstream', async () => {
  const env = virtualEnv()
  const { db, close } = await runDb(env, { exemplarsMax: 10 })
  const appender = db.appender()
  const ref = appender.series(Labels.of({ __name__: 'h' }))
  appender.appendHistogram(ref, base, gauge([1]))
  appender.appendHistogram(ref, base - 1, gauge([1]))
  for (const t of [base, base, base - 1]) appender.appendExemplar(ref, exemplar(t, 1))
  await appender.commit()
  await write(db, { __name__: 'm' }, [base, 1], [base + 1, 1], [base, 1], [base + 1, 9])
  await env.clock.advance(1000)
  const text = await env.metrics.metrics()
  for (const line of [
    'prometheus_tsdb_head_series 2',
    'prometheus_tsdb_head_chunks 2',
    'prometheus_tsdb_head_series_created_total 2',
    'prometheus_tsdb_head_samples_appended_total{type="float"} 2',
    'prometheus_tsdb_head_samples_appended_total{type="histogram"} 1',
    'prometheus_tsdb_out_of_order_samples_total{type="float"} 1',
    'prometheus_tsdb_out_of_order_samples_total{type="histogram"} 1',
    'prometheus_tsdb_exemplar_exemplars_appended_total 1',
    'prometheus_tsdb_exemplar_out_of_order_exemplars_total 1',
    'prometheus_tsdb_exemplar_exemplars_in_storage 1',
    'prometheus_tsdb_exemplar_series_with_exemplars_in_storage 1',
    'prometheus_tsdb_exemplar_max_exemplars 10',
    `prometheus_tsdb_exemplar_last_exemplars_timestamp_seconds ${base / 1000}`,
    'promontory_tsdb_duplicate_samples_total{type="float"} 1',
    `prometheus_tsdb_head_max_time ${base + 1}`,
    'prometheus_tsdb_wal_corruptions_total 0',
    'prometheus_tsdb_wal_fsync_duration_seconds_count 1',
  ]) {
    assert.ok(text.split('\n').includes(line), `${line} in\n${text}`)
  }
  await close()
})
