import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../base/env-virtual.ts'
import { Labels } from '../model/labels.ts'
import { readAll } from '../storage/series-source.contract.ts'
import { type RunningDb, runDb } from './db.fixture.ts'
import type { Db } from './db.ts'
import { restarted } from './ending-disk.fixture.ts'
import { slowFor } from './slow-disk.fixture.ts'
import { diskStateOf } from './storage-health.ts'

const SECOND = 1000
const BASE = 1_700_000_000_000

async function append(db: Db, n: number): Promise<void> {
  const appender = db.appender()
  appender.append(appender.series(Labels.of({ __name__: 'm' })), BASE + n, n)
  await appender.commit()
}

async function values(db: Db): Promise<number[]> {
  const [found] = await readAll(db, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, [])
  return found === undefined ? [] : Array.from(found.values)
}

/** What is there after the power went. */
async function valuesAfterPowerLoss(env: VirtualEnv): Promise<number[]> {
  env.fs.losePower()
  const { db, close } = await runDb(restarted(env))
  const found = await values(db)
  await close()
  return found
}

async function shown(env: VirtualEnv, name: string): Promise<string[]> {
  const lines = (await env.metrics.metrics()).split('\n')
  return lines.filter((line) => line.startsWith(name) && !line.endsWith(' 0'))
}

/** The log of a database that has two durable samples and one that is not durable yet. */
async function filled(env: VirtualEnv, options: Parameters<typeof runDb>[1] = {}): Promise<RunningDb> {
  const running = await runDb(env, options)
  await append(running.db, 1)
  await append(running.db, 2)
  await env.clock.advance(SECOND)
  await append(running.db, 3)
  return running
}

test('what an error says of the disk', () => {
  const check = (code: string, want: string) =>
    assert.equal(diskStateOf(new Error('write', { cause: Object.assign(new Error(), { code }) })), want)
  check('ENOSPC', 'full')
  check('EDQUOT', 'full')
  check('EROFS', 'denied')
  check('EACCES', 'denied')
  check('ENOENT', 'gone')
  check('ESTALE', 'gone')
  check('EIO', 'failing')
  check('EMFILE', 'failing')
  check('unavailable', 'failing')
})

for (const [code, state] of [
  ['ENOSPC', 'full'],
  ['EACCES', 'denied'],
  ['EROFS', 'denied'],
  ['EIO', 'failing'],
] as const) {
  for (const walFsync of ['interval', 'always'] as const) {
    test(`${code} on writes to the log, fsync ${walFsync}: samples are refused, reads go on, and it ends by itself`, async () => {
      const env = virtualEnv()
      const { db, close } = await filled(env, { walFsync })
      env.fs.fault = (call) => (call === 'write' || call === 'open' ? code : undefined)
      await assert.rejects(append(db, 4), new RegExp(`write /data/log/00000001\\.log: ${code}`))
      await assert.rejects(append(db, 5), new RegExp(`no samples are taken until the disk does again: ${code}`))
      assert.deepEqual(await shown(env, 'promontory_tsdb_storage_state'), [
        `promontory_tsdb_storage_state{part="log",state="${state}"} 1`,
        'promontory_tsdb_storage_state{part="blocks",state="normal"} 1',
      ])
      assert.deepEqual(await values(db), [1, 2, 3])
      await env.clock.advance(60 * SECOND)
      await assert.rejects(append(db, 6), { code: 'unavailable' })
      assert.deepEqual(await shown(env, 'promontory_tsdb_commits_refused_total'), ['promontory_tsdb_commits_refused_total 3'])
      env.fs.fault = undefined
      await env.clock.advance(5 * SECOND)
      assert.equal(db.health.state('log'), 'normal')
      await append(db, 7)
      assert.deepEqual(await values(db), [1, 2, 3, 7])
      await close()
      assert.deepEqual(await valuesAfterPowerLoss(env), [1, 2, 3, 7])
      assert.deepEqual(
        (await env.fs.readDir('/data/log')).filter((name) => !name.endsWith('.log')),
        [],
      )
    })
  }
}

test('a batch of which a part was written and that cannot be cut off again is not there after a restart', async () => {
  const env = virtualEnv()
  const { db, close } = await filled(env)
  env.fs.fault = (call) => (call === 'write' || call === 'truncate' ? 'EIO' : undefined)
  await assert.rejects(append(db, 4), /EIO/)
  // The disk takes files again, but never cuts this one: it is written anew.
  env.fs.fault = (call) => (call === 'truncate' ? 'EIO' : undefined)
  await env.clock.advance(5 * SECOND)
  assert.equal(db.health.state('log'), 'normal')
  await append(db, 5)
  await env.clock.advance(SECOND)
  assert.deepEqual(await valuesAfterPowerLoss(env), [1, 2, 3, 5])
  await close()
})

