import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../base/env-virtual.ts'
import { seededRandom } from '../base/virtual/random.ts'
import { histogram } from '../chunkenc/samples.fixture.ts'
import { Labels } from '../model/labels.ts'
import { Matcher } from '../model/matcher.ts'
import { STALE_MARKER } from '../model/staleness.ts'
import { AppendStatus, ExemplarStatus } from '../storage/appender.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import { readAll } from '../storage/series-source.contract.ts'
import { runDb } from './db.fixture.ts'
import type { Db } from './db.ts'
import { endingAt, restarted } from './ending-disk.fixture.ts'
import { slowFor } from './slow-disk.fixture.ts'

// Samples that are deleted: from windows, from the log, from blocks.

const MINUTE = 60_000
const RANGE = 10 * MINUTE
const base = Math.ceil(1_700_000_000_000 / (9 * RANGE)) * 9 * RANGE
const all = [new Matcher('=~', '__name__', '.+')]
const signal = new AbortController().signal

async function write(db: Db, t: number, seriesCount = 4): Promise<void> {
  const appender = db.appender()
  for (let i = 0; i < seriesCount; i++) {
    const ref = appender.series(Labels.of({ __name__: `m${i % 2}`, i: String(i) }))
    assert.equal(appender.append(ref, t, t + i), AppendStatus.ok)
  }
  await appender.commit()
}

/** Times of samples in minutes from the start, by series. */
async function minutesOf(db: Db, matchers = all): Promise<Record<string, readonly number[]>> {
  const found = await readAll(db, -Infinity, Infinity, matchers)
  return Object.fromEntries(found.map(({ labels, timestamps }) => [labels.toString(), Array.from(timestamps, (t) => (t - base) / MINUTE)]))
}

const minutes = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

/** Lets time pass until a promise settles. */
async function until<T>(env: VirtualEnv, promise: Promise<T>): Promise<T> {
  let isSettled = false
  const settled = () => {
    isSettled = true
  }
  promise.then(settled, settled)
  while (!isSettled) await env.clock.advance(20)
  return promise
}

test('what is deleted is gone from windows and blocks at once and for good, and what comes later stays', async () => {
  const env = virtualEnv({ startTime: base })
  const options = { blockRangeMs: RANGE, maxBlockMs: RANGE }
  let running = await runDb(env, options)
  for (const minute of minutes(0, 28)) await write(running.db, base + minute * MINUTE)
  await env.clock.advance(MINUTE)
  assert.equal(running.db.stats().blockCount, 2)
  await running.db.deleteSamples([new Matcher('=', '__name__', 'm0')], base + 5 * MINUTE, base + 24 * MINUTE, signal)
  await running.db.deleteSamples([new Matcher('=', 'i', '1')], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, signal)
  const left = [...minutes(0, 5), ...minutes(25, 28)]
  const want = () => ({ 'm0{i="0"}': left, 'm0{i="2"}': left, 'm1{i="3"}': minutes(0, 28) })
  assert.deepEqual(await minutesOf(running.db), want())
  assert.deepEqual(await minutesOf(running.db, [new Matcher('=', 'i', '1')]), {})
  const everything = { minTime: 0, maxTime: Infinity, matcherSets: [all], limit: 0 }
  assert.deepEqual(await running.db.labelValues('i', everything, unlimitedContext()), ['0', '2', '3'])
  assert.deepEqual(
    running.db.blockMetas().map(({ stats }) => stats.numTombstones),
    [3, 3],
  )

  // Killed: the log knows it.
  const again = restarted(env)
  await again.fs.remove('/data/promontory.lock')
  running = await runDb(again, options)
  assert.deepEqual(await minutesOf(running.db), want())

  // Of the series that has nothing left there is something again, at times that are later, and everything else goes on.
  for (const minute of minutes(28, 40)) await write(running.db, base + minute * MINUTE)
  await again.clock.advance(MINUTE)
  assert.equal(running.db.stats().blockCount, 3)
  const more = [...left, ...minutes(28, 40)]
  const after = { 'm0{i="0"}': more, 'm0{i="2"}': more, 'm1{i="1"}': minutes(28, 40), 'm1{i="3"}': minutes(0, 40) }
  assert.deepEqual(await minutesOf(running.db), after)
  assert.equal(running.db.blockMetas()[2].stats.numTombstones, 0)

  // Cleaned: the disk has lost it as well.
  const cleaned = running.db.cleanTombstones(signal)
  await again.clock.advance(MINUTE)
  await cleaned
  assert.deepEqual(
    running.db.blockMetas().map(({ stats, compaction }) => [stats.numTombstones, stats.numSeries, stats.numSamples, compaction.level]),
    [
      [0, 3, 20, 2],
      [0, 1, 10, 2],
      [0, 4, 22, 1],
    ],
  )
  assert.deepEqual(await minutesOf(running.db), after)
  assert.match(await again.metrics.metrics(), /prometheus_tsdb_tombstone_cleanup_seconds_count 1\n/)
  await running.close()
  const third = await runDb(restarted(again), options)
  assert.deepEqual(await minutesOf(third.db), after)
  await third.close()
})

