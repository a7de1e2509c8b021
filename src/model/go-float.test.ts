import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatGeneral, formatGeneralPrecision, parseFloatText } from './go-float.ts'

test('numbers are read as Go reads them', () => {
  const check = (text: string, want: number | undefined) => assert.equal(parseFloatText(text), want, text)
  check('1', 1)
  check('1e0', 1)
  check('.2', 0.2)
  check('-2.', -2)
  check('+Inf', Infinity)
  check('-infinity', -Infinity)
  check('nan', NaN)
  check('0x1p-2', 0.25)
  check('-0x1.8p1', -3)
  check('', undefined)
  check(' 1', undefined)
  check('1e400', undefined)
  check('0x', undefined)
  check('one', undefined)
})

test('numbers are written as Go writes them', () => {
  const check = (value: number, want: string) => assert.equal(formatGeneral(value), want)
  check(0, '0')
  check(-1.5, '-1.5')
  check(100000, '100000')
  check(1000000, '1e+06')
  check(123456789, '1.23456789e+08')
  check(0.0001, '0.0001')
  check(0.00001, '1e-05')
  check(NaN, 'NaN')
  check(Infinity, '+Inf')
  assert.equal(formatGeneralPrecision(1234, 2), '1.2e+03')
  assert.equal(formatGeneralPrecision(0.126, 2), '0.13')
  assert.equal(formatGeneralPrecision(2, 2), '2')
  assert.equal(formatGeneralPrecision(100, 2), '1e+02')
})
