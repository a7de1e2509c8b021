import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiClient, apiDeps } from '../../test/support/api-deps.ts'
import { FLOATS_ONLY } from '../../test/support/floats-only.ts'
import { WriteReceiver } from '../remote/write-receiver.ts'
import { encodeWriteRequest } from '../remote/write-request.ts'

type Call = ReturnType<typeof apiClient>

async function check(call: Call, method: 'GET' | 'HEAD' | 'POST' | 'PUT', url: string, status: number, body: string): Promise<void> {
  const answer = await call({ method, url })
  assert.deepEqual([answer.status, answer.body], [status, body], `${method} ${url}`)
}

test('health and readiness', async () => {
  const call = apiClient(apiDeps())
  await check(call, 'GET', '/-/healthy', 200, 'Prometheus Server is Healthy.\n')
  await check(call, 'HEAD', '/-/healthy', 200, '')
  await check(call, 'GET', '/-/ready', 200, 'Prometheus Server is Ready.\n')
  await check(call, 'HEAD', '/-/ready', 200, '')
  const starting = apiClient(apiDeps({ readiness: () => ({ ready: false, reason: 'replaying the write-ahead log', stopping: false }) }))
  await check(starting, 'GET', '/-/healthy', 200, 'Prometheus Server is Healthy.\n')
  await check(starting, 'GET', '/-/ready', 503, 'Service Unavailable\nreplaying the write-ahead log\n')
  await check(starting, 'HEAD', '/-/ready', 503, '')
  const stopping = await apiClient(apiDeps({ readiness: () => ({ ready: false, reason: 'stopping', stopping: true }) }))(
    '/api/v1/query?query=up',
  )
  assert.deepEqual([stopping.status, stopping.headers['x-prometheus-stopping']], [503, 'true'])
})

test('lifecycle is off unless asked for', async () => {
  const call = apiClient(apiDeps())
  for (const path of ['/-/reload', '/-/quit']) {
    await check(call, 'GET', path, 405, 'Only POST or PUT requests allowed')
    await check(call, 'POST', path, 403, 'Lifecycle API is not enabled.')
    await check(call, 'PUT', path, 403, 'Lifecycle API is not enabled.')
  }
})

test('reload and quit', async () => {
  const calls: string[] = []
  let fault: Error | undefined
  const call = apiClient(
    apiDeps({
      lifecycle: {
        reload: async () => {
          calls.push('reload')
          if (fault !== undefined) throw fault
        },
        quit: () => void calls.push('quit'),
      },
    }),
  )
  await check(call, 'POST', '/-/reload', 200, '')
  fault = new Error('prometheus.yml:1:2: unknown field')
  await check(call, 'PUT', '/-/reload', 500, 'failed to reload config: prometheus.yml:1:2: unknown field\n')
  await check(call, 'POST', '/-/quit', 200, 'Requesting termination... Goodbye!')
  await check(call, 'POST', '/-/quit', 200, 'Termination already in progress.')
  assert.deepEqual(calls, ['reload', 'reload', 'quit'])
})

test('metrics of our own, version, and old links', async () => {
  const deps = apiDeps()
  const call = apiClient(deps)
  await call('/api/v1/query?query=1%2B')
  const page = await call('/metrics')
  assert.equal(page.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores')
  for (const line of [
    'prometheus_http_requests_total{code="400",handler="/api/v1/query"} 1',
    'prometheus_http_requests_total{code="200",handler="/api/v1/label/:name/values"} 0',
    'prometheus_ready 1',
  ]) {
    assert.ok(page.body.split('\n').includes(line), line)
  }
  assert.equal(JSON.parse((await call('/version')).body).version, '0.1.0')
  const graph = await call('/graph?g0.expr=up')
  assert.deepEqual([graph.status, graph.headers['location']], [302, '/query?g0.expr=up'])
})

test('metrics of our own come in the format that is asked for', async () => {
  const call = apiClient(apiDeps())
  const page = async (accept: string) => call({ url: '/metrics', headers: { accept } })
  const openMetrics = await page('application/openmetrics-text;version=1.0.0;escaping=allow-utf-8,text/plain;q=0.5')
  assert.equal(openMetrics.headers['content-type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8')
  assert.match(openMetrics.body, /\n# TYPE prometheus_http_requests counter\n/)
  assert.match(openMetrics.body, /\nprometheus_ready 1.0\n[\s\S]*# EOF\n$/)
  const protobuf = await page('application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited')
  assert.match(protobuf.headers['content-type'] as string, /^application\/vnd\.google\.protobuf; /)
  assert.match(protobuf.body, /prometheus_ready/)
})

test('remote write is off unless asked for', async () => {
  const call = apiClient(apiDeps())
  await check(call, 'POST', '/api/v1/write', 404, 'remote write receiver needs to be enabled with --web.enable-remote-write-receiver\n')
  await check(call, 'GET', '/api/v1/write', 405, 'Method Not Allowed\n')
})

test('remote write answers as the receiver says', async () => {
  const deps = apiDeps()
  const appendable = {
    appender: () => ({ ...FLOATS_ONLY, series: () => 1, append: () => 0 as const, commit: async () => {}, rollback: () => {} }),
  }
  const call = apiClient({ ...deps, writeReceiver: new WriteReceiver({ env: deps.env, appendable }) })
  const send = async (payload: Buffer, headers: Record<string, string>) => {
    const { status, body } = await call({ method: 'POST', url: '/api/v1/write', payload, headers })
    return [status, body]
  }
  const type = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' }
  assert.deepEqual(await send(Buffer.from(encodeWriteRequest([])), type), [204, ''])
  assert.deepEqual(await send(Buffer.from('x'), type), [400, 'snappy: corrupt input\n'])
  assert.deepEqual(await send(Buffer.from('x'), {}), [400, 'snappy: corrupt input\n'])
  assert.deepEqual(await send(Buffer.from('x'), { 'content-type': 'text/plain' }), [
    415,
    'expected application/x-protobuf as the first (media) part, got text/plain content-type\n',
  ])
  assert.deepEqual(await send(Buffer.alloc(33 * 1024 * 1024), type), [413, 'http: request body too large\n'])
})

test('a route prefix', async () => {
  const call = apiClient(apiDeps({ routePrefix: '/pre' }))
  await check(call, 'GET', '/pre/-/healthy', 200, 'Prometheus Server is Healthy.\n')
  await check(call, 'GET', '/-/healthy', 404, '404 page not found\n')
  for (const path of ['/', '/pre']) {
    const answer = await call(path)
    assert.deepEqual([answer.status, answer.headers['location']], [302, '/pre/'], path)
  }
  assert.equal((await call('/pre/graph?a=b')).headers['location'], '/pre/query?a=b')
})
