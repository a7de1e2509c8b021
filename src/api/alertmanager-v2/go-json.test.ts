import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { endOfFirstValue } from './go-json.ts'

const seed = Number(process.env['PROMONTORY_SEED'] ?? 1)

test('what is wrong with JSON is said in the words of Alertmanager 0.33', () => {
  const check = (text: string, want: string) => assert.throws(() => endOfFirstValue(text), { message: want }, text)
  const badValue = (char: string) => `invalid character '${char}' looking for beginning of value`
  const badKey = (char: string) => `invalid character '${char}' looking for beginning of object key string`
  for (const text of [
    '[',
    '[{',
    '[{"',
    '[{"a',
    '[{"a"',
    '[{"a":',
    '[{"a":1',
    '[{"a":1,',
    '[{"a":1}',
    'tru',
    '-',
    '1.',
    '1e',
    '"a',
    '["\\',
    '[1, ',
  ])
    check(text, 'unexpected EOF')
  for (const [text, char] of [
    ['[,]', ','],
    ['[}', '}'],
    ['[.5]', '.'],
    ['[é]', 'é'],
    ['[😀]', '😀'],
    ["'", "\\'"],
    ['\0', '\\x00'],
    ['\ufeff[]', '\\ufeff'],
  ])
    check(text, badValue(char))
  check('[{"labels":{"a":"b"}},]', badValue(']'))
  check('[{"a":1,}', badKey('}'))
  check('{,}', badKey(','))
  check('[{a:1}]', badKey('a'))
  check('[{"a" 1}]', "invalid character '1' after object key")
  check('[{"a":1 "b"}]', "invalid character '\"' after object key:value pair")
  check('{"a":1]', "invalid character ']' after object key:value pair")
  check('[1 2]', "invalid character '2' after array element")
  check('[01]', "invalid character '1' after array element")
  check('truX', "invalid character 'X' in literal true (expecting 'e')")
  check('[nul]', "invalid character ']' in literal null (expecting 'l')")
  check('-x', "invalid character 'x' in numeric literal")
  check('[1e+x]', "invalid character 'x' in numeric literal")
  check('["a\nb"]', "invalid character '\\n' in string")
  check('"\\x"', 'invalid escape sequence `\\x` in string')
  check('["\\u12"]', 'invalid escape sequence `\\u12"]` in string')
  check('['.repeat(10_001), 'exceeded max depth')
})

test('the first value ends where it ends', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom('', ' ', ' x', '}', ']['), (json, more) => {
      const value = json.trim()
      if (/^[-\d]/.test(value) && /^[\w.]/.test(more)) return
      assert.equal(endOfFirstValue(value + more), value.length)
    }),
    { seed },
  )
})
