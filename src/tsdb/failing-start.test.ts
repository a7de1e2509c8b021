import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../base/env-virtual.ts'
import type { DiskCall } from '../base/virtual/file-system.ts'
import { Labels } from '../model/labels.ts'
import { readAll } from '../storage/series-source.contract.ts'
import { type RunningDb, runDb } from './db.fixture.ts'
import type { Db } from './db.ts'
import { restarted } from './ending-disk.fixture.ts'

const MINUTE = 60_000
const BASE = 1_700_000_400_000
const OPTIONS = { blockRangeMs: 10 * MINUTE, segmentBytes: 300, checkpoints: { logBytes: 1e9, lookMs: 1000 } }

async function append(db: Db, minute: number): Promise<void> {
  const appender = db.appender()
  appender.append(appender.series(Labels.of({ __name__: 'm' })), BASE + minute * MINUTE, minute)
  await appender.commit()
}

async function minutes(db: Db): Promise<number[]> {
  const [found] = await readAll(db, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, [])
  return found === undefined ? [] : Array.from(found.values)
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)

/** A disk on which a process that was killed left blocks of twenty minutes, and a log of the next eight. */
async function filled(): Promise<VirtualEnv> {
  const env = virtualEnv({ startTime: BASE })
  const { db } = await runDb(env, OPTIONS)
  for (const minute of upTo(28)) await append(db, minute)
  await env.clock.advance(MINUTE)
  assert.equal(db.stats().blockCount, 2)
  assert.ok(db.stats().segmentCount >= 2)
  await env.fs.remove('/data/promontory.lock')
  return restarted(env)
}

/** A start, with the time it takes to try again. */
async function started(env: VirtualEnv): Promise<RunningDb> {
  const starting = runDb(env, OPTIONS)
  starting.catch(() => {})
  await env.clock.advance(10_000)
  return starting
}

/** Makes samples come until the windows that the log had are blocks, and looks at everything before and after another start. */
async function goOn(env: VirtualEnv, { db, close }: RunningDb): Promise<void> {
  assert.deepEqual(await minutes(db), upTo(28))
  for (const minute of upTo(60).slice(28)) await append(db, minute)
  await env.clock.advance(MINUTE)
  assert.ok(db.counters().cuts > 0)
  assert.deepEqual(await minutes(db), upTo(60))
  await close()
  const last = await runDb(restarted(env), OPTIONS)
  assert.deepEqual(await minutes(last.db), upTo(60))
  await last.close()
}

const isSegment = (path: string) => path.endsWith('.log')
const isMeta = (path: string) => path.endsWith('/meta.json')

for (const [what, call, isMeant] of [
  ['a log segment is not read', 'read', isSegment],
  ['a log segment is not opened', 'open', isSegment],
  ['a meta.json is not read', 'read', isMeta],
] as const) {
  const refusing = (env: VirtualEnv, times: number) => {
    let left = times
    env.fs.fault = (asked: DiskCall, path) => (asked === call && isMeant(path) && left-- > 0 ? 'EIO' : undefined)
  }

  test(`${what} at first: it is tried again, and nothing is lost`, async () => {
    const env = await filled()
    refusing(env, 3)
    await goOn(env, await started(env))
  })

  test(`${what} at all: the start fails and says so, and the next one has everything`, async () => {
    const env = await filled()
    refusing(env, Number.POSITIVE_INFINITY)
    await assert.rejects(started(env), (error: Error) => {
      assert.match(error.message, /^read \/data\/(log\/\d+\.log|\w{26}\/meta\.json): EIO/)
      return true
    })
    env.fs.fault = undefined
    const next = restarted(env)
    assert.equal(await next.fs.stat('/data/quarantine'), null)
    await goOn(next, await started(next))
  })
}

test('a checkpoint that is not read is set aside, and the log is read', async () => {
  const env = await filled()
  const first = await runDb(env, { ...OPTIONS, checkpoints: { logBytes: 1, lookMs: 100 } })
  await append(first.db, 28)
  await first.close()
  const [name] = await env.fs.readDir('/data/checkpoint')
  const path = `/data/checkpoint/${name}`
  const again = restarted(env)
  again.fs.fault = (call, asked) => (asked === path && call === 'read' ? 'EIO' : undefined)
  const { db, close } = await started(again)
  again.fs.fault = undefined
  assert.equal(db.recovery()!.checkpoint, undefined)
  assert.deepEqual(await minutes(db), upTo(29))
  assert.deepEqual(await again.fs.readDir('/data/quarantine'), [name])
  await close()
})

test('an fsync that fails at the start is told, and what was found is written anew', async () => {
  for (const walFsync of ['interval', 'always'] as const) {
    const env = await filled()
    let left = 1
    env.fs.fault = (call, path) => (call === 'sync' && isSegment(path) && left-- > 0 ? 'EIO' : undefined)
    const { db } = await runDb(env, { ...OPTIONS, walFsync })
    await env.clock.advance(10_000)
    assert.ok(env.lines.some(({ level, message }) => level === 'error' && message === 'no samples are taken until the disk does again'))
    assert.equal(db.health.state('log'), 'normal')
    env.fs.losePower()
    const next = await runDb(restarted(env), OPTIONS)
    assert.deepEqual(await minutes(next.db), upTo(28), walFsync)
    await next.close()
  }
})
