import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseExpr } from '../parser/parse.ts'
import { buildPlan } from './build.ts'
import { describePlan } from './describe.ts'
import { optimise } from './optimise.ts'

const features = new Set(['promql-extended-range-selectors'])
const context = { start: 1_000, end: 9_000, stepMs: 0, defaultSubqueryStepMs: 60_000 }

test('a node says what it does, not what stands below it', () => {
  const check = (query: string, want: string) =>
    assert.equal(describePlan(optimise(buildPlan(parseExpr(query, { features }), context))), want, query)
  check('1 + 1', '2')
  check('"a"', '"a"')
  check('a', 'a')
  check('a{b="c",d!="e"} offset 5m', 'a{b="c",d!="e"} offset 5m')
  check('{__name__=~"a.+"}', '{__name__=~"a.+"}')
  check('{"a.b", c="d"}', '{__name__="a.b",c="d"}')
  check('timestamp(a)', 'times of a')
  check('rate(a_total{b="c"}[5m])', 'rate over a_total{b="c"}[5m]')
  check('rate(a_total[5m] anchored)', 'rate over a_total[5m] anchored')
  check('max_over_time(rate(a[1m])[1h:])', 'max_over_time over [1h:1m]')
  check('a[1h:5m] offset 1m', '[1h:5m] offset 1m')
  check('sum by (b, a) (a)', 'sum by (a, b)')
  check('sum without (b) (a)', 'sum without (b)')
  check('count(a)', 'count')
  check('abs(a)', 'abs()')
  check('-a', 'negate')
  check('a * on (b) group_left (c) d', '* on (b) group_left (c)')
  check('a > bool 1', '> bool')
  check('a @ 5', 'once for all steps')
  check('a @ end() + time()', '+')
})
