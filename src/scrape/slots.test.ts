import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Labels } from '../model/labels.ts'
import { slotFrom, slotsOf, slotToleranceMs, startOfSlot } from './slots.ts'

test('the offset is the one of the worked example', () => {
  const labels = Labels.of({ instance: '127.0.0.1:9100', job: 'node' })
  const slots = slotsOf(labels, 'http://127.0.0.1:9100/metrics', 15_000)
  assert.deepEqual(slots, { intervalMs: 15_000, offsetMs: 0x5f13e12c3435 % 15_000 })
})

test('slotFrom finds the first slot that is not past', () => {
  const check = (now: number, want: number) => assert.equal(slotFrom({ intervalMs: 1000, offsetMs: 300 }, now), want)
  check(0, 300)
  check(300, 300)
  check(300.5, 1300)
  check(1299, 1300)
})

test('a slot is taken, taken late, or missed', () => {
  const slots = { intervalMs: 15_000, offsetMs: 0 }
  const check = (now: number, nominal: number | undefined, timestamp: number, missedCount: number) =>
    assert.deepEqual(startOfSlot(slots, 30_000, now), { nominal, timestamp, missedCount }, `at ${now}`)
  check(30_000, 30_000, 30_000, 0)
  check(29_999.4, 30_000, 30_000, 0)
  check(30_500, 30_000, 30_000, 0)
  check(30_500.7, 30_000, 30_500, 0)
  check(44_999, 30_000, 44_999, 0)
  check(45_000, 45_000, 45_000, 1)
  check(45_400, 45_000, 45_000, 1)
  check(46_000, undefined, 0, 2)
  check(3_630_100, 3_630_000, 3_630_000, 240)
  check(29_000, undefined, 0, 0)
  check(-1e9, undefined, 0, 0)
})

test('the tolerance is a twentieth of the interval, at most half a second', () => {
  const check = (intervalMs: number, want: number) => assert.equal(slotToleranceMs(intervalMs), want)
  check(1000, 50)
  check(10_000, 500)
  check(60_000, 500)
})

test('timestamps increase strictly however late the starts are', () => {
  const lateness = fc.array(fc.double({ min: 0, max: 50_000, noNaN: true }), { maxLength: 30 })
  fc.assert(
    fc.property(fc.integer({ min: 1000, max: 20_000 }), lateness, (intervalMs, delays) => {
      const slots = { intervalMs, offsetMs: (intervalMs / 3) | 0 }
      let now = 1_700_000_000_000
      let last = 0
      let awaited = slotFrom(slots, now)
      for (const delay of delays) {
        now = Math.max(now, awaited) + delay
        const start = startOfSlot(slots, awaited, now)
        if (start.nominal !== undefined) {
          assert.ok(start.timestamp > last)
          last = start.timestamp
        }
        awaited = start.nominal === undefined ? slotFrom(slots, now) : start.nominal + intervalMs
      }
    }),
  )
})
