import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { apiClient, apiDeps, NOW } from '../../test/support/api-deps.ts'

async function check(url: string, want: unknown, status = 200): Promise<void> {
  const answer = await apiClient(apiDeps())(url)
  assert.deepEqual([answer.status, JSON.parse(answer.body)], [status, want], url)
}
const success = (data: unknown) => ({ status: 'success', data })

test('targets, by state and scrape pool', async () => {
  const common = { discoveredLabels: { __address__: '127.0.0.1:9100', job: 'node' }, scrapeInterval: '15s', scrapeTimeout: '1m30s' }
  const self = {
    ...common,
    labels: { instance: 'localhost:9090', job: 'self' },
    scrapePool: 'a-self',
    scrapeUrl: 'http://localhost:9090/metrics',
    globalUrl: 'https://example.com:8443/metrics',
    lastError: 'connection refused',
    lastScrape: '0001-01-01T00:00:00Z',
    lastScrapeDuration: 0,
    health: 'unknown',
  }
  const node = {
    ...common,
    labels: { instance: '127.0.0.1:9100', job: 'node' },
    scrapePool: 'node',
    scrapeUrl: 'http://127.0.0.1:9100/metrics?a=b',
    globalUrl: 'http://example.com:9100/metrics?a=b',
    lastError: '',
    lastScrape: '2025-12-31T23:59:55.01Z',
    lastScrapeDuration: 0.0125,
    health: 'up',
  }
  const droppedTargets = [{ discoveredLabels: { __address__: 'x', job: 'node' }, scrapePool: 'node' }]
  const droppedTargetCounts = { 'a-self': 0, node: 3 }
  await check('/api/v1/targets', success({ activeTargets: [self, node], droppedTargets, droppedTargetCounts }))
  await check('/api/v1/targets?state=any', success({ activeTargets: [self, node], droppedTargets, droppedTargetCounts }))
  await check(
    '/api/v1/targets?state=active&scrapePool=node',
    success({ activeTargets: [node], droppedTargets: [], droppedTargetCounts: null }),
  )
  await check('/api/v1/targets?state=Dropped', success({ activeTargets: [], droppedTargets, droppedTargetCounts }))
  await check('/api/v1/targets?state=zzz', success({ activeTargets: [], droppedTargets: [], droppedTargetCounts: null }))
  await check('/api/v1/scrape_pools', success({ scrapePools: ['a-self', 'node'] }))
})

test('status', async () => {
  await check('/api/v1/status/config', success({ yaml: 'global:\n  scrape_interval: 15s\n' }))
  await check('/api/v1/status/flags', success({ 'config.file': 'prometheus.yml', 'web.listen-address': '127.0.0.1:9090' }))
  await check(
    '/api/v1/status/buildinfo',
    success({ version: '0.1.0', revision: 'abc', branch: 'main', buildUser: 'me', buildDate: 'today', goVersion: 'v24.21.0' }),
  )
  await check(
    '/api/v1/status/runtimeinfo',
    success({
      startTime: '2026-01-01T00:00:00Z',
      CWD: '/srv',
      hostname: 'host',
      serverTime: '2026-01-01T00:00:00Z',
      reloadConfigSuccess: true,
      lastConfigTime: '0001-01-01T00:00:00Z',
      corruptionCount: 0,
      goroutineCount: 0,
      GOMAXPROCS: 2,
      GOMEMLIMIT: 0,
      GOGC: '',
      GODEBUG: '',
      storageRetention: '15d',
    }),
  )
})

test('what there is none of', async () => {
  await check('/api/v1/rules', success({ groups: [] }))
  await check('/api/v1/rules?type=alert', success({ groups: [] }))
  await check(
    '/api/v1/rules?type=x',
    { status: 'error', errorType: 'bad_data', error: 'invalid parameter "type": not supported value "x"' },
    400,
  )
  await check('/api/v1/alerts', success({ alerts: [] }))
  await check('/api/v1/alertmanagers', success({ activeAlertmanagers: [], droppedAlertmanagers: [] }))
  await check('/api/v1/notifications', success([]))
})

test('tsdb status, log replay', async () => {
  const headStats = { numSeries: 5, numLabelPairs: 9, chunkCount: 7, minTime: 1_767_225_200_000, maxTime: 1_767_225_600_000 }
  const lists = {
    labelValueCountByLabelName: [],
    memoryInBytesByLabelName: [],
    seriesCountByLabelValuePair: [{ name: 'job=<a>', value: 2 }],
  }
  const bad = (error: string) => ({ status: 'error', errorType: 'bad_data', error })
  await check('/api/v1/status/tsdb?limit=1', success({ headStats, seriesCountByMetricName: [{ name: 'up', value: 2 }], ...lists }))
  await check('/api/v1/status/tsdb?limit=0', bad('limit must be a positive number'), 400)
  await check('/api/v1/status/tsdb?limit=10001', bad('limit must not exceed 10000'), 400)
  await check('/api/v1/status/walreplay', success({ min: 0, max: 2, current: 2 }))
})

