import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { MatchOperator } from '../../model/matcher.ts'
import { formatMatchers, LabelMatcher } from '../label-matcher.ts'
import type { MatcherMode } from './matcher-mode.ts'
import { isLabelNameIn, parseMatcher, parseMatchers } from './parse-matchers.ts'

const silent = () => {}

// What 0.33 answers.
test('both languages read what upstream reads, and refuse in its words', () => {
  const check = (mode: MatcherMode, text: string, want: string) => {
    let found: string
    try {
      found = formatMatchers(parseMatchers(text, mode, silent))
    } catch (error) {
      found = (error as Error).message
    }
    assert.equal(found, want, `${mode} ${text}`)
  }
  check('classic', '{a="b", c != d,}', '{a="b",c!="d"}')
  check('classic', 'a=b,,c=d', 'bad matcher format: ')
  check('classic', 'a', 'bad matcher format: a')
  check('classic', 'a="b', 'matcher value contains unescaped double quote: "b')
  check('classic', 'a=b"c', 'matcher value contains unescaped double quote: b"c')
  check('classic', 'a="x\\n\\"\\\\\\z,"', '{a="x\\n\\"\\\\\\\\z,"}')
  check('classic', 'a=~(', 'error parsing regexp: missing closing ): `^(?:()$`')
  check('classic', 'a=', '{a=""}')
  check('classic', 'ü=x', 'bad matcher format: ü=x')

  check('utf8-strict', 'ü=ö', '{ü="ö"}')
  check('utf8-strict', '"a b"=c', '{"a b"="c"}')
  check('utf8-strict', '{}', '{}')
  check('utf8-strict', '', '{}')
  check('utf8-strict', '{a=b,}', '{a="b"}')
  check('utf8-strict', 'a', "end of input: expected an operator such as '=', '!=', '=~' or '!~'")
  check('utf8-strict', 'a=', 'end of input: expected label value')
  check('utf8-strict', '{a=b', '0:4: end of input: expected close brace')
  check('utf8-strict', '{  ', '0:1: end of input: expected close brace')
  check('utf8-strict', 'a=b,}', '0:5: }: expected opening brace')
  check('utf8-strict', '{a=b} x', '6:7: x: expected end of input')
  check('utf8-strict', 'a=b c=d', '4:5: unexpected c: expected a comma or close brace')
  check('utf8-strict', 'a!b', "1:2: !: expected one of '=~': expected an operator such as '=', '!=', '=~' or '!~'")
  check('utf8-strict', '!', "0:1: unexpected end of input, expected one of '=~'")
  check('utf8-strict', 'a!=~b', '3:4: ~: invalid input: expected label value')
  check('utf8-strict', 'a="(', '2:4: "(: missing end ": expected label value')
  check('utf8-strict', 'a="\\xff"', '2:8: "\\xff": invalid input')
  check('utf8-strict', 'a=b,,', '4:5: unexpected ,: expected a matcher or close brace after comma')
  check('utf8-strict', 'a=~(', 'failed to create matcher: error parsing regexp: missing closing ): `^(?:()$`')

  check('fallback', 'a=', '{a=""}')
  check('fallback', 'ü=ö', '{ü="ö"}')
  check('fallback', 'a="\\x41"', '{a="\\\\x41"}')
  check('fallback', 'a', 'bad matcher format: a')
})

test('what is read differently, or only by the language of old, is warned of', () => {
  const warnings = (text: string) => {
    const out: string[] = []
    parseMatchers(text, 'fallback', (message) => out.push(message))
    return out
  }
  assert.deepEqual(warnings('a=b,c=~"d"'), [])
  assert.deepEqual(warnings('foo='), [
    '"foo=" cannot be read as a matcher of today (end of input: expected label value) and is read as one of old; write foo=""',
  ])
  assert.deepEqual(warnings('a="\\x41"'), [
    '"a=\\"\\\\x41\\"" means a="\\\\x41" as a matcher of old, which is what counts, and a="A" as one of today',
  ])
})

test('one matcher has no braces', () => {
  assert.equal(parseMatcher('a=b', 'fallback', silent).toString(), 'a="b"')
  assert.throws(() => parseMatcher('{a=b}', 'fallback', silent), /unexpected open or close brace: \{a=b\}/)
  assert.throws(() => parseMatcher('a=b,c=d', 'utf8-strict', silent), /expected 1 matcher, found 2/)
  assert.throws(() => parseMatcher('', 'utf8-strict', silent), /no matchers/)
})

test('names of labels are of old where the language is', () => {
  const check = (mode: MatcherMode, name: string, want: boolean) => assert.equal(isLabelNameIn(mode, name), want, `${mode} ${name}`)
  check('classic', 'a_1', true)
  check('classic', 'a-1', false)
  check('fallback', 'a-1', true)
  check('utf8-strict', '', false)
})

test('what is printed is read again as what it was', () => {
  const seed = Number(process.env.PROMONTORY_SEED ?? 7)
  const operators: readonly MatchOperator[] = ['=', '!=']
  const text = fc.string({ unit: fc.constantFrom('a', 'B', '"', '\\', ' ', ',', '{', '}', '=', '~', 'ü', '日', '1', "'") })
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...operators), text, text)), (parts) => {
      const matchers = parts.filter(([, name]) => name !== '').map(([operator, name, value]) => new LabelMatcher(operator, name, value))
      const printed = formatMatchers(matchers)
      assert.equal(formatMatchers(parseMatchers(printed, 'utf8-strict', silent)), printed)
    }),
    { seed, numRuns: 300 },
  )
})
