import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatMatchers, type Matcher, matcherJson, matcherOfJson, OPERATORS, parseMatchers, parseTyped, withMatcher } from './matchers.ts'

const show = (text: string) => parseMatchers(text).map(({ name, operator, value }) => `${name} ${operator} ${value}`)

test('matchers are read with and without braces and quotes', () => {
  assert.deepEqual(show('{a="b",c!~"d|e"}'), ['a = b', 'c !~ d|e'])
  assert.deepEqual(show(' { a = b , c =~ d.* , } '), ['a = b', 'c =~ d.*'])
  assert.deepEqual(show('a!=b c'), ['a != b c'])
  assert.deepEqual(show('"label of ü"="x, {y} \\" \\\\ \\n \\d"'), ['label of ü = x, {y} " \\ \n \\d'])
  assert.deepEqual(show('a=""'), ['a = '])
  assert.deepEqual([show(''), show('{}')], [[], []])
})

test('what is none says where it ends to be one', () => {
  assert.throws(() => parseMatchers('{a="b", c}'), /^Error: found "c}", want a matcher/)
  assert.throws(() => parseMatchers('a="b" c="d"'), /found "a=\\"b\\" c=/)
  assert.throws(() => parseMatchers('{a="b"'), /closing } is missing/)
  assert.throws(() => parseMatchers('a="b"}'), /no { before it/)
  assert.throws(() => parseMatchers('a=b{2}'), /found/)
})

test('a word alone is the name of an alert', () => {
  assert.deepEqual(parseTyped(' InstanceDown '), [{ name: 'alertname', operator: '=', value: 'InstanceDown' }])
  assert.deepEqual(parseTyped('a=~b'), [{ name: 'a', operator: '=~', value: 'b' }])
})

test('what is written is read again, and JSON has the same', () => {
  const seed = Number(process.env['PROMONTORY_SEED'] ?? 7)
  const matcher: fc.Arbitrary<Matcher> = fc.record(
    {
      name: fc.oneof(fc.constantFrom('alertname', 'a:b', 'a b', 'ü"\\'), fc.string({ minLength: 1 })),
      operator: fc.constantFrom(...OPERATORS),
      value: fc.oneof(fc.string(), fc.constantFrom('a\nb', 'a\\nb', '"', 'x|y.+', '\\d')),
    },
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(fc.array(matcher, { maxLength: 4 }), (matchers) => {
      assert.deepEqual(parseMatchers(formatMatchers(matchers)), matchers)
      assert.deepEqual(
        matchers.map((one) => matcherOfJson(matcherJson(one))),
        matchers,
      )
    }),
    { seed },
  )
})

test('one that is there is not added again', () => {
  const matchers = parseMatchers('a="b"')
  assert.equal(withMatcher(matchers, { name: 'a', operator: '=', value: 'b' }), matchers)
  assert.equal(withMatcher(matchers, { name: 'a', operator: '!=', value: 'b' }).length, 2)
})