test('the newest sample of a series comes back when it is sent again, of all kinds', async () => {
  const env = virtualEnv({ startTime: base })
  const { db } = await runDb(env)
  const h = histogram({ isFloat: false, schema: 2, spans: [0, 3], buckets: [1, 2, 3], sum: 5 })
  const send = async () => {
    const appender = db.appender()
    assert.equal(appender.append(appender.series(Labels.of({ __name__: 'm0' })), base, 7), AppendStatus.ok)
    assert.equal(appender.appendHistogram(appender.series(Labels.of({ __name__: 'm1' })), base, h), AppendStatus.ok)
    await appender.commit()
  }
  const want = { m0: [0], m1: [0] }
  await send()
  for (let round = 0; round < 2; round++) {
    assert.deepEqual(await minutesOf(db), want)
    await db.deleteSamples(all, base, base, signal)
    assert.deepEqual(await minutesOf(db), {})
    await send()
    await send()
  }
  assert.deepEqual(await minutesOf(db), want)
  const again = restarted(env)
  await again.fs.remove('/data/promontory.lock')
  const second = await runDb(again)
  assert.deepEqual(await minutesOf(second.db), want)
  await second.close()
})

test('exemplars stay as they do upstream: they are no samples, and go when newer ones need their place', async () => {
  const env = virtualEnv({ startTime: base })
  const { db, close } = await runDb(env, { exemplarsMax: 10 })
  const appender = db.appender()
  const ref = appender.series(Labels.of({ __name__: 'm0' }))
  assert.equal(appender.append(ref, base, 1), AppendStatus.ok)
  const exemplar = { labels: Labels.of({ trace_id: 'a' }), value: 1, timestamp: base, hasTimestamp: true }
  assert.equal(appender.appendExemplar(ref, exemplar), ExemplarStatus.ok)
  await appender.commit()
  await db.deleteSamples(all, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, signal)
  assert.deepEqual(await minutesOf(db), {})
  const found = await db.exemplars({ minTime: base, maxTime: base, matcherSets: [all] }, unlimitedContext())
  assert.deepEqual(
    found.map(({ exemplars }) => exemplars.length),
    [1],
  )
  await close()
})

test('a block of which all was deleted goes, and so does a window', async () => {
  const env = virtualEnv({ startTime: base })
  const options = { blockRangeMs: RANGE, maxBlockMs: RANGE }
  const { db, close } = await runDb(env, options)
  for (const minute of minutes(0, 29)) await write(db, base + minute * MINUTE)
  await env.clock.advance(MINUTE)
  await db.deleteSamples([], base - MINUTE, base + 9.5 * MINUTE, signal)
  await db.deleteSamples([], base + 20 * MINUTE, base + 60 * MINUTE, signal)
  await env.clock.advance(2 * MINUTE)
  assert.equal(db.stats().blockCount, 1)
  for (const minute of minutes(40, 56)) await write(db, base + minute * MINUTE)
  await env.clock.advance(5 * MINUTE)
  assert.deepEqual(
    db.blockMetas().map(({ minTime }) => (minTime - base) / MINUTE),
    [10, 40],
  )
  const want = [...minutes(10, 20), ...minutes(40, 56)]
  assert.deepEqual((await minutesOf(db))['m0{i="0"}'], want)
  await close()
  const second = await runDb(restarted(env), options)
  assert.deepEqual((await minutesOf(second.db))['m0{i="0"}'], want)
  await second.close()
})

