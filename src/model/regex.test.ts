import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { compileAnchoredRegex, compileRegex, regexReplace } from './regex.ts'

test('an expression matches whole strings, and a dot matches newlines', () => {
  const check = (source: string, text: string, want: boolean) => assert.equal(compileRegex(source).test(text), want, `${source} on ${text}`)
  check('foo', 'foo', true)
  check('foo', 'foobar', false)
  check('foo|bar', 'bar', true)
  check('foo|bar', 'fooar', false)
  check('', '', true)
  check('', 'a', false)
  check('.*', '', true)
  check('.+', '', false)
  check('.+', '\n', true)
  check('a.b', 'a\nb', true)
  check('.', '😀', true)
  check('foo.*', 'foo\nbar', true)
  check('.*foo', 'foofoo', true)
  check('aba.*ba', 'aba', false)
  check('a.+a', 'aa', false)
  check('a.+a', 'aba', true)
  check('^foo$', 'foo', true)
  check('^foo|bar$', 'bar', true)
  check('(?:.+,|^)path:(/[^,]+).*', 'path:/x,y', true)
  check('(?i)api', 'API', true)
  check('(?i:k)', '\u212a', true)
  check('fo{2}', 'foo', true)
  check('a{,2}', 'a{,2}', true)
  check('[a-c]x?', 'b', true)
  check('[a-c]x?', 'bxx', false)
  check('[]a]', ']', true)
  check('[^a]', 'b', true)
  check('\\d+', '42', true)
  check('a\\.b', 'a.b', true)
  check('a\\.b', 'axb', false)
  check('a\\Q.b\\E', 'a.b', true)
})

test('what only certain strings match says which', () => {
  const check = (source: string, want: readonly string[] | undefined) => assert.deepEqual(compileRegex(source).setMatches, want, source)
  check('foo', ['foo'])
  check('^foo$', ['foo'])
  check('foo|bar|zz', ['foo', 'bar', 'zz'])
  check('foo|ba(r|z)', ['foo', 'bar', 'baz'])
  check('(api|rpc)_[ab]', ['api_a', 'api_b', 'rpc_a', 'rpc_b'])
  check('fo?o', ['foo', 'fo'])
  check('a|', ['a', ''])
  check('10\\.0\\.0\\.1', ['10.0.0.1'])
  check('foo.*', undefined)
  check('(?i)foo', undefined)
  check('[^a]', undefined)
  check('\\d', undefined)
  check('(foo)+', undefined)
  check('a[0-9]{1}', undefined)
  check('[a-z][a-z]', undefined)
})

test('a literal that every match begins with is known', () => {
  const check = (source: string, want: string) => assert.equal(compileRegex(source).prefix, want, source)
  check('foo.*', 'foo')
  check('foo-[0-9]+', 'foo-')
  check('foobar|fool.*', 'foo')
  check('foo|bar', '')
  check('(?i)foo.*', '')
  check('foo?.*', 'fo')
  check('.*', '')
})

