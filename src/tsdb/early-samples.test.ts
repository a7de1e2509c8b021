import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../base/env-virtual.ts'
import { histogram } from '../chunkenc/samples.fixture.ts'
import { Labels } from '../model/labels.ts'
import { STALE_MARKER } from '../model/staleness.ts'
import { AppendStatus, ExemplarStatus } from '../storage/appender.ts'
import { readAll } from '../storage/series-source.contract.ts'
import { runDb } from './db.fixture.ts'
import type { Db } from './db.ts'
import { restarted } from './ending-disk.fixture.ts'

const RANGE_MS = 60_000
const START = 1_700_000_040_000
const ENV = { startTime: START, seed: 1 }

const one = Labels.of({ __name__: 'm', i: '1' })
const two = Labels.of({ __name__: 'm', i: '2' })
const help = (text: string) => ({ type: 'gauge' as const, unit: '', help: text })

async function contents(db: Db): Promise<string[]> {
  const found = await readAll(db, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, [])
  return found.map(
    ({ labels, timestamps, values }) => `${labels} ${Array.from(timestamps, (t, i) => `${t - START}:${values[i]}`).join(' ')}`,
  )
}

/** What another process finds that starts after this one was killed. */
async function afterKill(env: VirtualEnv): Promise<VirtualEnv> {
  await env.fs.remove('/data/promontory.lock')
  return restarted(env)
}

/** What a database that was killed has in many small segments: a series each 100 ms up to `until`. */
async function killed(options: object, until: number) {
  const env = virtualEnv(ENV)
  const { db } = await runDb(env, { segmentBytes: 100, blockRangeMs: RANGE_MS, ...options })
  for (let t = 0; t < until; t += 100) {
    const appender = db.appender()
    const ref = appender.series(one)
    assert.equal(appender.append(ref, START + t, t), AppendStatus.ok)
    if (t === 0) appender.setMetadata(ref, help('old'))
    await appender.commit()
  }
  return afterKill(env)
}

const upTo = (until: number) => Array.from({ length: until / 100 }, (_, i) => `${i * 100}:${i * 100}`).join(' ')

test('samples that come while the log is being read are acknowledged at once, and stand behind those of the log', async () => {
  const env = await killed({}, 1000)
  let refs: number[] = []
  const early = Promise.withResolvers<void>()
  const onTakes = async (db: Db) => {
    assert.throws(() => db.appender(), /the write-ahead log is being replayed/)
    const appender = db.early.appender()
    refs = [appender.series(one), appender.series(two)]
    assert.equal(appender.append(refs[0], START + 1000, 1), AppendStatus.ok)
    // The log has another value of this time, and newer samples: who comes second is not stored.
    assert.equal(appender.append(refs[1], START + 1000, 2), AppendStatus.ok)
    appender.setMetadata(refs[0], help('new'))
    await appender.commit()
    const again = db.early.appender()
    assert.equal(again.append(refs[0], START + 1000, 9), AppendStatus.duplicateTimestamp)
    assert.equal(again.append(refs[0], START + 1100, 3), AppendStatus.ok)
    await again.commit()
    assert.equal(db.replayStatus().done, false)
    assert.equal(db.counters().floatsAppended, 3)
    early.resolve()
  }
  const { db } = await runDb(env, { segmentBytes: 100, blockRangeMs: RANGE_MS, onTakes: (db) => void onTakes(db) })
  await early.promise
  const want = [`m{i="1"} ${upTo(1000)} 1000:1 1100:3`, `m{i="2"} 1000:2`]
  assert.deepEqual(await contents(db), want)
  assert.equal(db.counters().floatsAppended, 3)
  const appender = db.appender()
  assert.equal(appender.append(refs[0], START + 1200, 4), AppendStatus.ok, 'the series are those that the samples go on with')
  await appender.commit()
  const next = await runDb(await afterKill(env), { segmentBytes: 100, blockRangeMs: RANGE_MS })
  assert.deepEqual(await contents(next.db), [`${want[0]} 1200:4`, want[1]])
  assert.equal(next.db.metricMetadata().get('m')?.help, 'new')
  await next.close()
})

test('what a log has of the same time and what is older in it decides only when it has been read', async () => {
  const env = await killed({}, 1000)
  const early = Promise.withResolvers<void>()
  const onTakes = async (db: Db) => {
    const appender = db.early.appender()
    const ref = appender.series(one)
    assert.equal(appender.append(ref, START + 900, 7), AppendStatus.ok)
    assert.equal(appender.append(ref, START + 950, 8), AppendStatus.ok)
    await appender.commit()
    early.resolve()
  }
  const { db } = await runDb(env, { blockRangeMs: RANGE_MS, onTakes: (db) => void onTakes(db) })
  await early.promise
  const want = [`m{i="1"} ${upTo(1000)} 950:8`]
  assert.deepEqual(await contents(db), want)
  assert.equal(db.counters().duplicate.float, 1)
  const next = await runDb(await afterKill(env), { blockRangeMs: RANGE_MS })
  assert.deepEqual(await contents(next.db), want)
  await next.close()
})

