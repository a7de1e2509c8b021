import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../../base/env-virtual.ts'
import { Labels } from '../../model/labels.ts'
import { registerBudgetMetrics } from './budget-metrics.ts'
import { type BudgetsConfig, NO_LIMITS } from './budgets-schema.ts'
import { SeriesBudgets } from './series-budgets.ts'

const known = { hasPair: (name: string) => name !== 'user' }

function config({ server = NO_LIMITS, job = 10, owner = 0 } = {}): BudgetsConfig {
  return {
    server,
    job: { label: 'job', others: { soft: job - 2, hard: job }, named: new Map([['big', NO_LIMITS]]) },
    owner: owner === 0 ? undefined : { label: 'team', others: { soft: Infinity, hard: owner }, named: new Map() },
  }
}

function setUp(from = config()) {
  const env = virtualEnv()
  const budgets = new SeriesBudgets(env, from)
  registerBudgetMetrics(env.metrics, budgets)
  const admit = (labels: Record<string, string>, isNeeded = false) => budgets.admit(Labels.of(labels), known, isNeeded)
  const series = (scope: string, name: string) => budgets.groups().find((group) => group.scope === scope && group.name === name)?.series
  return { env, budgets, admit, series }
}

test('a job that is full gets no new series, others do, and it does again when some have left', () => {
  const { budgets, admit, series } = setUp()
  for (let i = 0; i < 10; i++) assert.equal(admit({ job: 'a', user: String(i) }), 0)
  const refused = admit({ job: 'a', user: '10' })
  assert.ok(refused < -1)
  assert.equal(budgets.isShut(refused), true)
  assert.match(budgets.reason(refused), /^the series budget of job "a" is full: 10 of 10, label "user" has about \d+ new values$/)
  assert.equal(admit({ job: 'b', user: '1' }), 0)
  for (let i = 0; i < 100; i++) assert.equal(admit({ job: 'big', user: String(i) }), 0)
  assert.equal(admit({ job: 'a', user: 'needed' }, true), 0)
  assert.equal(series('job', 'a'), 11)
  budgets.count('job', 'a', -2)
  budgets.count('', '', -2)
  assert.equal(budgets.isShut(refused), false)
  assert.equal(admit({ job: 'a', user: '10' }), 0)
  assert.equal(series('server', ''), 111)
})

test('the server and the owner refuse as well, and a new configuration counts at once', () => {
  const { budgets, admit } = setUp(config({ server: { soft: Infinity, hard: 5 }, owner: 3 }))
  assert.deepEqual(budgets.groupLabels, ['job', 'team'])
  for (let i = 0; i < 3; i++) assert.equal(admit({ job: `j${i}`, team: 'x' }), 0)
  const byOwner = admit({ job: 'other', team: 'x' })
  assert.match(budgets.reason(byOwner), /of owner "x" is full: 3 of 3/)
  for (let i = 0; i < 2; i++) assert.equal(admit({ job: `j${i}` }), 0)
  const byServer = admit({ job: 'a', team: 'y' })
  assert.match(budgets.reason(byServer), /of the server is full: 5 of 5/)
  budgets.apply(config({ server: { soft: Infinity, hard: 6 }, owner: 3 }))
  assert.equal(budgets.isShut(byServer), false)
  assert.equal(budgets.isShut(byOwner), true)
  assert.equal(admit({ job: 'a', team: 'y' }), 0)
})

test('metrics name the job and the label', async () => {
  const { env, budgets, admit } = setUp()
  for (let i = 0; i < 14; i++) admit({ __name__: 'm', job: 'a', user: String(i) })
  const refused = admit({ __name__: 'm', job: 'a', user: 'x' })
  budgets.isShut(refused)
  const page = await env.metrics.metrics()
  const lines = page.split('\n').filter((line) => line.startsWith('promontory_budget'))
  assert.deepEqual(lines.sort(), [
    'promontory_budget_limit{scope="job",name="a",kind="hard"} 10',
    'promontory_budget_limit{scope="job",name="a",kind="soft"} 8',
    'promontory_budget_refused_samples_total{scope="job",name="a"} 1',
    'promontory_budget_refused_series_total{scope="job",name="a",job="a",label="user"} 5',
    'promontory_budget_series{scope="job",name="a"} 10',
    'promontory_budget_warned_series_total{scope="job",name="a",job="a",label="user"} 2',
  ])
})

test('groups without series are forgotten, unless they have refused something', () => {
  const { budgets, admit } = setUp()
  for (let i = 0; i < 1000; i++) admit({ job: `j${i}` })
  for (let i = 0; i < 12; i++) admit({ job: 'full', i: String(i) })
  for (let i = 0; i < 1000; i++) budgets.count('job', `j${i}`, -1)
  budgets.count('job', 'full', -10)
  assert.deepEqual(
    budgets.groups().map(({ scope, name }) => `${scope} ${name}`),
    ['server ', 'job full'],
  )
})

test('jobs that come, are refused something and go are forgotten when there were many', () => {
  const { budgets, admit } = setUp(config({ job: 3 }))
  const refused: number[] = []
  for (let i = 0; i < 1500; i++) {
    const job = `j${i}`
    for (let n = 0; n < 3; n++) admit({ job, user: String(n) })
    refused.push(admit({ job, user: '3' }))
    budgets.count('job', job, -3)
  }
  const names = new Set(budgets.groups().map(({ name }) => name))
  assert.deepEqual([names.size, names.has('j0'), names.has('j500'), names.has('j1499')], [1001, false, true, true])
  assert.ok(refused.every((ref) => ref < -1 && !budgets.isShut(ref)))
  // What has come back is not gone.
  admit({ job: 'j500', user: '0' })
  budgets.resetCounts()
  budgets.count('job', 'j600', 1)
  for (let n = 0; n < 2; n++) admit({ job: 'new', user: String(n) })
  admit({ job: 'new', user: '2' })
  admit({ job: 'new', user: '3' })
  budgets.count('job', 'new', -3)
  assert.equal(budgets.groups().length, 1002)
})
