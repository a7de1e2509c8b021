import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatDuration, parseDuration, parseDurationOrSeconds } from './duration.ts'

test('parseDuration reads every unit and refuses the rest', () => {
  const check = (text: string, want: number) => assert.equal(parseDuration(text), want)
  check('0', 0)
  check('0s', 0)
  check('15s', 15_000)
  check('1m30s', 90_000)
  check('250ms', 250)
  check('1d', 86_400_000)
  check('1y2w3d4h5m6s7ms', 31_536_000_000 + 1_209_600_000 + 259_200_000 + 14_400_000 + 300_000 + 6_007)
  const refuse = (text: string, message: string) => assert.throws(() => parseDuration(text), { message })
  refuse('', 'empty duration string')
  refuse('1', 'not a valid duration string: "1"')
  refuse('-1s', 'not a valid duration string: "-1s"')
  refuse('1s1m', 'not a valid duration string: "1s1m"')
  refuse('1.5s', 'unknown unit "." in duration "1.5s"')
  refuse('5hs', 'unknown unit "hs" in duration "5hs"')
  refuse('1m1m', 'not a valid duration string: "1m1m"')
  refuse('99999999999999999999s', 'not a valid duration string: "99999999999999999999s"')
  refuse('1000y', 'duration out of range')
})

test('formatDuration prints as upstream', () => {
  const check = (ms: number, want: string) => assert.equal(formatDuration(ms), want)
  check(0, '0s')
  check(15_000, '15s')
  check(90_000, '1m30s')
  check(604_800_000, '1w')
  check(8 * 86_400_000, '8d')
  check(31_536_000_000, '1y')
  check(1, '1ms')
})

test('parseDurationOrSeconds takes seconds and durations', () => {
  const check = (text: string, want: number) => assert.equal(parseDurationOrSeconds(text), want)
  check('15', 15_000)
  check('0.1', 100)
  check('-1.5e2', -150_000)
  check('1h30m', 5_400_000)
  const refuse = (text: string, message: string) => assert.throws(() => parseDurationOrSeconds(text), { message })
  refuse('x', 'cannot parse "x" to a valid duration')
  refuse('-5m', 'cannot parse "-5m" to a valid duration')
  refuse('1e20', 'cannot parse "1e20" to a valid duration. It overflows int64')
  refuse('+Inf', 'cannot parse "+Inf" to a valid duration. It overflows int64')
})

test('parseDuration reads what formatDuration prints', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 9e12 }), (ms) => assert.equal(parseDuration(formatDuration(ms)), ms)))
})
