import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WriteDestination, writeConfig } from '../../../test/support/write-destination.ts'
import { write } from '../../../test/support/write-sender.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { runDb } from '../../tsdb/db.fixture.ts'
import { LazyRemoteWriter } from './lazy-writer.ts'

test('the first destination begins with what the process has written, if it is there from the start; else with what comes', async () => {
  const check = async (isThere: boolean, want: RegExp) => {
    const world = virtualEnv()
    const to = new WriteDestination(world)
    const env = { ...world, http: to.http }
    const { db, close } = await runDb(env, {})
    const options = { env, log: db.logReader, dir: '/data/remote-write', backlog: { bytesMax: 0, ageMsMax: 0 }, flushDeadlineMs: 60_000 }
    const writer = new LazyRemoteWriter({ ...options, metadata: () => [] })
    await writer.apply(isThere ? [writeConfig()] : [])
    await write(db, world, 1, 0)
    const end = new AbortController()
    const running = writer.run(end.signal, () => {})
    await world.clock.advance(60_000)
    await writer.apply([writeConfig()])
    await world.clock.advance(10)
    await write(db, world, 1, 1)
    await world.clock.advance(10_000)
    assert.match(to.store.text('m{i="0"}'), want)
    end.abort()
    await Promise.all([running, world.clock.advance(1000)])
    await close()
  }
  await check(true, /^\d+=0 \d+=1$/)
  await check(false, /^\d+=1$/)
})
