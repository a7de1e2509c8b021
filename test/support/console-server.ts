// The built console behind a made-up API: curves that are functions of time, targets in every state of health.
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import type { BudgetsData } from '../../src/api/types/budgets.ts'
import type { AlertJson, RuleGroupJson, RulesData } from '../../src/api/types/rules.ts'
import { ROOT } from './program.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

/** What the server sends with pages: the console must work under it. */
const CSP = "default-src 'self'; style-src 'self' 'unsafe-inline'"

export interface ConsoleServer {
  /** Address of the console, with the prefix and its closing slash. */
  readonly url: string
  /** Answers `answers` have not foreseen, as `METHOD path`. */
  readonly unknown: readonly string[]
  close(): Promise<void>
}

/** Serves ui/dist below `prefix` (`/` or `/x/`) on a free port of 127.0.0.1. */
export async function openConsoleServer(prefix: string): Promise<ConsoleServer> {
  const unknown: string[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const path = url.pathname.startsWith(prefix) ? url.pathname.slice(prefix.length) : undefined
      if (path === undefined) return response.writeHead(404).end()
      if (path === '-/ready') return response.end('ready')
      if (path.startsWith('api/v1/')) {
        const answer = answerOf(path.slice('api/v1/'.length), new URLSearchParams(body || url.search))
        if (answer === undefined) {
          unknown.push(`${request.method} ${path}`)
          return response.writeHead(404).end()
        }
        response.writeHead(answer.status, { 'content-type': 'application/json' })
        return response.end(JSON.stringify(answer.body))
      }
      const file = extname(path) === '' ? 'index.html' : path
      response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': CSP })
      return response.end(readFileSync(join(ROOT, 'ui/dist', file)))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}${prefix}`, unknown, close: () => closeServer(server) }
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}

interface FakeAnswer {
  readonly status: number
  readonly body: unknown
}

const success = (data: unknown, remarks: object = {}): FakeAnswer => ({ status: 200, body: { status: 'success', data, ...remarks } })

function answerOf(path: string, form: URLSearchParams): FakeAnswer | undefined {
  const expr = form.get('query') ?? ''
  if (path === 'query' || path === 'query_range') {
    if (expr.includes('rte(')) {
      const error = `invalid parameter "query": 1:${expr.indexOf('rte(') + 1}: parse error: unknown function with name "rte"`
      return { status: 400, body: { status: 'error', errorType: 'bad_data', error } }
    }
    const remarks = expr.includes('http_requests') ? { infos: ['PromQL info: metric might not be a counter: "http_requests" (1:6)'] } : {}
    return success(path === 'query' ? instant(expr) : range(expr, form), remarks)
  }
  if (path === 'rules') return success(rules(form.get('type')))
  if (path === 'alertmanagers')
    return success({
      activeAlertmanagers: [{ url: 'http://alertmanager-1:9093/api/v2/alerts' }, { url: 'https://am.example/prefix/api/v2/alerts' }],
      droppedAlertmanagers: [{ url: 'http://old:9093/api/v2/alerts' }],
    })
  if (path === 'targets') return success(targets())
  if (path === 'features') return success({ tsdb: { exemplar_storage: false } })
  if (path === 'status/buildinfo') return success({ version: '0.1.0', revision: 'abc' })
  if (path === 'status/config') return success({ yaml: 'global:\n  scrape_interval: 15s\nscrape_configs:\n- job_name: checkout\n' })
  if (path === 'status/flags') return success({ 'config.file': 'prometheus.yml', 'web.external-url': '' })
  if (path === 'status/runtimeinfo') return success(runtimeInfo())
  if (path === 'status/tsdb') return success(tsdb(Number(form.get('limit'))))
  if (path === 'status/budgets') return success(budgets())
  if (path === 'targets/relabel_steps') return success(relabelSteps(JSON.parse(form.get('labels') ?? '{}')))
  if (path === 'metadata') {
    return success({
      up: [{ type: 'gauge', unit: '', help: 'Whether the last scrape succeeded.' }],
      node_cpu_seconds_total: [{ type: 'counter', unit: '', help: 'Seconds the CPUs spent in each mode.' }],
    })
  }
  if (path === 'label/__name__/values') return success(['node_cpu_seconds_total', 'node_memory_MemTotal_bytes', 'up'])
  if (path === 'labels') return success(['__name__', 'cpu', 'instance', 'job', 'mode'])
  if (path === 'series' || path.startsWith('label/')) return success([])
  return undefined
}

function budgets(): BudgetsData {
  const since = new Date().toISOString()
  const refused = { refusedSeries: 998_877, refusedSamples: 2_000_000, lastRefused: since, grownSince: since }
  return {
    enabled: true,
    ownerLabel: 'team',
    seriesBytes: 612,
    sampleBytes: 1.2,
    activeSeries: 250_000,
    budgets: [
      { scope: 'server', name: '', series: 250_000, softLimit: 900_000, hardLimit: 1_000_000, refusedSeries: 0, refusedSamples: 0 },
      { scope: 'job', name: 'shop', series: 112_000, hardLimit: 112_000, ...refused, grown: [{ label: 'user_id', values: 987_654 }] },
    ],
    growth: {
      since,
      metrics: [{ name: 'requests_total', count: 112_000, before: 5000 }],
      labels: [{ name: 'user_id', count: 12_345, before: 0 }],
      jobs: [{ name: 'shop', count: 112_000, before: 6000 }],
      owners: [],
    },
  }
}

function rules(type: string | null): RulesData {
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()
  const evaluated = { health: 'ok', evaluationTime: 0.0012, lastEvaluation: ago(3) } as const
  const page = { severity: 'page', team: 'checkout' }
  const alert = (instance: string, state: 'firing' | 'pending', seconds: number, value: string): AlertJson => ({
    labels: { alertname: 'InstanceDown', instance, job: 'checkout', ...page },
    annotations: { summary: `${instance} does not answer`, runbook: 'https://runbooks.example/instance-down' },
    state,
    activeAt: ago(seconds),
    value,
  })
  const waits = { duration: 300, keepFiringFor: 0 }
  const groups: readonly RuleGroupJson[] = [
    {
      name: 'availability',
      file: '/etc/prometheus/rules/availability.yml',
      interval: 15,
      limit: 0,
      evaluationTime: 0.0042,
      lastEvaluation: ago(3),
      rules: [
        { type: 'recording', name: 'job:up:ratio', query: 'avg by (job) (up)', labels: { tier: 'one' }, ...evaluated },
        {
          type: 'alerting',
          name: 'InstanceDown',
          query: 'up{job="checkout"} == 0',
          state: 'firing',
          labels: page,
          annotations: { summary: '{{ $labels.instance }} does not answer', runbook: 'https://runbooks.example/instance-down' },
          alerts: [alert('10.0.7.4:8080', 'pending', 40, '0e+00'), alert('10.0.7.3:8080', 'firing', 4000, '0e+00')],
          ...waits,
          ...evaluated,
        },
        {
          type: 'alerting',
          name: 'ErrorBudgetBurns',
          query:
            'sum by (service) (rate(http_requests_total{code=~"5.."}[5m])) / sum by (service) (rate(http_requests_total[5m])) > 14.4 * 0.001',
          state: 'inactive',
          labels: {},
          annotations: {},
          alerts: [],
          ...waits,
          ...evaluated,
          health: 'err',
          lastError: 'found duplicate series for the match group {service="pay"} on the right hand-side of the operation',
        },
      ],
    },
    {
      name: 'billing',
      file: '/etc/prometheus/rules/billing.yml',
      interval: 60,
      limit: 0,
      evaluationTime: 71,
      lastEvaluation: ago(30),
      rules: [
        {
          type: 'recording',
          name: 'billing:usage:30d',
          query: 'sum_over_time(usage[30d])',
          ...evaluated,
          health: 'unknown',
          warnings: ['block 01JQ cannot be read, and what it has may be missing: checksum is 5e6f7081, want 1a2b3c4d'],
        },
      ],
    },
  ]
  if (type !== 'alert') return { groups }
  const alerting = groups.map((group) => ({ ...group, rules: group.rules.filter((rule) => rule.type === 'alerting') }))
  return { groups: alerting.filter((group) => group.rules.length > 0) }
}

function runtimeInfo(): unknown {
  const now = new Date().toISOString()
  const times = { startTime: now, serverTime: now, lastConfigTime: now }
  const machine = { CWD: '/srv', hostname: 'host-a', GOMAXPROCS: 2, GOMEMLIMIT: 0 }
  return { ...times, ...machine, reloadConfigSuccess: true, corruptionCount: 0, storageRetention: '15d' }
}

function tsdb(limit: number): unknown {
  const list = (name: string) => Array.from({ length: limit }, (_, i) => ({ name: `${name}_${i}`, value: Math.round(40_000 / (i + 1)) }))
  return {
    headStats: { numSeries: 123_456, numLabelPairs: 4321, chunkCount: 200_000, minTime: Date.now() - 7_200_000, maxTime: Date.now() },
    seriesCountByMetricName: list('metric'),
    labelValueCountByLabelName: list('label'),
    memoryInBytesByLabelName: list('label'),
    seriesCountByLabelValuePair: list('label=value'),
  }
}

function relabelSteps(labels: Readonly<Record<string, string>>): unknown {
  const rule = { separator: ';', regex: '(.*)', replacement: '$1', action: 'replace' }
  const moved = { ...labels, service: labels['job'] }
  return {
    steps: [
      { rule: { ...rule, sourceLabels: ['job'], targetLabel: 'service' }, output: moved, keep: true },
      { rule: { ...rule, sourceLabels: ['__address__'], regex: '10\\..*', action: 'drop' }, output: {}, keep: false },
    ],
  }
}

const MODES = ['idle', 'iowait', 'irq', 'nice', 'softirq', 'steal', 'system', 'user']

function seriesOf(expr: string): readonly Readonly<Record<string, string>>[] {
  if (expr.includes('nothing')) return []
  const common = { instance: '127.0.0.1:9100', job: 'node' }
  if (expr.includes('cpu')) return ['0', '1'].flatMap((cpu) => MODES.map((mode) => ({ cpu, ...common, mode })))
  if (expr.includes('bytes')) return ['a', 'b'].map((replica) => ({ __name__: 'process_resident_memory_bytes', ...common, replica }))
  return [{ __name__: 'up', ...common }]
}

/** A smooth, repeatable curve for each series. */
function valueAt(expr: string, index: number, seconds: number): number {
  const wave = 0.5 + 0.3 * Math.sin(seconds / 700 + index) + 0.12 * Math.sin(seconds / 97 + 3 * index) + 0.05 * Math.sin(seconds / 13)
  if (expr.includes('bytes')) return Math.round(8e7 * (1 + 0.4 * index + 0.1 * wave))
  if (expr.includes('cpu')) return wave * (index % 8 === 0 ? 0.8 : 0.3 / (1 + (index % 8)))
  return 1
}

function instant(expr: string): unknown {
  const now = Date.now() / 1000
  if (expr === 'time()') return { resultType: 'scalar', result: [now, String(now)] }
  return {
    resultType: 'vector',
    result: seriesOf(expr).map((metric, index) => ({ metric, value: [now, String(valueAt(expr, index, now))] })),
  }
}

function range(expr: string, form: URLSearchParams): unknown {
  const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(form.get(name)))
  const times = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => start + index * step)
  // A hole, so that pictures show that lines break where there is no data.
  const known = times.filter((time) => Math.abs(time - (start + (end - start) * 0.4)) > (end - start) * 0.02)
  return {
    resultType: 'matrix',
    result: seriesOf(expr).map((metric, index) => ({ metric, values: known.map((time) => [time, String(valueAt(expr, index, time))]) })),
  }
}

function targets(): unknown {
  const target = (job: string, instance: string, health: string, lastError = '', labels: object = {}) => ({
    discoveredLabels: { __address__: instance, job },
    labels: { instance, job, ...labels },
    scrapePool: job,
    scrapeUrl: `http://${instance}/metrics`,
    globalUrl: `http://${instance}/metrics`,
    lastError,
    lastScrape: health === 'unknown' ? '0001-01-01T00:00:00Z' : new Date(Date.now() - 1234).toISOString(),
    lastScrapeDuration: health === 'unknown' ? 0 : 0.00431,
    health,
    scrapeInterval: '2s',
    scrapeTimeout: '2s',
  })
  const refused = 'Get "http://10.0.7.3:8080/metrics": dial tcp 10.0.7.3:8080: connect: connection refused'
  return {
    activeTargets: [
      target('exporter', '127.0.0.1:9100', 'up'),
      target('server', '127.0.0.1:9090', 'up', '', { replica: 'a' }),
      target('server', '127.0.0.1:9091', 'up', '', { replica: 'b' }),
      target('checkout', '10.0.7.2:8080', 'up', '', { zone: 'west-1', team: 'payments' }),
      target('checkout', '10.0.7.3:8080', 'down', refused, { zone: 'west-2', team: 'payments' }),
      target('checkout', '10.0.7.4:8080', 'unknown', '', { zone: 'west-2', team: 'payments' }),
    ],
    droppedTargets: [{ discoveredLabels: { __address__: '10.0.7.9:8080', __meta_zone: 'east', job: 'checkout' }, scrapePool: 'checkout' }],
    droppedTargetCounts: { checkout: 12, exporter: 0, server: 0 },
  }
}
