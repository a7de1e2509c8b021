import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiClient, ApiError, readEnvelope } from './client.ts'

/** A fetch that records its calls and gives one answer. */
function fetchAnswering(status: number, body: string) {
  const calls: { url: string; method: string; form: string }[] = []
  const fetchFunction = (async (input: string, init?: RequestInit) => {
    calls.push({ url: input, method: init?.method ?? 'GET', form: String(init?.body ?? '') })
    return new Response(status === 204 ? null : body, { status })
  }) as typeof fetch
  return { calls, fetchFunction }
}

const never = new AbortController().signal

test('queries go as a form below the prefix', async () => {
  const { calls, fetchFunction } = fetchAnswering(200, '{"status":"success","data":{"resultType":"vector","result":[]},"infos":["i"]}')
  const client = new ApiClient('/prefix/', fetchFunction)
  const answer = await client.query('up', undefined, never)
  assert.deepEqual(answer, { data: { resultType: 'vector', result: [] }, warnings: [], infos: ['i'] })
  await client.queryRange('a + b', { start: 1_500, end: 61_500, stepMs: 250 }, never)
  assert.deepEqual(calls, [
    { url: '/prefix/api/v1/query', method: 'POST', form: 'query=up' },
    { url: '/prefix/api/v1/query_range', method: 'POST', form: 'query=a+%2B+b&start=1.500&end=61.500&step=0.250' },
  ])
})

test('a label name is one path segment and selectors repeat', async () => {
  const { calls, fetchFunction } = fetchAnswering(200, '{"status":"success","data":[]}')
  await new ApiClient('/', fetchFunction).labelValues('a/b', ['up', 'x'], 3000)
  assert.equal(calls[0].url, '/api/v1/label/a%2Fb/values?match%5B%5D=up&match%5B%5D=x&start=3')
})

test('an answer without a body has no data', async () => {
  const { fetchFunction } = fetchAnswering(204, '')
  const { data } = await new ApiClient('/', fetchFunction).queryExemplars('1', { start: 0, end: 1 }, never)
  assert.deepEqual(data, [])
})

test('an error keeps what the API said', () => {
  const check = (status: number, text: string, type: string, message: RegExp) =>
    assert.throws(
      () => readEnvelope(status, text),
      (error) => error instanceof ApiError && error.type === type && error.status === status && message.test(error.message),
    )
  check(400, '{"status":"error","errorType":"bad_data","error":"1:3: parse error"}', 'bad_data', /^1:3: parse error$/)
  check(502, '<html>bad gateway</html>', 'http', /status 502: <html>/)
  check(200, '[]', 'http', /not an answer/)
  check(504, '', 'http', /empty answer/)
})

test('no connection is an ApiError, an abort stays an abort', async () => {
  const broken = (async () => {
    throw new TypeError('fetch failed')
  }) as unknown as typeof fetch
  const client = new ApiClient('/', broken)
  await assert.rejects(client.query('up', undefined, never), (error) => error instanceof ApiError && error.type === 'unreachable')
  await assert.rejects(client.query('up', undefined, AbortSignal.abort()), TypeError)
  assert.equal(await client.readiness(), 'unreachable')
})

test('readiness tells starting from ready', async () => {
  assert.equal(await new ApiClient('/', fetchAnswering(503, '').fetchFunction).readiness(), 'starting')
  assert.equal(await new ApiClient('/', fetchAnswering(200, '').fetchFunction).readiness(), 'ready')
})
