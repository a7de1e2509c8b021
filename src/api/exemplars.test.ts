import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiClient, apiDeps } from '../../test/support/api-deps.ts'
import { Labels } from '../model/labels.ts'
import type { ExemplarRequest } from '../storage/exemplar-source.ts'

const exemplar = (trace: string, value: number, timestamp: number) => {
  return { labels: Labels.of({ trace_id: trace }), value, timestamp, hasTimestamp: true }
}

// Statuses and texts are Prometheus' (test/peers/exemplars.test.ts).
test('query_exemplars: exemplars of every selector of the expression', async () => {
  const asked: ExemplarRequest[] = []
  const series = [{ labels: Labels.of({ __name__: 'a', x: '<1>' }), exemplars: [exemplar('t1', 6, 1500), exemplar('t2', Infinity, 2000)] }]
  const exemplars = {
    exemplars: async (request: ExemplarRequest) => {
      asked.push(request)
      return series
    },
  }
  const call = apiClient(apiDeps({ exemplars }))
  const query = encodeURIComponent('rate(a{x=~".+"}[5m]) / on (x) max_over_time(b[1h:1m]) + 1')
  const { status, body } = await call(`/api/v1/query_exemplars?query=${query}&start=1&end=2.5`)
  assert.equal(status, 200)
  const first = '{"labels":{"trace_id":"t1"},"value":"6","timestamp":1.500}'
  const second = '{"labels":{"trace_id":"t2"},"value":"+Inf","timestamp":2}'
  assert.equal(body, `{"status":"success","data":[{"seriesLabels":{"__name__":"a","x":"<1>"},"exemplars":[${first},${second}]}]}`)
  const [{ minTime, maxTime, matcherSets }] = asked
  assert.deepEqual([minTime, maxTime], [1000, 2500])
  assert.deepEqual(
    matcherSets.map((matchers) => matchers.map(String)),
    [['x=~".+"', '__name__="a"'], ['__name__="b"']],
  )
})

test('query_exemplars: nothing selected, nothing found, and what is wrong with a request', async () => {
  const call = apiClient(apiDeps())
  const { status, body } = await call('/api/v1/query_exemplars?query=1')
  assert.deepEqual([status, body], [204, ''])
  const check = async (parameters: string, wantStatus: number, want: object) => {
    const { status, body } = await call(`/api/v1/query_exemplars?${parameters}`)
    assert.deepEqual([status, JSON.parse(body)], [wantStatus, want], parameters)
  }
  const bad = (error: string) => ({ status: 'error', errorType: 'bad_data', error })
  await check('query=up', 200, { status: 'success', data: [] })
  await check('query=up&start=2&end=1', 400, bad('end timestamp must not be before start timestamp'))
  await check('query=1%2B', 400, bad('1:3: parse error: unexpected end of input'))
  await check(
    'query=up&start=x',
    400,
    bad(`invalid parameter "start": invalid time value for 'start': cannot parse "x" to a valid timestamp`),
  )
})