test('a file whose fsync failed is written anew: the next fsync of it would make nothing durable', async () => {
  const env = virtualEnv()
  const { db, close } = await filled(env)
  env.fs.fault = (call) => (call === 'sync' ? 'EIO' : undefined)
  await env.clock.advance(SECOND)
  assert.equal(db.health.state('log'), 'failing')
  assert.equal(db.counters().syncFailures, 1)
  await assert.rejects(append(db, 4), /no samples are taken/)
  env.fs.fault = undefined
  await env.clock.advance(5 * SECOND)
  await append(db, 5)
  await env.clock.advance(SECOND)
  assert.deepEqual(await valuesAfterPowerLoss(env), [1, 2, 3, 5])
  await close()
})

test('a file whose fsync failed is written anew at the end as well', async () => {
  const env = virtualEnv()
  const { close } = await filled(env)
  let failures = 1
  env.fs.fault = (call) => (call === 'sync' && failures-- > 0 ? 'EIO' : undefined)
  await close()
  assert.deepEqual(await valuesAfterPowerLoss(env), [1, 2, 3])
})

test('an fsync that fails while the next batch is being written loses neither', async () => {
  const env = virtualEnv()
  const { db, close } = await filled(env)
  const writing: Promise<void>[] = []
  env.fs.fault = (call) => {
    if (call !== 'sync') return undefined
    if (writing.length === 0) writing.push(append(db, 4).catch(() => append(db, 4)))
    return 'EIO'
  }
  await env.clock.advance(800)
  env.fs.fault = undefined
  const [outcome] = await Promise.allSettled(writing)
  await env.clock.advance(5 * SECOND)
  const want = outcome.status === 'fulfilled' ? [1, 2, 3, 4] : [1, 2, 3]
  assert.deepEqual(await values(db), want)
  assert.deepEqual(await valuesAfterPowerLoss(env), want)
  await close()
})

test('an fsync that fails while the disk is tried is put right as well before samples are taken again', async () => {
  const disk = virtualEnv()
  const env = slowFor(disk, 'probe', () => 2 * SECOND)
  const { db, close } = await filled(env)
  let [writes, syncs] = [1, 1]
  disk.fs.fault = (call, path) => {
    if (call === 'write' && path.endsWith('.log') && writes-- > 0) return 'ENOSPC'
    return call === 'sync' && path.endsWith('.log') && syncs-- > 0 ? 'EIO' : undefined
  }
  await assert.rejects(append(db, 4), /ENOSPC/)
  await env.clock.advance(20 * SECOND)
  assert.equal(db.health.state('log'), 'normal')
  assert.equal(db.counters().syncFailures, 1)
  assert.deepEqual(await valuesAfterPowerLoss(env), [1, 2, 3])
  await close()
})

test('a data directory that is gone is noticed though writes go on, and what it lacks is written when it is there again', async () => {
  const env = virtualEnv()
  const { db, close } = await filled(env)
  await env.fs.rename('/data/log', '/elsewhere')
  await append(db, 4)
  await env.clock.advance(2 * SECOND)
  assert.equal(db.health.state('log'), 'gone')
  await assert.rejects(
    append(db, 5),
    /no samples are taken until the disk does again: \/data\/log\/00000001\.log is gone|\/data\/log is gone/,
  )
  assert.deepEqual(await values(db), [1, 2, 3, 4])
  await env.fs.rename('/elsewhere', '/data/log')
  await env.clock.advance(5 * SECOND)
  assert.equal(db.health.state('log'), 'normal')
  await append(db, 6)
  await close()
  assert.deepEqual(await valuesAfterPowerLoss(env), [1, 2, 3, 4, 6])
})

test('segments that somebody removes: the open one is written again, others are reported, and the log goes on', async () => {
  const env = virtualEnv()
  const first = await filled(env)
  await first.close()
  const next = restarted(env)
  const { db, close } = await runDb(next)
  await append(db, 4)
  await next.clock.advance(SECOND)
  await append(db, 5)
  for (const name of await next.fs.readDir('/data/log')) await next.fs.remove(`/data/log/${name}`)
  await next.clock.advance(10 * SECOND)
  assert.equal(db.health.state('log'), 'normal')
  await append(db, 6)
  assert.ok(next.lines.some(({ level, message }) => level === 'error' && message.startsWith('log segment is gone')))
  await close()
  assert.deepEqual(await valuesAfterPowerLoss(next), [4, 5, 6])
})

