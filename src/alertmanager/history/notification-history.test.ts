import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../../base/env-virtual.ts'
import { NotificationHistory, type NotificationRecord } from './notification-history.ts'

async function open(env: VirtualEnv, recordsMax = 10): Promise<NotificationHistory> {
  await env.fs.mkdir('/data')
  return NotificationHistory.open({ env, path: '/data/notifications.jsonl', recordsMax, ageMsMax: 60_000 })
}

function record(env: VirtualEnv, key: string, change: Partial<NotificationRecord> = {}): NotificationRecord {
  return {
    time: env.clock.now(),
    receiver: 'r',
    integration: 'webhook',
    index: 0,
    groupKey: '{}:{}',
    groupLabels: {},
    reason: 'first notification',
    outcome: 'delivered',
    attempts: 1,
    durationMs: 3,
    firing: 1,
    resolved: 0,
    idempotencyKey: key,
    ...change,
  }
}

const keysOf = (history: NotificationHistory, query = {}) => history.find({ limit: 100, ...query }).map((each) => each.idempotencyKey)
const anew = (env: VirtualEnv) => ({ ...virtualEnv(), clock: env.clock, fs: env.fs }) as VirtualEnv

test('the newest come first, those that are asked for alone', async () => {
  const env = virtualEnv()
  const history = await open(env)
  history.add(record(env, 'a'))
  await env.clock.advance(1000)
  history.add(record(env, 'b', { receiver: 's', outcome: 'failed' }))
  history.add(record(env, 'c', { groupKey: 'x' }))
  assert.deepEqual(keysOf(history), ['c', 'b', 'a'])
  assert.deepEqual(keysOf(history, { limit: 1 }), ['c'])
  assert.deepEqual(keysOf(history, { receiver: 's' }), ['b'])
  assert.deepEqual(keysOf(history, { outcome: 'delivered' }), ['c', 'a'])
  assert.deepEqual(keysOf(history, { groupKey: 'x' }), ['c'])
  assert.deepEqual(keysOf(history, { since: env.clock.now() }), ['c', 'b'])
  assert.deepEqual(keysOf(history, { until: env.clock.now() - 1 }), ['a'])
  assert.equal(history.markDuplicate('a'), true)
  assert.equal(history.markDuplicate('a'), false)
  assert.equal(history.find({ until: env.clock.now() - 1, limit: 1 })[0].duplicate, true)
  await env.clock.advance(59_500)
  assert.deepEqual(keysOf(history), ['c', 'b'])
})

test('it is bounded in memory and on disk, and survives a kill in the middle of a line', async () => {
  const env = virtualEnv()
  const history = await open(env)
  for (let i = 0; i < 25; i++) {
    history.add(record(env, String(i)))
    await env.clock.advance(1)
  }
  assert.ok(keysOf(history).length <= 11)
  const text = await env.fs.readText('/data/notifications.jsonl')
  await env.fs.writeFile('/data/notifications.jsonl', `${text}{"time":1`)
  const again = await open(anew(env))
  const keys = keysOf(again)
  assert.equal(keys[0], '24')
  assert.ok(keys.length >= 5 && keys.length <= 10, `${keys.length}`)
  again.add(record(env, 'new'))
  await again.close()
  assert.equal(keysOf(await open(anew(env)))[0], 'new')
})

test('where no other file can be begun the last one goes on, and the next time there is one', async () => {
  const env = virtualEnv()
  const history = await open(env)
  const add = async (key: string) => {
    history.add(record(env, key))
    await env.clock.advance(1)
  }
  for (const key of ['a', 'b', 'c', 'd', 'e']) await add(key)
  env.fs.failing = { open: 'EMFILE' }
  await add('lost')
  env.fs.failing = {}
  await add('f')
  await history.close()
  assert.deepEqual(keysOf(await open(anew(env))), ['f', 'e', 'd', 'c', 'b', 'a'])
})
