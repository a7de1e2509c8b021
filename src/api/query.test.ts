import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiClient, apiDeps, NOW, withRealClock } from '../../test/support/api-deps.ts'
import { CodedError, type ErrorCode } from '../base/errors.ts'
import { Labels } from '../model/labels.ts'

// Statuses and texts are what Prometheus 3.5 answered to the same requests.

test('query: what is wrong with a request', async () => {
  const call = apiClient(apiDeps())
  const check = async (parameters: string, error: string) => {
    const { status, body } = await call(`/api/v1/query?${parameters}`)
    assert.deepEqual([status, JSON.parse(body)], [400, { status: 'error', errorType: 'bad_data', error }], parameters)
  }
  await check('query=1%2B', 'invalid parameter "query": 1:3: parse error: unexpected end of input')
  await check('', 'invalid parameter "query": unknown position: parse error: no expression found in input')
  await check('query=%zz', 'invalid parameter "query": unknown position: parse error: no expression found in input')
  await check('query=up&time=x', `invalid parameter "time": invalid time value for 'time': cannot parse "x" to a valid timestamp`)
  await check('query=up&timeout=x', 'invalid parameter "timeout": cannot parse "x" to a valid duration')
  await check('query=up&limit=x', 'invalid parameter "limit": strconv.Atoi: parsing "x": invalid syntax')
  await check(
    'query=up&limit=99999999999999999999',
    'invalid parameter "limit": strconv.Atoi: parsing "99999999999999999999": value out of range',
  )
  await check('query=up&limit=-1', 'invalid parameter "limit": limit must be non-negative')
  await check('query=up&lookback_delta=x', 'error parsing lookback delta duration: cannot parse "x" to a valid duration')
})

test('query_range: what is wrong with a request', async () => {
  const call = apiClient(apiDeps())
  const check = async (parameters: string, error: string) => {
    const { status, body } = await call(`/api/v1/query_range?${parameters}`)
    assert.deepEqual([status, JSON.parse(body)], [400, { status: 'error', errorType: 'bad_data', error }], parameters)
  }
  await check('', 'invalid parameter "start": cannot parse "" to a valid timestamp')
  await check('query=up&start=1', 'invalid parameter "end": cannot parse "" to a valid timestamp')
  await check('query=up&start=2&end=1&step=1', 'invalid parameter "end": end timestamp must not be before start time')
  await check('query=up&start=1&end=2&step=x', 'invalid parameter "step": cannot parse "x" to a valid duration')
  const tooShort = 'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer'
  await check('query=up&start=1&end=2&step=0', tooShort)
  await check('query=up&start=1&end=2&step=-1', tooShort)
  await check('query=up&start=1&end=2&step=0.0001', tooShort)
  await check('query=up&start=1&end=3&step=1e30', 'invalid parameter "step": cannot parse "1e30" to a valid duration. It overflows int64')
  await check(
    'query=up&start=0&end=11001&step=1',
    'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
  )
  await check('query=up%2B&start=1&end=20&step=1', 'invalid parameter "query": 1:4: parse error: unexpected end of input')
})

test('what went wrong while answering', async () => {
  const deps = apiDeps()
  const call = apiClient(deps)
  const check = async (error: Error, status: number, errorType: string) => {
    deps.engine.results.set('x', error)
    const answer = await call('/api/v1/query?query=x')
    assert.deepEqual([answer.status, JSON.parse(answer.body)], [status, { status: 'error', errorType, error: error.message }])
  }
  await check(new CodedError('execution', 'found duplicate series'), 422, 'execution')
  await check(new CodedError('limit', 'query processing would load too many samples into memory in query execution'), 422, 'execution')
  await check(new CodedError('timeout', 'query timed out in expression evaluation'), 503, 'timeout')
  await check(new CodedError('canceled', 'query was canceled in expression evaluation'), 499, 'canceled')
  await check(new CodedError('unavailable', 'not there'), 503, 'unavailable')
  await check(new CodedError('internal', 'expanding series: read block'), 500, 'internal')
  await check(new Error('read: input/output error'), 500, 'internal')
  assert.deepEqual(
    deps.env.lines.map(({ level, message, fields }) => [level, message, fields['error']]),
    [
      ['error', 'request failed', 'expanding series: read block'],
      ['error', 'request failed', 'read: input/output error'],
    ],
  )
  assert.equal((await call('/api/v1/query?query=x&timeout=0')).status, 503)
})

