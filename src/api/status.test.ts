import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiClient, apiDeps } from '../../test/support/api-deps.ts'

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

test('what there is none of yet', async () => {
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

test('what is not built says so, by name', async () => {
  const notBuilt = (path: string) => ({ status: 'error', errorType: 'unavailable', error: `${path} is not built yet` })
  for (const path of ['/api/v1/status/tsdb', '/api/v1/metadata', '/api/v1/query_exemplars', '/api/v1/format_query'])
    await check(path, notBuilt(path), 501)
  const post = async (deps: Parameters<typeof apiDeps>[0]) => {
    const { status, body } = await apiClient(apiDeps(deps))({ method: 'POST', url: '/api/v1/admin/tsdb/snapshot' })
    return [status, JSON.parse(body)]
  }
  assert.deepEqual(await post({}), [500, { status: 'error', errorType: 'unavailable', error: 'admin APIs disabled' }])
  assert.deepEqual(await post({ adminApi: true }), [501, notBuilt('/api/v1/admin/tsdb/snapshot')])
})
