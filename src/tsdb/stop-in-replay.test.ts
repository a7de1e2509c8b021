import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../base/env-virtual.ts'
import { Labels } from '../model/labels.ts'
import { AppendStatus } from '../storage/appender.ts'
import { runDb } from './db.fixture.ts'
import { type Db, type DbOptions, openDb } from './db.ts'
import { restarted } from './ending-disk.fixture.ts'
import { samplesOf, write, written } from './numbered-samples.fixture.ts'

const START = 1_700_000_040_000
const COUNT = 40
const OPTIONS = { blockRangeMs: 7_200_000, retentionMs: 0, walFsync: 'interval', segmentBytes: 400 } as const

/** A disk that a process left which was killed, with a log of many segments. */
async function killed(segmentBytes: number): Promise<VirtualEnv> {
  const env = virtualEnv({ startTime: START })
  const { db } = await runDb(env, { ...OPTIONS, segmentBytes })
  for (let i = 0; i < COUNT; i++) await write(db, START + i * 1000)
  await env.fs.remove('/data/promontory.lock')
  return restarted(env)
}

/** Starts on it and asks it to end when `look` says so, which is asked whenever the clock is looked at. */
async function stopped(env: VirtualEnv, options: Partial<DbOptions>, look: (db: Db, looks: number) => boolean, onTakes: (db: Db) => void) {
  const stop = new AbortController()
  let looks = 0
  let now = 0
  const { clock } = env
  let db: Db | undefined
  // Each look at it takes a turn's time, so that whatever can rest does.
  clock.monotonic = () => {
    if (db !== undefined && look(db, ++looks)) stop.abort(new Error('got SIGTERM'))
    return (now += 10)
  }
  db = await openDb({ env, dir: '/data', ...OPTIONS, ...options })
  let isReady = false
  const done = db.run(
    stop.signal,
    () => {
      isReady = true
    },
    { takes: () => onTakes(db!) },
  )
  let ended = false
  const finished = done.finally(() => {
    ended = true
  })
  finished.catch(() => {})
  while (!ended) {
    await clock.advance(1)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await finished
  assert.equal(await env.fs.stat('/data/promontory.lock'), null)
  return { db, isReady }
}

const all = written(START, START + COUNT * 1000, 1000)

for (const [what, segmentBytes] of [
  ['in the middle of one', 1e6],
  ['between two', 400],
] as const) {
  for (const flushOnExit of [false, true]) {
    test(`a process that is asked to end while it reads segments, ${what}, ends at once and loses nothing${flushOnExit ? ', with flush on exit' : ''}`, async () => {
      let env = await killed(segmentBytes)
      const want = [...all]
      let cut = 0
      for (let life = 0; life < 4; life++) {
        const commits: Promise<void>[] = []
        const { isReady, db } = await stopped(
          env,
          { flushOnExit, segmentBytes },
          (db, looks) => commits.length > 0 && looks > 6 + 5 * life && !db.replayStatus().done,
          (db) => {
            const appender = db.early.appender()
            const t = START + (COUNT + life) * 1000
            assert.equal(appender.append(appender.series(Labels.of({ __name__: 'm0', i: '0' })), t, t), AppendStatus.ok)
            want.push(`m0{i="0"} ${t} ${t}`)
            commits.push(appender.commit())
          },
        )
        assert.equal(commits.length, 1)
        await Promise.all(commits)
        cut += Number(!isReady)
        assert.throws(() => db.early.appender(), /database is closed/)
        assert.deepEqual(await env.fs.stat('/data/quarantine'), null)
        env = restarted(env)
        if (isReady) break
      }
      assert.ok(cut >= 2, `${cut} ended before all was read`)
      const last = await runDb(env, OPTIONS)
      assert.deepEqual(await samplesOf(last.db), want.sort())
      await last.close()
    })
  }
}
