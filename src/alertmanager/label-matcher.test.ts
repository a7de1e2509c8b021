import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MatchOperator } from '../model/matcher.ts'
import { compareMatchers, formatMatchers, LabelMatcher } from './label-matcher.ts'

test('a matcher compares the whole value, and its dot matches no newline', () => {
  const check = (operator: MatchOperator, value: string, label: string, want: boolean) =>
    assert.equal(new LabelMatcher(operator, 'a', value).matches(label), want, `${operator}${value} ${JSON.stringify(label)}`)
  check('=', 'x', 'x', true)
  check('=', '', '', true)
  check('!=', 'x', 'x', false)
  check('!=', 'x', '', true)
  check('=~', 'x|y', 'y', true)
  check('=~', 'x|y', 'xy', false)
  check('=~', '.*', '', true)
  check('=~', '.+', '', false)
  check('!~', '.+', '', true)
  check('=~', 'a.b', 'a\nb', false)
  check('=~', '(?s)a.b', 'a\nb', true)
  check('=~', 'a\nb', 'a\nb', true)
  check('=~', 'a.b', 'axb', true)
  // Whole only with what is put around it.
  check('=~', 'a)(?:b', 'ab', true)
})

test('an expression that does not compile is refused in the words of Go, as it was compiled', () => {
  assert.throws(() => new LabelMatcher('=~', 'a', '(x'), /^CodedError: error parsing regexp: missing closing \): `\^\(\?:\(x\)\$`$/)
})

test('matchers are printed in order, with quotes around names that need them', () => {
  const matchers = [
    new LabelMatcher('=~', 'b', 'x'),
    new LabelMatcher('=', 'b', 'x'),
    new LabelMatcher('!=', 'b', 'a\t"\n\\'),
    new LabelMatcher('=', 'a b', 'ü\t'),
    new LabelMatcher('=', 'ü', 'x'),
  ]
  assert.equal(formatMatchers(matchers.sort(compareMatchers)), '{"a b"="ü\\t",b!="a\t\\"\\n\\\\",b="x",b=~"x",ü="x"}')
  assert.equal(formatMatchers([]), '{}')
})
