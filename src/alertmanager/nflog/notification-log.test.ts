import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../../base/env-virtual.ts'
import { NotificationLog } from './notification-log.ts'

const HOUR = 3_600_000
const receiver = { name: 'team', integration: 'webhook', index: 1 }
const told = {
  groupKey: '{}:{a="b"}',
  receiver,
  firing: [1n, (1n << 64n) - 1n],
  resolved: [3n],
  receiverData: [Uint8Array.of(10, 1, 120)],
  idempotencyKey: 'k',
}

let members = 0

async function open(env: VirtualEnv, member = `member-${++members}`): Promise<NotificationLog> {
  await env.fs.mkdir('/data')
  return NotificationLog.open({ env, path: '/data/nflog', retentionMs: 120 * HOUR, member })
}

const other = (env: VirtualEnv, fs = virtualEnv().fs) => ({ ...virtualEnv(), clock: env.clock, fs }) as VirtualEnv

test('what a receiver was told is known after a kill, and for as long as it is to be', async () => {
  const env = virtualEnv()
  const log = await open(env)
  assert.equal(log.find(told.groupKey, receiver), undefined)
  log.note(told, 8 * HOUR)
  await log.close()
  env.fs.losePower()
  const again = await open(other(env, env.fs))
  const { time, sender, earlier, ...rest } = again.find(told.groupKey, receiver)!
  assert.equal(time, BigInt(env.clock.now()) * 1_000_000n)
  assert.deepEqual([sender.slice(0, 7), earlier], ['member-', []])
  assert.deepEqual({ ...rest, receiverData: rest.receiverData.map((data) => [...data]) }, { ...told, receiverData: [[10, 1, 120]] })
  assert.equal(again.find(told.groupKey, { ...receiver, index: 0 }), undefined)
  await env.clock.advance(8 * HOUR - 1)
  await again.maintain()
  assert.equal(again.size, 1)
  await env.clock.advance(1)
  await again.maintain()
  assert.equal(again.size, 0)
})

test('what is asked of it is counted, and as an error where nothing was told, as upstream counts', async () => {
  const env = virtualEnv()
  const log = await open(env)
  log.find(told.groupKey, receiver)
  log.note(told, HOUR)
  log.find(told.groupKey, receiver)
  const page = await env.metrics.metrics()
  for (const line of ['queries_total 2', 'query_errors_total 1', 'query_duration_seconds_count 2']) {
    assert.match(page, new RegExp(`^alertmanager_nflog_${line}$`, 'm'))
  }
})

test('of two entries the later one holds, whichever comes first', async () => {
  const env = virtualEnv()
  const [first, second] = [await open(env), await open(other(env))]
  const heard: Uint8Array[] = []
  first.connect({ broadcast: (update) => void heard.push(update) })
  first.note(told, HOUR)
  first.note({ ...told, firing: [5n] }, HOUR)
  assert.deepEqual(second.merge(heard[1]), Buffer.from(heard[1]))
  assert.equal(second.merge(heard[0]), null)
  assert.equal(second.merge(first.snapshot()), null)
  assert.deepEqual(second.find(told.groupKey, receiver)?.firing, [5n])
})

test('who tells later what another told before, is found out once', async () => {
  const env = virtualEnv()
  const [first, second] = [await open(env), await open(other(env))]
  const found: string[] = []
  for (const [name, log] of Object.entries({ first, second })) log.onDuplicate((entry) => found.push(`${name} ${entry.idempotencyKey}`))
  // Cut off from each other both tell the same.
  first.note(told, HOUR)
  await env.clock.advance(15_000)
  second.note(told, HOUR)
  const [a, b] = [first.snapshot(), second.snapshot()]
  first.merge(b)
  second.merge(a)
  second.merge(a)
  assert.deepEqual(found, ['second k'])
  // The entry came while the notification was on its way.
  await env.clock.advance(1000)
  first.note({ ...told, idempotencyKey: 'l' }, HOUR)
  second.merge(first.snapshot())
  await env.clock.advance(1000)
  second.note({ ...told, idempotencyKey: 'l' }, HOUR)
  second.merge(first.snapshot())
  first.merge(second.snapshot())
  assert.deepEqual(found, ['second k', 'second l'])
})

test('who told before another what that one told later lets it know, though its own entry is gone', async () => {
  const env = virtualEnv()
  const [first, second, third] = [await open(env), await open(other(env)), await open(other(env))]
  const found: string[] = []
  second.onDuplicate(({ idempotencyKey }) => found.push(idempotencyKey))
  const heard: Uint8Array[] = []
  first.connect({ broadcast: (update) => void heard.push(update) })
  first.note(told, HOUR)
  await env.clock.advance(1000)
  second.note(told, HOUR)
  // By way of a third one, that has heard of the second only.
  third.merge(second.snapshot())
  heard.length = 0
  first.merge(third.snapshot())
  assert.equal(heard.length, 1)
  assert.notEqual(third.merge(heard[0]), null)
  assert.equal(third.merge(heard[0]), null)
  second.merge(heard[0])
  second.merge(heard[0])
  assert.deepEqual(found, ['k'])
})

