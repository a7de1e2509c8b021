import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Plain, parseYamlPlain } from './yaml-plain.ts'

test('a text of YAML is plain data', () => {
  const check = (text: string, want: Plain | undefined) => assert.deepEqual(parseYamlPlain(text), want, text)
  check('', null)
  check('~', null)
  check('plain text', 'plain text')
  check('yes', true)
  check('Off', false)
  check('"yes"', 'yes')
  check('12', 12n)
  check('-0x10', -16n)
  check('017', 15n)
  check('1_000', 1000n)
  check('1.5', 1.5)
  check('1e3', 1000)
  check('1.e+3', 1000)
  check('1e3x', '1e3x')
  check('5e12345678901234', '5e12345678901234')
  check('-9e999', '-9e999')
  check('1e-999', 0)
  check('.inf', Number.POSITIVE_INFINITY)
  check('1234567890123456789', 1234567890123456789n)
  check('99999999999999999999999', 1e23)
  check('2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z')
  check('[1, "2", [x]]', [1n, '2', ['x']])
  check(
    '{"a": {"b": ""}, "5": 1}',
    new Map<string, Plain>([
      ['a', new Map([['b', '']])],
      ['5', 1n],
    ]),
  )
  check('5: x', new Map())
  check(
    'a: &x 1\nb: *x',
    new Map([
      ['a', 1n],
      ['b', 1n],
    ]),
  )
  check('a: *x', undefined)
  check('a: b: c', undefined)
  check('[1', undefined)
  check('[1] x y', [1n])
  check('{a: [1} x', undefined)
})
