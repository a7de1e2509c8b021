import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { FirstScrapes } from './first-scrapes.ts'

test('first scrapes have turns while there is something more urgent, and none waits longer than a third of its interval', () => {
  const env = virtualEnv({ startTime: 0, seed: 1 })
  let isBusy = true
  const first = new FirstScrapes(env.clock, () => isBusy)
  assert.deepEqual(
    Array.from({ length: 8 }, () => first.delayMs(600)),
    [0, 50, 100, 150, 200, 200, 200, 200],
  )
  assert.equal(first.delayMs(15_000), 200, 'those that did not wait for a turn took none')
  isBusy = false
  assert.equal(first.delayMs(15_000), 0)
})
