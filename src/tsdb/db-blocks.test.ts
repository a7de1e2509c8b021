import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../base/env-virtual.ts'
import { Labels } from '../model/labels.ts'
import { AppendStatus } from '../storage/appender.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import type { Series } from '../storage/series-source.ts'
import { runDb } from './db.fixture.ts'
import { endingAt, restarted } from './ending-disk.fixture.ts'
import { ALL, foreignBlock, MINUTE, samplesOf, write, written } from './numbered-samples.fixture.ts'

// Windows that become blocks, blocks that are found at the start, and those that go.

const RANGE = 10 * MINUTE
/** The start of a window. */
const base = Math.ceil(1_700_000_000_000 / RANGE) * RANGE
/** The next batch, from a source that may want time to pass before it. */
async function next(env: VirtualEnv, batches: AsyncIterator<readonly Series[]>): Promise<IteratorResult<readonly Series[]>> {
  const given = batches.next()
  await env.clock.advance(1)
  return given
}

test('a window that no sample can come to becomes a block, and its memory and its log go', async () => {
  const env = virtualEnv({ startTime: base })
  const { db, close } = await runDb(env, { blockRangeMs: RANGE, maxBlockMs: RANGE })
  for (let t = base; t < base + 65 * MINUTE; t += MINUTE) await write(db, t)
  await env.clock.advance(MINUTE)
  const { blockCount, windowCount, minTime, logBytes, blockBytes } = db.stats()
  assert.deepEqual([blockCount, windowCount, minTime], [5, 2, base + 50 * MINUTE])
  assert.ok(blockBytes > 1000)
  assert.ok(logBytes < 3000, `${logBytes}`)
  const want = written(base, base + 65 * MINUTE, MINUTE)
  assert.deepEqual(await samplesOf(db), want)
  assert.deepEqual(db.coverage().minTime, base)
  const request = { minTime: base, maxTime: base + 15 * MINUTE, matcherSets: [], limit: 0 }
  assert.deepEqual(await db.labelNames(request, unlimitedContext()), ['__name__', 'i'])
  assert.deepEqual(await db.labelValues('i', request, unlimitedContext()), ['0', '1', '2'])
  assert.deepEqual(
    db.blockMetas().map((meta) => [meta.minTime, meta.maxTime, meta.stats.numSamples, meta.compaction.level]),
    [0, 1, 2, 3, 4].map((n) => [base + n * RANGE, base + (n + 1) * RANGE, 30, 1]),
  )
  const metrics = (await env.metrics.metrics()).split('\n')
  for (const line of [
    'prometheus_tsdb_blocks_loaded 5',
    'prometheus_tsdb_compactions_total 5',
    'prometheus_tsdb_compactions_failed_total 0',
    `prometheus_tsdb_storage_blocks_bytes ${blockBytes}`,
    `prometheus_tsdb_lowest_timestamp ${base}`,
    `prometheus_tsdb_lowest_timestamp_seconds ${base / 1000}`,
    'prometheus_tsdb_time_retentions_total 0',
    'prometheus_tsdb_size_retentions_total 0',
    'prometheus_tsdb_reloads_failures_total 0',
    'prometheus_tsdb_compaction_duration_seconds_count 5',
  ]) {
    assert.ok(metrics.includes(line), line)
  }
  await close()

  const again = restarted(env)
  const second = await runDb(again, { blockRangeMs: RANGE, maxBlockMs: RANGE })
  assert.deepEqual(await samplesOf(second.db), want)
  assert.equal(second.db.stats().blockCount, 5)
  // What is in blocks takes no sample any more, even if the log knew of nothing newer.
  const appender = second.db.appender()
  assert.equal(appender.append(appender.series(Labels.of({ __name__: 'late' })), base + 49 * MINUTE, 1), AppendStatus.tooOld)
  appender.rollback()
  await second.close()
})

