import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseExpr } from '../parser/parse.ts'
import { buildPlan } from './build.ts'
import { foldConstants } from './fold-constants.ts'
import { hoistInvariants } from './hoist-invariants.ts'
import { loosenOrder } from './loosen-order.ts'
import { mergeMatchers } from './merge-matchers.ts'
import { mayDifferByName } from './names.ts'
import type { Plan, Samples, Selection } from './plan.ts'
import { pushMatchers } from './push-matchers.ts'
import { shareCommon } from './share-common.ts'
import { splitWork } from './split-work.ts'

const context = { start: 1_000, end: 9_000, stepMs: 0, defaultSubqueryStepMs: 60_000 }

function planOf(query: string): Plan {
  return buildPlan(parseExpr(query), context)
}

/** A plan in short: selectors as `{matchers}@time`, after a ~ where their order means nothing, what is hoisted as `once(…)`, what is shared as `#id(…)`. */
function show(plan: Plan): string {
  switch (plan.kind) {
    case 'number':
      return String(plan.value)
    case 'string':
      return JSON.stringify(plan.value)
    case 'select':
      return `${plan.reads === 'values' ? '' : plan.reads}${showSelection(plan.selection)}`
    case 'window':
      return `${plan.func}(${[showSamples(plan.samples), ...plan.parameters.map(show)].join(', ')})`
    case 'matrix':
      return showSamples(plan.samples)
    case 'call':
      return `${plan.func}(${plan.args.map(show).join(', ')})`
    case 'negate':
      return `-${show(plan.input)}`
    case 'binary':
      return `(${show(plan.left)} ${plan.operator} ${show(plan.right)})`
    case 'aggregate':
      return `${plan.operator}(${plan.parameter === undefined ? '' : `${show(plan.parameter)}, `}${show(plan.input)})`
    case 'split':
      return `split${plan.id}(${show(plan.input)})`
    case 'invariant':
      return `once(${show(plan.input)})`
    case 'shared':
      return `#${plan.id}*${plan.uses}(${show(plan.input)})`
  }
}

function showSelection({ matchers, at, offsetMs, hints }: Selection): string {
  return `${hints.anyOrder === true ? '~' : ''}{${matchers.join(',')}}${at === undefined ? '' : `@${at}`}${offsetMs === 0 ? '' : `-${offsetMs}`}`
}

function showSamples(samples: Samples): string {
  if (samples.kind === 'selected') return `${showSelection(samples.selection)}[${samples.rangeMs}]`
  return `${show(samples.input)}[${samples.rangeMs}:${samples.stepMs}]${samples.at === undefined ? '' : `@${samples.at}`}`
}

test('a plan has no parentheses, and the times of @ resolved', () => {
  const check = (query: string, want: string) => assert.equal(show(planOf(query)), want)
  check('((1))', '1')
  check('+(a)', '{__name__="a"}')
  check('a @ start() offset 5s', '{__name__="a"}@1000-5000')
  check('rate(a[5m] @ end())', 'rate({__name__="a"}@9000[300000])')
  check('max_over_time((a)[1h:])', 'max_over_time({__name__="a"}[3600000:60000])')
  check('timestamp((a))', 'times{__name__="a"}')
  check('timestamp(a + 1)', 'timestamp(({__name__="a"} + 1))')
  check('quantile_over_time(0.5, (a[1m]))', 'quantile_over_time({__name__="a"}[60000], 0.5)')
  check('absent_over_time(a[1m])', 'absent_over_time(present_over_time({__name__="a"}[60000]))')
})

test('numbers are computed once', () => {
  const check = (query: string, want: string) => assert.equal(show(foldConstants(planOf(query))), want)
  check('-(2 ^ 3) * 60', '-480')
  check('a * (2 + 3)', '({__name__="a"} * 5)')
  check('1 == bool 1', '1')
  check('pi() * 2', String(Math.PI * 2))
  check('time() + 1', '(time() + 1)')
})

test('matchers that say nothing new go', () => {
  const check = (query: string, want: string) => assert.equal(show(mergeMatchers(planOf(query))), want)
  check('a{b="c",b="c"}', '{b="c",__name__="a"}')
  check('a{b=~"c"}', '{b="c",__name__="a"}')
  check('a{b!~"c"}', '{b!="c",__name__="a"}')
  check('a{b=~".*"}', '{__name__="a"}')
  check('a{b=~"c|d"}', '{b=~"c|d",__name__="a"}')
  check('rate(a{b=~"c"}[1m])', 'rate({b="c",__name__="a"}[60000])')
})

