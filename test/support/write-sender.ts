// A sender of remote write in a simulated world: a database, and a writer that follows its log, that end, are killed and start again.
import assert from 'node:assert/strict'
import type { Env } from '../../src/base/env.ts'
import { type VirtualEnv, virtualEnv } from '../../src/base/env-virtual.ts'
import { seededRandom } from '../../src/base/virtual/random.ts'
import { Labels } from '../../src/model/labels.ts'
import type { RemoteWriteConfig } from '../../src/remote/write/remote-write-config.ts'
import { type Backlog, RemoteWriter } from '../../src/remote/write/remote-writer.ts'
import { runDb } from '../../src/tsdb/db.fixture.ts'
import type { Db } from '../../src/tsdb/db.ts'
import { mortalEnv } from './mortal-env.ts'
import { type Answer, WriteDestination, writeConfig } from './write-destination.ts'

const SECOND = 1000
const MINUTE = 60_000

/** A server that writes and sends: a database and a remote writer. */
export interface Sender {
  readonly db: Db
  readonly env: Env
  readonly writer: RemoteWriter
  /** Ends it in order; the clock has to go on. */
  stop(): Promise<void>
  kill(): void
}

export interface SenderOptions {
  readonly configs?: readonly RemoteWriteConfig[]
  readonly backlog?: Backlog
  readonly segmentBytes?: number
  readonly flushDeadlineMs?: number
}

export async function startSender(world: VirtualEnv, to: WriteDestination, options: SenderOptions = {}): Promise<Sender> {
  const { env, kill } = mortalEnv(world, { http: to.http })
  const { db, close } = await runDb(env, { segmentBytes: options.segmentBytes, exemplarsMax: 1000 })
  const writer = new RemoteWriter({
    env,
    log: db.logReader,
    dir: '/data/remote-write',
    backlog: options.backlog ?? { bytesMax: 0, ageMsMax: 0 },
    flushDeadlineMs: options.flushDeadlineMs ?? MINUTE,
    isSinceStart: true,
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
export async function write(db: Db, world: VirtualEnv, seriesCount: number, n: number): Promise<void> {
  const appender = db.appender()
  for (let i = 0; i < seriesCount; i++) appender.append(appender.series(Labels.of({ __name__: 'm', i: String(i) })), world.clock.now(), n)
  await appender.commit()
}

export const wanted = (times: readonly number[]) => times.map((t, n) => `${t}=${n}`).join(' ')

/** Random outages of all kinds, ends and kills; what the receiver has at the end, beside what was acknowledged. */
export async function checkFaults(seed: number): Promise<void> {
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
