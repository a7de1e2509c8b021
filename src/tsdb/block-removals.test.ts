import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../base/env-virtual.ts'
import type { DiskCall } from '../base/virtual/file-system.ts'
import { Labels } from '../model/labels.ts'
import { Matcher } from '../model/matcher.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import { readAll } from '../storage/series-source.contract.ts'
import { runDb } from './db.fixture.ts'
import type { Db } from './db.ts'
import { restarted } from './ending-disk.fixture.ts'

// Blocks that are to go and do not, and blocks that are there and cannot be read: nothing that was deleted comes back by them.

const MINUTE = 60_000
const RANGE = 10 * MINUTE
const base = Math.ceil(1_700_000_000_000 / (9 * RANGE)) * 9 * RANGE
const apart = { blockRangeMs: RANGE, maxBlockMs: RANGE }
const compacting = { blockRangeMs: RANGE, maxBlockMs: 3 * RANGE }
const { signal } = new AbortController()
const m = [new Matcher('=', '__name__', 'm')]

async function write(db: Db, ...minutes: readonly number[]): Promise<void> {
  for (const minute of minutes) {
    const appender = db.appender()
    appender.append(appender.series(Labels.of({ __name__: 'm' })), base + minute * MINUTE, minute)
    await appender.commit()
  }
}

async function minutesOf(db: Db): Promise<readonly number[]> {
  const [found] = await readAll(db, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, m)
  return found === undefined ? [] : Array.from(found.values)
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)
const deleted = (db: Db, from: number, to: number) => db.deleteSamples(m, base + from * MINUTE, base + to * MINUTE, signal)
const without = (all: readonly number[], from: number, to: number) => all.filter((minute) => minute < from || minute > to)

/** A disk with four blocks of ten minutes, and a log of what came after. */
async function filled(): Promise<VirtualEnv> {
  const env = virtualEnv({ startTime: base })
  const { db, close } = await runDb(env, apart)
  await write(db, ...upTo(54))
  await env.clock.advance(MINUTE)
  assert.equal(db.stats().blockCount, 4)
  await close()
  return restarted(env)
}

/** The disk does not remove blocks that have their names, and does not make new names durable. */
const refusesNames = (call: DiskCall, path: string) =>
  (call === 'syncDir' && path === '/data') || (call === 'rename' && /\/[0-9A-Z]{26}$/.test(path)) ? 'EIO' : undefined

async function killed(env: VirtualEnv): Promise<VirtualEnv> {
  await env.fs.remove('/data/promontory.lock')
  return restarted(env)
}

const blockNames = async (env: VirtualEnv) => (await env.fs.readDir('/data')).filter((name) => /^[0-9A-Z]{26}$/.test(name))

for (const [what, options, cutFirst] of [
  ['a compacted block', compacting, false],
  ['the block of a window', apart, true],
] as const) {
  test(`while ${what} cannot be taken back nothing is deleted, and later it does not bring back what was`, async () => {
    const env = await filled()
    const { db } = await runDb(env, options)
    env.fs.fault = refusesNames
    const all = upTo(cutFirst ? 68 : 54)
    if (cutFirst) await write(db, ...all.slice(54))
    await env.clock.advance(5000)
    const before = await blockNames(env)
    assert.ok(before.length > 4, 'it has its name')
    assert.equal(db.stats().blockCount, 4)
    await assert.rejects(deleted(db, 12, 46), /EIO/)
    assert.deepEqual(await minutesOf(db), all)
    env.fs.fault = undefined
    await deleted(db, 12, 46)
    assert.deepEqual(await minutesOf(db), without(all, 12, 46))
    const second = await runDb(await killed(env), options)
    assert.deepEqual(await minutesOf(second.db), without(all, 12, 46))
    await second.close()
  })
}

test('what could not be removed is removed when the disk does again', async () => {
  const env = await filled()
  const { db, close } = await runDb(env, compacting)
  env.fs.fault = (call, path) => (call === 'remove' && path.endsWith('.tmp-for-deletion') ? 'EIO' : undefined)
  await env.clock.advance(MINUTE)
  assert.equal(db.stats().blockCount, 2)
  const rubbish = async () => (await env.fs.readDir('/data')).filter((name) => name.includes('.tmp'))
  assert.equal((await rubbish()).length, 3)
  env.fs.fault = undefined
  await env.clock.advance(2 * MINUTE)
  assert.deepEqual(await rubbish(), [])
  assert.equal((await blockNames(env)).length, 2)
  await close()
})