test('parameters reach the engine in ms', async () => {
  const deps = apiDeps()
  deps.engine.results.set('up', { type: 'vector', samples: [] })
  const call = apiClient(deps)
  const check = async (url: string, times: number[], options: object = {}) => {
    assert.equal((await call(url)).status, 200, url)
    assert.deepEqual(deps.engine.calls.at(-1), {
      query: 'up',
      times,
      options: { timeoutMs: undefined, lookbackMs: undefined, perStepStats: false, ...options },
    })
  }
  await check('/api/v1/query?query=up', [NOW])
  await check('/api/v1/query?query=up&time=1.0005', [1000])
  await check('/api/v1/query?query=up&time=-0.5', [-500])
  await check('/api/v1/query?query=up&time=1700000000.123', [1_700_000_000_123])
  await check('/api/v1/query?query=up&time=1.7e9', [1_700_000_000_000])
  await check('/api/v1/query?query=up&time=2024-01-01T00:00:00.1239Z', [1_704_067_200_123])
  await check('/api/v1/query?query=up&time=0&timeout=10s&lookback_delta=1m', [0], { timeoutMs: 10_000, lookbackMs: 60_000 })
  await check('/api/v1/query?query=up&time=0&lookback_delta=-5', [0])
  await check('/api/v1/query_range?query=up&start=1&end=3&step=1', [1000, 3000, 1000])
  await check('/api/v1/query_range?query=up&start=1&end=3&step=1m30s', [1000, 3000, 90_000])
  await check('/api/v1/query_range?query=up&start=0&end=11000&step=1', [0, 11_000_000, 1000])
  await check('/api/v1/query_range?query=up&start=0&end=1&step=0.2505', [0, 1000, 250])
})

test('golden answers, by GET and as a form, the body before the URL', async () => {
  const deps = apiDeps()
  const call = apiClient(deps)
  const vector = (count: number) => ({
    type: 'vector' as const,
    samples: Array.from({ length: count }, (_, i) => ({ labels: Labels.of({ __name__: 'up', i: String(i) }), t: 1500, v: i })),
  })
  deps.engine.results.set('up', vector(2))
  const want =
    '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","i":"0"},"value":[1.500,"0"]},{"metric":{"__name__":"up","i":"1"},"value":[1.500,"1"]}]}}'
  const get = await call('/api/v1/query?query=up')
  assert.deepEqual([get.status, get.body, get.headers['content-type'], get.headers['vary']], [200, want, 'application/json', 'Origin'])
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  assert.equal((await call({ method: 'POST', url: '/api/v1/query?query=nothing', payload: 'query=up', headers: form })).body, want)
  assert.equal(
    (
      await call({
        method: 'POST',
        url: '/api/v1/query?query=up',
        payload: '{"query":"1"}',
        headers: { 'content-type': 'application/json' },
      })
    ).body,
    want,
  )
  assert.equal(
    (await call('/api/v1/query?query=up&limit=1')).body,
    '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","i":"0"},"value":[1.500,"0"]}]},"warnings":["results truncated due to limit"]}',
  )
  assert.equal((await call('/api/v1/query?query=up&limit=2')).body, want)
  deps.engine.infos = ['PromQL info: metric might not be a counter']
  assert.ok((await call('/api/v1/query?query=up')).body.endsWith('},"infos":["PromQL info: metric might not be a counter"]}'))
  assert.deepEqual(Object.keys(JSON.parse((await call('/api/v1/query?query=up&stats=all')).body).data), ['resultType', 'result', 'stats'])
  deps.engine.results.set('m', {
    type: 'matrix',
    series: [0, 1].map(() => ({ labels: Labels.empty, timestamps: Float64Array.of(1), values: Float64Array.of(1), length: 1 })),
  })
  assert.equal(JSON.parse((await call('/api/v1/query_range?query=m&start=1&end=3&step=1&limit=1')).body).data.result.length, 1)
})

