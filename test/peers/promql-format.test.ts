import assert from 'node:assert/strict'
import { test } from 'node:test'
import { peer } from '../support/peers.ts'
import { PROMONTORY } from '../support/program.ts'
import { output } from '../support/promtool.ts'

const LONG = 'sum by (le) (rate(foo_bucket_of_a_long_name_that_fills_the_line{a="b",c="d",e="f",g="h"}[5m] offset 1m))'
const QUERIES = [
  'sum(a)+b',
  '{"a.b", c="d"}',
  `histogram_quantile(0.9, ${LONG})`,
  `${LONG} / ignoring (x) group_left (y) ${LONG} > bool 0.5`,
  `max_over_time(${LONG}[1h:1m] @ end() offset 5m)`,
  `topk(5, (${LONG})) or vector(1)`,
  'sum(a',
  'rate(a)',
]

test('promql format prints what promtool prints', async (t) => {
  const promtool = peer(t, 'promtool 3.5')
  if (promtool === undefined) return
  for (const query of QUERIES) {
    const theirs = await output(promtool, ['--experimental', 'promql', 'format', query])
    assert.deepEqual(await output(PROMONTORY, ['promql', 'format', query]), theirs, query)
  }
})
