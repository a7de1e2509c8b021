import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { File } from '../base/env.ts'
import { type VirtualEnv, virtualEnv } from '../base/env-virtual.ts'
import { Labels } from '../model/labels.ts'
import { Matcher } from '../model/matcher.ts'
import { AppendStatus } from '../storage/appender.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import { readAll } from '../storage/series-source.contract.ts'
import { runDb } from './db.fixture.ts'
import type { Db } from './db.ts'
import { endingAt, restarted } from './ending-disk.fixture.ts'
import { ALL, foreignBlock, MINUTE, samplesOf, write, written } from './numbered-samples.fixture.ts'

// Blocks that become one, while the database is used.

const RANGE = 10 * MINUTE
/** The start of a window, and of stretches of three and nine of them. */
const base = Math.ceil(1_700_000_000_000 / (9 * RANGE)) * 9 * RANGE
/** Blocks as `first-last level`, in ranges from the start. */
function shape(db: Db): readonly string[] {
  return db
    .blockMetas()
    .map(
      (meta) => `${Math.floor((meta.minTime - base) / RANGE)}-${Math.ceil((meta.maxTime - base) / RANGE)} level ${meta.compaction.level}`,
    )
}

test('blocks grow by levels, and only the newest is left alone', async () => {
  const env = virtualEnv({ startTime: base })
  const options = { blockRangeMs: RANGE, maxBlockMs: 9 * RANGE }
  const { db, close } = await runDb(env, options)
  for (let t = base; t < base + 125 * MINUTE; t += MINUTE) {
    await write(db, t)
    await env.clock.advance(1)
  }
  await env.clock.advance(3 * MINUTE)
  assert.deepEqual(shape(db), ['0-9 level 3', '9-10 level 1', '10-11 level 1'])
  const want = written(base, base + 125 * MINUTE, MINUTE)
  assert.deepEqual(await samplesOf(db), want)
  const [{ compaction, stats }] = db.blockMetas()
  assert.deepEqual([compaction.sources.length, compaction.parents.length, compaction.hints], [9, 3, ['from-window']])
  assert.equal(stats.numSamples, 270)
  assert.equal((await env.fs.readDir('/data')).filter((name) => /^[0-9A-Z]{26}/.test(name)).length, 3)
  const metrics = (await env.metrics.metrics()).split('\n')
  for (const line of [
    'prometheus_tsdb_blocks_loaded 3',
    'prometheus_tsdb_compactions_total 15',
    'prometheus_tsdb_compactions_triggered_total 15',
    'prometheus_tsdb_compactions_failed_total 0',
    'prometheus_tsdb_vertical_compactions_total 0',
    'prometheus_tsdb_compaction_duration_seconds_count 15',
    // Eleven windows, three series, a chunk each.
    'prometheus_tsdb_compaction_chunk_samples_count 33',
    'prometheus_tsdb_compaction_chunk_samples_sum 330',
    'prometheus_tsdb_compaction_chunk_samples_bucket{le="9"} 0',
    'prometheus_tsdb_compaction_chunk_samples_bucket{le="13.5"} 33',
    'prometheus_tsdb_compaction_chunk_samples_bucket{le="+Inf"} 33',
    'prometheus_tsdb_compaction_populating_block 0',
    'prometheus_tsdb_compactions_skipped_total 0',
  ])
    assert.ok(metrics.includes(line), line)
  await close()

  const again = restarted(env)
  const second = await runDb(again, options)
  assert.deepEqual(await samplesOf(second.db), want)
  const appender = second.db.appender()
  assert.equal(appender.append(appender.series(Labels.of({ __name__: 'late' })), base + 109 * MINUTE, 1), AppendStatus.tooOld)
  appender.rollback()
  await second.close()
})

