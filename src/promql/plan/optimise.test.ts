import { test } from 'node:test'
import fc from 'fast-check'
import { signal } from '../../../test/support/promql-engine.ts'
import { expressions } from '../../../test/support/promql-generator.ts'
import { LABELS, METRICS, plans } from '../../../test/support/promql-plans.ts'

const { checkEqual } = plans()

test('an optimised plan answers what the plain one does', async () => {
  const { any } = expressions({ metrics: METRICS, labels: LABELS, depthMax: 3 })
  await fc.assert(
    fc.asyncProperty(any, fc.constantFrom(100_000, 300_000, 575_000), async (query, time) => {
      await checkEqual((engine) => engine.instant(query, time, { signal: signal() }))
      await checkEqual((engine) => engine.range(query, time - 95_000, time, 15_000, { signal: signal() }))
    }),
    { numRuns: 300, seed: 20261122 },
  )
})

test('what is said twice is evaluated once and told twice', async () => {
  const queries = [
    'a / a',
    'sum(a) / count(a) + a * on () group_right () sum(a)',
    'rate(b_total[1m]) + rate(b_total[1m])',
    'rate(a[1m]) + rate(a[1m])',
    'max_over_time((a + a)[1m:10s]) - a',
    'a @ 100 + a @ 100 + a',
    'topk(2, a) or a',
    'sum(mixed) + sum(mixed)',
    'sum(h) + sum( h)',
    'rate(mixed[1m]) or (max(h) + max(h)) or rate(mixed[1m])',
    'quantile(2, a) + quantile(2, a)',
    'histogram_quantile(0.9, h) + histogram_quantile(0.9, h)',
  ]
  for (const query of queries) {
    await checkEqual((engine) => engine.range(query, 0, 600_000, 30_000, { signal: signal() }))
  }
})
