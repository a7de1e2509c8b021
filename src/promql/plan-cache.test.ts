import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instantQuestion, planQuestion, rangeQuestion } from './evaluate.ts'
import { PlanCache } from './plan-cache.ts'

const plan = { kind: 'number', value: 1, range: { start: 0, end: 1 } } as const

test('a query that was asked before has the plan that was made then, at whatever time', () => {
  const settings = {}
  const [first, again] = [0, 60_000].map((t) => planQuestion(instantQuestion('sum(rate(a_step_total[5m]))', t, {}), settings))
  assert.equal(again, first)
  assert.notEqual(planQuestion(instantQuestion('sum(rate(a_step_total[5m])) ', 0, {}), settings), first)
})

test('a query that may be of its times alone is planned anew', () => {
  for (const query of ['m @ start()', 'm @ END()', 'vector(start())', 'm @ 5', 'vector(step())']) {
    const features = new Set(['promql-experimental-functions', 'promql-duration-expr'])
    const [first, again] = [0, 60_000].map((t) => planQuestion(instantQuestion(query, t, {}), { features }))
    assert.notEqual(again, first, query)
  }
})

test('what else a plan depends on tells it from others', () => {
  const kinds = [
    planQuestion(instantQuestion('avg_over_time(m[1h:])', 0, {}), {}),
    planQuestion(instantQuestion('avg_over_time(m[1h:])', 0, {}), { defaultSubqueryStepMs: 15_000 }),
    planQuestion(rangeQuestion('avg_over_time(m[1h:])', [0, 60_000, 1000], {}), {}),
  ]
  assert.equal(new Set(kinds).size, 3)
  const strict = () => planQuestion(instantQuestion('sort_by_label(m, "a")', 0, {}), {})
  planQuestion(instantQuestion('sort_by_label(m, "a")', 0, {}), { features: new Set(['promql-experimental-functions']) })
  assert.throws(strict)
  assert.doesNotThrow(() => planQuestion(instantQuestion('m[5m]', 0, {}), {}))
  assert.throws(() => planQuestion(rangeQuestion('m[5m]', [0, 60_000, 1000], {}), {}))
})

test('of many queries those are remembered that were asked last, and no long ones', () => {
  const cache = new PlanCache()
  let built = 0
  const ask = (query: string) =>
    cache.get(query, '', () => {
      built++
      return plan
    })
  ask('a')
  for (let i = 0; i < 63; i++) ask(`m${i}`)
  ask('a')
  assert.equal(built, 64)
  ask('one more')
  ask('a')
  assert.equal(built, 65)
  ask('m0')
  assert.equal(built, 66)
  for (let i = 0; i < 2; i++) ask('x'.repeat(1001))
  assert.equal(built, 68)
})
