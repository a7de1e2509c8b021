import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mortalEnv } from '../../../test/support/mortal-env.ts'
import { WriteDestination, writeConfig } from '../../../test/support/write-destination.ts'
import type { Env } from '../../base/env.ts'
import { type VirtualEnv, virtualEnv } from '../../base/env-virtual.ts'
import { Labels } from '../../model/labels.ts'
import type { Db } from '../../tsdb/db.ts'
import { runDb } from '../../tsdb/db.fixture.ts'
import type { RemoteWriteConfig } from './remote-write-config.ts'
import { type Backlog, RemoteWriter } from './remote-writer.ts'

const SECOND = 1000
const MINUTE = 60_000

/** A server that writes and sends: a database and a remote writer. */
interface Sender {
  readonly db: Db
  readonly env: Env
  readonly writer: RemoteWriter
  /** Ends it in order; the clock has to go on. */
  stop(): Promise<void>
  kill(): void
}

interface SenderOptions {
  readonly configs?: readonly RemoteWriteConfig[]
  readonly backlog?: Backlog
  readonly segmentBytes?: number
  readonly flushDeadlineMs?: number
}

async function startSender(world: VirtualEnv, to: WriteDestination, options: SenderOptions = {}): Promise<Sender> {
  const { env, kill } = mortalEnv(world, { http: to.http })
  const { db, close } = await runDb(env, { segmentBytes: options.segmentBytes, exemplarsMax: 1000 })
  const writer = new RemoteWriter({
    env,
    log: db.logReader,
    dir: '/data/remote-write',
    backlog: options.backlog ?? { bytesMax: 0, ageMsMax: 0 },
    flushDeadlineMs: options.flushDeadlineMs ?? MINUTE,
    metadata: () => [],
  })
  await writer.apply(options.configs ?? [writeConfig()])
  const end = new AbortController()
  const { promise: ready, resolve } = Promise.withResolvers<void>()
  const running = writer.run(end.signal, resolve)
  await ready
  return {
    db,
    env,
    writer,
    kill,
    async stop() {
      end.abort()
      await Promise.all([running, advanceUntil(world, running)])
      await close()
    },
  }
}

/** Lets time pass until something has come to its end. */
async function advanceUntil(world: VirtualEnv, promise: Promise<unknown>): Promise<void> {
  let isOver = false
  void promise.finally(() => {
    isOver = true
  })
  while (!isOver) await world.clock.advance(20)
}

/** Writes a sample of each series, `n` at the time that it is. */
async function write(db: Db, world: VirtualEnv, seriesCount: number, n: number): Promise<void> {
  const appender = db.appender()
  for (let i = 0; i < seriesCount; i++) appender.append(appender.series(Labels.of({ __name__: 'm', i: String(i) })), world.clock.now(), n)
  await appender.commit()
}

const wanted = (times: readonly number[]) => times.map((t, n) => `${t}=${n}`).join(' ')

test('what is written is sent, and a restart goes on where the last one was', async () => {
  const world = virtualEnv()
  const to = new WriteDestination(world)
  const times: number[] = []
  let sender = await startSender(world, to)
  for (let n = 0; n < 60; n++) {
    if (n === 20) {
      await sender.stop()
      sender = await startSender(world, to)
    }
    times.push(world.clock.now())
    await write(sender.db, world, 3, n)
    await world.clock.advance(15 * SECOND)
  }
  await world.clock.advance(10 * SECOND)
  for (let i = 0; i < 3; i++) assert.equal(to.store.text(`m{i="${i}"}`), wanted(times))
  assert.equal(to.duplicates, 0)
  await sender.stop()
})

test('the receiver is away for 30 minutes and the sender is killed twice meanwhile: no sample is missing, none is stored twice', async () => {
  const world = virtualEnv()
  const to = new WriteDestination(world)
  const times: number[] = []
  const options = { segmentBytes: 4000, configs: [writeConfig({ queue: { ...writeConfig().queue, minShards: 3, maxSamplesPerSend: 10, capacity: 20 } })] }
  let sender = await startSender(world, to, options)
  const start = world.clock.now()
  for (let n = 0; n < 240; n++) {
    const minute = (world.clock.now() - start) / MINUTE
    to.behave = () => (minute >= 10 && minute < 40 ? 'refused' : undefined)
    if (n === 80 || n === 140) {
      sender.kill()
      sender = await startSender(world, to, options)
    }
    times.push(world.clock.now())
    await write(sender.db, world, 10, n)
    await world.clock.advance(15 * SECOND)
  }
  await world.clock.advance(MINUTE)
  for (let i = 0; i < 10; i++) assert.equal(to.store.text(`m{i="${i}"}`), wanted(times), `series ${i}`)
  assert.equal(to.duplicates, 0)
  assert.equal(to.refused, 0)
  await sender.stop()
})