test('what was deleted of a window that had nothing left stays deleted, though the log still has it', async () => {
  let env = virtualEnv({ startTime: base })
  const options = { blockRangeMs: RANGE, maxBlockMs: RANGE }
  let { db, close } = await runDb(env, options)
  for (const minute of minutes(0, 15)) await write(db, base + minute * MINUTE, 1)
  await close()
  // A segment that has nothing but the deletion.
  env = restarted(env)
  ;({ db, close } = await runDb(env, options))
  await db.deleteSamples([], base, base + 9.5 * MINUTE, signal)
  await close()
  env = restarted(env)
  ;({ db } = await runDb(env, options))
  for (const minute of minutes(15, 17)) await write(db, base + minute * MINUTE, 1)
  await env.clock.advance(2 * MINUTE)
  assert.equal(db.stats().windowCount, 1)
  env = restarted(env)
  await env.fs.remove('/data/promontory.lock')
  ;({ db, close } = await runDb(env, options))
  assert.deepEqual(await minutesOf(db), { 'm0{i="0"}': minutes(10, 17) })
  await close()
})

test('what was deleted of a block that has gone since stays deleted, though the log still has it', async () => {
  let env = virtualEnv({ startTime: base })
  const options = { blockRangeMs: RANGE, maxBlockMs: RANGE }
  let { db, close } = await runDb(env, options)
  for (const minute of minutes(0, 17)) await write(db, base + minute * MINUTE, 1)
  await env.clock.advance(2 * MINUTE)
  assert.equal(db.stats().blockCount, 1)
  await db.deleteSamples([], Number.NEGATIVE_INFINITY, base + 9.5 * MINUTE, signal)
  const cleaned = db.cleanTombstones(signal)
  await env.clock.advance(2 * MINUTE)
  await cleaned
  assert.equal(db.stats().blockCount, 0)
  env = restarted(env)
  await env.fs.remove('/data/promontory.lock')
  ;({ db, close } = await runDb(env, options))
  assert.deepEqual(await minutesOf(db), { 'm0{i="0"}': minutes(10, 17) })
  await close()
})

test('what was deleted stays deleted when the log that says so goes, though a checkpoint has it', async () => {
  for (const way of ['written before', 'being written', 'not let go at first'] as const) {
    const env = virtualEnv({ startTime: base })
    const written = slowFor(env, '/checkpoint/', () => (way === 'being written' ? 10_000 : 0))
    const fs = new Proxy(written.fs, {
      get(target, property) {
        const value = Reflect.get(target, property, target)
        if (property !== 'remove') return typeof value === 'function' ? value.bind(target) : value
        return (path: string) => {
          const isRefused = isRefusing && path.endsWith('.checkpoint')
          if (isRefused) refused++
          return isRefused ? Promise.reject(new Error('EIO')) : target.remove(path)
        }
      },
    })
    let [isRefusing, refused] = [false, 0]
    const options = { blockRangeMs: RANGE, maxBlockMs: RANGE, segmentBytes: 1, checkpoints: { logBytes: 1, lookMs: 30 * MINUTE } }
    const { db } = await runDb({ ...written, fs }, options)
    for (const minute of minutes(0, 9)) await write(db, base + minute * MINUTE, 1)
    await env.clock.advance(30 * MINUTE + 10_000)
    assert.deepEqual([db.counters().checkpointsBegun, db.stats().windowCount], [1, 1], way)
    isRefusing = way === 'not let go at first'
    // Several, which fill the segment.
    for (let n = 0; n < 8; n++) await until(env, db.deleteSamples([], base, base + 9.5 * MINUTE, signal))
    await env.clock.advance(1000)
    const names = async (dir: string) => [...(await env.fs.readDir(dir))].sort()
    const before = await names('/data/log')
    for (const minute of minutes(10, 17)) await write(db, base + minute * MINUTE, 1)
    if (isRefusing) {
      await env.clock.advance(20_000)
      assert.ok(refused > 0)
      const isThere = (await names('/data/log')).includes(before.at(-1)!)
      assert.ok(isThere, 'the deletion is in the log as long as the checkpoint is there')
      isRefusing = false
    }
    await env.clock.advance(20 * MINUTE)
    assert.equal(db.stats().windowCount, 1, way)
    const left = await names('/data/log')
    assert.ok(
      before.every((name) => !left.includes(name)),
      `${way}: ${before} and ${left}`,
    )
    await env.fs.remove('/data/promontory.lock')
    const second = await runDb(restarted(env), { ...options, checkpoints: { logBytes: 1e9 } })
    assert.deepEqual(await minutesOf(second.db), { 'm0{i="0"}': minutes(10, 17) }, way)
    await second.close()
  }
})

