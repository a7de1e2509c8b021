import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatCount, formatExact, formatShort, parseSampleValue } from './number.ts'
import type { Unit } from './unit.ts'

test('formatShort picks prefix and unit', () => {
  const check = (value: number, unit: Unit, want: string) => assert.equal(formatShort(value, unit), want)
  check(0, 'none', '0')
  check(0, 'bytes', '0 B')
  check(1, 'none', '1')
  check(1234, 'none', '1234')
  check(12_500, 'none', '12.5 k')
  check(999_999, 'none', '1 M')
  check(0.05, 'none', '0.05')
  check(0.0003571, 'none', '0.000357')
  check(0.00002, 'none', '20 µ')
  check(1e-16, 'none', '1.00e-16')
  check(-42.5, 'none', '-42.5')
  check(8_323_223_552, 'bytes', '7.752 GiB')
  check(1024, 'bytes', '1 KiB')
  check(512, 'bytes', '512 B')
  check(0.5, 'bytes', '0.5 B')
  check(1_048_576, 'bytes/s', '1 MiB/s')
  check(0.0031, 'seconds', '3.1 ms')
  check(90, 'seconds', '90 s')
  check(5400, 'seconds', '90 min')
  check(36_000, 'seconds', '10 h')
  check(864_000, 'seconds', '10 d')
  check(Number.NaN, 'bytes', 'NaN')
  check(Number.POSITIVE_INFINITY, 'none', '+Inf')
})

test('formatExact keeps every digit', () => {
  assert.equal(formatExact(0.1), '0.1')
  assert.equal(formatExact(1234567.891), '1234567.891')
  assert.equal(formatExact(Number.NEGATIVE_INFINITY), '-Inf')
})

test('parseSampleValue reads the special values', () => {
  assert.equal(parseSampleValue('+Inf'), Number.POSITIVE_INFINITY)
  assert.equal(parseSampleValue('-Inf'), Number.NEGATIVE_INFINITY)
  assert.ok(Number.isNaN(parseSampleValue('NaN')))
  assert.equal(parseSampleValue('1e-05'), 0.00001)
})

test('formatCount groups', () => assert.equal(formatCount(1234567), '1,234,567'))
