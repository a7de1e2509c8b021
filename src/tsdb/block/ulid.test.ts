import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { virtualEnv } from '../../base/env-virtual.ts'
import { formatUlid, isUlid, newUlid, ulidTime } from './ulid.ts'

test('a ULID is written as its specification says, and says when it was made', () => {
  assert.equal(formatUlid(0, new Uint8Array(10)), '00000000000000000000000000')
  assert.equal(formatUlid(2 ** 48 - 1, new Uint8Array(10).fill(255)), '7ZZZZZZZZZZZZZZZZZZZZZZZZZ')
  // Source of the value: github.com/ulid/spec.
  assert.equal(formatUlid(1_469_918_176_385, new Uint8Array(10)).slice(0, 10), '01ARYZ6S41')
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), fc.uint8Array({ minLength: 10, maxLength: 10 }), (time, random) => {
      const ulid = formatUlid(time, random)
      assert.ok(isUlid(ulid))
      assert.equal(ulidTime(ulid), time)
      const bits = [...ulid.slice(10)]
        .map((digit) => '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(digit).toString(2).padStart(5, '0'))
        .join('')
      assert.equal(bits, [...random].map((byte) => byte.toString(2).padStart(8, '0')).join(''))
    }),
  )
})

test('what is no ULID', () => {
  for (const text of [
    '',
    'wal',
    '8ZZZZZZZZZZZZZZZZZZZZZZZZZ',
    '01ARYZ6S4100000000000000I0',
    '01aryz6s410000000000000000',
    '01ARYZ6S41000000000000000',
    '01ARYZ6S4100000000000000000',
  ])
    assert.ok(!isUlid(text), text)
})

test('names follow from the seed', () => {
  const [a, b] = [virtualEnv({ seed: 3 }), virtualEnv({ seed: 3 })]
  assert.equal(newUlid(a), newUlid(b))
  assert.notEqual(newUlid(a), newUlid(a))
})