test('a staleness marker is the same whether its series was known to be of histograms or not', async () => {
  const env = virtualEnv(ENV)
  const h = histogram({ isFloat: false, schema: 2, spans: [0, 1], buckets: [1], sum: 1 })
  const first = await runDb(env, { blockRangeMs: RANGE_MS, lateSpanMs: RANGE_MS })
  const before = first.db.appender()
  assert.equal(before.appendHistogram(before.series(one), START, h), AppendStatus.ok)
  await before.commit()
  const early = Promise.withResolvers<void>()
  const onTakes = async (db: Db) => {
    const appender = db.early.appender()
    const ref = appender.series(one)
    // The log was not read: of what kind the series is, is not known.
    assert.equal(appender.append(ref, START + 100, STALE_MARKER), AppendStatus.ok)
    assert.equal(appender.appendHistogram(ref, START + 200, h), AppendStatus.ok)
    assert.equal(appender.append(ref, START + 300, STALE_MARKER), AppendStatus.ok)
    await appender.commit()
    early.resolve()
  }
  const { db, close } = await runDb(await afterKill(env), {
    blockRangeMs: RANGE_MS,
    lateSpanMs: RANGE_MS,
    onTakes: (db) => void onTakes(db),
  })
  await early.promise
  const again = db.appender()
  const ref = again.series(one)
  for (const t of [START + 100, START + 300]) {
    assert.equal(again.append(ref, t, STALE_MARKER), AppendStatus.ok, `sent again, for ${t}`)
    assert.equal(again.appendHistogram(ref, t, { ...h, sum: STALE_MARKER }), AppendStatus.ok, `sent again as a histogram, for ${t}`)
    assert.equal(again.append(ref, t, 1), AppendStatus.duplicateTimestamp)
  }
  await again.commit()
  const [{ timestamps }] = await readAll(db, START, START + RANGE_MS, [])
  assert.deepEqual(
    Array.from(timestamps),
    [0, 100, 200, 300].map((t) => START + t),
  )
  await close()
})

