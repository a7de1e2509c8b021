import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Expr } from './ast.ts'
import { typeOf } from './check.ts'
import { EXPRESSION_DEPTH_MAX } from './expression-parser.ts'
import { parseExpr, parseMetricSelector } from './parse.ts'
import { FeatureError } from './parse-error.ts'
import { printExpr } from './print.ts'

/** The tree as text: every binary and unary operator in parentheses. */
function shape(expr: Expr): string {
  switch (expr.kind) {
    case 'binary':
      return `(${shape(expr.left)} ${expr.operator} ${shape(expr.right)})`
    case 'unary':
      return `(${expr.operator}${shape(expr.expr)})`
    case 'paren':
      return `[${shape(expr.expr)}]`
    default:
      return printExpr(expr)
  }
}

test('operators bind as upstream has them', () => {
  const check = (query: string, want: string) => assert.equal(shape(parseExpr(query)), want, query)
  check('1 + 2 * 3', '(1 + (2 * 3))')
  check('1 - 2 - 3', '((1 - 2) - 3)')
  check('1 * 2 % 3 atan2 4', '(((1 * 2) % 3) atan2 4)')
  check('2 ^ 3 ^ 4', '(2 ^ (3 ^ 4))')
  check('2 * 3 ^ 4 * 5', '((2 * (3 ^ 4)) * 5)')
  check('-1 ^ 2', '(-(1 ^ 2))')
  check('-a * b', '((-a) * b)')
  check('-a ^ -b ^ c', '(-(a ^ (-(b ^ c))))')
  check('2 ^ -3 * 4', '((2 ^ -3) * 4)')
  check('--1', '1')
  check('-+-a', '(-(+(-a)))')
  check('-(1)', '(-[1])')
  check('a + b > c - d', '((a + b) > (c - d))')
  check('a == b != c', '((a == b) != c)')
  check('a and b unless c or d and e', '(((a and b) unless c) or (d and e))')
  check('a or b < c', '(a or (b < c))')
  check('a OR b AND c', '(a or (b and c))')
  check('a offset 5m ^ 2', '(a offset 5m ^ 2)')
  check('a offset -1 ^ 2', '(a offset -1s ^ 2)')
  check('-a offset 5m', '(-a offset 5m)')
  check('a @ 1 + b @ end()', '(a @ 1.000 + b @ end())')
  check('-a offset 1m + b', '((-a offset 1m) + b)')
})

test('numbers, strings and durations are read as upstream reads them', () => {
  const number = (query: string, want: number) => {
    const expr = parseExpr(query)
    assert.ok(expr.kind === 'number' && Object.is(expr.value, want), query)
  }
  number('1', 1)
  number('.5', 0.5)
  number('5.', 5)
  number('5e-3', 0.005)
  number('1_000', 1000)
  number('1_2.5_0e1_0', 12.5e10)
  number('0x1F', 31)
  number('0X_ff', 255)
  number('0755', 493)
  number('-0755', -493)
  number('09', 9)
  number('+Inf', Number.POSITIVE_INFINITY)
  number('-inf', Number.NEGATIVE_INFINITY)
  number('NaN', Number.NaN)
  number('9223372036854775808', 2 ** 63)
  number('-0', -0)
  number('5m', 300)
  number('-1h30m', -5400)
  number('1y2w3d4h5m6s7ms', 31_536_000 + 1_209_600 + 259_200 + 14_400 + 306.007)
  const string = (query: string, want: string) => {
    const expr = parseExpr(query)
    assert.ok(expr.kind === 'string' && expr.value === want, query)
  }
  string('"a\\"b"', 'a"b')
  string("'it\\'s'", "it's")
  string('`a\\n"`', 'a\\n"')
  string('"\\a\\b\\f\\n\\r\\t\\v\\\\"', '\x07\b\f\n\r\t\v\\')
  string('"\\x41\\101\\u00e9\\U0001F600"', 'AAé😀')
  string('"\\xc3\\xa9"', 'é')
  string('"a\\xc5z"', 'a\udcc5z')
  string('"☺"', '☺')
})