test('blocks that overlap become one, also with those of windows, and the log goes on where the windows ended', async () => {
  const env = virtualEnv({ startTime: base })
  await foreignBlock(env, base - 90 * MINUTE, base - 40 * MINUTE)
  await foreignBlock(env, base - 60 * MINUTE, base - 30 * MINUTE)
  // It reaches far beyond what the log has given to blocks when they are put together.
  await foreignBlock(env, base - 20 * MINUTE, base + 200 * MINUTE, { __name__: 'other' })
  const options = { blockRangeMs: RANGE, maxBlockMs: RANGE }
  const { db, close } = await runDb(env, options)
  for (let t = base; t < base + 38 * MINUTE; t += MINUTE) {
    await write(db, t)
    await env.clock.advance(1)
  }
  await env.clock.advance(3 * MINUTE)
  assert.deepEqual(shape(db), ['-9--3 level 2', '-2-20 level 4'])
  const want = [
    ...written(base, base + 38 * MINUTE, MINUTE),
    ...Array.from({ length: 60 }, (_, i) => base + (i - 90) * MINUTE).map((t) => `m0{i="0"} ${t} ${t}`),
    ...Array.from({ length: 220 }, (_, i) => base + (i - 20) * MINUTE).map((t) => `other ${t} ${t}`),
  ].sort()
  assert.deepEqual(await samplesOf(db), want)
  assert.ok(db.counters().verticalCompactions >= 2)
  await close()
  const second = await runDb(restarted(env), options)
  assert.deepEqual(await samplesOf(second.db), want)
  // What is in no block yet was replayed, and takes what follows.
  await write(second.db, base + 38 * MINUTE)
  await second.close()
})

for (const [end, losePower] of [
  ['the process', false],
  ['the power', true],
] as const) {
  test(`at whatever step of a compaction ${end} ends, every sample is there once`, async () => {
    const options = { blockRangeMs: RANGE, maxBlockMs: 3 * RANGE, walFsync: 'always' } as const
    const want = written(base, base + 56 * MINUTE, 2 * MINUTE)
    let [isOver, step, compacted] = [false, 0, 0]
    for (; !isOver; step++) {
      // Four blocks, of which three are to be compacted as soon as they may.
      const disk = virtualEnv({ seed: step + 1, startTime: base })
      const before = await runDb(disk, { ...options, maxBlockMs: RANGE })
      for (let t = base; t < base + 56 * MINUTE; t += 2 * MINUTE) await write(before.db, t)
      await disk.clock.advance(MINUTE)
      assert.equal(before.db.stats().blockCount, 4)
      await before.close()

      const prepared = restarted(disk)
      const { env, calls } = endingAt(prepared, step)
      let db: Db | undefined
      void runDb(env, options).then((running) => {
        db = running.db
      })
      await prepared.clock.advance(MINUTE)
      isOver = db?.stats().blockCount === 2 && calls() <= step
      if (losePower) disk.fs.losePower()
      const again = restarted(disk)
      await again.fs.remove('/data/promontory.lock')
      const after = await runDb(again, { ...options, maxBlockMs: RANGE })
      if (after.db.stats().blockCount === 2) compacted++
      assert.deepEqual(await samplesOf(after.db), want, `step ${step}`)
      await again.clock.advance(MINUTE)
      assert.deepEqual(await samplesOf(after.db), want, `step ${step}`)
      const left = (await again.fs.readDir('/data')).filter((name) => name.includes('.tmp'))
      assert.deepEqual(left, [], `step ${step}`)
      await after.close()
    }
    assert.ok(step > 30, `${step} steps`)
    assert.ok(compacted > 3, `${compacted} ends after the block was there`)
  })
}

/** Four blocks in a directory, and the log of what came after. */
async function fourBlocks(env: VirtualEnv): Promise<readonly string[]> {
  const { db, close } = await runDb(env, { blockRangeMs: RANGE, maxBlockMs: RANGE })
  for (let t = base; t < base + 56 * MINUTE; t += 2 * MINUTE) await write(db, t)
  await env.clock.advance(MINUTE)
  const paths = db.blockMetas().map(({ ulid }) => `/data/${ulid}`)
  assert.equal(paths.length, 4)
  await close()
  return paths
}

