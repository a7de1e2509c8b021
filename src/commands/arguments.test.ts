import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flag } from '../config/flags.ts'
import { parseArguments } from './arguments.ts'

const table = { format: flag.text({ default: 'x', help: '' }), strict: flag.boolean({ default: false, help: '' }) }

test('flags and others stand in any order', () => {
  const check = (args: string, positional: readonly string[], format: string, strict = false) => {
    const parsed = parseArguments(args.split(' '), table, { positional: ['A', 'B'], short: { o: 'format', s: 'strict' } })
    assert.deepEqual([parsed.positional, parsed.values], [positional, { format, strict }], args)
  }
  check('a b', ['a', 'b'], 'x')
  check('a --format=y b', ['a', 'b'], 'y')
  check('--format y a b', ['a', 'b'], 'y')
  check('a -o y b', ['a', 'b'], 'y')
  check('a -oy b', ['a', 'b'], 'y')
  check('a b -o=y', ['a', 'b'], 'y')
  check('--strict a b', ['a', 'b'], 'x', true)
  check('a -s b', ['a', 'b'], 'x', true)
  check('a -1', ['a', '-1'], 'x')
  check('a -- --strict', ['a', '--strict'], 'x')
})

test('too few, too many and unknown arguments are said', () => {
  const fails = (args: string[], message: RegExp) => assert.throws(() => parseArguments(args, table, { positional: ['A', 'B'] }), message)
  fails(['a'], /^CodedError: found no B, want A B$/)
  fails(['a', 'b', 'c'], /unexpected c, want A B/)
  fails(['a', 'b', '--format'], /expected argument for flag '--format'/)
  fails(['a', 'b', '--strickt'], /unknown long flag '--strickt', did you mean --strict/)
  assert.deepEqual(parseArguments(['a', 'b', 'c'], table, { positional: ['A'], repeatLast: true }).positional, ['a', 'b', 'c'])
})
