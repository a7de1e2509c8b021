import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../../base/env.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { Labels } from '../../model/labels.ts'
import { Alarm } from './alarm.ts'
import { Heartbeat } from './heartbeat.ts'

const MINUTE = 60_000

/** A heartbeat that must come every five minutes, on a clock that can be stopped. */
function setUp() {
  const env = virtualEnv()
  let stoodStillMs = 0
  const clock: Clock = {
    now: () => env.clock.now() + stoodStillMs,
    monotonic: () => env.clock.monotonic() + stoodStillMs,
    setTimer: (delayMs, callback) => env.clock.setTimer(delayMs, callback),
    setTicker: (intervalMs, callback) => env.clock.setTicker(intervalMs, callback),
  }
  const common = { name: 'eu', receiver: 'page', repeatIntervalMs: 60 * MINUTE, labels: Labels.empty, annotations: Labels.empty }
  const { log } = env
  const alarm = new Alarm({ ...common, clock, log, integrations: [], attempted: () => {}, changed: () => {} }, undefined)
  const heartbeat = new Heartbeat({ ...common, timeoutMs: 5 * MINUTE }, { clock, log, alarm }, undefined)
  const controller = new AbortController()
  const done = heartbeat.run(controller.signal)
  return {
    env,
    heartbeat,
    alarm,
    /** Time goes by and nothing runs. */
    standStill: (ms: number) => {
      stoodStillMs += ms
    },
    stop: () => {
      controller.abort()
      return done
    },
  }
}

test('time in which the process stood still is no silence', async () => {
  const { env, heartbeat, alarm, standStill, stop } = setUp()
  heartbeat.heard()
  await env.clock.advance(4 * MINUTE)
  standStill(60 * MINUTE)
  await env.clock.advance(2 * MINUTE)
  assert.equal(alarm.since, undefined)
  assert.ok(env.lines.some(({ message }) => message === 'this process stood still, so that nothing could be heard'))
  heartbeat.heard()
  await env.clock.advance(4 * MINUTE)
  assert.equal(alarm.since, undefined)
  await env.clock.advance(2 * MINUTE)
  assert.notEqual(alarm.since, undefined)
  await stop()
})

test('standing still again and again does not hide a silence', async () => {
  const { env, alarm, standStill, stop } = setUp()
  await env.clock.advance(4 * MINUTE)
  standStill(60 * MINUTE)
  await env.clock.advance(2 * MINUTE)
  standStill(60 * MINUTE)
  await env.clock.advance(5 * MINUTE)
  assert.notEqual(alarm.since, undefined)
  await stop()
})

test('a clock that jumps tells of no silence, and hides none', async () => {
  for (const jumpMs of [-24 * 60 * MINUTE, 24 * 60 * MINUTE]) {
    const { env, heartbeat, alarm, stop } = setUp()
    heartbeat.heard()
    await env.clock.advance(MINUTE)
    env.clock.jump(jumpMs)
    await env.clock.advance(3 * MINUTE)
    assert.equal(alarm.since, undefined)
    await env.clock.advance(2 * MINUTE)
    assert.equal(alarm.since, env.clock.now() - MINUTE)
    heartbeat.heard()
    assert.equal(alarm.since, undefined)
    await stop()
  }
})