test('a sample that was taken for a window is waited for before the window becomes a block', async () => {
  const env = virtualEnv({ startTime: base })
  const { db, close } = await runDb(env, { blockRangeMs: RANGE })
  await write(db, base)
  const slow = db.appender()
  for (const t of [base + 20 * MINUTE, base + 40 * MINUTE]) await write(db, t)
  await env.clock.advance(MINUTE)
  assert.equal(db.stats().blockCount, 0)
  // Its series is made where the newest samples are, and its sample goes where the oldest are.
  assert.equal(slow.append(slow.series(Labels.of({ __name__: 'slow' })), base + MINUTE, 1), AppendStatus.ok)
  await slow.commit()
  await env.clock.advance(MINUTE)
  assert.equal(db.stats().blockCount, 2)
  assert.ok((await samplesOf(db)).includes(`slow ${base + MINUTE} 1`))
  await close()
})

test('a select that is under way keeps its window, whose memory goes back when it ends', async () => {
  const env = virtualEnv({ startTime: base })
  const { db, close } = await runDb(env, { blockRangeMs: RANGE })
  await write(db, base, 300)
  const batches = db.select({ minTime: 0, maxTime: Infinity, matchers: ALL }, unlimitedContext())[Symbol.asyncIterator]()
  const first = (await batches.next()).value as readonly Series[]
  const full = db.stats().memoryBytes
  await write(db, base + 3 * RANGE, 1)
  await env.clock.advance(MINUTE)
  assert.deepEqual([db.stats().blockCount, db.stats().windowCount], [1, 1])
  assert.ok(db.stats().memoryBytes > full, 'the slabs are still read')
  let seen = first.length
  for (let batch = await next(env, batches); !batch.done; batch = await next(env, batches)) seen += batch.value.length
  assert.equal(seen, 300)
  assert.equal(db.stats().memoryBytes, full)
  assert.equal((await samplesOf(db)).length, 301)
  await close()
})

for (const [end, losePower] of [
  ['the process', false],
  ['the power', true],
] as const) {
  test(`at whatever step ${end} ends, every acknowledged sample is there once`, async () => {
    let step = 0
    let [halfMade, isOver] = [0, false]
    for (; !isOver; step++) {
      const disk = virtualEnv({ seed: step + 1, startTime: base })
      await disk.fs.mkdir('/data')
      const { env, calls } = endingAt(disk, step)
      const acknowledged: number[] = []
      // With every write durable at once: what the log may lose within a second is no matter of blocks.
      const options = { blockRangeMs: RANGE, walFsync: 'always', retentionMs: 2 * 60 * MINUTE } as const
      const life = async () => {
        const { db } = await runDb(env, options)
        for (let t = base; t < base + 42 * MINUTE; t += 2 * MINUTE) {
          await write(db, t)
          acknowledged.push(t)
          await env.clock.advance(1)
        }
        await env.clock.advance(MINUTE)
        isOver = calls() <= step
      }
      void life()
      for (let turn = 0; turn < 20; turn++) await disk.clock.advance(6000)
      if (losePower) disk.fs.losePower()
      const names = await disk.fs.readDir('/data')
      if (names.some((name) => name.endsWith('.tmp-for-creation'))) halfMade++
      const again = restarted(disk)
      await again.fs.remove('/data/promontory.lock')
      const { db, close } = await runDb(again, options)
      await again.clock.advance(MINUTE)
      const found = new Set(await samplesOf(db))
      for (const t of acknowledged) {
        for (let i = 0; i < 3; i++)
          assert.ok(found.has(`m${i % 2}{i="${i}"} ${t} ${t + i}`), `step ${step}: sample of ${(t - base) / MINUTE} min`)
      }
      // A batch that was on its way may be there, and nothing else.
      assert.ok(found.size <= 3 * (acknowledged.length + 1), `step ${step}: ${found.size} samples of ${acknowledged.length} batches`)
      assert.equal(db.replayReport()!.corruptions, 0)
      const left = (await again.fs.readDir('/data')).filter((name) => name.includes('.tmp'))
      assert.deepEqual(left, [], `step ${step}`)
      await close()
    }
    assert.ok(step > 100, `${step} steps`)
    assert.ok(losePower || halfMade > 20, `${halfMade} ends while a block was half made`)
  })
}

