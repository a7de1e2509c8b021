import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DrillStatus, HeartbeatStatus } from '../../alertmanager/deadman/deadman-status.ts'
import { deadmanPage } from './page.ts'

const alarm = { receiver: 'pager', expired: false, notifications: [] }
const heartbeat = (name: string, more: Partial<HeartbeatStatus> = {}): HeartbeatStatus => ({
  name,
  timeoutSeconds: 60,
  heard: 3,
  expiresInSeconds: 42.4,
  lastHeard: '2026-01-01T00:00:00Z',
  ...alarm,
  ...more,
})
const drill = (more: Partial<DrillStatus> = {}): DrillStatus => ({
  name: 'weekly',
  alertmanagers: [{ url: 'http://am-1' }],
  everySeconds: 3600,
  deadlineSeconds: 120,
  running: false,
  nextInSeconds: 1800,
  runs: [],
  ...alarm,
  ...more,
})

const page = (heartbeats: readonly HeartbeatStatus[], drills: readonly DrillStatus[] = []) =>
  Buffer.from(deadmanPage({ heartbeats, drills }, { version: '1', routePrefix: '/dm' }).body as Uint8Array).toString()

test('the page says who is silent since when, who was told, and how drills went', () => {
  const quiet = page([heartbeat('prom-a')])
  assert.match(quiet, /<title>Promontory deadman<\/title>/)
  assert.match(quiet, /All that is waited for is heard/)
  assert.match(quiet, /<td>prom-a<\/td><td class="good">heard, 42 s of 60 s left<\/td><td>2026-01-01T00:00:00Z<\/td><td>3<\/td>/)
  assert.doesNotMatch(quiet, /Drills/)

  const notifications = [
    { integration: 'webhook[0]', status: 'firing', at: '2026-01-01T00:02:00Z' },
    { integration: 'email[0]', error: 'refused' },
  ]
  const runs = [
    { id: '2', startedAt: '2026-01-01T01:00:00Z', outcome: 'missed', duplicates: 0 },
    { id: '1', startedAt: '2026-01-01T00:00:00Z', outcome: 'arrived', latencySeconds: 1.25, duplicates: 2 },
  ]
  const bad = page(
    [heartbeat('prom-a'), heartbeat('prom-b', { expired: true, expiredSince: '2026-01-01T00:01:00Z', notifications })],
    [drill({ runs, alertmanagers: [{ url: 'http://am-1', error: 'connect ECONNREFUSED' }] })],
  )
  assert.match(bad, /<title>1 silent · Promontory deadman<\/title>/)
  assert.match(bad, /1 of 3 silent/)
  assert.match(bad, /<td class="bad">silent since 2026-01-01T00:01:00Z<\/td>/)
  assert.match(bad, /<td class="bad">webhook\[0\]: firing at 2026-01-01T00:02:00Z; email\[0\]: refused<\/td>/)
  assert.match(bad, /<td>next in 1800 s<\/td><td class="bad">missed<\/td>/)
  assert.match(bad, /<td class="bad">http:\/\/am-1: connect ECONNREFUSED<\/td>/)
  assert.match(bad, /<td class="good">arrived<\/td><td>1.250 s<\/td><td>2<\/td>/)
  assert.match(bad, /href="\/dm\/metrics"/)
})

test('what names and errors say is text', () => {
  const text = page([heartbeat('<script>"&', { notifications: [{ integration: 'webhook[0]', error: '<b>' }] })])
  assert.doesNotMatch(text, /<script>|<b>/)
  assert.match(text, /&lt;script&gt;&#34;&amp;/)
})