test('what was deleted of a block stays deleted though the process before found no disk that made it durable', async () => {
  let env = virtualEnv({ startTime: base })
  const options = { blockRangeMs: RANGE, maxBlockMs: RANGE }
  const first = await runDb(env, options)
  for (const minute of minutes(0, 17)) await write(first.db, base + minute * MINUTE, 1)
  await env.clock.advance(2 * MINUTE)
  assert.equal(first.db.stats().blockCount, 1)
  const deleteFrom = (db: Db) => db.deleteSamples([], base, base + 9.5 * MINUTE, signal)
  env.fs.fault = (call, path) => (call === 'syncDir' && path.includes('/data/0') ? 'EIO' : undefined)
  await assert.rejects(deleteFrom(first.db), /EIO/)
  env.fs.fault = undefined
  await first.close()
  env = restarted(env)
  const second = await runDb(env, options)
  await deleteFrom(second.db)
  env.fs.losePower()
  env = restarted(env)
  await env.fs.remove('/data/promontory.lock')
  const third = await runDb(env, options)
  assert.deepEqual(await minutesOf(third.db), { 'm0{i="0"}': minutes(10, 17) })
  await third.close()
})

test('a deletion that would be no record of the log is refused', async () => {
  const env = virtualEnv({ startTime: base })
  const { db, close } = await runDb(env)
  await write(db, base)
  const huge = new Matcher('!=', 'i', 'x'.repeat(5_000_000))
  await assert.rejects(db.deleteSamples([huge], base, base, signal), /have 5000001 characters, want at most 1048576/)
  await db.deleteSamples([new Matcher('!=', 'i', '\u20ac'.repeat(1_000_000))], base, base, signal)
  await close()
  const second = await runDb(restarted(env))
  assert.equal(second.db.counters().corruptions, 0)
  assert.deepEqual(await minutesOf(second.db), {})
  await second.close()
})

test('a sample that comes late for a time that was deleted stays', async () => {
  const env = virtualEnv({ startTime: base })
  const options = { blockRangeMs: RANGE, lateSpanMs: 8 * MINUTE }
  const { db, close } = await runDb(env, options)
  const take = async (minute: number, value: number) => {
    const appender = db.appender()
    const status = appender.append(appender.series(Labels.of({ __name__: 'm' })), base + minute * MINUTE, value)
    await appender.commit()
    return status
  }
  for (const minute of [1, 3, 5, 7, 2]) assert.equal(await take(minute, minute), AppendStatus.ok)
  await db.deleteSamples(all, base, base + 6 * MINUTE, signal)
  assert.deepEqual((await minutesOf(db))['m'], [7])
  // One where nothing was, one where something else was.
  assert.equal(await take(4, 40), AppendStatus.ok)
  assert.equal(await take(3, 30), AppendStatus.ok)
  const check = async (one: Db) => {
    const [{ timestamps, values }] = await readAll(one, -Infinity, Infinity, all)
    assert.deepEqual(
      Array.from(timestamps, (t, i) => [(t - base) / MINUTE, values[i]]),
      [
        [3, 30],
        [4, 40],
        [7, 7],
      ],
    )
  }
  await check(db)
  await close()
  const second = await runDb(restarted(env), options)
  await check(second.db)
  await write(second.db, base + 3 * RANGE)
  await env.clock.advance(MINUTE)
  await second.close()
})

