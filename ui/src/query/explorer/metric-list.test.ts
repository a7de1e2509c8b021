import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listMetrics } from './metric-list.ts'

const metadata = {
  requests_total: [{ type: 'counter', unit: '', help: 'Answers given.' }],
  wait_seconds: [{ type: 'histogram', unit: '', help: 'How long requests waited.' }],
  size: [{ type: 'histogram', unit: 'bytes', help: 'How large answers are.' }],
  queue: [{ type: 'gaugehistogram', unit: '', help: 'Ages of what waits.' }],
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

test('a histogram under its own name is a native one', () => {
  const [queue, size, bucket] = listMetrics(['queue', 'size', 'size_bucket'], metadata, '')
  assert.deepEqual(
    [queue, size, bucket].map(({ type, unit, expr }) => [type, unit, expr]),
    [
      ['native gaugehistogram', '', 'histogram_quantile(0.9, sum(queue))'],
      ['native histogram', 'bytes', 'histogram_quantile(0.9, sum(rate(size[5m])))'],
      ['histogram', 'bytes', 'histogram_quantile(0.9, sum by (le) (rate(size_bucket[5m])))'],
    ],
  )
  assert.deepEqual(
    listMetrics(['queue', 'size', 'up'], metadata, 'native bytes').map(({ name }) => name),
    ['size'],
  )
})