const compacting = { blockRangeMs: RANGE, maxBlockMs: 3 * RANGE }

for (const [kind, code] of [
  ['write', 'ENOSPC'],
  ['sync', 'EIO'],
  ['open', 'EMFILE'],
] as const) {
  test(`a compaction that the disk refuses (${kind}: ${code}) leaves all as it was, and is tried again`, async () => {
    const before = virtualEnv({ startTime: base })
    await fourBlocks(before)
    const env = restarted(before)
    const { fs } = env
    const open = fs.open.bind(fs)
    let failures = 0
    fs.open = async (path, mode) => {
      if (!path.includes('.tmp-for-creation/')) return open(path, mode)
      const fail = async (): Promise<never> => {
        failures++
        throw Object.assign(new Error(`${code}: ${kind} '${path}'`), { code })
      }
      if (kind === 'open') return fail()
      const file: File = { ...(await open(path, mode)), [kind]: fail }
      return file
    }
    const { db, close } = await runDb(env, compacting)
    await env.clock.advance(3 * MINUTE)
    assert.ok(failures >= 2 && failures <= 40, `${failures} failures`)
    assert.deepEqual(shape(db), ['0-1 level 1', '1-2 level 1', '2-3 level 1', '3-4 level 1'])
    assert.equal(db.counters().compactionsFailed, db.counters().compactionsBegun)
    assert.ok(env.lines.some(({ level, message }) => level === 'error' && message === 'blocks not compacted'))
    assert.ok(!(await fs.readDir('/data')).some((name) => name.includes('.tmp')))
    fs.open = open
    await env.clock.advance(10 * MINUTE)
    assert.deepEqual(shape(db), ['0-3 level 2', '3-4 level 1'])
    assert.deepEqual(await samplesOf(db), written(base, base + 56 * MINUTE, 2 * MINUTE))
    await close()
  })
}

test('a compaction waits for room on the disk, so that the log keeps its own', async () => {
  const before = virtualEnv({ startTime: base })
  await fourBlocks(before)
  const env = restarted(before)
  env.fs.freeBytes = 1_000_000
  const { db, close } = await runDb(env, compacting)
  await env.clock.advance(5 * MINUTE)
  assert.equal(db.counters().compactionsBegun, 0)
  assert.match(
    String(env.lines.find(({ message }) => message === 'blocks not compacted')?.fields['error']),
    /has 999\d+ bytes left, want \d+/,
  )
  env.fs.freeBytes = Number.POSITIVE_INFINITY
  await env.clock.advance(20 * MINUTE)
  assert.deepEqual(shape(db), ['0-3 level 2', '3-4 level 1'])
  await close()
})

test('a damaged block is marked and left out; what is whole of it goes on answering, and the others are compacted', async () => {
  const before = virtualEnv({ startTime: base })
  const { db: first, close: closeFirst } = await runDb(before, { blockRangeMs: RANGE, maxBlockMs: RANGE })
  for (let t = base; t < base + 86 * MINUTE; t += 2 * MINUTE) await write(first, t)
  await before.clock.advance(MINUTE)
  const [, bad] = first.blockMetas().map(({ ulid }) => `/data/${ulid}`)
  await closeFirst()
  const chunks = await before.fs.readFile(`${bad}/chunks/000001`)
  chunks[chunks.length - 10] ^= 1
  await before.fs.writeFile(`${bad}/chunks/000001`, chunks)

  const env = restarted(before)
  const { db, close } = await runDb(env, compacting)
  await env.clock.advance(2 * MINUTE)
  assert.deepEqual(shape(db), ['0-1 level 1', '1-2 level 1', '2-3 level 1', '3-6 level 2', '6-7 level 1'])
  assert.equal(JSON.parse(await env.fs.readText(`${bad}/meta.json`)).compaction.failed, true)
  assert.equal(db.counters().compactionsFailed, 1)
  assert.ok(env.lines.some(({ message, fields }) => message === 'damaged block is not compacted' && bad.endsWith(String(fields['block']))))
  const found = await readAll(db, -Infinity, Infinity, [new Matcher('=', 'i', '0')])
  assert.equal(found[0].timestamps.length, 43)
  await close()
})

