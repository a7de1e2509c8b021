import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findErrorPosition, spanAt } from './error-position.ts'

test('findErrorPosition reads upstream messages', () => {
  assert.deepEqual(findErrorPosition('invalid parameter "query": 1:5: parse error: unexpected end of input'), {
    line: 1,
    column: 5,
    message: 'parse error: unexpected end of input',
  })
  assert.deepEqual(findErrorPosition('2:10: parse error: x')?.line, 2)
  assert.equal(findErrorPosition('query timed out in expression evaluation'), undefined)
  assert.equal(findErrorPosition('invalid parameter "step": 1:5: odd'), undefined)
})

test('spanAt marks a word, a character, or the end', () => {
  const check = (text: string, line: number, column: number, want: string) => {
    const { from, to } = spanAt(text, { line, column })
    assert.equal(text.slice(from, to), want)
  }
  check('sum(foo bar)', 1, 9, 'bar')
  check('sum(foo]', 1, 8, ']')
  check('up +', 1, 5, '+')
  check('up\n+ rte(x)', 2, 3, 'rte')
  check('up', 9, 1, 'up')
  check('up', 1, 99, 'p')
  check('', 1, 1, '')
})
