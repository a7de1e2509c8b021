import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type VirtualEnv, virtualEnv } from '../src/base/env-virtual.ts'
import { openDb } from '../src/tsdb/db.ts'
import { FuzzedReceiver, fuzzedRequests } from './support/write-fuzz.ts'

async function startDb(env: VirtualEnv) {
  const db = await openDb({ env, dir: '/data', retentionMs: 0, blockRangeMs: 7_200_000, walFsync: 'interval' })
  db.keepExemplars(50)
  const stop = new AbortController()
  const ready = Promise.withResolvers<void>()
  const done = db.run(stop.signal, ready.resolve)
  await Promise.race([ready.promise, done])
  return {
    db,
    async stop() {
      stop.abort()
      await done
    },
  }
}

test('whatever remote write brings, the database takes or refuses it, and reads its log again', async () => {
  const env = virtualEnv()
  const first = await startDb(env)
  const receiver = new FuzzedReceiver(env, first.db)
  await fc.assert(
    fc.asyncProperty(fuzzedRequests, async (request) => {
      await receiver.check(request)
    }),
    { numRuns: 2000 },
  )
  const before = first.db.counters()
  const { floatsAppended, histogramsAppended, exemplarsAppended } = before
  assert.ok(floatsAppended > 0 && histogramsAppended > 0 && exemplarsAppended > 0, JSON.stringify(before))
  await first.stop()
  env.metrics.clear()
  const second = await startDb(env)
  assert.equal(second.db.replayReport()?.corruptions, 0)
  await second.stop()
})
