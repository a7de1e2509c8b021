import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineOver, seriesOf, signal } from '../../../test/support/promql-engine.ts'
import type { PlanReport } from '../value.ts'

const engine = engineOver([
  seriesOf({ __name__: 'a', job: 'x' }, [1, 2, 3, 4, 5, 6, 7]),
  seriesOf({ __name__: 'a', job: 'y' }, [1, 2, 3, 4]),
])

/** Operations by depth, with series, samples and samples read. */
function show({ operation, cost, inputs }: PlanReport, depth = 0): string[] {
  const counts = cost === undefined ? '' : ` ${cost.series} ${cost.samples} ${cost.samplesRead}`
  return [`${'.'.repeat(depth)}${operation}${counts}`, ...inputs.flatMap((input) => show(input, depth + 1))]
}

async function explained(query: string): Promise<string[]> {
  const { stats } = await engine.range(query, 0, 60_000, 20_000, { signal: signal(), explain: true })
  assert.ok(stats.plan !== undefined)
  return show(stats.plan)
}

test('each node says what it answered and what was read for it', async () => {
  assert.deepEqual(await explained('sum(a)'), ['sum 1 4 8', '.a 2 8 8'])
  assert.deepEqual(await explained('max by (job) (sum_over_time(a[20s])) > 5'), [
    '> 1 2 11',
    '.max by (job) 2 7 11',
    '..sum_over_time over a[20s] 2 7 11',
    '.5',
  ])
  assert.deepEqual(await explained('time() + 1'), ['+', '.time()', '.1'])
})

test('what is shared is told once', async () => {
  assert.deepEqual(await explained('a / a'), [
    '/ 2 8 16',
    '.once for 2 places, number 1 2 8 8',
    '..a 2 8 8',
    '.once for 2 places, number 1 2 8 8',
  ])
})

test('without being asked nothing is told', async () => {
  const { stats } = await engine.instant('sum(a)', 0, { signal: signal() })
  assert.equal(stats.plan, undefined)
})

test('no node takes longer than the query, nor holds more than nothing', async () => {
  const { stats } = await engine.range('sum(rate(a[30s])) / count(a)', 0, 60_000, 1000, { signal: signal(), explain: true })
  const all = (report: PlanReport): PlanReport[] => [report, ...report.inputs.flatMap(all)]
  const costs = all(stats.plan!).flatMap(({ cost }) => cost ?? [])
  assert.ok(costs.length >= 4)
  const timeMs = costs.reduce((sum, cost) => sum + cost.timeMs, 0)
  assert.ok(timeMs <= stats.timings['innerEvalTime'] * 1000, `${timeMs} ms of ${stats.timings['innerEvalTime']} s`)
  for (const { bytes } of costs) assert.ok(bytes >= 0)
  assert.ok(costs.some(({ bytes }) => bytes > 0))
})
