import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatValue, formatWithoutExponent, NUMBER_BYTES_MAX, writeTimestamp, writeValue } from './number-bytes.ts'

const bytes = Buffer.alloc(NUMBER_BYTES_MAX)
const valueText = (v: number) => bytes.toString('latin1', 0, writeValue(bytes, 0, v))
const timestampText = (t: number) => bytes.toString('latin1', 0, writeTimestamp(bytes, 0, t))

// What Prometheus 3.5 answered to vector(V).
test('values as upstream writes them', () => {
  const check = (v: number, want: string) => assert.equal(valueText(v), want)
  check(0, '0')
  check(-0, '-0')
  check(1, '1')
  check(-1.5, '-1.5')
  check(Number.NaN, 'NaN')
  check(Infinity, '+Inf')
  check(-Infinity, '-Inf')
  check(1e20, '100000000000000000000')
  check(1e21, '1e+21')
  check(1.7976931348623157e308, '1.7976931348623157e+308')
  check(5e-324, '5e-324')
  check(1e-6, '0.000001')
  check(1e-7, '1e-07')
  check(-1.25e-9, '-1.25e-09')
  check(123456789.125, '123456789.125')
  check(0.1 + 0.2, '0.30000000000000004')
  check(999999999, '999999999')
  check(1e9, '1000000000')
  check(1e15, '1000000000000000')
  check(2 ** 53, '9007199254740992')
})

test('the fast ways write what the slow one writes', () => {
  const same = (v: number) => assert.equal(valueText(v), formatValue(v))
  fc.assert(fc.property(fc.double(), same), { numRuns: 3000 })
  fc.assert(fc.property(fc.maxSafeInteger(), same), { numRuns: 3000 })
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 0, max: 9 }), (n, scale) => same(n / 10 ** scale)),
    { numRuns: 10_000 },
  )
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.integer({ min: 0, max: 12 }), (n, scale) => same(n / 10 ** scale)),
    { numRuns: 10_000 },
  )
})

test('every value reads back', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (v) => assert.ok(Object.is(Number(valueText(v)), v))),
    { numRuns: 3000 },
  )
})

test('timestamps as upstream writes them', () => {
  const check = (t: number, want: string) => assert.equal(timestampText(t), want)
  check(0, '0')
  check(1500, '1.500')
  check(1_700_000_000_000, '1700000000')
  check(1_700_000_000_470, '1700000000.470')
  check(1_700_000_000_004, '1700000000.004')
  check(-1500, '-1.500')
  check(-5, '-0.005')
  check(253_402_300_799_999, '253402300799.999')
})

// What Prometheus 3.5 answered to the plain number.
test('scalars have no exponent', () => {
  const check = (v: number, want: string) => assert.equal(formatWithoutExponent(v), want)
  check(1e21, '1000000000000000000000')
  check(-1.5e22, '-15000000000000000000000')
  check(1e-7, '0.0000001')
  check(-1.25e-9, '-0.00000000125')
  check(1.5, '1.5')
  check(-0, '-0')
  check(Infinity, '+Inf')
  check(Number.NaN, 'NaN')
  check(5e-324, `0.${'0'.repeat(323)}5`)
})
