import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { runServices, untilAborted } from '../base/service.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import { runDb } from '../tsdb/db.fixture.ts'
import { openDb } from '../tsdb/db.ts'
import { ALL, samplesOf, write } from '../tsdb/numbered-samples.fixture.ts'
import { beginDatabase } from './begun-database.ts'

const OPTIONS = { dir: '/data', retentionMs: 0, blockRangeMs: 7_200_000, walFsync: 'interval' } as const
const START = 1_700_000_040_000

/** A database that was begun on a disk with some samples, and what others ask while it is not served yet. */
async function begun(fault?: string) {
  const env = virtualEnv({ startTime: START })
  const first = await runDb(env)
  await write(first.db, START)
  await first.close()
  env.metrics.clear()
  const db = await openDb({ env, ...OPTIONS })
  if (fault !== undefined) env.fs.fault = (call, path) => (call === 'mkdir' && path === fault ? 'EIO' : undefined)
  return { env, db, database: beginDatabase(db, env.log) }
}

const isLocked = async ({ env }: Awaited<ReturnType<typeof begun>>) => (await env.fs.stat('/data/promontory.lock')) !== null

test('a database is read before it is served, and serves until it is told to end', async () => {
  const world = await begun()
  const { env, db, database } = world
  const stages: string[] = []
  void database.takenOver.then(() => stages.push('taken over'))
  void database.takes.then(() => stages.push('takes'))
  await database.whole
  assert.deepEqual(stages, ['taken over', 'takes'])
  assert.equal((await samplesOf(db)).length, 3)
  const stop = new AbortController()
  const after = {
    name: 'after',
    async run(signal: AbortSignal, ready: () => void) {
      ready()
      stop.abort()
      await untilAborted(signal)
    },
  }
  await runServices([database.service, after], stop.signal, env.log)
  assert.equal(await isLocked(world), false)
  assert.throws(() => db.appender(), /database is closed/)
  await database.close()
})

test('a database that cannot be read ends the services with its error, and lets go of its directory', async () => {
  const world = await begun('/data/log')
  const { env, db, database } = world
  const asked = db.labelNames(
    { minTime: 0, maxTime: Infinity, matcherSets: [ALL], limit: 0 },
    unlimitedContext(new AbortController().signal),
  )
  await assert.rejects(asked, /EIO/)
  await assert.rejects(runServices([database.service], new AbortController().signal, env.log), /^Error: tsdb: .*EIO/)
  assert.equal(await isLocked(world), false)
  env.lines.length = 0
  await database.close()
  assert.deepEqual(env.lines, [])
})

test('a database that was never served is ended, and what went wrong with it is said', async () => {
  for (const [fault, wanted] of [
    [undefined, 0],
    ['/data/log', 1],
  ] as const) {
    const world = await begun(fault)
    await world.database.close()
    assert.equal(await isLocked(world), false)
    const said = world.env.lines.filter((line) => JSON.stringify(line).includes('before the server had begun'))
    assert.equal(said.length, wanted)
  }
})