for (const [kind, code] of [
  ['write', 'ENOSPC'],
  ['sync', 'EIO'],
  ['open', 'EMFILE'],
] as const) {
  test(`a block that the disk refuses (${kind}: ${code}) is tried again, and nothing is lost`, async () => {
    const env = virtualEnv({ startTime: base })
    const { db, close } = await runDb(env, { blockRangeMs: RANGE })
    const fs = env.fs
    await write(db, base)
    await write(db, base + RANGE)
    // The log goes on: the disk fails where blocks are made.
    const create = fs.open.bind(fs)
    let failures = 0
    fs.open = async (path, mode) => {
      if (!path.includes('.tmp-for-creation/')) return create(path, mode)
      const fail = async (): Promise<never> => {
        failures++
        throw Object.assign(new Error(`${code}: ${kind} '${path}'`), { code })
      }
      if (kind === 'open') return fail()
      return { ...(await create(path, mode)), [kind]: fail }
    }
    await write(db, base + 4 * RANGE)
    await env.clock.advance(10 * MINUTE)
    assert.ok(failures >= 5 && failures <= 40, `${failures} failures`)
    assert.equal(db.stats().blockCount, 0)
    assert.equal(db.counters().cutsFailed, db.counters().cutsBegun)
    assert.ok(env.lines.some(({ level, message }) => level === 'error' && message.includes('did not become a block')))
    assert.equal((await samplesOf(db)).length, 9)
    assert.deepEqual(
      (await fs.readDir('/data')).filter((name) => name.includes('.tmp')),
      [],
    )
    fs.open = create
    await env.clock.advance(3 * MINUTE)
    assert.equal(db.stats().blockCount, 2)
    assert.equal((await samplesOf(db)).length, 9)
    await close()
  })
}

test('blocks that are there are answered from, also where they overlap what the log has', async () => {
  const env = virtualEnv({ startTime: base })
  await foreignBlock(env, base - 100 * MINUTE, base - 50 * MINUTE)
  await foreignBlock(env, base - 60 * MINUTE, base + 5 * MINUTE)
  const { db, close } = await runDb(env, { blockRangeMs: RANGE })
  for (let t = base; t < base + 30 * MINUTE; t += MINUTE) await write(db, t, 1)
  await env.clock.advance(MINUTE)
  const want = Array.from({ length: 130 }, (_, i) => base + (i - 100) * MINUTE)
    .map((t) => `m0{i="0"} ${t} ${t}`)
    .sort()
  assert.deepEqual(await samplesOf(db), want)
  await close()
  const second = await runDb(restarted(env), { blockRangeMs: RANGE })
  assert.deepEqual(await samplesOf(second.db), want)
  await second.close()
})

test('a damaged block is set aside, and one that cannot be read now stays; both are told of', async () => {
  for (const [spoil, isSetAside] of [
    [async (env: VirtualEnv, path: string) => env.fs.writeFile(`${path}/index`, 'nothing that is an index'), true],
    [async (env: VirtualEnv, path: string) => env.fs.writeFile(`${path}/meta.json`, '{"version": 2}'), true],
    [async (env: VirtualEnv, path: string) => env.fs.remove(`${path}/meta.json`), true],
    [async (env: VirtualEnv, path: string) => env.fs.remove(`${path}/chunks`), true],
    [
      async (env: VirtualEnv, path: string) => {
        const open = env.fs.open.bind(env.fs)
        env.fs.open = async (name, mode) => {
          if (name === `${path}/index`) throw Object.assign(new Error(`EACCES: open '${name}'`), { code: 'EACCES' })
          return open(name, mode)
        }
      },
      false,
    ],
  ] as const) {
    const env = virtualEnv({ startTime: base })
    const bad = await foreignBlock(env, base - 100 * MINUTE, base - 50 * MINUTE)
    await foreignBlock(env, base - 50 * MINUTE, base)
    await spoil(env, bad)
    const { db, close } = await runDb(env, { blockRangeMs: RANGE })
    assert.equal((await samplesOf(db)).length, 50)
    const name = bad.slice('/data/'.length)
    assert.equal((await env.fs.readDir('/data')).includes(name), !isSetAside)
    if (isSetAside) assert.deepEqual(await env.fs.readDir('/data/quarantine'), [name])
    assert.ok(env.lines.some(({ level, fields }) => level === 'error' && fields['path'] === bad))
    assert.deepEqual([db.counters().blockLoadFailures, db.counters().blocksQuarantined], [1, isSetAside ? 1 : 0])
    await close()
  }
})