test('random deletions, late samples, checkpoints, flushes, restarts, kills and compactions leave what a plain model says', async () => {
  const first = Number(process.env.PROMONTORY_SEED ?? 1)
  for (let seed = first; seed < first + 6; seed++) {
    const random = seededRandom(seed)
    const below = (limit: number) => Math.floor(random.next() * limit)
    let env: VirtualEnv = virtualEnv({ seed, startTime: base })
    const options = {
      blockRangeMs: RANGE,
      maxBlockMs: 9 * RANGE,
      lateSpanMs: 5 * MINUTE,
      segmentBytes: 2000,
      walFsync: 'always' as const,
      checkpoints: { logBytes: 1, lookMs: 100 },
      flushOnExit: seed % 3 === 0,
    }
    const delayMs = () => below(200)
    const run = () => until(env, runDb(slowFor(env, '/checkpoint/', delayMs), options))
    let running = await run()
    const model = new Map<string, Map<number, number>>()
    let now = base
    for (let round = 0; round < 60; round++) {
      const { db } = running
      const what = below(12)
      const labels = (i: number) => Labels.of({ __name__: `m${i % 3}`, i: String(i) })
      if (what < 7) {
        now += MINUTE * (1 + below(5))
        const appender = db.appender()
        for (let i = 0; i < 8; i++) {
          const isLate = below(4) === 0
          const t = isLate ? now - below(5 * MINUTE) : now
          const value = below(9) === 0 ? STALE_MARKER : round * 100 + i
          const key = labels(i).toString()
          if (model.get(key)?.has(t)) continue
          if (appender.append(appender.series(labels(i)), t, value) !== AppendStatus.ok) continue
          if (!model.has(key)) model.set(key, new Map())
          model.get(key)!.set(t, value)
        }
        await until(env, appender.commit())
      } else if (what < 9) {
        const matchers = [
          [new Matcher('=', '__name__', `m${below(3)}`)],
          [new Matcher('=~', 'i', `${below(8)}|${below(8)}`)],
          [new Matcher('!=', 'i', '3')],
        ][below(3)]
        const from = base + below((now - base) / MINUTE + 1) * MINUTE
        const to = from + below(30) * MINUTE
        await until(env, db.deleteSamples(matchers, from, to, signal))
        for (let i = 0; i < 8; i++) {
          if (!matchers.every((matcher) => matcher.matches(labels(i).get(matcher.name)))) continue
          const samples = model.get(labels(i).toString())
          for (const t of samples?.keys() ?? []) if (t >= from && t <= to) samples!.delete(t)
        }
      } else if (what === 9) {
        await until(env, running.close())
        env = restarted(env)
        running = await run()
      } else if (what === 10) {
        // Killed: what is under way is left alone.
        if (seed % 2 === 1) env.fs.losePower()
        env = restarted(env)
        await env.fs.remove('/data/promontory.lock')
        running = await run()
      } else {
        const cleaned = db.cleanTombstones(signal)
        await env.clock.advance(3 * MINUTE)
        await cleaned
      }
      await env.clock.advance(below(1500))
      const got = await readAll(running.db, -Infinity, Infinity, all)
      const want = [...model].filter(([, samples]) => samples.size > 0).sort(([a], [b]) => (a < b ? -1 : 1))
      assert.deepEqual(
        got.map(({ labels, timestamps, values }) => [labels.toString(), Array.from(timestamps, (t, i) => [t - base, values[i]])]),
        want.map(([key, samples]) => [key, [...samples].sort(([a], [b]) => a - b).map(([t, v]) => [t - base, v])]),
        `seed ${seed}, round ${round}`,
      )
    }
    await until(env, running.close())
  }
})

