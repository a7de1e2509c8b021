import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { expressions } from '../../../test/support/promql-generator.ts'
import { parseExpr } from './parse.ts'
import { ParseError } from './parse-error.ts'
import { printExpr } from './print.ts'

const WORDS = [
  'a',
  'sum',
  'topk',
  'by',
  'without',
  'on',
  'group_left',
  'bool',
  'offset',
  '@',
  'start',
  'rate',
  'time',
  'atan2',
  'and',
  'inf',
  'b:c',
  '_',
]
const SIGNS = ['(', ')', '{', '}', '[', ']', ',', ':', '=', '=~', '!=', '!~', '==', '+', '-', '*', '^', '<', '</']
const LITERALS = ['5m', '1', '0x1', '1.5e3', '"s"', "'s'", '`s`', '"(', '# c\n', '\n', 'é', '😀', '\ud800', '\\']

const soup = fc.array(fc.constantFrom(...WORDS, ...SIGNS, ...LITERALS), { maxLength: 15 }).map((parts) => parts.join(' '))
const broken = fc
  .tuple(expressions({ depthMax: 2 }).any, fc.nat(), fc.nat(6), fc.constantFrom('', ...SIGNS, ...LITERALS))
  .map(([query, position, removed, added]) => {
    const at = position % (query.length + 1)
    return query.slice(0, at) + added + query.slice(at + removed)
  })

test('whatever the text, it parses and prints, or is refused with a place in it', () => {
  fc.assert(
    fc.property(fc.oneof(soup, broken, fc.string({ unit: 'binary', maxLength: 20 })), (query) => {
      try {
        const printed = printExpr(parseExpr(query))
        assert.equal(printExpr(parseExpr(printed)), printed)
      } catch (error) {
        assert.ok(error instanceof ParseError, String(error))
        assert.match(error.message, /^(\d+:\d+|unknown position): parse error: \S/)
        assert.ok(error.range.start >= 0 && error.range.start <= Buffer.byteLength(query), error.message)
      }
    }),
    { numRuns: 3000, seed: 3 },
  )
})