test('a large answer arrives whole', async () => {
  const deps = withRealClock(apiDeps())
  const length = 100_000
  deps.engine.results.set('m', {
    type: 'matrix',
    series: [
      { labels: Labels.empty, timestamps: Float64Array.from({ length }, (_, i) => i), values: new Float64Array(length).fill(0.25), length },
    ],
  })
  const { body } = await apiClient(deps)('/api/v1/query?query=m')
  assert.equal(JSON.parse(body).data.result[0].values.length, length)
})

test('methods and origins', async () => {
  const call = apiClient(apiDeps({ corsOrigin: /^https?:\/\/(a|b)\.com$/ }))
  const put = await call({ method: 'PUT', url: '/api/v1/query' })
  assert.deepEqual([put.status, put.body, put.headers['allow']], [405, 'Method Not Allowed\n', 'GET, OPTIONS, POST'])
  const preflight = await call({ method: 'OPTIONS', url: '/api/v1/query', headers: { origin: 'http://a.com' } })
  assert.deepEqual([preflight.status, preflight.headers['access-control-allow-origin']], [204, 'http://a.com'])
  const other = await call({ method: 'OPTIONS', url: '/api/v1/query', headers: { origin: 'http://x.com' } })
  assert.equal(other.headers['access-control-allow-origin'], undefined)
  assert.deepEqual((await call('/api/v1/nothing')).body, '404 page not found\n')
})

test('until all can be read what reads it waits, and is then refused rather than answered in part', async () => {
  const deps = apiDeps()
  let ready = false
  const waiting = Promise.withResolvers<void>()
  const arrived = Promise.withResolvers<void>()
  const call = apiClient({
    ...deps,
    readiness: () => (ready ? { ready } : { ready, reason: 'replaying the write-ahead log', stopping: false }),
    untilReady: () => {
      arrived.resolve()
      return waiting.promise
    },
  })
  const refused = call('/federate?match[]=up')
  // The clock stands still: what comes after it was put forward would wait for ever.
  await arrived.promise
  await deps.env.clock.advance(120_000)
  const answer = await refused
  assert.deepEqual(
    [answer.status, answer.body, answer.headers['x-prometheus-stopping']],
    [503, 'Service Unavailable\nreplaying the write-ahead log\n', 'false'],
  )
  const answered = call('/federate?match[]=up')
  ready = true
  waiting.resolve()
  assert.equal((await answered).status, 200)
  assert.equal((await call('/api/v1/status/buildinfo')).status, 200)
})

test('until all can be read a query waits where it is answered, and is refused in the same words, or at once for what is wrong with it', async () => {
  const deps = apiDeps()
  deps.engine.results.set('up', { type: 'vector', samples: [] })
  let ready = false
  let failure: ErrorCode | undefined
  const { reads } = deps
  const call = apiClient({
    ...deps,
    reads: {
      async answer(read, asker) {
        if (failure !== undefined) throw new CodedError(failure, 'no')
        ready = true
        return reads.answer(read, asker)
      },
    },
    readiness: () => (ready ? { ready } : { ready, reason: 'replaying the write-ahead log', stopping: false }),
    untilReady: () => assert.fail('it is not waited for here'),
  })
  assert.equal((await call('/api/v1/query_range?query=up')).status, 400)
  for (const code of ['timeout', 'unavailable'] as const) {
    failure = code
    const answer = await call('/api/v1/query?query=up')
    assert.deepEqual(
      [answer.status, answer.body, answer.headers['x-prometheus-stopping']],
      [503, 'Service Unavailable\nreplaying the write-ahead log\n', 'false'],
    )
  }
  failure = undefined
  assert.equal((await call('/api/v1/query?query=up')).status, 200)
})
