import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../base/env-virtual.ts'
import { Labels } from '../model/labels.ts'
import { Matcher } from '../model/matcher.ts'
import { AppendStatus } from '../storage/appender.ts'
import { readAll } from '../storage/series-source.contract.ts'
import { listBlocks } from './block/block-set.ts'
import { runDb } from './db.fixture.ts'
import type { Db } from './db.ts'
import { endingAt, restarted } from './ending-disk.fixture.ts'

const MINUTE = 60_000
const RANGE = 10 * MINUTE
const base = Math.ceil(1_700_000_000_000 / RANGE) * RANGE

async function write(db: Db, ...minutes: readonly number[]): Promise<void> {
  for (const minute of minutes) {
    const appender = db.appender()
    for (let i = 0; i < 3; i++) {
      const ref = appender.series(Labels.of({ __name__: 'm', i: String(i) }))
      assert.equal(appender.append(ref, base + minute * MINUTE, minute + i), AppendStatus.ok, `minute ${minute}`)
    }
    await appender.commit()
  }
}

async function minutesOf(db: Db): Promise<readonly number[]> {
  const all = await readAll(db, -Infinity, Infinity, [new Matcher('=', '__name__', 'm')])
  assert.equal(all.length, 3)
  for (const [i, { timestamps, values }] of all.entries())
    assert.deepEqual(
      Array.from(values),
      Array.from(timestamps, (t) => (t - base) / MINUTE + i),
    )
  return Array.from(all[0].timestamps, (t) => (t - base) / MINUTE)
}

async function filled(env: VirtualEnv): Promise<Awaited<ReturnType<typeof runDb>>> {
  const running = await runDb(env, { blockRangeMs: RANGE, maxBlockMs: RANGE, checkpoints: { logBytes: 1 } })
  await write(running.db, -1)
  await running.close()
  env.metrics.clear()
  return refilled(env)
}

async function refilled(env: VirtualEnv): Promise<Awaited<ReturnType<typeof runDb>>> {
  const running = await runDb(env, { blockRangeMs: RANGE, maxBlockMs: RANGE, flushOnExit: true })
  running.db.takeLateSamples(5 * MINUTE)
  await write(running.db, 0, 3, 6, 9, 12, 15, 18, 14, 21)
  return running
}
const FILLED = [-1, 0, 3, 6, 9, 12, 14, 15, 18, 21]

test('a clean stop leaves blocks and no log, and the next start goes on after their last sample, with late ones', async () => {
  const env = virtualEnv({ startTime: base })
  const { close } = await filled(env)
  await close()
  assert.deepEqual(await env.fs.readDir('/data/log'), [])
  assert.equal(await env.fs.stat('/data/checkpoint'), null)
  const { blocks } = await listBlocks(env.fs, '/data')
  const { minTime, maxTime, compaction } = blocks.at(-1)!.meta
  assert.deepEqual([minTime, maxTime, compaction.hints], [base + 21 * MINUTE, base + 21 * MINUTE + 1, []])
  const second = await runDb(restarted(env), { blockRangeMs: RANGE, maxBlockMs: RANGE, flushOnExit: true })
  second.db.takeLateSamples(5 * MINUTE)
  assert.deepEqual(await minutesOf(second.db), FILLED)
  await write(second.db, 22, 20)
  const all = [...FILLED.slice(0, -1), 20, 21, 22]
  assert.deepEqual(await minutesOf(second.db), all)
  await second.close()
  const third = await runDb(restarted(env), { blockRangeMs: RANGE, maxBlockMs: RANGE })
  assert.deepEqual(await minutesOf(third.db), all)
  await third.close()
})

test('a process that ends at any step of it has every sample once at the next start', async () => {
  const disk = virtualEnv({ startTime: base })
  const counted = endingAt(disk, Number.POSITIVE_INFINITY)
  const whole = await filled(counted.env as VirtualEnv)
  const before = counted.calls()
  await whole.close()
  for (let step = before + 1; step <= counted.calls(); step += 3) {
    const env = virtualEnv({ startTime: base })
    const ending = endingAt(env, step)
    const { close } = await filled(ending.env as VirtualEnv)
    let isDone = false
    void close().then(() => {
      isDone = true
    })
    while (!isDone && ending.calls() <= step) await new Promise((resolve) => setImmediate(resolve))
    const { db, close: end } = await runDb(restarted(env), { blockRangeMs: RANGE, maxBlockMs: RANGE })
    assert.deepEqual(await minutesOf(db), FILLED, `step ${step}`)
    await end()
  }
})

test('a disk that is full leaves the log as it is, and no blocks', async () => {
  const env = virtualEnv({ startTime: base })
  const { close } = await filled(env)
  env.fs.freeBytes = 500
  await close()
  env.fs.freeBytes = Number.POSITIVE_INFINITY
  assert.ok(env.lines.some(({ message }) => message === 'not flushed to blocks, the log stays'))
  const second = await runDb(restarted(env), { blockRangeMs: RANGE, maxBlockMs: RANGE })
  assert.deepEqual(await minutesOf(second.db), FILLED)
  await second.close()
})
