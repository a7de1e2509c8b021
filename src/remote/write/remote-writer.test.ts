import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mortalEnv } from '../../../test/support/mortal-env.ts'
import { type Answer, WriteDestination, writeConfig } from '../../../test/support/write-destination.ts'
import type { Env } from '../../base/env.ts'
import { type VirtualEnv, virtualEnv } from '../../base/env-virtual.ts'
import { seededRandom } from '../../base/virtual/random.ts'
import { Labels } from '../../model/labels.ts'
import { runDb } from '../../tsdb/db.fixture.ts'
import type { Db } from '../../tsdb/db.ts'
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
  const options = {
    segmentBytes: 4000,
    configs: [writeConfig({ queue: { ...writeConfig().queue, minShards: 3, maxSamplesPerSend: 10, capacity: 20 } })],
  }
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

const SEED = Number(process.env.PROMONTORY_SEED ?? 1)

/** Random outages of all kinds, ends and kills; what the receiver has at the end, beside what was acknowledged. */
async function checkRandom(seed: number): Promise<void> {
  const random = seededRandom(seed)
  const below = (limit: number) => Math.floor(random.next() * limit)
  const world = virtualEnv({ seed })
  const to = new WriteDestination(world)
  const version = below(2) === 0 ? 1 : 2
  const queue = {
    ...writeConfig().queue,
    minShards: 1 + below(4),
    maxShards: 8,
    maxSamplesPerSend: 1 + below(20),
    capacity: 1 + below(60),
    batchSendDeadlineMs: 200 + below(6000),
  }
  const options: SenderOptions = { segmentBytes: 2000 + below(8000), configs: [writeConfig({ version, queue, remoteTimeoutMs: 4000 })] }
  const seriesCount = 1 + below(12)
  const answers: Answer[] = [
    undefined,
    undefined,
    'refused',
    'deaf',
    'lost',
    { status: 500 },
    { status: 503, headers: { 'retry-after': '7' } },
  ]
  let answer: Answer
  /** Requests whose answers the sender may not have had. */
  let unheard = 0
  to.behave = () => {
    const now = below(3) === 0 ? undefined : answer
    if (now === 'lost' || now === 'deaf') unheard++
    return now
  }
  const times: number[] = []
  let powerLosses = 0
  /** Samples that may be gone with the power. */
  const atRisk = new Set<number>()
  let sender = await startSender(world, to, options)
  for (let n = 0; n < 120; n++) {
    if (below(12) === 0) answer = answers[below(answers.length)]
    const happening = below(30)
    if (happening === 0) {
      sender.kill()
      unheard += 8
      if (below(3) === 0) {
        powerLosses++
        for (const t of times) if (t > world.clock.now() - 1100) atRisk.add(t)
        world.fs.losePower()
      }
      sender = await startSender(world, to, options)
    } else if (happening === 1) {
      await sender.stop()
      sender = await startSender(world, to, options)
    }
    times.push(world.clock.now())
    await write(sender.db, world, seriesCount, times.length - 1)
    await world.clock.advance(below(4) === 0 ? below(2000) + 1 : 1 + below(30 * SECOND))
  }
  answer = undefined
  await world.clock.advance(2 * MINUTE)
  const what = `seed ${seed}, ${powerLosses} losses of power`
  for (let i = 0; i < seriesCount; i++) {
    const found = to.store.text(`m{i="${i}"}`).split(' ')
    const left = times.map((t, n) => [t, `${t}=${n}`] as const).filter(([t, text]) => !atRisk.has(t) || found.includes(text))
    assert.deepEqual(
      found,
      left.map(([, text]) => text),
      `${what}: series ${i}`,
    )
  }
  assert.equal(to.refused, 0, what)
  assert.ok(to.duplicates <= unheard * queue.maxSamplesPerSend, `${what}: ${to.duplicates} came twice, ${unheard} requests without answer`)
  await sender.stop()
}

test('whatever happens to the receiver and to the sender, the receiver has every sample once', async () => {
  for (let i = 0; i < 4; i++) await checkRandom(SEED + i)
})

/** Sums of a metric over its labels. */
async function metric(env: Env, name: string): Promise<number> {
  const found = await env.metrics.getSingleMetric(name)?.get()
  return found?.values.reduce((sum, { value }) => sum + value, 0) ?? Number.NaN
}

test('what is beyond the bounds of the backlog is not sent, and counted; the rest is', async () => {
  const check = async (backlog: Backlog, queueMax: number) => {
    const world = virtualEnv()
    const to = new WriteDestination(world)
    const queue = { ...writeConfig().queue, maxSamplesPerSend: 10, capacity: queueMax }
    const sender = await startSender(world, to, { segmentBytes: 3000, backlog, configs: [writeConfig({ queue })] })
    let isAway = true
    to.behave = () => (isAway ? 'refused' : undefined)
    for (let n = 0; n < 200; n++) {
      await write(sender.db, world, 10, n)
      await world.clock.advance(15 * SECOND)
    }
    isAway = false
    await world.clock.advance(2 * MINUTE)
    const lost = await metric(sender.env, 'promontory_remote_write_lost_samples_total')
    const arrived = to.store.names().reduce((sum, name) => sum + to.store.times(name).length, 0)
    assert.equal(arrived + lost, 2000)
    assert.equal(await metric(sender.env, 'prometheus_remote_storage_samples_dropped_total'), lost)
    assert.ok(lost > 0 && arrived > 0, `${lost} lost, ${arrived} arrived`)
    // The oldest went.
    for (const name of to.store.names()) assert.match(to.store.text(name), /=199$/)
    assert.equal(to.duplicates + to.refused, 0)
    await sender.stop()
    return { arrived, lost }
  }
  const byAge = await check({ bytesMax: 0, ageMsMax: 15 * MINUTE }, 40)
  // 15 minutes are 60 samples of 10 series, and what shares a segment with them.
  assert.ok(byAge.arrived >= 600 && byAge.arrived < 1900, `${byAge.arrived} arrived`)
  await check({ bytesMax: 4000, ageMsMax: 0 }, 40)
  await check({ bytesMax: 4000, ageMsMax: 0 }, 1000)
})