test('what a damaged block had is missing, over starts, until the block is taken from where it was set aside', async () => {
  for (const spoiled of ['index', 'meta.json']) {
    const { fs, ...rest } = virtualEnv({ startTime: base })
    const bad = await foreignBlock({ ...rest, fs }, base - 100 * MINUTE, base - 50 * MINUTE)
    await foreignBlock({ ...rest, fs }, base - 50 * MINUTE, base)
    await fs.writeFile(`${bad}/${spoiled}`, 'nothing that it should be')
    const setAside = bad.replace('/data/', '/data/quarantine/')
    const want = [`block ${setAside} is set aside since it is damaged, and what it has may be missing`]
    for (let start = 0; start < 2; start++) {
      const env: VirtualEnv = { ...virtualEnv({ startTime: base }), fs }
      const { db, close } = await runDb(env, { blockRangeMs: RANGE })
      assert.deepEqual(db.missing({ minTime: base - 60 * MINUTE, maxTime: base }), want)
      assert.deepEqual(db.missing({ minTime: base + MINUTE, maxTime: base + 2 * MINUTE }), [])
      if (start === 1) {
        await env.fs.remove(setAside)
        await env.clock.advance(2 * MINUTE)
        assert.deepEqual(db.missing({ minTime: base - 60 * MINUTE, maxTime: base }), [])
      }
      await close()
    }
  }
})

test('what is left of blocks that were being made or deleted is removed at the start', async () => {
  const env = virtualEnv({ startTime: base })
  const whole = await foreignBlock(env, base - MINUTE, base)
  for (const suffix of ['tmp-for-creation', 'tmp-for-deletion', 'tmp']) {
    const other = await foreignBlock(env, base - 2 * MINUTE, base)
    await env.fs.rename(other, `${other}.${suffix}`)
  }
  const { db, close } = await runDb(env)
  assert.deepEqual(await env.fs.readDir('/data'), [whole.slice('/data/'.length), 'log', 'promontory.lock'])
  assert.equal(db.stats().blockCount, 1)
  await close()
})

test('retention by time deletes blocks wholly older, but none that is being read, and is not misled by a sample of the future', async () => {
  const env = virtualEnv({ startTime: base + MINUTE })
  const old = await foreignBlock(env, base - 300 * MINUTE, base - 200 * MINUTE)
  const { db, close } = await runDb(env, { blockRangeMs: RANGE, retentionMs: 250 * MINUTE })
  await write(db, base)
  await env.clock.advance(MINUTE)
  assert.equal(db.stats().blockCount, 1, 'it reaches into the time that is kept')
  const batches = db.select({ minTime: 0, maxTime: Infinity, matchers: ALL }, unlimitedContext())[Symbol.asyncIterator]()
  await write(db, base + 10 * 365 * 24 * 60 * MINUTE)
  await env.clock.advance(MINUTE)
  assert.equal((await env.fs.stat(old))?.kind, 'directory', 'by the clock it is kept')
  const first = batches.next()
  await env.clock.advance(60 * MINUTE)
  assert.equal((await samplesOf(db)).filter((text) => text.includes(`${base - 300 * MINUTE} `)).length, 0)
  assert.equal((await env.fs.stat(old))?.kind, 'directory', 'it is being read')
  let seen = ((await first).value as readonly Series[]).length
  for (let batch = await next(env, batches); !batch.done; batch = await next(env, batches)) seen += batch.value.length
  assert.ok(seen >= 1)
  await env.clock.advance(MINUTE)
  assert.equal(await env.fs.stat(old), null)
  assert.equal(db.counters().timeRetentions, 1)
  await close()
})

