import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseGoDuration } from './go-duration.ts'

test('a duration in Go’s notation is milliseconds', () => {
  const check = (text: string, want: number | undefined) => assert.equal(parseGoDuration(text), want, text)
  check('0', 0)
  check('10s', 10_000)
  check('1h30m', 5_400_000)
  check('1.5h', 5_400_000)
  check('-2ms', -2)
  check('.5s', 500)
  check('3µs', 0.003)
  check('', undefined)
  check('10', undefined)
  check('1d', undefined)
  check('1.2.3s', undefined)
  check('s', undefined)
})
