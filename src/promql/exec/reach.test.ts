import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineOver, seriesOf } from '../../../test/support/promql-engine.ts'
import { MemorySource } from '../../storage/memory-source.ts'
import { overlay, type SelectRequest } from '../../storage/series-source.ts'
import { instantQuestion, planQuestion, rangeQuestion } from '../evaluate.ts'
import { reachOf } from './reach.ts'

const MINUTE = 60_000
const FEATURES = new Set(['promql-experimental-functions', 'promql-extended-range-selectors', 'promql-duration-expr'])
const QUERIES = [
  'm',
  'm offset 10m',
  'm offset -10m',
  'm @ 100',
  'sum(m @ end()) + m @ start()',
  'rate(m[5m])',
  'rate(m[5m] offset 1h)',
  'rate(m[5m] anchored)',
  'rate(m[5m] smoothed)',
  'm smoothed',
  'max_over_time(rate(m[5m])[30m:1m])',
  'max_over_time(m[30m:7s] @ 5000 offset 3m)',
  'sum_over_time(sum(max_over_time(m[10m:]))[1h:3m] offset 5m)',
  'quantile_over_time(scalar(m), m[10m])',
  'topk(scalar(m offset 1m), m)',
  'info(rate(m[2m]))',
  'info(m offset 10m)',
  'm and on() vector(1) or absent(m offset 3m)',
  'label_replace(-m, "a", "b", "c", "d") > bool m offset 1m',
  'absent_over_time(m[7m])',
  'timestamp(m)',
  '1 + 2',
]

test('no selector asks for more than was said before', async () => {
  const asked: SelectRequest[] = []
  const memory = new MemorySource([
    seriesOf(
      { __name__: 'm', instance: 'i', job: 'j' },
      Array.from({ length: 1000 }, (_, i) => i),
    ),
    seriesOf(
      { __name__: 'target_info', instance: 'i', job: 'j', x: 'y' },
      Array.from({ length: 1000 }, () => 1),
    ),
  ])
  const source = overlay(memory, {
    select(request, ctx) {
      asked.push(request)
      return memory.select(request, ctx)
    },
  })
  const engine = engineOver(source, { features: FEATURES })
  const signal = new AbortController().signal
  for (const query of QUERIES) {
    for (const isRangeQuery of [false, true]) {
      asked.length = 0
      const [start, end, stepMs] = [7_000_123, 9_000_000, 77_777]
      const question = isRangeQuery ? rangeQuestion(query, [start, end, stepMs], {}) : instantQuestion(query, start, {})
      if (isRangeQuery) await engine.range(query, start, end, stepMs, { signal })
      else await engine.instant(query, start, { signal })
      const reaches = reachOf(planQuestion(question, { features: FEATURES }), question.steps, 5 * MINUTE)
      const [minTime, maxTime] = [Math.min(...reaches.map((one) => one.minTime)), Math.max(...reaches.map((one) => one.maxTime))]
      assert.ok(asked.length <= reaches.length, query)
      for (const request of asked) {
        assert.ok(request.minTime >= minTime && request.maxTime <= maxTime, `${query}: ${request.minTime} ${request.maxTime}`)
        const isKnown = reaches.some((one) => one.minTime === request.minTime && one.maxTime >= request.maxTime)
        assert.ok(isKnown, `${query}: ${request.minTime}…${request.maxTime} of ${JSON.stringify(reaches)}`)
      }
    }
  }
})
