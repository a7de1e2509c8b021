import assert from 'node:assert/strict'
import { test } from 'node:test'
import { peer } from '../support/peers.ts'
import { compareAnswers } from '../support/promql-answers.ts'

test('random queries are answered as Prometheus answers them', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const { same, withSeries, explained, differences } = await compareAnswers(binary, { count: 400, seed: 1 })
  t.diagnostic(`${same} equal answers, ${withSeries} of them with series`)
  for (const [reason, count] of explained) t.diagnostic(`  ${count} differ for ${reason}`)
  assert.deepEqual(differences, [])
  assert.ok(withSeries > 100, `${withSeries} answers have series`)
})