test('selectors carry their matchers, ranges and modifiers', () => {
  const check = (query: string, want: string) => assert.equal(printExpr(parseExpr(query)), want, query)
  check('foo:bar{a="b", c!=`d`, e=~\'f.*\', g!~"h",}', 'foo:bar{a="b",c!="d",e=~"f.*",g!~"h"}')
  check('{"some.metric", \'label-name\'="x"}', '{"label-name"="x",__name__="some.metric"}')
  check('{a="b", "metric"}', '{__name__="metric",a="b"}')
  check('foo{sum="x", by="y", NaN="z"}', 'foo{NaN="z",by="y",sum="x"}')
  check('{__name__=~"a", __name__!~"b"}', '{__name__!~"b",__name__=~"a"}')
  for (const name of [
    'sum',
    'by',
    'without',
    'offset',
    'and',
    'or',
    'unless',
    'start',
    'end',
    'step',
    'range',
    'fill',
    'fill_left',
    'topk',
    'anchored',
    'smoothed',
    'min_of',
  ]) {
    check(name, name)
    check(`${name}{a="b"}[5m] offset 1m`, `${name}{a="b"}[5m] offset 1m`)
  }
  check('foo[ 5m30s ]', 'foo[5m30s]')
  check('foo[4.18]', 'foo[4s180ms]')
  check('foo[0x10]', 'foo[16s]')
  check('foo[+5m]', 'foo[5m]')
  check('foo[--5m]', 'foo[5m]')
  check('foo[5m:]', 'foo[5m:]')
  check('foo[5m : 30]', 'foo[5m:30s]')
  check('max_over_time(rate(foo[2s])[5m:] offset 4m)[4m:3s]', 'max_over_time(rate(foo[2s])[5m:] offset 4m)[4m:3s]')
  check('foo OFFSET 1h30m @ 1603774568', 'foo @ 1603774568.000 offset 1h30m')
  check('foo @ 3.3335', 'foo @ 3.334')
  check('foo @ -0.0005', 'foo @ -0.001')
  check('foo @ 1m', 'foo @ 60.000')
  check('foo[5m] @ start() offset -7m', 'foo[5m] @ start() offset -7m')
  check('foo offset 0.5', 'foo offset 500ms')
  check('# first\nfoo # second\n + # third\n bar', 'foo + bar')
  check('{#comment\na="b"#comment\n}', '{a="b"}')
})

test('aggregations and calls take the forms upstream takes', () => {
  const check = (query: string, want: string) => assert.equal(printExpr(parseExpr(query)), want, query)
  check('sum(foo)', 'sum(foo)')
  check('sum by (a, b,) (foo)', 'sum by (a, b) (foo)')
  check('SUM(foo) WITHOUT (a)', 'sum without (a) (foo)')
  check('sum without () (foo)', 'sum without () (foo)')
  check('sum by () (foo)', 'sum(foo)')
  check(
    'sum by ("a b", and, on, group_left, bool, avg, offset, start, atan2) (foo)',
    'sum by ("a b", and, on, group_left, bool, avg, offset, start, atan2) (foo)',
  )
  check('topk by (a) (5, foo)', 'topk by (a) (5, foo)')
  check('count_values("x", foo)', 'count_values("x", foo)')
  check('quantile(scalar(q), foo)', 'quantile(scalar(q), foo)')
  check('sum(sum) + sum', 'sum(sum) + sum')
  check('time()', 'time()')
  check('hour()', 'hour()')
  check('round(foo, 5)', 'round(foo, 5)')
  check('label_join(foo, "dst", ",", "a", "b", "c")', 'label_join(foo, "dst", ",", "a", "b", "c")')
  check('label_join(foo, "dst", ",")', 'label_join(foo, "dst", ",")')
})

test('vector matching is settled with the types', () => {
  const check = (query: string, want: string | undefined) => {
    const expr = parseExpr(query)
    assert.ok(expr.kind === 'binary')
    const { matching } = expr
    const got = matching && `${matching.cardinality} ${matching.on ? 'on' : 'ignoring'} ${matching.labels} include ${matching.include}`
    assert.equal(got, want, query)
  }
  check('a * b', 'one-to-one ignoring  include ')
  check('a * on(x, y) b', 'one-to-one on x,y include ')
  check('a * ignoring(x) group_left b', 'many-to-one ignoring x include ')
  check('a * on() group_right(z,) b', 'one-to-many on  include z')
  check('a and b', 'many-to-many ignoring  include ')
  check('a unless on(x) b', 'many-to-many on x include ')
  check('a > bool on(x) b', 'one-to-one on x include ')
  check('a * 1', undefined)
  check('1 < bool 2', undefined)
  check('a * on() 1', undefined)
})

test('positions are bytes', () => {
  const check = (query: string, want: readonly [number, number]) => {
    const { start, end } = parseExpr(query).range
    assert.deepEqual([start, end], want, query)
  }
  check(' foo ', [1, 4])
  check('"é"', [0, 4])
  check('{"é😀"} ', [0, 10])
  check('-1', [0, 2])
  check('- foo', [0, 5])
  check('sum(foo) by (a) ', [0, 15])
  check('(sum(foo) )', [0, 11])
  check('foo[5m] offset 1m @ end()', [0, 25])
  check('rate(foo[5m])', [0, 13])
  check('a + b{c="d"}', [0, 12])
})

test('types', () => {
  const check = (query: string, want: string) => assert.equal(typeOf(parseExpr(query)), want, query)
  check('1 + time()', 'scalar')
  check('-(1)', 'scalar')
  check('1 + foo', 'vector')
  check('1 < bool foo', 'vector')
  check('foo[5m]', 'matrix')
  check('foo[5m:]', 'matrix')
  check('"x"', 'string')
  check('("x")', 'string')
  check('scalar(foo)', 'scalar')
  check('vector(1)', 'vector')
  check('sum(foo)', 'vector')
})