test('what is not an expression is refused in the words of Go', () => {
  const check = (source: string, want: string) => assert.throws(() => compileRegex(source), { code: 'bad_data', message: want })
  check('foo(', 'error parsing regexp: missing closing ): `foo(`')
  check('foo)', 'error parsing regexp: unexpected ): `foo)`')
  check('[', 'error parsing regexp: missing closing ]: `[`')
  check('*', 'error parsing regexp: missing argument to repetition operator: `*`')
  check('a**', 'error parsing regexp: invalid nested repetition operator: `**`')
  check('a{1001}', 'error parsing regexp: invalid repeat count: `{1001}`')
  check('\\8', 'error parsing regexp: invalid escape sequence: `\\8`')
  check('a\\', 'error parsing regexp: trailing backslash at end of expression: ``')
  check('(?z)', 'error parsing regexp: invalid or unsupported Perl syntax: `(?z`')
  check('(?=a)', 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`')
  check('[b-a]', 'error parsing regexp: invalid character class range: `b-a`')
  check('\\pX', 'error parsing regexp: invalid character class range: `\\pX`')
})

test('where upstream compiles the anchored form, its error shows it', () => {
  const check = (source: string, want: string) => assert.throws(() => compileAnchoredRegex(source), { code: 'bad_data', message: want })
  check('foo(', 'error parsing regexp: missing closing ): `^(?s:foo()$`')
  check('foo)', 'error parsing regexp: unexpected ): `^(?s:foo))$`')
  check('\\', 'error parsing regexp: missing closing ): `^(?s:\\)$`')
  check('a\\Qb', 'error parsing regexp: missing closing ): `^(?s:a\\Qb)$`')
  check('a**', 'error parsing regexp: invalid nested repetition operator: `**`')
  check('a)(b', 'error parsing regexp: unexpected ): `a)(b`')
})

test('a huge expression is refused at once', () => {
  for (const source of ['a'.repeat(1 << 20), '[a-z]x'.repeat(1 << 17), `(${'a|'.repeat(1 << 19)})`]) {
    assert.throws(() => compileRegex(source), /expression too large/)
  }
  for (const source of ['a{1000}'.repeat(1000), '(a{10}b){100}'.repeat(100)])
    assert.throws(() => compileRegex(source), /expression too large/)
  assert.throws(() => compileRegex('((a{100}){100}){100}'), /invalid repeat count/)
})

test('an expression too long to be looked into still matches', () => {
  const regex = compileRegex(`${'.*'.repeat(6000)}a`)
  assert.equal(regex.test('bba'), true)
  assert.equal(regex.test('bab'), false)
})

test('a long list of literals is fine', () => {
  const names = Array.from({ length: 10_000 }, (_, index) => `pod-${index}`)
  const regex = compileRegex(names.join('|'))
  assert.equal(regex.test('pod-9999'), true)
  assert.equal(regex.test('pod-10000'), false)
  assert.equal(regex.setMatches?.length, 10_000)
})

test('an expression that makes others backtrack takes linear time', () => {
  const regex = compileRegex('(a*)*(a|aa)+b')
  // Backtracking would not come to an end.
  assert.equal(regex.test('a'.repeat(50_000)), false)
})

test('groups fill a replacement as Go does', () => {
  const check = (source: string, text: string, replacement: string, want: string | null) =>
    assert.equal(regexReplace(compileRegex(source), text, replacement), want, `${source} ${replacement}`)
  check('f(.*)', 'foo', 'ch${1}-ch${1}', 'choo-choo')
  check('f(.*)', 'foo', '$1x', '')
  check('f(.*)', 'foo', '${1}x', 'oox')
  check('f(.*)', 'foo', '$0', 'foo')
  check('f(?P<rest>.*)', 'foo', '$rest', 'oo')
  check('f(?P<rest>.*)', 'foo', '${rest}/${none}', 'oo/')
  check('f(.*)', 'foo', '$$1', '$1')
  check('f(.*)', 'foo', '$', '$')
  check('f(.*)', 'foo', '${', '${')
  check('f(.*)', 'foo', '${}', '${}')
  check('f(.*)', 'foo', '${1', '${1')
  check('f(.*)', 'foo', '$-$1', '$-oo')
  check('f(.*)', 'foo', '$2', '')
  check('f(.*)', 'foo', '$01', '')
  check('f(.*)', 'bar', '$1', null)
  check('f(.*)', 'bar', 'x', null)
  check('(a)|(b)', 'b', '[$1][$2]', '[][b]')
  check('(.*)', 'a\nb', '$1', 'a\nb')
  check('(.+)', '', '$1', null)
  check('(a+)(a*)', 'aaa', '$1,$2', 'aaa,')
  check('(a+?)(a*)', 'aaa', '$1,$2', 'a,aa')
})

test('matching without the engine equals the engine', () => {
  const atom = fc.constantFrom(
    'a',
    'b',
    'ab',
    'ba',
    '.',
    '.*',
    '.+',
    '.?',
    'a?',
    'b*',
    '[ab]',
    '[^a]',
    '[a-c]',
    '\\.',
    '\\d',
    '😀',
    '\n',
    '^',
    '$',
    '(a|b)',
    '(?:ab|)',
    '(.*)',
    '(b.+|a)',
    '{',
    'a{2}',
    '\\b',
    '(?P<x>a)',
    '(?i:A)',
    '[[:alpha:]b]',
    '[\\d-a]',
    '[a\\]]',
  )
  const source = fc
    .array(
      fc.array(atom, { maxLength: 5 }).map((parts) => parts.join('')),
      { minLength: 1, maxLength: 4 },
    )
    .map((parts) => parts.join('|'))
  const text = fc
    .array(fc.constantFrom('a', 'b', 'A', 'c', '.', '1', '\n', '😀', '{', ']'), { maxLength: 8 })
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(source, fc.array(text, { minLength: 5, maxLength: 5 }), (source, texts) => {
      let plain: RE2JS
      try {
        plain = RE2JS.compile(`^(?s:${source})$`)
      } catch {
        assert.throws(() => compileRegex(source))
        return
      }
      const regex = compileRegex(source)
      for (const text of [...texts, ...(regex.setMatches ?? [])]) {
        const want = plain.test(text)
        assert.equal(regex.test(text), want, JSON.stringify({ source, text }))
        assert.equal(regex.match(text) !== null, want)
        if (want) assert.ok(text.startsWith(regex.prefix))
        if (regex.setMatches !== undefined) assert.equal(regex.setMatches.includes(text), want)
      }
    }),
    { numRuns: 3000, seed: 7 },
  )
})
