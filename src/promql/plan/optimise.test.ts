import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { engineOver, seriesOf, showValue, signal, type Value } from '../../../test/support/promql-engine.ts'
import { expressions } from '../../../test/support/promql-generator.ts'
import { errorMessage } from '../../base/errors.ts'
import type { QueryEngine } from '../query-engine.ts'
import type { QueryResult } from '../value.ts'

const LABELS = { job: ['x', 'y'], le: ['0.1', '+Inf'], group: ['g', ''] }

function values(seed: number): Value[] {
  return Array.from({ length: 60 }, (_, i) => {
    const kind = (i * 7 + seed * 13) % 23
    if (kind === 0) return 'stale'
    if (kind < 3) return undefined
    return ((i * (seed + 3)) % 17) + seed
  })
}

const data = ['a', 'b_total', 'c:rule'].flatMap((name, n) =>
  LABELS.job.flatMap((job, j) =>
    LABELS.le.map((le, l) => seriesOf({ __name__: name, job, le, group: j === l ? 'g' : '' }, values(n * 4 + j * 2 + l))),
  ),
)

const optimised = engineOver(data)
const plain = engineOver(data, { optimiser: (plan) => plan })

/** Sums come out in another order below a hoisted `sort` or `topk`: their last digit may differ. */
function rounded(text: string): string {
  return text.replace(/-?\d+(\.\d+)?(e[+-]\d+)?/g, (number) => Number(number).toPrecision(12))
}

async function outcome(run: () => Promise<QueryResult>): Promise<string> {
  try {
    const result = await run()
    return [rounded(showValue(result)), ...result.warnings.toSorted(), ...result.infos.toSorted()].join('\n')
  } catch (error) {
    return `error ${errorMessage(error)}`
  }
}

async function checkEqual(ask: (engine: QueryEngine) => Promise<QueryResult>): Promise<void> {
  assert.equal(await outcome(() => ask(optimised)), await outcome(() => ask(plain)))
}

test('an optimised plan answers what the plain one does', async () => {
  const { any } = expressions({ metrics: ['a', 'b_total', 'c:rule'], labels: LABELS, depthMax: 3 })
  await fc.assert(
    fc.asyncProperty(any, fc.constantFrom(100_000, 300_000, 575_000), async (query, time) => {
      await checkEqual((engine) => engine.instant(query, time, { signal: signal() }))
      await checkEqual((engine) => engine.range(query, time - 95_000, time, 15_000, { signal: signal() }))
    }),
    { numRuns: 600, seed: 20261122 },
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
  ]
  for (const query of queries) {
    await checkEqual((engine) => engine.range(query, 0, 600_000, 30_000, { signal: signal() }))
  }
})
