import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { expressions } from '../../../test/support/promql-generator.ts'
import { Matcher } from '../../model/matcher.ts'
import type { Expr } from './ast.ts'
import { parseExpr } from './parse.ts'
import { printExpr } from './print.ts'

test('expressions are printed as upstream prints them', () => {
  const check = (query: string, want: string) => assert.equal(printExpr(parseExpr(query)), want)
  check('sum by() (task:errors:rate10s{job="s"})', 'sum(task:errors:rate10s{job="s"})')
  check('sum without(instance) (foo)', 'sum without (instance) (foo)')
  check('a-on(b)c', 'a - on (b) c')
  check('a - on(b) group_left(x) c', 'a - on (b) group_left (x) c')
  check('a - ignoring() group_right c', 'a - ignoring () group_right () c')
  check('a - ignoring() c', 'a - c')
  check('a - on() c', 'a - on () c')
  check('a <bool on(b)c', 'a < bool on (b) c')
  check('{__name__="a", b!~"c"}', '{__name__="a",b!~"c"}')
  check('a{b="c", a=~"\\\\d"}', 'a{a=~"\\\\d",b="c"}')
  check('a{"é.b"="\\n"}', 'a{"é.b"="\\n"}')
  check('abs(  -a  )', 'abs(-a)')
  check("label_replace(a, 'b', `c\"`, \"d\", '.*')", 'label_replace(a, "b", "c\\"", "d", ".*")')
  check('a[90m:60s] offset -3600 @ 1.5', 'a[1h30m:1m] @ 1.500 offset -1h')
  check('1e3 + 1e-7 + 1e21 + 0x10 + .5 + +Inf + NaN', '1000 + 0.0000001 + 1000000000000000000000 + 16 + 0.5 + +Inf + NaN')
  check('90m + -5s', '1h30m + -5s')
})

test('what is printed parses to the same tree', () => {
  fc.assert(
    fc.property(expressions().any, (query) => {
      const expr = parseExpr(query)
      const printed = printExpr(expr)
      const again = parseExpr(printed)
      assert.deepEqual(comparable(again), comparable(expr), printed)
      assert.equal(printExpr(again), printed)
    }),
    { numRuns: 1000, seed: 1 },
  )
})

/** Without positions, with matchers in a fixed order. */
function comparable(expr: Expr): unknown {
  return JSON.parse(
    JSON.stringify(expr, (key, value: unknown) => {
      if (key === 'range') return undefined
      if (key === 'matchers')
        return (value as readonly Matcher[]).map((matcher) => new Matcher(matcher.operator, matcher.name, matcher.value).toString()).sort()
      return typeof value === 'number' ? String(value) : value
    }),
  )
}
