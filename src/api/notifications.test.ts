import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { virtualEnv } from '../base/env-virtual.ts'
import { NOTICE, Notifications } from './notifications.ts'

const NOW = 1_767_225_600_000
const make = (subscribersMax: number) => {
  const metrics = new Registry()
  return { metrics, notifications: new Notifications({ clock: virtualEnv({ startTime: NOW }).clock, metrics, subscribersMax }) }
}

test('subscribers are told what holds, and what changes', async () => {
  const { notifications } = make(2)
  const date = '2026-01-01T00:00:00Z'
  notifications.add(NOTICE.startingUp)
  const stream = notifications.subscribe(new AbortController().signal)![Symbol.asyncIterator]()
  assert.deepEqual((await stream.next()).value, { text: NOTICE.startingUp, date, active: true })
  const waiting = stream.next()
  notifications.remove(NOTICE.startingUp)
  notifications.remove(NOTICE.reloadFailed)
  assert.deepEqual((await waiting).value, { text: NOTICE.startingUp, date, active: false })
  assert.deepEqual(notifications.active, [])
  notifications.add(NOTICE.shuttingDown)
  notifications.close()
  assert.equal((await stream.next()).value.text, NOTICE.shuttingDown)
  assert.equal((await stream.next()).done, true)
  assert.equal(notifications.subscribe(new AbortController().signal), undefined)
})

test('there are only so many subscribers, and each is only so far behind', async () => {
  const { notifications, metrics } = make(1)
  const controller = new AbortController()
  const stream = notifications.subscribe(controller.signal)
  assert.ok(stream)
  assert.equal(notifications.subscribe(new AbortController().signal), undefined)
  for (let i = 0; i < 12; i++) notifications.add(NOTICE.reloadFailed)
  assert.match(await metrics.metrics(), /prometheus_api_notification_updates_dropped_total 2\n/)
  controller.abort()
  let count = 0
  for await (const _ of stream) count++
  assert.equal(count, 10)
  assert.ok(notifications.subscribe(new AbortController().signal))
})
