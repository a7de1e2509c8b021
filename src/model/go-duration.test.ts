import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseGoDuration } from './go-duration.ts'

test('a duration in Go’s notation is milliseconds', () => {
  const check = (text: string, want: number) => assert.equal(parseGoDuration(text), want, text)
  check('0', 0)
  check('10s', 10_000)
  check('1h30m', 5_400_000)
  check('1h1m30.5s', 3_690_500)
  check('1.5h', 5_400_000)
  check('1500us', 1.5)
  check('-2ms', -2)
  check('-.5m', -30_000)
  check('3µs', 0.003)
})

test('what is none is refused in Go’s words', () => {
  const check = (text: string, message: string) => assert.throws(() => parseGoDuration(text), { code: 'bad_data', message })
  check('', 'time: invalid duration ""')
  check('x', 'time: invalid duration "x"')
  check('5', 'time: missing unit in duration "5"')
  check('1.2.3s', 'time: missing unit in duration "1.2.3s"')
  check('1d', 'time: unknown unit "d" in duration "1d"')
})
