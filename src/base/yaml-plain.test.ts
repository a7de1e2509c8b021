import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
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

test('what is nested deeper than anybody means it is no YAML', () => {
  const nested = (depth: number, open = '[', close = ']') => open.repeat(depth) + close.repeat(depth)
  assert.notEqual(parseYamlPlain(nested(500)), undefined)
  for (const [open, close] of [
    ['[', ']'],
    ['[ ~, ', ']'],
    ['{"a":', '}'],
    ['[', ''],
    ['- ', ''],
  ])
    for (const depth of [2000, 20_000]) assert.equal(parseYamlPlain(nested(depth, open, close)), undefined, `${depth} ${open}`)
})

test('what is easy to read is read as everything is', () => {
  // An empty line before it changes nothing, but is not easy.
  const check = (text: string) => assert.deepEqual(parseYamlPlain(text), parseYamlPlain(`\n${text}`), JSON.stringify(text))
  for (const text of [
    'yes',
    'no ',
    'n',
    '1',
    '0x1f',
    '1_0',
    '1.5 ',
    '12 34',
    'a: b',
    'a:b',
    'a:',
    'a #b',
    'a#b',
    '5: x',
    'a - b',
    'b, c]',
    '0b1',
  ])
    check(text)
  for (const text of [
    '[]',
    '{}',
    '[1, -0, 1.0, 1e3, 12345678901234567890, 1e999]',
    '{"b": {"a": null}, "1": [true]}',
    '{"__proto__": 1}',
    '[1] x',
    '[1',
  ])
    check(text)
  const seed = Number(process.env.PROMONTORY_SEED ?? 7)
  const scalar = fc.string({ unit: fc.constantFrom(...'ab1 :#-_.{}[]\'"&*!|>%@,?~\t'), maxLength: 8 })
  fc.assert(fc.property(scalar, check), { seed, numRuns: 2000 })
  fc.assert(
    fc.property(fc.json({ maxDepth: 3 }), (text) => {
      if (/^[[{]/.test(text)) check(text)
    }),
    { seed, numRuns: 500 },
  )
})
