import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatBucketBound, formatFloatText, parseFloatText } from './float.ts'

test('parseFloatText reads what Go reads', () => {
  const check = (text: string, want: number | undefined) => assert.deepEqual(parseFloatText(text), want)
  check('1', 1)
  check('+1.5e3', 1500)
  check('.5', 0.5)
  check('5.', 5)
  check('-0', -0)
  check('inf', Infinity)
  check('+Inf', Infinity)
  check('-INFINITY', -Infinity)
  check('NaN', NaN)
  check('1e-400', 0)
  check('1e400', undefined)
  check('+nan', undefined)
  check('', undefined)
  check('.', undefined)
  check('1_000', undefined)
  check('0x10', undefined)
  check('1e', undefined)
  check('1 ', undefined)
})

test('formatFloatText lays out as Go', () => {
  const check = (value: number, want: string) => assert.equal(formatFloatText(value), want)
  check(0, '0')
  check(-0, '-0')
  check(1, '1')
  check(123456, '123456')
  check(1_000_000, '1e+06')
  check(134217728, '1.34217728e+08')
  check(0.0001, '0.0001')
  check(0.00001, '1e-05')
  check(1.5e-310, '1.5e-310')
  check(-2.5e300, '-2.5e+300')
  check(NaN, 'NaN')
  check(-Infinity, '-Inf')
})

test('formatBucketBound always shows a float', () => {
  const check = (value: number, want: string) => assert.equal(formatBucketBound(value), want)
  check(1, '1.0')
  check(0, '0.0')
  check(-1, '-1.0')
  check(0.005, '0.005')
  check(1e6, '1e+06')
  check(Infinity, '+Inf')
})

test('parseFloatText reads back what formatFloatText wrote', () => {
  fc.assert(fc.property(fc.double(), (value) => assert.ok(Object.is(parseFloatText(formatFloatText(value)), value))))
})