test('at whatever step a deletion ends, it is whole or not for each block, and whole when it was acknowledged', async () => {
  let [isOver, step] = [false, 0]
  for (; !isOver; step++) {
    for (const losePower of [false, true]) {
      const disk = virtualEnv({ seed: step + 1, startTime: base })
      const options = { blockRangeMs: RANGE, maxBlockMs: RANGE, walFsync: 'always' } as const
      const before = await runDb(disk, options)
      for (const minute of minutes(0, 28)) await write(before.db, base + minute * MINUTE)
      await disk.clock.advance(MINUTE)
      await before.close()
      const prepared = restarted(disk)
      const { env, calls } = endingAt(prepared, step)
      let isAcknowledged = false
      void runDb(env, options).then(async ({ db }) => {
        await db.deleteSamples([new Matcher('=', 'i', '0')], base + 5 * MINUTE, base + 25 * MINUTE, signal)
        isAcknowledged = true
      })
      await prepared.clock.advance(MINUTE)
      isOver = isAcknowledged && calls() <= step
      if (losePower) disk.fs.losePower()
      const again = restarted(disk)
      await again.fs.remove('/data/promontory.lock')
      const { db, close } = await runDb(again, options)
      const found = await minutesOf(db)
      assert.deepEqual(found['m1{i="1"}'], minutes(0, 28), `step ${step}`)
      const left = found['m0{i="0"}']
      const parts = [
        left.filter((at) => at < 10).length,
        left.filter((at) => at >= 10 && at < 20).length,
        left.filter((at) => at >= 20).length,
      ]
      assert.ok([5, 10].includes(parts[0]) && [0, 10].includes(parts[1]) && [2, 8].includes(parts[2]), `step ${step}: ${parts}`)
      if (isAcknowledged) assert.deepEqual(parts, [5, 0, 2], `step ${step}`)
      await close()
    }
  }
  assert.ok(step > 10, `${step} steps`)
})

test('a snapshot has all blocks under their names, and what is in windows in one more', async () => {
  const env = virtualEnv({ startTime: base })
  const options = { blockRangeMs: RANGE, maxBlockMs: RANGE, lateSpanMs: 5 * MINUTE }
  const { db, close } = await runDb(env, options)
  for (const minute of minutes(0, 28)) await write(db, base + minute * MINUTE)
  await env.clock.advance(MINUTE)
  await db.deleteSamples([new Matcher('=', 'i', '0')], base + 5 * MINUTE, base + 25 * MINUTE, signal)
  const want = await minutesOf(db)
  const [name, withoutHead] = [await db.snapshot(true, signal), await db.snapshot(false, signal)]
  assert.match(name, /^20231114T22\d{4}Z-[0-9a-f]{16}$/)
  const blocks = db.blockMetas().map(({ ulid }) => ulid)
  blocks.sort()
  assert.deepEqual(await env.fs.readDir(`/data/snapshots/${withoutHead}`), blocks)
  const [inode, linked] = await Promise.all(
    [`/data/${blocks[0]}`, `/data/snapshots/${name}/${blocks[0]}`].map((path) => env.fs.stat(`${path}/index`)),
  )
  assert.equal(inode!.inode, linked!.inode, 'it is the same file')
  await close()

  const copied = await runDb(restarted(env), { ...options, dir: `/data/snapshots/${name}` })
  assert.equal(copied.db.stats().blockCount, 3)
  assert.deepEqual(await minutesOf(copied.db), want)
  await copied.close()
})

test('a snapshot is a copy where files have no second name, and nothing when the disk is full', async () => {
  const env = virtualEnv({ startTime: base })
  const { db, close } = await runDb(env, { blockRangeMs: RANGE, maxBlockMs: RANGE })
  for (const minute of minutes(0, 28)) await write(db, base + minute * MINUTE)
  await env.clock.advance(MINUTE)
  env.fs.link = async (existing) => Promise.reject(Object.assign(new Error(`EPERM: link '${existing}'`), { code: 'EPERM' }))
  const name = await db.snapshot(false, signal)
  const [block] = db.blockMetas()
  for (const file of ['meta.json', 'index', 'tombstones', 'chunks/000001'])
    assert.deepEqual(
      await env.fs.readFile(`/data/snapshots/${name}/${block.ulid}/${file}`),
      await env.fs.readFile(`/data/${block.ulid}/${file}`),
    )
  env.fs.freeBytes = 100
  await assert.rejects(db.snapshot(false, signal), /create snapshot: ENOSPC/)
  assert.deepEqual(await env.fs.readDir('/data/snapshots'), [name])
  await close()
})
