import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatAgo, formatDuration, formatSpan, parseDuration } from './duration.ts'

test('parseDuration reads what PromQL writes', () => {
  const check = (text: string, want: number | undefined) => assert.equal(parseDuration(text), want, text)
  check('5m', 300_000)
  check('1h30m', 5_400_000)
  check(' 2w ', 1_209_600_000)
  check('1y', 31_536_000_000)
  check('250ms', 250)
  check('15', 15_000)
  check('0.5', 500)
  check('30m1h', undefined)
  check('1h1h', undefined)
  check('0s', undefined)
  check('', undefined)
  check('soon', undefined)
})

test('formatDuration is read back as the same span', () => {
  for (const ms of [1, 250, 1000, 61_000, 3_600_000, 5_400_000, 86_400_000, 8 * 86_400_000, 1_209_600_000, 400 * 86_400_000]) {
    assert.equal(parseDuration(formatDuration(ms)), ms, formatDuration(ms))
  }
})

test('formatDuration prefers the short form', () => {
  const check = (ms: number, want: string) => assert.equal(formatDuration(ms), want)
  check(1_209_600_000, '2w')
  check(8 * 86_400_000, '8d')
  check(437_000, '7m17s')
  check(0, '0s')
})

test('formatAgo keeps two units', () => {
  const check = (ms: number, want: string) => assert.equal(formatAgo(ms), want)
  check(-50, 'now')
  check(3210, '3.2s ago')
  check(59_999, '59s ago')
  check(250_000, '4m 10s ago')
  check(7_260_000, '2h 1m ago')
  check(90_000_000, '1d 1h ago')
})

test('formatSpan picks the unit', () => {
  const check = (seconds: number, want: string) => assert.equal(formatSpan(seconds), want)
  check(0.00431, '4.31 ms')
  check(2, '2.00 s')
  check(0.000021, '21.0 µs')
})
