import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listMetrics } from './metric-list.ts'

const metadata = {
  requests_total: [{ type: 'counter', unit: '', help: 'Answers given.' }],
  wait_seconds: [{ type: 'histogram', unit: '', help: 'How long requests waited.' }],
}
const names = ['my.metric', 'requests_total', 'up', 'wait_seconds_bucket', 'wait_seconds_count']

test('metrics are found by words of their name, then of their help', () => {
  const found = (text: string) => listMetrics(names, metadata, text).map(({ name }) => name)
  assert.deepEqual(found(''), names)
  assert.deepEqual(found('Request'), ['requests_total', 'wait_seconds_bucket', 'wait_seconds_count'])
  assert.deepEqual(found('bucket long'), ['wait_seconds_bucket'])
  assert.deepEqual(found('nothing'), [])
})

test('a metric is looked at as its type asks for', () => {
  const expr = Object.fromEntries(listMetrics(names, metadata, '').map((metric) => [metric.name, metric.expr]))
  assert.deepEqual(expr, {
    'my.metric': '{"my.metric"}',
    requests_total: 'rate(requests_total[5m])',
    up: 'up',
    wait_seconds_bucket: 'histogram_quantile(0.9, sum by (le) (rate(wait_seconds_bucket[5m])))',
    wait_seconds_count: 'rate(wait_seconds_count[5m])',
  })
})
