import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Counter, Gauge, Histogram } from 'prom-client'
import { apiClient, apiDeps } from '../../test/support/api-deps.ts'

test('families of the server itself, by pattern, as the JSON of their protobuf message', async () => {
  const deps = apiDeps()
  const registers = [deps.env.metrics]
  new Counter({ name: 'zz_requests_total', help: 'Requests.', labelNames: ['code'], registers }).inc({ code: '200' }, 3)
  new Gauge({ name: 'zz_ratio', help: 'A ratio.', registers }).set(Number.NaN)
  new Histogram({ name: 'zz_seconds', help: 'Time.', buckets: [0.5], registers }).observe(0.1)
  const call = apiClient(deps)
  const ask = async (pattern: string) => {
    const { status, body } = await call(`/api/v1/status/self_metrics?metric_name_pattern=${encodeURIComponent(pattern)}`)
    return [status, JSON.parse(body)]
  }
  const requests = {
    name: 'zz_requests_total',
    help: 'Requests.',
    type: 'COUNTER',
    metric: [{ label: [{ name: 'code', value: '200' }], counter: { value: 3 } }],
  }
  assert.deepEqual(await ask('zz_req.*'), [200, { status: 'success', data: [requests] }])
  assert.deepEqual(await ask('zz_req'), [200, { status: 'success', data: [] }])
  const ratio = { name: 'zz_ratio', help: 'A ratio.', type: 'GAUGE', metric: [{ gauge: { value: 'NaN' } }] }
  const bucket = [
    { cumulativeCount: '1', upperBound: 0.5 },
    { cumulativeCount: '1', upperBound: 'Infinity' },
  ]
  const seconds = {
    name: 'zz_seconds',
    help: 'Time.',
    type: 'HISTOGRAM',
    metric: [{ histogram: { sampleCount: '1', sampleSum: 0.1, bucket } }],
  }
  assert.deepEqual(await ask('zz_.*'), [200, { status: 'success', data: [ratio, requests, seconds] }])
  const [, all] = await ask('')
  assert.ok(all.data.length > 3)
  assert.equal((await ask('('))[0], 400)
})
