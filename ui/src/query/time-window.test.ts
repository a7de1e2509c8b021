import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Resolution } from './panel-state.ts'
import { chooseStep, chooseWindow, nextRange } from './time-window.ts'

const auto: Resolution = { type: 'auto', density: 'medium' }

test('chooseStep', () => {
  const check = (rangeMs: number, resolution: Resolution, want: number) => assert.equal(chooseStep(rangeMs, resolution), want)
  check(300_000, auto, 1000)
  check(3_600_000, auto, 10_000)
  check(3_600_000, { type: 'auto', density: 'low' }, 30_000)
  check(3_600_000, { type: 'auto', density: 'high' }, 3000)
  check(1_209_600_000, auto, 3_600_000)
  check(3_600_000, { type: 'fixed', stepMs: 250 }, 328)
  check(3_600_000, { type: 'fixed', stepMs: 60_000 }, 60_000)
})

test('a step never asks for more points than upstream allows', () => {
  for (const rangeMs of [11_000_000, 11_000_001, 1_209_600_000, 3_153_600_000_000]) {
    for (const resolution of [auto, { type: 'fixed', stepMs: 1 } as const]) {
      assert.ok(Math.floor(rangeMs / chooseStep(rangeMs, resolution)) + 1 <= 11_000)
    }
  }
})

test('nextRange walks the choices and leaves them by halves and doubles', () => {
  const check = (rangeMs: number, direction: 'larger' | 'smaller', want: number) => assert.equal(nextRange(rangeMs, direction), want)
  check(3_600_000, 'larger', 10_800_000)
  check(3_600_000, 'smaller', 1_800_000)
  check(437_000, 'larger', 900_000)
  check(437_000, 'smaller', 300_000)
  check(1_209_600_000, 'larger', 2_419_200_000)
  check(60_000, 'smaller', 30_000)
  check(1000, 'smaller', 1000)
})

test('chooseWindow follows the clock on multiples of a small step only', () => {
  const panel = { rangeMs: 3_600_000, endTime: undefined, resolution: auto }
  assert.deepEqual(chooseWindow(panel, 14_000_009_999), { start: 13_996_400_000, end: 14_000_000_000, stepMs: 10_000 })
  assert.deepEqual(chooseWindow({ ...panel, rangeMs: 1_209_600_000 }, 1_777_000_000_123).end, 1_777_000_000_123)
  assert.deepEqual(chooseWindow({ ...panel, endTime: 5_000_123 }, 9_000_000).end, 5_000_123)
})
