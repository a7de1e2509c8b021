import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { virtualEnv } from '../base/env-virtual.ts'
import { QueuedTimer, TimerQueue } from './timer-queue.ts'

test('timers fire in order of their time, cancelled ones never, armed again at the new time', async () => {
  const operations = fc.array(fc.tuple(fc.nat(9), fc.option(fc.nat(500))), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(operations, async (steps) => {
      const { clock } = virtualEnv()
      const queue = new TimerQueue(clock)
      const fired: string[] = []
      const start = clock.monotonic()
      const timers = Array.from({ length: 10 }, (_, i) => new QueuedTimer(queue, () => fired.push(`${i}@${clock.monotonic() - start}`)))
      const want = new Map<number, number>()
      for (const [i, delayMs] of steps) {
        if (delayMs === null) {
          timers[i].cancel()
          want.delete(i)
        } else {
          timers[i].arm(delayMs)
          want.set(i, delayMs)
        }
      }
      assert.equal(queue.size, want.size)
      await clock.advance(501)
      assert.deepEqual([...fired].sort(), [...want].map(([i, delayMs]) => `${i}@${delayMs}`).sort())
      const times = fired.map((text) => Number(text.split('@')[1]))
      assert.deepEqual(
        times,
        [...times].sort((a, b) => a - b),
      )
      assert.equal(queue.size, 0)
    }),
    { numRuns: 20 },
  )
})

test('a timer may arm itself and others while it fires', async () => {
  const { clock } = virtualEnv()
  const queue = new TimerQueue(clock)
  let count = 0
  const other = new QueuedTimer(queue, () => count++)
  const timer = new QueuedTimer(queue, () => {
    count++
    if (count < 10) timer.arm(10)
    other.arm(5)
  })
  timer.arm(10)
  await clock.advance(100)
  assert.equal(count, 12)
})

test('timers with slack fire together, never early, at most the slack late', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(300), { minLength: 1, maxLength: 20 }), async (delays) => {
      const { clock } = virtualEnv()
      const queue = new TimerQueue(clock)
      const moments = new Set<number>()
      const start = clock.monotonic()
      for (const delayMs of delays) {
        const timer = new QueuedTimer(queue, () => {
          const late = clock.monotonic() - start - delayMs
          assert.ok(late >= 0 && late < 100, `${late} ms late`)
          moments.add(clock.monotonic())
        })
        timer.arm(delayMs, 100)
      }
      await clock.advance(401)
      assert.equal(queue.size, 0)
      assert.ok(moments.size <= 4)
    }),
    { numRuns: 20 },
  )
})
