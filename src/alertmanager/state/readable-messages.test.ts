import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../../base/env-virtual.ts'
import { seededRandom } from '../../base/virtual/random.ts'
import { Labels } from '../../model/labels.ts'
import { NotificationLog } from '../nflog/notification-log.ts'
import { readMemory } from '../nflog/receiver-memory.ts'
import { Silences } from '../silences/silences.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 20261122)
const HOUR = 3_600_000
const receiver = { name: 'r', integration: 'webhook', index: 0 }

async function states() {
  const env = virtualEnv()
  await env.fs.mkdir('/data')
  const silences = await Silences.open({
    env,
    path: '/data/silences',
    retentionMs: HOUR,
    silencesMax: 0,
    silenceBytesMax: 0,
    logsChanges: false,
  })
  const log = await NotificationLog.open({ env, path: '/data/nflog', retentionMs: HOUR, member: 'm' })
  return { env, silences, log }
}

test('whatever other members send, a member goes on, and what it knows can be shown', async () => {
  const random = seededRandom(SEED)
  const { env, silences, log } = await states()
  const now = env.clock.now()
  for (let i = 0; i < 4; i++) {
    await silences.set({
      id: '',
      matcherSets: [[{ operator: '=', name: 'a', value: `${i}` }], [{ operator: '=~', name: 'b', value: 'x.*' }]],
      startsAt: now,
      endsAt: now + HOUR,
      createdBy: 'me',
      comment: 'why',
      annotations: new Map([['k', 'v']]),
    })
    const told = { groupKey: `g${i}`, receiver, firing: [1n, 2n], resolved: [3n], receiverData: [Uint8Array.of(10, 1, 120)] }
    log.note({ ...told, idempotencyKey: 'k' }, HOUR)
    log.note({ ...told, idempotencyKey: 'l' }, HOUR)
  }
  for (let run = 0; run < 300; run++) {
    const victims = await states()
    for (const [state, from] of [
      [victims.silences, silences],
      [victims.log, log],
    ] as const) {
      const bytes = Buffer.from(from.snapshot())
      for (let k = Math.floor(random.next() * 5); k >= 0; k--)
        bytes[Math.floor(random.next() * bytes.length)] = Math.floor(random.next() * 256)
      state.merge(bytes.subarray(0, random.next() < 0.7 ? bytes.length : Math.floor(random.next() * bytes.length)))
      assert.equal(state.merge(state.snapshot()), null)
    }
    victims.silences.silencedBy(Labels.of({ a: '1' }))
    for (const { startsAt, endsAt } of victims.silences.all()) for (const time of [startsAt, endsAt]) new Date(time).toISOString()
    for (let i = 0; i < 4; i++) readMemory(victims.log.find(`g${i}`, receiver)?.receiverData ?? [])
    await victims.silences.maintain()
    await victims.log.maintain()
  }
})