test('a process that is killed while it reads the log loses nothing that it took meanwhile', async () => {
  let env = await killed({}, 1000)
  let now = 1000
  for (let life = 0; life < 3; life++) {
    const early = Promise.withResolvers<void>()
    // Its log is never read: it hangs at the first piece.
    let isTaking = false
    const fs = new Proxy(env.fs, {
      get(target, property) {
        const isHung = (path: string) => isTaking && path === '/data/log/00000001.log'
        if (property === 'open')
          return (path: string, mode: 'read' | 'create' | 'write') =>
            isHung(path) ? new Promise<never>(() => {}) : target.open(path, mode)
        const value = Reflect.get(target, property, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const onTakes = async (db: Db) => {
      isTaking = true
      const appender = db.early.appender()
      assert.equal(appender.append(appender.series(one), START + now, now), AppendStatus.ok)
      await appender.commit()
      now += 100
      early.resolve()
    }
    void runDb({ ...env, fs }, { blockRangeMs: RANGE_MS, onTakes: (db) => void onTakes(db) })
    await early.promise
    env = await afterKill(env)
  }
  const { db, close } = await runDb(env, { blockRangeMs: RANGE_MS })
  assert.deepEqual(await contents(db), [`m{i="1"} ${upTo(1300)}`])
  await close()
})

test('a series of a window that became a block goes on in a later one when its sample came early', async () => {
  const env = virtualEnv(ENV)
  {
    const { db } = await runDb(env, { blockRangeMs: RANGE_MS, checkpoints: { logBytes: 1, lookMs: 1000 } })
    const first = db.appender()
    assert.equal(first.append(first.series(one), START + 10, 1), AppendStatus.ok)
    await first.commit()
    await env.clock.advance(2000)
    assert.ok(db.counters().checkpointBytes > 0)
    // The one that has the window which becomes a block stays the newest.
    env.fs.fault = (_call, path) => (path.startsWith('/data/checkpoint/') ? 'EIO' : undefined)
    await env.clock.advance(5 * RANGE_MS)
    const last = db.appender()
    assert.equal(last.append(last.series(two), START + 5 * RANGE_MS, 2), AppendStatus.ok)
    await last.commit()
    await env.clock.advance(5 * RANGE_MS)
    assert.equal(db.stats().blockCount, 1)
    env.fs.fault = undefined
  }
  const early = Promise.withResolvers<void>()
  const onTakes = async (db: Db) => {
    const appender = db.early.appender()
    assert.equal(appender.append(appender.series(one), START + 6 * RANGE_MS, 3), AppendStatus.ok)
    await appender.commit()
    early.resolve()
  }
  const { db, close } = await runDb(await afterKill(env), { blockRangeMs: RANGE_MS, onTakes: (db) => void onTakes(db) })
  await early.promise
  assert.equal(db.recovery()?.checkpoint?.number, 1)
  assert.equal(db.stats().windowCount, 2)
  const want = [`m{i="1"} 10:1 ${6 * RANGE_MS}:3`, `m{i="2"} ${5 * RANGE_MS}:2`]
  assert.deepEqual(await contents(db), want)
  await close()
})

test('a sample that a checkpoint has and the log deletes is there when it is sent again meanwhile, the newest and one that is late', async () => {
  const env = virtualEnv(ENV)
  const checkpoints = { logBytes: 1, lookMs: 1000 }
  const options = { blockRangeMs: RANGE_MS, lateSpanMs: 10_000 }
  const first = await runDb(env, { ...options, checkpoints })
  const send = async (db: Db, early: boolean, ...times: readonly number[]) => {
    const appender = early ? db.early.appender() : db.appender()
    const ref = appender.series(one)
    for (const t of times) assert.equal(appender.append(ref, START + t, t), AppendStatus.ok)
    await appender.commit()
  }
  await send(first.db, false, 100, 200, 300)
  await env.clock.advance(2000)
  assert.equal(first.db.counters().checkpointsBegun, 1)
  await first.db.deleteSamples([], START, START + 1000, new AbortController().signal)
  const again = await afterKill(env)
  const sent = Promise.withResolvers<void>()
  const onTakes = (db: Db) => void send(db, true, 300, 200).then(sent.resolve, sent.reject)
  const { db, close } = await runDb(again, { ...options, onTakes })
  await sent.promise
  assert.ok(db.recovery()!.checkpoint !== undefined)
  assert.deepEqual(await contents(db), ['m{i="1"} 200:200 300:300'])
  await close()
})

test('what the log said of a series stands in the segment that had the series early', async () => {
  const env = await killed({}, 500)
  const early = Promise.withResolvers<void>()
  const onTakes = async (db: Db) => {
    const appender = db.early.appender()
    assert.equal(appender.append(appender.series(one), START + 1000, 1), AppendStatus.ok)
    await appender.commit()
    early.resolve()
  }
  const { db } = await runDb(env, { blockRangeMs: RANGE_MS, onTakes: (db) => void onTakes(db) })
  await early.promise
  const appender = db.appender()
  assert.equal(appender.append(appender.series(one), START + 1100, 2), AppendStatus.ok)
  await appender.commit()
  const names = (await env.fs.readDir('/data/log')).toSorted()
  for (const name of names.slice(0, -1)) await env.fs.remove(`/data/log/${name}`)
  const next = await runDb(await afterKill(env), { blockRangeMs: RANGE_MS })
  assert.deepEqual(await contents(next.db), ['m{i="1"} 1000:1 1100:2'])
  assert.equal(next.db.metricMetadata().get('m')?.help, 'old')
  await next.close()
})

test('what waits is bounded by the memory that it takes: a batch, an exemplar and metadata count as well as samples', async () => {
  const env = await killed({}, 100)
  const taken = { batches: 0, exemplars: 0 }
  const early = Promise.withResolvers<void>()
  const isFull = (db: Db) => {
    try {
      db.early.appender().rollback()
      return false
    } catch {
      return true
    }
  }
  const onTakes = async (db: Db) => {
    const appender = db.early.appender()
    const ref = appender.series(one)
    for (let i = 0; i < 200_000; i++) {
      const exemplar = { labels: Labels.of({ trace: 'x' }), value: i, timestamp: START + i, hasTimestamp: true }
      if (appender.appendExemplar(ref, exemplar) === ExemplarStatus.ok) taken.exemplars++
    }
    await appender.commit()
    // Of little targets there are many: each batch has an object and columns of its own.
    for (; !isFull(db) && taken.batches < 20_000; taken.batches += 500) {
      const commits: Promise<void>[] = []
      for (let i = 0; i < 500; i++) {
        const small = db.early.appender()
        small.append(ref, START + 1000 + taken.batches + i, i)
        commits.push(small.commit())
      }
      await Promise.all(commits)
    }
    assert.equal(db.replayStatus().done, false)
    early.resolve()
  }
  // The log is read when all of that has come.
  const fs = new Proxy(env.fs, {
    get(target, property) {
      if (property === 'open')
        return async (path: string, mode: 'read' | 'create' | 'write') => {
          if (path === '/data/log/00000001.log') await early.promise
          return target.open(path, mode)
        }
      const value = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const { db, close } = await runDb({ ...env, fs }, { exemplarsMax: 10, onTakes: (db) => void onTakes(db).catch(early.reject) })
  await early.promise
  assert.equal(taken.exemplars, 200_000)
  assert.ok(taken.batches < 20_000, `${taken.batches} batches wait beside ${taken.exemplars} exemplars`)
  assert.equal(db.counters().floatsAppended, taken.batches)
  await close()
})