test('who told later what another told before, and was down when the others found out, is let know when it is back, and counts it in one life', async () => {
  const env = virtualEnv()
  const elsewhere = other(env)
  const [first, second, third] = [await open(env), await open(elsewhere, 'b'), await open(other(env))]
  first.note(told, HOUR)
  await env.clock.advance(1000)
  second.note(told, HOUR)
  third.merge(second.snapshot())
  await second.close()
  let heard: Uint8Array = new Uint8Array(0)
  first.connect({ broadcast: (update) => void (heard = update) })
  first.merge(third.snapshot())
  third.merge(heard)
  const found: string[] = []
  for (const life of ['back', 'again', 'after maintenance']) {
    const log = await open(other(env, elsewhere.fs), 'b')
    log.onDuplicate(({ idempotencyKey }) => found.push(`${life} ${idempotencyKey}`))
    log.merge(third.snapshot())
    log.merge(first.snapshot())
    if (life === 'again') await log.maintain()
    await log.close()
  }
  assert.deepEqual(found, ['back k'])
  // The next entry shows both.
  third.note({ ...told, idempotencyKey: 'l' }, HOUR)
  const length = third.snapshot().length
  first.merge(third.snapshot())
  assert.equal(first.snapshot().length, length)
})

test('a member whose clock is ahead keeps nobody from noting what was told, and nothing from being told again', async () => {
  const env = virtualEnv()
  const ahead = virtualEnv()
  await ahead.clock.advance(24 * HOUR)
  const [slow, fast] = [await open(env), await open(ahead)]
  fast.note(told, 8 * HOUR)
  await env.clock.advance(24 * HOUR - 10 * 60_000)
  slow.merge(fast.snapshot())
  const heardAt = BigInt(env.clock.now()) * 1_000_000n
  assert.equal(slow.find(told.groupKey, receiver)?.time, heardAt)
  await env.clock.advance(1000)
  slow.note({ ...told, firing: [7n], idempotencyKey: 'l' }, 8 * HOUR)
  assert.deepEqual(slow.find(told.groupKey, receiver)?.firing, [7n])
  assert.equal(slow.find(told.groupKey, receiver)?.time, heardAt + 1_000_000_000n)
  assert.notEqual(fast.merge(slow.snapshot()), null)
  assert.deepEqual(fast.find(told.groupKey, receiver)?.firing, [7n])
})

test('an entry that cannot be read keeps out none of the others', async () => {
  const env = virtualEnv()
  const [first, second] = [await open(env), await open(other(env))]
  first.note(told, HOUR)
  const fresh = second.merge(Buffer.concat([Uint8Array.of(2, 8, 1), first.snapshot(), Uint8Array.of(200)]))
  assert.deepEqual(Buffer.from(fresh!), Buffer.from(first.snapshot()))
  assert.equal(second.size, 1)
})

test('of several that were told on both sides of a partition each is found out, also by a member that has started again', async () => {
  const env = virtualEnv()
  const elsewhere = other(env)
  const [first, second] = [await open(env), await open(elsewhere, 'b')]
  const found: string[] = []
  first.onDuplicate(({ idempotencyKey }) => found.push(`first ${idempotencyKey}`))
  for (const idempotencyKey of ['k', 'l', 'm']) {
    first.note({ ...told, idempotencyKey }, HOUR)
    await env.clock.advance(1000)
    second.note({ ...told, idempotencyKey }, HOUR)
    await env.clock.advance(60_000)
  }
  await second.close()
  const again = await open(other(env, elsewhere.fs), 'b')
  again.onDuplicate(({ idempotencyKey }) => found.push(`second ${idempotencyKey}`))
  again.merge(first.snapshot())
  again.merge(first.snapshot())
  first.merge(again.snapshot())
  assert.deepEqual(found, ['second k', 'second l', 'second m'])
})

test('of two that told the same at the same time one finds it out, whoever hears of the other first', async () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const env = virtualEnv()
    const names = ['a', 'b']
    const logs = [await open(env, 'a'), await open(other(env), 'b')]
    const found: string[] = []
    for (const [i, log] of logs.entries()) log.onDuplicate(({ idempotencyKey }) => found.push(`${names[i]} ${idempotencyKey}`))
    for (const log of logs) log.note(told, HOUR)
    // By way of one that hears of both, and of which each hears alone.
    const third = await open(other(env), 'c')
    for (const i of order) third.merge(logs[i].snapshot())
    await env.clock.advance(1000)
    for (const log of logs) log.merge(third.snapshot())
    assert.deepEqual(found, ['b k'])
  }
})

test('who is cut off while others tell more finds out all that it told after another', async () => {
  const env = virtualEnv()
  const [first, second, third] = [await open(env, 'a'), await open(other(env), 'b'), await open(other(env), 'c')]
  const found: string[] = []
  second.onDuplicate(({ idempotencyKey }) => found.push(idempotencyKey))
  first.note(told, HOUR)
  second.note(told, HOUR)
  third.merge(second.snapshot())
  await env.clock.advance(1000)
  for (const log of [third, first]) log.note({ ...told, idempotencyKey: 'l' }, HOUR)
  // From here on without the second.
  third.merge(first.snapshot())
  first.merge(third.snapshot())
  for (const idempotencyKey of ['m', 'n', 'o', 'p']) {
    await env.clock.advance(60_000)
    third.note({ ...told, idempotencyKey }, HOUR)
    first.merge(third.snapshot())
  }
  second.merge(third.snapshot())
  assert.deepEqual(found, ['k'])
})