test('a block stays as long as those it was made of are being read, so that they do not come back without it', async () => {
  const env = await filled()
  const options = { blockRangeMs: RANGE, maxBlockMs: 9 * RANGE }
  const { db } = await runDb(env, options)
  const batches = db.select({ minTime: 0, maxTime: base + RANGE, matchers: m }, unlimitedContext())[Symbol.asyncIterator]()
  const reading = batches.next()
  await env.clock.advance(5000)
  await reading
  assert.equal(db.counters().compactions, 1)
  await write(db, ...upTo(140).slice(54))
  await env.clock.advance(3 * MINUTE)
  const cleaned = deleted(db, 3, 5).then(() => db.cleanTombstones(signal))
  await env.clock.advance(3 * MINUTE)
  // The process ends while somebody reads.
  const second = await runDb(await killed(env), options)
  assert.deepEqual(await minutesOf(second.db), without(upTo(140), 3, 5))
  await second.close()

  const last = batches.next()
  await env.clock.advance(5 * MINUTE)
  assert.equal((await last).done, true)
  await cleaned
})

test('a block that cannot be read at the start is told of, nothing is deleted of its time, and it is there when it can be read', async () => {
  const env = await filled()
  const [, name] = await blockNames(env)
  env.fs.fault = (call, path) => (call === 'open' && path === `/data/${name}/index` ? 'EIO' : undefined)
  const { db } = await runDb(env, apart)
  await env.clock.advance(MINUTE)
  assert.deepEqual(await minutesOf(db), without(upTo(54), 10, 19))
  const [leftOut] = db.leftOutBlocks()
  assert.equal(leftOut.directory, `/data/${name}`)
  assert.match(leftOut.problem, /EIO/)
  const missing = (from: number, to: number) => db.missing({ minTime: base + from * MINUTE, maxTime: base + to * MINUTE })
  assert.match(missing(0, 60).join('\n'), new RegExp(`^block /data/${name} cannot be read, and what it has may be missing: .*EIO.*$`))
  assert.deepEqual([missing(19, 25).length, missing(20, 60)], [1, []])
  assert.match(await env.metrics.metrics(), /^promontory_tsdb_blocks_left_out 1$/m)
  assert.equal(db.counters().blockLoadFailures, 1)
  await assert.rejects(deleted(db, 15, 25), (error: Error) => {
    assert.equal((error as { code?: string }).code, 'unavailable')
    assert.match(error.message, new RegExp(`nothing is deleted while block /data/${name} cannot be read: .*EIO`))
    return true
  })
  await deleted(db, 25, 26)
  env.fs.fault = undefined
  await env.clock.advance(2 * MINUTE)
  assert.deepEqual([db.leftOutBlocks(), missing(0, 60)], [[], []])
  assert.match(await env.metrics.metrics(), /^promontory_tsdb_blocks_left_out 0$/m)
  assert.deepEqual(await minutesOf(db), without(upTo(54), 25, 26))
  await deleted(db, 15, 25)
  assert.deepEqual(await minutesOf(db), without(upTo(54), 15, 26))
  const second = await runDb(await killed(env), apart)
  assert.deepEqual(await minutesOf(second.db), without(upTo(54), 15, 26))
  await second.close()
})

test('a compacted block that could not be read at the start takes the place of those it was made of when it can be', async () => {
  const before = await filled()
  const first = await runDb(before, compacting)
  // The process ends when the new block is there, and its parents are as well.
  before.fs.fault = (call, path) => (call === 'rename' && /\/[0-9A-Z]{26}$/.test(path) ? 'EIO' : undefined)
  await before.clock.advance(MINUTE)
  assert.equal(first.db.stats().blockCount, 2)
  assert.equal((await blockNames(before)).length, 5)
  const name = first.db.blockMetas()[0].ulid
  before.fs.fault = undefined
  const env = await killed(before)
  env.fs.fault = (call, path) => (call === 'open' && path === `/data/${name}/index` ? 'EIO' : undefined)
  const { db, close } = await runDb(env, { ...apart, runCompaction: async () => ({ kind: 'failed', message: 'not now' }) })
  assert.equal(db.stats().blockCount, 4)
  assert.equal(db.leftOutBlocks().length, 1)
  assert.deepEqual(db.missing({ minTime: Number.NEGATIVE_INFINITY, maxTime: Number.POSITIVE_INFINITY }), [], 'its parts are all of it')
  assert.deepEqual(await minutesOf(db), upTo(54))
  env.fs.fault = undefined
  await env.clock.advance(2 * MINUTE)
  assert.equal(db.stats().blockCount, 2)
  assert.equal((await blockNames(env)).length, 2)
  assert.deepEqual(await minutesOf(db), upTo(54))
  await close()
})