test('a block that retention lets go while it is compacted does not come back', async () => {
  const before = virtualEnv({ startTime: base })
  const [oldest] = await fourBlocks(before)
  const env = restarted(before)
  // The compaction ends when the test says so.
  const { promise: mayEnd, resolve: letEnd } = Promise.withResolvers<void>()
  const { rename } = env.fs
  let isFirst = true
  env.fs.rename = async (from, to) => {
    const isHeld = isFirst && from.endsWith('.tmp-for-creation')
    if (isHeld) isFirst = false
    if (isHeld) await mayEnd
    return rename.call(env.fs, from, to)
  }
  const { db, close } = await runDb(env, { ...compacting, retentionMs: 60 * MINUTE })
  await env.clock.advance(MINUTE)
  assert.equal(db.counters().compactionsBegun, 1)
  await env.clock.advance(75 * MINUTE)
  await write(db, base + 75 * MINUTE)
  await env.clock.advance(MINUTE)
  assert.equal(db.counters().timeRetentions, 1)
  assert.notEqual(await env.fs.stat(oldest), null, 'it is being read')
  letEnd()
  await env.clock.advance(MINUTE)
  assert.equal(await env.fs.stat(oldest), null)
  assert.equal((await samplesOf(db)).filter((text) => text.includes(` ${base} `)).length, 0)
  await env.clock.advance(MINUTE)
  assert.equal((await env.fs.readDir('/data')).filter((name) => /^[0-9A-Z]{26}$/.test(name)).length, db.stats().blockCount)
  await close()
})

test('windows become blocks while a compaction goes on, and a stop leaves nothing of it', async () => {
  const before = virtualEnv({ startTime: base })
  await fourBlocks(before)
  const env = restarted(before)
  // A compaction that would go on for ever.
  const { db, close } = await runDb(env, {
    ...compacting,
    runCompaction: (_, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve({ kind: 'failed', message: 'ended' }))),
  })
  await env.clock.advance(MINUTE)
  assert.equal(db.counters().compactionsBegun, 1)
  for (let t = base + 56 * MINUTE; t < base + 80 * MINUTE; t += 2 * MINUTE) await write(db, t)
  await env.clock.advance(MINUTE)
  assert.equal(db.stats().blockCount, 7)
  await close()
  assert.equal((await env.fs.readDir('/data')).filter((name) => /^[0-9A-Z]{26}/.test(name)).length, 7)
})

test('a select that is under way keeps the blocks that were compacted', async () => {
  const before = virtualEnv({ startTime: base })
  const paths = await fourBlocks(before)
  const env = restarted(before)
  const { db, close } = await runDb(env, { ...compacting, maxBlockMs: RANGE })
  await close()
  const second = restarted(env)
  const running = await runDb(second, compacting)
  const batches = running.db.select({ minTime: 0, maxTime: Infinity, matchers: ALL }, unlimitedContext())[Symbol.asyncIterator]()
  const firstBatch = batches.next()
  await second.clock.advance(MINUTE)
  assert.equal(db.stats().blockCount, 0, 'the first database is closed')
  const { value } = await firstBatch
  assert.equal(value.length, 3)
  assert.deepEqual(shape(running.db), ['0-3 level 2', '3-4 level 1'])
  assert.notEqual(await second.fs.stat(paths[0]), null)
  const last = batches.next()
  await second.clock.advance(1)
  assert.equal((await last).done, true)
  await second.clock.advance(MINUTE)
  assert.equal(await second.fs.stat(paths[0]), null)
  await running.close()
})