test('an expression formatted and as a tree', async () => {
  await check('/api/v1/format_query?query=sum(a)by(b)', success('sum by (b) (a)'))
  const selector = { matchers: [{ name: '__name__', type: '=', value: 'a' }], name: 'a', offset: 0, startOrEnd: null, timestamp: null }
  const rate = { argTypes: ['matrix'], name: 'rate', returnType: 'vector', variadic: 0 }
  await check(
    '/api/v1/parse_query?query=rate(a[1m])',
    success({ args: [{ ...selector, range: 60_000, type: 'matrixSelector' }], func: rate, type: 'call' }),
  )
})

test('metadata, by metric and by target', async () => {
  const up = { type: 'gauge', unit: '', help: 'Whether it is up.' }
  const big = { type: 'counter', unit: '', help: '' }
  const target = { instance: '127.0.0.1:9100', job: 'node' }
  await check('/api/v1/metadata', success({ big: [big], up: [up] }))
  await check('/api/v1/metadata?limit=1', success({ big: [big] }))
  await check('/api/v1/metadata?metric=up', success({ up: [up] }))
  const all = [
    { target, metric: 'up', ...up },
    { target, metric: 'big', ...big },
  ]
  await check('/api/v1/targets/metadata', success(all))
  await check('/api/v1/targets/metadata?limit=1', success(all))
  await check('/api/v1/targets/metadata?metric=up', success([{ target, ...up }]))
  await check('/api/v1/targets/metadata?match_target={job="self"}', success([]))
})

test('relabel steps and configuration of a scrape pool', async () => {
  const labels = encodeURIComponent('{"job":"xy","temp":"1"}')
  const rule = { separator: ';', regex: '(.).*', replacement: '${1}', action: 'replace' }
  const keep = true
  const step1 = {
    rule: { sourceLabels: ['job'], ...rule, targetLabel: 'team' },
    output: { job: 'xy', team: 'x', temp: '1' },
    keep,
  }
  const step2 = {
    rule: { sourceLabels: ['team'], ...rule, regex: 'x', replacement: '$1', action: 'drop' },
    output: {},
    keep: false,
  }
  const step3 = { rule: { ...rule, regex: 'te.*', replacement: '$1', action: 'labeldrop' }, output: {}, keep: false }
  await check(`/api/v1/targets/relabel_steps?scrapePool=node&labels=${labels}`, success({ steps: [step1, step2, step3] }))
  const bad = (error: string) => ({ status: 'error', errorType: 'bad_data', error })
  await check('/api/v1/targets/relabel_steps', bad('no scrapePool parameter provided'), 400)
  await check('/api/v1/targets/relabel_steps?scrapePool=node', bad('no labels parameter provided'), 400)
  await check('/api/v1/targets/relabel_steps?scrapePool=x&labels={}', bad('error retrieving scrape config: scrape pool "x" not found'), 400)
  await check('/api/v1/targets/relabel_steps?scrapePool=node&labels={"a":1}', bad('error parsing labels: value of "a" is no text'), 400)
  await check('/api/v1/scrape_pools/config?scrapePool=node', success({ yaml: 'job_name: node\n' }))
  await check('/api/v1/scrape_pools/config', bad('no scrapePool parameter provided'), 400)
})

test('features', async () => {
  const { body } = await apiClient(apiDeps())('/api/v1/features')
  const { data } = JSON.parse(body) as { data: Record<string, Record<string, boolean>> }
  const { api, service_discovery_providers: discovery, promql_functions: functions } = data
  assert.deepEqual([api['search'], api['admin'], discovery['static'], discovery['eureka']], [true, false, true, false])
  assert.deepEqual([functions['rate'], functions['info']], [true, false])
})

test('the description of the API names what is served, and nothing else', async () => {
  const { body, headers } = await apiClient(apiDeps())('/api/v1/openapi.yaml')
  assert.equal(headers['content-type'], 'application/yaml; charset=utf-8')
  const description = parse(body) as { servers: { url: string }[]; paths: Record<string, Record<string, unknown>> }
  assert.deepEqual(description.servers, [{ url: 'https://example.com:8443/api/v1' }])
  const call = apiClient(apiDeps())
  for (const [path, item] of Object.entries(description.paths)) {
    if (path === '/notifications/live') continue
    for (const method of ['get', 'post', 'put'] as const) {
      const { status } = await call({ method: method === 'get' ? 'GET' : 'POST', url: `/api/v1${path.replace('{name}', 'job')}` })
      if (item[method] !== undefined) assert.ok(status !== 405 && status !== 501, `${method} ${path}: ${status}`)
      else if (method !== 'put') assert.equal(status, 405, `${method} ${path}`)
    }
  }
})

test('blocks are described as their meta.json does', async () => {
  await check('/api/v1/status/tsdb/blocks', {
    status: 'success',
    data: {
      blocks: [
        {
          ulid: '01J9ZQ6V7M3T4XKQ2B8R5C6D7E',
          minTime: NOW - 400_000,
          maxTime: NOW,
          stats: { numSamples: 9, numFloatSamples: 9, numSeries: 2, numChunks: 2 },
          compaction: { level: 1, sources: ['01J9ZQ6V7M3T4XKQ2B8R5C6D7E'] },
          version: 1,
        },
      ],
      leftOut: [{ path: '/data/01J9ZQ6V7M3T4XKQ2B8R5C6D7F', error: 'EIO: i/o error, read' }],
    },
  })
})
