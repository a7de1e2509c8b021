import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AttributeValue, attributeText, KeyValues } from './attribute-value.ts'

function map(...pairs: readonly (readonly [string, AttributeValue])[]): KeyValues {
  const out = new KeyValues()
  for (const [key, value] of pairs) out.push(key, value)
  return out
}

test('values of attributes as text, as Go writes them', () => {
  const check = (value: AttributeValue, want: string) => assert.equal(attributeText(value), want)
  check('a "b"', 'a "b"')
  check(true, 'true')
  check(undefined, '')
  check(5, '5')
  check(-0, '-0')
  check(0.1, '0.1')
  check(1e21, '1e+21')
  check(1e-7, '1e-7')
  check(9223372036854775807n, '9223372036854775807')
  check(NaN, 'json: unsupported value: NaN')
  check(-Infinity, 'json: unsupported value: -Inf')
  check(Uint8Array.of(1, 2, 255), 'AQL/')
  check([], '[]')
  check([1, 'a', undefined, Uint8Array.of(1), [true]], '[1,"a",null,"AQ==",[true]]')
  check(map(['b', 1], ['a', '<&>\u2028'], ['b', 2]), '{"a":"\\u003c\\u0026\\u003e\\u2028","b":2}')
  check([1, NaN], '')
})