test('retention by size deletes the oldest blocks until the rest fits', async () => {
  const env = virtualEnv({ startTime: base })
  const { db, close } = await runDb(env, { blockRangeMs: RANGE, retentionBytes: 20_000 })
  for (let t = base; t < base + 200 * MINUTE; t += MINUTE) await write(db, t)
  await env.clock.advance(MINUTE)
  const { blockCount, blockBytes, logBytes } = db.stats()
  assert.ok(blockCount >= 2 && blockCount < 15, `${blockCount} blocks`)
  assert.ok(blockBytes + logBytes <= 20_000, `${blockBytes} + ${logBytes} bytes`)
  const found = await samplesOf(db)
  assert.deepEqual(found, written(db.coverage().minTime, base + 200 * MINUTE, MINUTE))
  assert.ok(db.counters().sizeRetentions > 0)
  await close()
})

test('what is kept changes while the database runs, at once', async () => {
  const env = virtualEnv({ startTime: base })
  const { db, close } = await runDb(env, { blockRangeMs: RANGE })
  for (let t = base; t < base + 200 * MINUTE; t += MINUTE) await write(db, t)
  await env.clock.advance(200 * MINUTE)
  assert.equal(db.coverage().minTime, base)
  // The disk of the test has 10^12 bytes.
  db.retain({ timeMs: 0, sizeBytes: 1, percentage: 20_000 / 1e10 })
  await env.clock.advance(1000)
  const { blockCount, blockBytes, logBytes } = db.stats()
  assert.ok(blockCount >= 2, `${blockCount} blocks`)
  assert.ok(blockBytes + logBytes <= 20_000, `${blockBytes} + ${logBytes} bytes`)
  db.retain({ timeMs: 50 * MINUTE, sizeBytes: 0, percentage: 0 })
  await env.clock.advance(1000)
  assert.deepEqual(
    db.blockMetas().filter(({ maxTime }) => maxTime <= base + 149 * MINUTE),
    [],
  )
  assert.match(await env.metrics.metrics(), /^prometheus_tsdb_retention_limit_seconds 3000$/m)
  await close()
})

test('blocks that another one was made of go', async () => {
  const env = virtualEnv({ startTime: base })
  const part = await foreignBlock(env, base - 2 * MINUTE, base)
  const whole = await foreignBlock(env, base - 4 * MINUTE, base)
  const meta = JSON.parse(await env.fs.readText(`${whole}/meta.json`))
  meta.compaction.parents = [{ ulid: part.slice('/data/'.length), minTime: base - 2 * MINUTE, maxTime: base }]
  await env.fs.writeFile(`${whole}/meta.json`, JSON.stringify(meta))
  const { db, close } = await runDb(env)
  assert.equal(db.stats().blockCount, 1)
  assert.equal(await env.fs.stat(part), null)
  assert.equal((await samplesOf(db)).length, 4)
  await close()
})

test('at whatever step the deletion of a block ends, it is deleted by the next process, and the others are whole', async () => {
  let isOver = false
  for (let step = 0; !isOver; step++) {
    for (const losePower of [false, true]) {
      const disk = virtualEnv({ seed: step + 1, startTime: base })
      const old = await foreignBlock(disk, base - 300 * MINUTE, base - 200 * MINUTE)
      await foreignBlock(disk, base - 50 * MINUTE, base)
      const { env, calls } = endingAt(disk, step)
      const options = { blockRangeMs: RANGE, retentionMs: 100 * MINUTE }
      void runDb(env, options)
      await disk.clock.advance(2 * MINUTE)
      isOver = (await disk.fs.stat(old)) === null && calls() <= step
      if (losePower) disk.fs.losePower()
      const again = restarted(disk)
      await again.fs.remove('/data/promontory.lock')
      const { db, close } = await runDb(again, options)
      await again.clock.advance(2 * MINUTE)
      assert.equal((await samplesOf(db)).length, 50, `step ${step}`)
      assert.equal((await again.fs.readDir('/data')).filter((name) => /^[0-9A-Z]{26}/.test(name)).length, 1, `step ${step}`)
      await close()
    }
  }
})