test('what one side asks of labels that both share is asked of the other', () => {
  const check = (query: string, want: string) => assert.equal(show(pushMatchers(planOf(query))), want, query)
  const stays = (query: string) => check(query, show(planOf(query)))
  check('a{x="1"} / b', '({x="1",__name__="a"} / {__name__="b",x="1"})')
  check('a / b{x=~"1|2"}', '({__name__="a",x=~"1|2"} / {x=~"1|2",__name__="b"})')
  check('a{x="1"} / b{y="2"}', '({x="1",__name__="a",y="2"} / {y="2",__name__="b",x="1"})')
  check('rate(a_total{x="1"}[1m]) * -abs(b)', '(rate({x="1",__name__="a_total"}[60000]) * -abs({__name__="b",x="1"}))')
  check('sum by (x) (a{x="1",y="2"}) / count by (x) (b)', '(sum({x="1",y="2",__name__="a"}) / count({__name__="b",x="1"}))')
  check('a{x="1"} and on (x) b', '({x="1",__name__="a"} and {__name__="b",x="1"})')
  check('a and on (x) b{x="1"}', '({__name__="a",x="1"} and {x="1",__name__="b"})')
  check('a{x="1"} unless on (x) b', '({x="1",__name__="a"} unless {__name__="b",x="1"})')
  check('a{x="1"} > 2 and b', '(({x="1",__name__="a"} > 2) and {__name__="b",x="1"})')
  check('a{x="1",y="2"} * on (x) group_left sum by (x) (b)', '({x="1",y="2",__name__="a"} * sum({__name__="b"}))')
  check('a * on (x) group_left sum by (x) (b{x="1"})', '({__name__="a",x="1"} * sum({x="1",__name__="b"}))')
  // Two of b may match the same, which is an error.
  stays('a{x="1"} * on (x) b')
  stays('a{x="1"} * on (x) group_left b')
  stays('a * on (x) group_left b{x="1"}')
  stays('a{x="1"} * {y="2"}')
  // Labels that need not be the same.
  stays('a{x="1"} and on (y) b')
  stays('a{x="1"} / ignoring (x) sum by (y) (b)')
  // What has no partner counts, or is remarked on.
  stays('a{x="1"} or b')
  stays('a unless b{x="1"}')
  stays('a{x="1"} / rate(b[1m])')
  stays('a{x="1"} / sum without (y) (b)')
  stays('a{x="1"} / label_replace(b, "x", "1", "", "")')
  stays('label_replace(a{x="1"}, "x", "2", "", "") / b')
  stays('a{x="1"} / {__name__=~"b|c"}')
})

test('what no step changes is evaluated once', () => {
  const check = (query: string, want: string) => assert.equal(show(hoistInvariants(planOf(query))), want)
  check('a @ 5', 'once({__name__="a"}@5000)')
  check('a @ 5 + a', '(once({__name__="a"}@5000) + {__name__="a"})')
  check('sum(a @ 5) * 2', 'once((sum({__name__="a"}@5000) * 2))')
  check('a', '{__name__="a"}')
  check('1', '1')
  check('vector(1)', 'once(vector(1))')
  check('vector(time())', 'vector(time())')
  check('minute(a @ 5)', 'minute(once({__name__="a"}@5000))')
  check('predict_linear(a[1m] @ 5, 10)', 'predict_linear({__name__="a"}@5000[60000], 10)')
  check('rate(a[1m] @ 5)', 'once(rate({__name__="a"}@5000[60000]))')
  check('max_over_time((a @ 5)[1m:1s])', 'max_over_time(once({__name__="a"}@5000)[60000:1000])')
  check('max_over_time(a[1m:1s] @ 5)', 'once(max_over_time({__name__="a"}[60000:1000]@5000))')
  check('max_over_time((a @ 5)[1m:1s] @ 7)', 'once(max_over_time(once({__name__="a"}@5000)[60000:1000]@7000))')
})