test('match[] selectors', () => {
  assert.deepEqual(parseMetricSelector('foo{a="b"}').map(String), ['a="b"', '__name__="foo"'])
  assert.deepEqual(parseMetricSelector('{}').map(String), [])
  const refuse = (text: string, message: string) => assert.throws(() => parseMetricSelector(text), { code: 'bad_data', message })
  refuse('', 'unknown position: parse error: unexpected end of input')
  refuse('foo[5m]', '1:4: parse error: unexpected "["')
  refuse('sum(foo)', '1:4: parse error: unexpected "("')
  refuse('1', '1:1: parse error: unexpected number "1"')
  refuse('foo offset 5m', '1:5: parse error: unexpected <offset>')
})

test('what nests too deep is refused at once', () => {
  const refuse = (query: string) =>
    assert.throws(() => parseExpr(query), { code: 'bad_data', message: /parse error: expression nests deeper than 1000 levels/ })
  refuse(`${'('.repeat(10_000)}1${')'.repeat(10_000)}`)
  refuse(`${'-'.repeat(10_000)}a`)
  refuse(`${'abs('.repeat(10_000)}a${')'.repeat(10_000)}`)
  refuse(`${'sum('.repeat(10_000)}a${')'.repeat(10_000)}`)
  refuse(`a${' + a'.repeat(10_000)}`)
  refuse(`a${' ^ a'.repeat(10_000)}`)
  refuse(`a${'[5m:]'.repeat(10_000)}`)
  const fits = `${'('.repeat(EXPRESSION_DEPTH_MAX - 2)}1${')'.repeat(EXPRESSION_DEPTH_MAX - 2)}`
  assert.equal(printExpr(parseExpr(fits)), fits)
  const chain = `a${' or a'.repeat(EXPRESSION_DEPTH_MAX - 2)}`
  assert.equal(printExpr(parseExpr(chain)), chain)
})

test('what is behind a flag names the flag', () => {
  const check = (query: string, feature: string, message: string) =>
    assert.throws(
      () => parseExpr(query),
      (error) => error instanceof FeatureError && error.feature === feature && error.message === message,
    )
  check('info(foo)', 'promql-experimental-functions', '1:1: parse error: function "info" is not enabled')
  check('1 + end()', 'promql-experimental-functions', '1:5: parse error: function "end" is not enabled')
  check('step()', 'promql-experimental-functions', '1:1: parse error: function "step" is not enabled')
  check('max_of(1, 2)', 'promql-experimental-functions', '1:1: parse error: function "max_of" is not enabled')
  const limitk = '1:1: parse error: limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions'
  check('limitk(2, foo)', 'promql-experimental-functions', limitk)
  check('foo[5m+1m]', 'promql-duration-expr', '1:5: parse error: experimental duration expression is not enabled')
  check('foo[step()]', 'promql-duration-expr', '1:5: parse error: experimental duration expression is not enabled')
  check('foo[-2^2]', 'promql-duration-expr', '1:5: parse error: experimental duration expression is not enabled')
  check('foo offset (5)', 'promql-duration-expr', '1:12: parse error: experimental duration expression is not enabled')
  check('foo offset -range()', 'promql-duration-expr', '1:13: parse error: experimental duration expression is not enabled')
  check('foo[5m] anchored', 'promql-extended-range-selectors', '1:1: parse error: anchored modifier is experimental and not enabled')
  check('foo smoothed', 'promql-extended-range-selectors', '1:1: parse error: smoothed modifier is experimental and not enabled')
  check('foo + fill(0) bar', 'promql-binop-fill-modifiers', '1:1: parse error: binop fill modifiers are experimental and not enabled')
  check(
    'foo + on(a) fill_left(-1) fill_right (0) bar',
    'promql-binop-fill-modifiers',
    '1:1: parse error: binop fill modifiers are experimental and not enabled',
  )
})

test('experimental functions parse once they are enabled', () => {
  const features = new Set(['promql-experimental-functions'])
  const check = (query: string) => assert.equal(printExpr(parseExpr(query, { features })), query)
  check('info(foo, {a="b"})')
  check('info(foo, {a=""})')
  check('limit_ratio(0.5, foo)')
  check('sort_by_label(foo, "a", "b")')
  check('end() - start()')
  const refuse = (query: string, message: string) => assert.throws(() => parseExpr(query, { features }), { message })
  refuse('info(foo, bar{a="b"})', '1:11: parse error: expected label selectors only, got vector selector instead')
  refuse('info(foo, {a="b"} == 1)', '1:11: parse error: expected label selectors only')
  refuse('mad_over_time(foo)', '1:15: parse error: expected type range vector in call to function "mad_over_time", got instant vector')
})
