import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEADMAN, DeadmanWorld, MINUTE, RECEIVER, SECOND } from '../../test/support/deadman-world.ts'
import type { VirtualProcess } from '../base/env-virtual.ts'
import { seededRandom } from '../base/virtual/random.ts'

const TIMEOUT_MS = 5 * MINUTE
const SLACK_MS = 3 * SECOND
/** What a kill may forget of a silence. */
const FORGOTTEN_MS = 30 * SECOND
const STEPS = 50

const CONFIG = `heartbeats: [{name: eu, timeout: 5m, receiver: page, repeat_interval: 20m}]
receivers: [{name: page, webhook_configs: [{url: '${RECEIVER}/page'}]}]
`

/** Calls, pauses, kills, stops, reloads and jumps of the clock in any order, and what must hold after each of them. */
async function run(seed: number): Promise<void> {
  const world = await DeadmanWorld.start()
  const random = seededRandom(seed)
  const below = (n: number) => Math.floor(random.next() * n)
  let process: VirtualProcess = await world.startDeadman(CONFIG)
  await world.pass(SECOND)
  const { clock } = world.world
  /** Monotonic: when it was heard last, or this process began to listen. */
  let fresh = clock.monotonic()
  /** Listened for without a call, over all processes. */
  let silentMs = 0
  let starts = 1
  let wasExpired = false
  const pass = async (ms: number) => {
    await world.pass(ms)
    silentMs += ms
  }
  const check = async (what: string) => {
    const before = clock.monotonic()
    const { body } = await world.ask(`${DEADMAN}/api/v1/status`)
    silentMs += clock.monotonic() - before
    const { expired } = JSON.parse(body).data.heartbeats[0]
    const where = `seed ${seed}, ${what}: fresh ${clock.monotonic() - fresh}, silent ${silentMs}, starts ${starts}`
    const freshMs = clock.monotonic() - fresh
    if (wasExpired) assert.ok(expired, `forgotten: ${where}`)
    else if (expired) assert.ok(freshMs >= TIMEOUT_MS - SLACK_MS || silentMs >= 2 * TIMEOUT_MS - SLACK_MS, `too early: ${where}`)
    else {
      assert.ok(freshMs <= TIMEOUT_MS + SLACK_MS, `too late: ${where}`)
      assert.ok(silentMs <= 2 * TIMEOUT_MS + starts * (FORGOTTEN_MS + SLACK_MS), `hidden by restarts: ${where}`)
    }
    wasExpired = expired
  }
  const restart = async () => {
    await world.pass(below(20) * MINUTE)
    process = await world.startDeadman()
    fresh = clock.monotonic()
    starts++
    await pass(SECOND)
  }
  const steps: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['pause', () => pass(below(4 * MINUTE))],
    ['pause', () => pass(below(4 * MINUTE))],
    ['long pause', () => pass(below(12 * MINUTE))],
    [
      'call',
      async () => {
        await world.ask(`${DEADMAN}/watch/eu`)
        await world.pass(SECOND)
        fresh = clock.monotonic() - SECOND
        silentMs = SECOND
        starts = 1
        wasExpired = false
      },
    ],
    [
      'kill',
      async () => {
        process.kill()
        await restart()
      },
    ],
    [
      'stop',
      async () => {
        await world.stop(process)
        await restart()
      },
    ],
    ['reload', () => world.ask(`${DEADMAN}/-/reload`, { method: 'POST' })],
    ['jump', async () => clock.jump((below(5) - 2) * 60 * MINUTE)],
  ]
  for (let i = 0; i < STEPS; i++) {
    const [what, step] = steps[below(steps.length)]
    await step()
    await check(`step ${i}, ${what}`)
  }
  // Who is told of an end knows of a silence, and hears of it once.
  let isTold = false
  const keys = new Set<string>()
  for (const { status, key } of world.told) {
    assert.ok(status === 'firing' || isTold, `seed ${seed}: an end that nobody waits for`)
    assert.ok(!keys.has(key), `seed ${seed}: told twice`)
    keys.add(key)
    isTold = status === 'firing'
  }
  assert.equal(isTold, wasExpired, `seed ${seed}: who was told last`)
  await world.stopAll()
}

test('whatever happens in whatever order, it fires neither too early nor too late, and forgets nothing', async () => {
  const given = Number(process.env.PROMONTORY_SEED)
  const seeds = given ? [given] : Array.from({ length: 4 }, (_, i) => i + 1)
  for (const seed of seeds) await run(seed)
})
