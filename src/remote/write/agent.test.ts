import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mortalEnv } from '../../../test/support/mortal-env.ts'
import { WriteDestination, writeConfig } from '../../../test/support/write-destination.ts'
import type { Env } from '../../base/env.ts'
import { type VirtualEnv, virtualEnv } from '../../base/env-virtual.ts'
import { Labels } from '../../model/labels.ts'
import { runDb } from '../../tsdb/db.fixture.ts'
import type { Db } from '../../tsdb/db.ts'
import { RemoteWriter } from './remote-writer.ts'

// An agent: what is written is kept for its destinations alone, as far as the disk and the age of samples allow.

const SECOND = 1000
const MINUTE = 60_000
const SERIES = 100

/** A disk that gets back what is removed. */
function smallDisk(world: VirtualEnv, totalBytes: number, freeBytes: number): void {
  const { fs } = world
  const remove = fs.remove.bind(fs)
  fs.freeBytes = freeBytes
  fs.remove = async (path) => {
    const sizeBytes = (await fs.stat(path))?.sizeBytes ?? 0
    await remove(path)
    fs.freeBytes += sizeBytes
  }
  fs.usage = async () => ({ totalBytes, freeBytes: fs.freeBytes, availableBytes: fs.freeBytes, files: 1, filesFree: 1 })
}

async function startAgent(world: VirtualEnv, to: WriteDestination, ageMsMax: number) {
  const { env, kill } = mortalEnv(world, { http: to.http })
  const { db, close } = await runDb(env, { segmentBytes: 6000, blockRangeMs: 5 * MINUTE, forwardOnly: true })
  const writer = new RemoteWriter({
    env,
    log: db.logReader,
    dir: '/data/remote-write',
    backlog: { bytesMax: 0, ageMsMax },
    flushDeadlineMs: MINUTE,
    isSinceStart: true,
    metadata: () => [],
  })
  await writer.apply([writeConfig({ queue: { ...writeConfig().queue, maxSamplesPerSend: 500, capacity: 1000 } })])
  const { promise: ready, resolve } = Promise.withResolvers<void>()
  const end = new AbortController()
  const running = writer.run(end.signal, resolve)
  await ready
  return {
    db,
    env,
    kill,
    /** Ends it in order. */
    async stop() {
      end.abort()
      let isOver = false
      void running.finally(() => {
        isOver = true
      })
      while (!isOver) await world.clock.advance(20)
      await close()
    },
  }
}

/** False when the disk did not take it. */
async function write(db: Db, now: number, n: number): Promise<boolean> {
  try {
    const appender = db.appender()
    for (let i = 0; i < SERIES; i++) appender.append(appender.series(Labels.of({ __name__: 'm', i: String(i) })), now, n)
    await appender.commit()
    return true
  } catch {
    return false
  }
}

async function metric(env: Env, name: string): Promise<number> {
  const found = await env.metrics.getSingleMetric(name)?.get()
  return found?.values.reduce((sum, { value }) => sum + value, 0) ?? Number.NaN
}

const arrivedAt = (to: WriteDestination) => to.store.names().reduce((sum, name) => sum + to.store.times(name).length, 0)

test('the log goes with what is sent, and memory with what is old', async () => {
  const world = virtualEnv()
  const to = new WriteDestination(world)
  const { db } = await startAgent(world, to, 4 * 60 * MINUTE)
  for (let n = 0; n < 200; n++) {
    assert.ok(await write(db, world.clock.now(), n))
    await world.clock.advance(15 * SECOND)
  }
  assert.equal(arrivedAt(to), 200 * SERIES)
  const { windowCount, blockCount, logBytes } = db.stats()
  assert.ok(windowCount <= 3, `${windowCount} windows`)
  assert.equal(blockCount, 0)
  // 20 minutes of 50 minutes, and what shares segments with them.
  assert.ok(logBytes < 0.6 * 200 * SERIES * 3, `${logBytes} bytes of log`)
})

test('a disk that is nearly full, and one that others fill: the oldest goes and is counted, the rest arrives', async () => {
  const world = virtualEnv()
  smallDisk(world, 20e6, 1.35e6)
  const to = new WriteDestination(world)
  let isAway = true
  to.behave = () => (isAway ? 'refused' : undefined)
  const { db, env } = await startAgent(world, to, 0)
  let taken = 0
  let refused = 0
  for (let n = 0; n < 1200; n++) {
    // Somebody else writes, and removes it again.
    if (n === 900) world.fs.freeBytes = 0
    if (n === 1000) world.fs.freeBytes += 1e6
    if (await write(db, world.clock.now(), n)) taken++
    else refused++
    await world.clock.advance(15 * SECOND)
  }
  assert.ok(refused >= 1 && refused <= 3, `${refused} batches were not taken`)
  isAway = false
  await world.clock.advance(10 * MINUTE)
  const lost = await metric(env, 'promontory_remote_write_lost_samples_total')
  assert.equal(arrivedAt(to) + lost, taken * SERIES)
  assert.ok(lost > 0.2 * taken * SERIES && lost < 0.9 * taken * SERIES, `${lost} of ${taken * SERIES} lost`)
  for (const name of to.store.names()) assert.match(to.store.text(name), /=1198 \d+=1199$/)
})

test('a receiver that is away for longer than samples may be old, an end and kills meanwhile: what is young enough arrives', async () => {
  const world = virtualEnv()
  const to = new WriteDestination(world)
  let isAway = true
  to.behave = () => (isAway ? 'refused' : undefined)
  let agent = await startAgent(world, to, 60 * MINUTE)
  let lost = 0
  for (let n = 0; n < 480; n++) {
    if (n === 200) {
      await agent.stop()
      agent = await startAgent(world, to, 60 * MINUTE)
    }
    if (n === 100 || n === 400) {
      lost += await metric(agent.env, 'promontory_remote_write_lost_samples_total')
      agent.kill()
      agent = await startAgent(world, to, 60 * MINUTE)
    }
    assert.ok(await write(agent.db, world.clock.now(), n))
    await world.clock.advance(15 * SECOND)
  }
  isAway = false
  await world.clock.advance(5 * MINUTE)
  lost += await metric(agent.env, 'promontory_remote_write_lost_samples_total')
  assert.equal(arrivedAt(to) + lost, 480 * SERIES)
  const times = to.store.times('m{i="0"}')
  // 60 minutes are 240 samples of each series; a segment has some 20.
  assert.ok(times.length >= 240 && times.length < 290, `${times.length} samples of a series`)
})