test('what a process leaves without an fsync when it is killed, the next one makes durable', async () => {
  for (const walFsync of ['interval', 'always'] as const) {
    const env = virtualEnv()
    await filled(env)
    const next = restarted(env)
    await runDb(next, { walFsync })
    if (walFsync === 'interval') await next.clock.advance(SECOND)
    assert.deepEqual(await valuesAfterPowerLoss(next), [1, 2, 3], walFsync)
  }
})

test('a block that cannot be written is told, and samples are taken all the same', async () => {
  const env = virtualEnv()
  const { db, close } = await filled(env, { blockRangeMs: 60_000 })
  env.fs.fault = (call, path) => (call === 'write' && path.includes('.tmp-for-creation') ? 'ENOSPC' : undefined)
  await append(db, 200_000)
  await env.clock.advance(SECOND)
  assert.deepEqual(await shown(env, 'promontory_tsdb_storage_state'), [
    'promontory_tsdb_storage_state{part="log",state="normal"} 1',
    'promontory_tsdb_storage_state{part="blocks",state="full"} 1',
  ])
  await append(db, 200_001)
  env.fs.fault = undefined
  await env.clock.advance(100 * SECOND)
  assert.equal(db.health.state('blocks'), 'normal')
  assert.equal(db.blockMetas().length, 1)
  assert.deepEqual(await values(db), [1, 2, 3, 200_000, 200_001])
  await close()
})

test('who listens is told of every change', async () => {
  const env = virtualEnv()
  const { db, close } = await filled(env)
  const told: string[] = []
  db.health.onChange((part, state) => told.push(`${part} ${state}`))
  env.fs.fault = (call) => (call === 'write' ? 'ENOSPC' : undefined)
  await assert.rejects(append(db, 4))
  env.fs.fault = (call) => (call === 'write' ? 'EROFS' : undefined)
  await env.clock.advance(SECOND)
  env.fs.fault = undefined
  await env.clock.advance(5 * SECOND)
  assert.deepEqual(told, ['log full', 'log denied', 'log normal'])
  await close()
})

test('a deletion that the disk refuses leaves no gap in the log', async () => {
  const env = virtualEnv()
  const { db } = await filled(env)
  env.fs.fault = (call) => (call === 'write' || call === 'open' ? 'EIO' : undefined)
  await assert.rejects(append(db, 4), /EIO/)
  const signal = new AbortController().signal
  await assert.rejects(db.deleteSamples([], BASE, BASE + 1, signal), /no samples are taken until the disk does again: EIO/)
  env.fs.fault = undefined
  await env.clock.advance(10 * SECOND)
  await append(db, 5)
  const again = restarted(env)
  await again.fs.remove('/data/promontory.lock')
  const second = await runDb(again)
  assert.deepEqual(await values(second.db), [1, 2, 3, 5])
  assert.equal(second.db.counters().corruptions, 0)
  await second.close()
})

test('damage in the log that a full disk cannot set aside costs what is damaged, and is set aside by a later start', async () => {
  const env = virtualEnv()
  const running = await runDb(env)
  for (const n of [1, 2, 3]) await append(running.db, n)
  await running.close()
  const path = '/data/log/00000001.log'
  const file = await env.fs.open(path, 'write')
  const bytes = new Uint8Array(await file.size())
  await file.readAll([bytes], 0)
  // The second record of samples: the file has a header, a series and three of them.
  const marks = [...bytes.keys()].filter(
    (at) => bytes[at] === 0xff && bytes[at + 1] === 0x50 && bytes[at + 2] === 0x52 && bytes[at + 3] === 0xfe,
  )
  assert.equal(marks.length, 4)
  await file.write([new Uint8Array(4)], marks[2])
  await file.close()
  const full = restarted(env)
  full.fs.fault = (_, where) => (where.startsWith('/data/quarantine') ? 'ENOSPC' : undefined)
  const second = await runDb(full)
  full.fs.fault = undefined
  assert.deepEqual(await values(second.db), [1, 3])
  await second.close()
  const third = await runDb(restarted(full))
  assert.deepEqual(await values(third.db), [1, 3])
  assert.deepEqual(await full.fs.readDir('/data/quarantine'), [`00000001-${marks[2]}.bin`])
  await third.close()
})