test('what is said twice is evaluated once', () => {
  const check = (query: string, want: string) => assert.equal(show(shareCommon(planOf(query))), want)
  check('a / a', '(#0*2({__name__="a"}) / #0*2({__name__="a"}))')
  check('a / b', '({__name__="a"} / {__name__="b"})')
  check('a / a offset 5s', '({__name__="a"} / {__name__="a"}-5000)')
  check('sum(a) / sum(a)', '(#0*2(sum({__name__="a"})) / #0*2(sum({__name__="a"})))')
  check('sum(a) / count(a)', '(sum(#0*2({__name__="a"})) / count(#0*2({__name__="a"})))')
  // Steps of a subquery are others.
  check('a + max_over_time(a[1m:1s])', '({__name__="a"} + max_over_time({__name__="a"}[60000:1000]))')
  // Each place has a remark of its own to make.
  check('rate(a[1m]) + rate(a[1m])', '(#0*2(rate({__name__="a"}[60000])) + #0*2(rate({__name__="a"}[60000])))')
  check('rate(a_total[1m]) + rate(a_total[1m])', '(#0*2(rate({__name__="a_total"}[60000])) + #0*2(rate({__name__="a_total"}[60000])))')
})

test('the order of series that are only put into groups means nothing', () => {
  const check = (query: string, want: string) => assert.equal(show(loosenOrder(planOf(query))), want)
  check('a', '{__name__="a"}')
  check('sum(a)', 'sum(~{__name__="a"})')
  check('-sum by (job) (rate(a[1m])) / 2', '(-sum(rate(~{__name__="a"}[60000])) / 2)')
  check('sum without (job) (a)', 'sum(~{__name__="a"})')
  check('sum(-a)', 'sum(-{__name__="a"})')
  check('histogram_quantile(0.9, max by (le) (a))', 'histogram_quantile(0.9, max(~{__name__="a"}))')
  check('topk(1, sum by (job) (a))', 'topk(1, sum({__name__="a"}))')
  check('topk(1, sum(a))', 'topk(1, sum(~{__name__="a"}))')
  check('count_values("v", a)', 'count_values("v", ~{__name__="a"})')
  check('count_values("v", stdvar(a))', 'count_values("v", stdvar({__name__="a"}))')
  check('sum(topk(1, a))', 'sum(topk(1, {__name__="a"}))')
  check('sort(sum by (job) (a))', 'sort(sum({__name__="a"}))')
  check('max_over_time(sum by (job) (a)[1h:])', 'max_over_time(sum({__name__="a"})[3600000:60000])')
})

test('whether series may differ by their name only', () => {
  const check = (query: string, want: boolean) => assert.equal(mayDifferByName(planOf(query)), want, query)
  check('a', false)
  check('{__name__=~"a|b"}', true)
  check('{b="c"}', true)
  check('rate({b="c"}[1m])', false)
  check('last_over_time({b="c"}[1m])', true)
  check('last_over_time(a[1m])', false)
  check('abs({b="c"})', false)
  check('sum by (b) ({b="c"})', false)
  check('sum by (__name__) ({b="c"})', true)
  check('topk(1, {b="c"})', true)
  check('topk(1, a)', false)
  check('{b="c"} * 2', false)
  check('{b="c"} > 2', true)
  check('a > 2', false)
  check('a or b', true)
  check('sort({b="c"})', true)
})

test('what each series takes by itself is marked, with what is made of it group by group', () => {
  const check = (query: string, want: string) => assert.equal(show(splitWork(planOf(query))), want)
  check('a', 'split0({__name__="a"})')
  check('sum by (x) (rate(a[5m]))', 'split0(sum(rate({__name__="a"}[300000])))')
  check('-abs(a) * 2', 'split0((-abs({__name__="a"}) * 2))')
  // Of these the parts can not be put together.
  check('topk(3, a)', 'topk(3, split0({__name__="a"}))')
  check('quantile(0.5, a) + max(b)', '(quantile(0.5, split0({__name__="a"})) + split1(max({__name__="b"})))')
  check('a / on (x) rate(b[1m])', '(split0({__name__="a"}) / split1(rate({__name__="b"}[60000])))')
  // Series that are the same but for the name are an error that only who sees both can tell.
  check('rate({x="1"}[5m])', 'rate({x="1"}[300000])')
  check('sum(-{x="1"})', 'sum(-split0({x="1"}))')
  check('time() + vector(1)', '(time() + vector(1))')
})
