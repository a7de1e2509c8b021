import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { Labels } from '../model/labels.ts'
import { Matcher } from '../model/matcher.ts'
import { AppendStatus } from '../storage/appender.ts'
import { type BudgetsConfig, NO_LIMITS } from '../storage/budgets/budgets-schema.ts'
import { SeriesBudgets } from '../storage/budgets/series-budgets.ts'
import { runDb } from './db.fixture.ts'
import type { Db } from './db.ts'

const RANGE = 100_000
const options = { blockRangeMs: RANGE, maxBlockMs: RANGE }

function budgetsConfig(hard: number, label = 'team'): BudgetsConfig {
  return {
    server: NO_LIMITS,
    job: { label: 'job', others: { soft: Infinity, hard }, named: new Map() },
    owner: { label, others: NO_LIMITS, named: new Map() },
  }
}

const labelsOf = (job: string, i: number) => Labels.of({ __name__: 'm', job, team: `t${i % 3}`, user: `u${i}` })

/** Appends a sample of each series; answers how many were taken. */
async function append(db: Db, job: string, from: number, to: number, t: number): Promise<number> {
  const appender = db.appender()
  let taken = 0
  for (let i = from; i < to; i++) {
    const status = appender.append(appender.series(labelsOf(job, i)), t, i)
    assert.ok(status === AppendStatus.ok || status === AppendStatus.overBudget, String(status))
    if (status === AppendStatus.ok) taken++
  }
  await appender.commit()
  return taken
}

/** Counts of the budgets, which must be those of a database that has only just begun to count. */
function counts(db: Db, budgets: SeriesBudgets): Record<string, number> {
  const read = (from: SeriesBudgets) =>
    Object.fromEntries(
      from
        .groups()
        .filter(({ series }) => series > 0)
        .map(({ scope, name, series }) => [`${scope} ${name}`.trim(), series]),
    )
  const fresh = new SeriesBudgets(virtualEnv(), budgets.config)
  const found = read(budgets)
  db.guard(fresh)
  assert.deepEqual(found, read(fresh))
  assert.equal(found['server'] ?? 0, db.stats().activeSeries)
  db.guard(budgets)
  return found
}

test('new series beyond a budget are refused and leave nothing; those that are there go on', async () => {
  const env = virtualEnv()
  const { db, close } = await runDb(env, options)
  const budgets = new SeriesBudgets(env, budgetsConfig(10))
  assert.equal(await append(db, 'a', 0, 4, 1000), 4)
  db.guard(budgets)
  assert.equal(await append(db, 'a', 0, 20, 2000), 10)
  const symbols = db.stats().symbolCount
  for (let t = 3000; t < 10_000; t += 1000) {
    assert.equal(await append(db, 'a', 0, 10, t), 10)
    assert.equal(await append(db, 'a', 1000, 2000, t), 0)
    assert.equal(await append(db, 'b', 0, 5, t), 5)
  }
  assert.equal(db.stats().symbolCount, symbols + 1)
  assert.deepEqual(counts(db, budgets), { server: 15, 'job a': 10, 'job b': 5, 'owner t0': 6, 'owner t1': 5, 'owner t2': 4 })
  const appender = db.appender()
  const refused = appender.series(labelsOf('a', 77))
  assert.equal(appender.append(refused, 11_000, 1), AppendStatus.overBudget)
  assert.match(appender.refusal, /^the series budget of job "a" is full: 10 of 10, label "user"/)
  assert.equal(appender.append(appender.series(labelsOf('a', 78), true), 11_000, 1), AppendStatus.ok)
  appender.rollback()
  // Room by a new configuration: the holder is told to ask again.
  budgets.apply(budgetsConfig(20))
  const next = db.appender()
  assert.equal(next.append(refused, 11_000, 1), AppendStatus.unknownSeries)
  assert.equal(next.append(next.series(labelsOf('a', 77)), 11_000, 1), AppendStatus.ok)
  next.rollback()
  db.guard(undefined)
  assert.equal(await append(db, 'a', 0, 100, 12_000), 100)
  await close()
})

test('counts are right over windows that close, deletions, restarts and a budget that comes later', async () => {
  const env = virtualEnv()
  const first = await runDb(env, options)
  const budgets = new SeriesBudgets(env, budgetsConfig(50))
  first.db.guard(budgets)
  // A rollout in every range: the series of the one before leave with their window.
  for (let t = 0; t < 5 * RANGE; t += RANGE / 10) {
    const generation = Math.floor(t / RANGE)
    await append(first.db, 'a', generation * 20, generation * 20 + 20, t)
    await append(first.db, 'stays', 0, 7, t)
    const found = counts(first.db, budgets)
    assert.equal(found['job stays'], 7)
    assert.ok(found['job a'] >= 20 && found['job a'] <= 40, String(found['job a']))
  }
  await first.db.deleteSamples([new Matcher('=', 'job', 'stays')], 0, 10 * RANGE, new AbortController().signal)
  const before = counts(first.db, budgets)
  await first.close()
  env.metrics.clear()
  const again = new SeriesBudgets(env, budgetsConfig(50))
  const second = await runDb(env, { ...options, gate: again })
  assert.deepEqual(counts(second.db, again), before)
  // All leave when time goes on without them.
  await append(second.db, 'other', 0, 1, 20 * RANGE)
  await append(second.db, 'other', 0, 1, 20 * RANGE + 1)
  await env.clock.advance(200_000)
  assert.deepEqual(counts(second.db, again), { server: 1, 'job other': 1, 'owner t0': 1 })
  again.apply(budgetsConfig(50, 'user'))
  second.db.guard(again)
  assert.deepEqual(counts(second.db, again), { server: 1, 'job other': 1, 'owner u0': 1 })
  await second.close()
})
