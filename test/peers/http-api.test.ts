import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { Labels } from '../../src/model/labels.ts'
import { encodeWriteRequest } from '../../src/remote/write-request.ts'
import { peer } from '../support/peers.ts'
import { freePort, Program, startServer } from '../support/program.ts'
import { expressions } from '../support/promql-generator.ts'

/** The minute in which the samples lie, near enough to now that both take them. */
const START = Math.floor(Date.now() / 60_000) * 60_000 - 120_000
const T = START / 1000

const SAMPLES = 12
const STEP_MS = 5000
const samples = (value: (i: number) => number): [number, number][] =>
  Array.from({ length: SAMPLES }, (_, i) => [START + i * STEP_MS, value(i)])

/** In label order: upstream answers instant queries in the order in which series were made. */
const SERIES: readonly (readonly [labels: Record<string, string>, value: (i: number) => number])[] = [
  [{ __name__: 'my.metric', Zone: 'z' }, (i) => i],
  [{ __name__: 'edge', kind: 'inf' }, (i) => (i % 2 === 0 ? Infinity : -Infinity)],
  [{ __name__: 'edge', kind: 'nan' }, () => Number.NaN],
  [{ __name__: 'edge', kind: 'zero' }, () => -0],
  [{ __name__: 'requests_total', job: 'api', instance: 'a', code: '200' }, (i) => i * 17],
  [{ __name__: 'requests_total', job: 'api', instance: 'b', code: '200' }, (i) => i * i * 0.1],
  [{ __name__: 'requests_total', job: 'web', instance: 'a', code: '500' }, (i) => (i < 6 ? i : i - 6)],
  [{ __name__: 'size_bytes', 'dotted.label': 'x' }, (i) => 1.5e21 * (i + 1)],
  [{ __name__: 'temperature', room: 'a<b>&"c"\\é😀\n' }, (i) => Math.sin(i) * 1e-7],
]

/** Expressions that are formatted and taken apart. */
const PARSED = [
  'sum by(a)(rate(foo{b!="c"}[5m] offset 1h @ start()))',
  'a*on(x)group_left(y)b',
  'a and ignoring(x) b or c unless d',
  'topk(3,{"my.metric", "é.x"=~"<"})',
  '-a[5m:1m] @ 1.5',
  'max_over_time(a[5m:] offset -1m)',
  '-2e-7 + NaN > bool Inf',
  'label_replace(a,"b","$1","c","(.*)")',
  'hour() + round(a) + time()',
  '1 + 2 * 0x1f ^ 5m',
  '"text <b>"',
  'quantile without(b)(0.9, a) == bool c',
  `sum by(${'a'.repeat(40)}, ${'b'.repeat(40)})(rate(${'x'.repeat(50)}[5m]))/on(x)group_left(y)${'z'.repeat(60)}`,
  `rate((${'x'.repeat(60)} or ${'y'.repeat(60)})[1h:1m] offset 5m)`,
  `-(${'x'.repeat(60)} > bool ${'y'.repeat(60)})`,
  // Where it prints, upstream loses the quotes of a grouping label with a dot, and `group_left` behind an empty `ignoring`.
  ...fc
    .sample(expressions({ depthMax: 6, labels: { job: ['x', 'y'], le: ['0.1', '+Inf'], group: ['g"1"', 'é\n'] } }).any, {
      numRuns: 150,
      seed: 3,
    })
    .filter((query) => !/ignoring ?\(\) group_/.test(query)),
]

/** What both are asked; `T` is the time of the first sample in seconds. */
const REQUESTS: readonly string[] = [
  ...[
    'requests_total',
    'temperature',
    'size_bytes',
    'edge',
    '{"my.metric"}',
    '1e21',
    '1e-7',
    '-0',
    'vector(1e-7)',
    '"a<b>&"',
    'requests_total[20s]',
  ].map((query) => `query?query=${encodeURIComponent(query)}&time=${T + 30.5}`),
  ...['sum by (job) (rate(requests_total[30s]))', 'requests_total / 7', 'absent(nothing{a="<"})', 'edge * 2', 'vector(1)[3s:1s]'].map(
    (query) => `query?query=${encodeURIComponent(query)}&time=${T + 40}`,
  ),
  ...['requests_total', 'rate(requests_total[20s])', 'temperature', 'time()', '1.5', 'count(requests_total) by (job)'].map(
    (query) => `query_range?query=${encodeURIComponent(query)}&start=${T}&end=${T + 55.25}&step=2.5s`,
  ),
  ...['1+', '', 'foo{', 'sum(', 'rate(up)', 'nosuch(up)', 'up[5m] + 1', 'requests_total{a=~"("}'].map(
    (query) => `query?query=${encodeURIComponent(query)}&time=1`,
  ),
  'query?query=up&time=x',
  'query?query=up&timeout=x',
  'query?query=up&limit=x',
  'query?query=up&limit=-1',
  'query?query=up&lookback_delta=x',
  'query?query=1&time=1.0005',
  'query?query=1&time=-1.5',
  'query?query=1&time=2024-01-01T00:00:00.1234567Z',
  'query?query=1&time=2024-01-01T00:00:00%2B02:00',
  `query?query=requests_total&time=${T + 30}&limit=2`,
  `query?query=requests_total&time=${T + 200}&lookback_delta=10s`,
  'query_range',
  'query_range?query=up&start=1',
  'query_range?query=up&start=2&end=1&step=1',
  'query_range?query=up&start=1&end=2&step=x',
  'query_range?query=up&start=1&end=2&step=0',
  'query_range?query=up&start=1&end=20000&step=1',
  'query_range?query=up&start=1&end=2&step=1e30',
  'query_range?query=up%2B&start=1&end=20&step=1',
  'query_range?query=up[5m]&start=1&end=3&step=1',
  'series',
  'series?match[]=',
  'series?match[]={}',
  'series?match[]=requests_total',
  'series?match[]=requests_total&limit=2',
  'series?match[]=requests_total{job="web"}&match[]=requests_total&match[]=temperature',
  'series?match[]={"my.metric"}',
  'series?match[]=requests_total&start=10&end=5',
  'series?match[]=requests_total&start=x',
  'labels',
  'labels?match[]=requests_total',
  'labels?limit=2',
  'labels?match[]=up{',
  'labels?start=x',
  'label/job/values',
  'label/job/values?limit=1',
  'label/__name__/values',
  'label/dotted.label/values',
  'label/U__dotted_2e_label/values',
  'label/none/values',
  'label/job/values?match[]={}',
  'targets',
  'targets?state=zzz',
  'scrape_pools',
  'rules',
  'rules?type=x',
  'alerts',
  'alertmanagers',
  'notifications',
  'nothing',
  ...PARSED.flatMap((query) => ['format_query', 'parse_query'].map((path) => `${path}?query=${encodeURIComponent(query)}`)),
  'format_query',
  'parse_query',
  'metadata',
  'metadata?limit=x',
  'metadata?limit_per_metric=x',
  'metadata?limit=99999999999999999999',
  'targets/metadata',
  'targets/metadata?limit=x',
  'targets/metadata?match_target=up{',
  'status/walreplay',
  'status/tsdb?limit=0',
  'status/tsdb?limit=x',
  'status/tsdb?limit=-1',
].map((path) => `/api/v1/${path}`)

const OTHER = ['/federate', '/federate?match[]=up{', '/-/healthy', '/-/ready', '/-/reload', '/-/quit', '/nothing', '/graph/nothing']

test('the API answers as that of Prometheus does, byte for byte', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-peer-'))
  const configFile = join(directory, 'prometheus.yml')
  writeFileSync(configFile, 'global: {external_labels: {region: eu}}\n')
  const flags = ['--web.enable-remote-write-receiver', '--web.external-url=http://example.com/', '--web.route-prefix=/']
  const port = await freePort()
  const ours = await startServer({ configFile, dataDir: join(directory, 'ours'), flags })
  const theirs = new Program(
    binary,
    [`--config.file=${configFile}`, `--storage.tsdb.path=${join(directory, 'theirs')}`, `--web.listen-address=127.0.0.1:${port}`, ...flags],
    `http://127.0.0.1:${port}`,
  )
  try {
    await ours.ready()
    await theirs.ready()
    const body = encodeWriteRequest(SERIES.map(([labels, value]) => ({ labels: Labels.of(labels), samples: samples(value) })))
    for (const { url } of [ours, theirs]) {
      const written = await fetch(`${url}/api/v1/write`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
        body: Uint8Array.from(body),
      })
      assert.equal(written.status, 204, await written.text())
    }
    for (const request of [...REQUESTS, ...OTHER]) assert.deepEqual(await answer(ours, request), await answer(theirs, request), request)
    for (const limit of ['', '?limit=1', '?limit=3', '?limit=100']) {
      assert.deepEqual(await cardinality(ours, limit), await cardinality(theirs, limit), `status/tsdb${limit}`)
    }
    const federated = `/federate?match[]=${encodeURIComponent('{__name__=~".+"}')}`
    assert.deepEqual(await answer(ours, federated), await answer(theirs, federated))
    const post = {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `query=requests_total&time=${T + 30}`,
    }
    assert.deepEqual(await answer(ours, '/api/v1/query', post), await answer(theirs, '/api/v1/query', post))
    for (const [path, init] of Object.entries(REFUSED))
      assert.deepEqual(await answer(ours, path, init), await answer(theirs, path, init), path)
  } finally {
    await theirs.stop()
    await ours.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})

const write = (type: string, body = 'x') => ({ method: 'POST', headers: { 'content-type': type }, body })

/** Requests that are refused, the part behind `#` only tells them apart. */
const REFUSED: Readonly<Record<string, RequestInit>> = {
  '/api/v1/query': { method: 'PUT' },
  '/api/v1/label/job/values': { method: 'POST' },
  '/-/reload': { method: 'POST' },
  '/-/quit': { method: 'PUT' },
  '/federate': { method: 'PUT' },
  '/api/v1/admin/tsdb/snapshot': { method: 'POST' },
  '/api/v1/write': { method: 'GET' },
  '/api/v1/write#snappy': write('application/x-protobuf'),
  '/api/v1/write#type': write('text/plain'),
  '/api/v1/write#parameter': write('application/x-protobuf;x'),
}

interface NamedValue {
  readonly name: string
  readonly value: number
}

/** What status/tsdb says, equal values in order of names; where a list is cut, which of equal ones remain is open. */
async function cardinality(program: Program, parameters: string): Promise<unknown> {
  const response = await fetch(`${program.url}/api/v1/status/tsdb${parameters}`)
  const { data } = (await response.json()) as { data: Record<string, readonly NamedValue[]> & { headStats: unknown } }
  const { headStats, ...lists } = data
  const normal = Object.entries(lists).map(([field, list]) => {
    const last = list.at(-1)?.value
    const whole = parameters === '?limit=100'
    return [field, list.map(({ name, value }) => `${value} ${whole || value !== last ? name : ''}`).sort()]
  })
  return [response.status, Object.keys(data), headStats, normal]
}

/** A page with every kind of comment line. */
const PAGE = [
  '# HELP requests_total Requests: \\\\ and\\n"quotes" <b>.',
  '# TYPE requests_total counter',
  'requests_total 1',
  '# TYPE plain untyped',
  'plain 1',
  '# HELP only_help  Two blanks.',
  'only_help 1',
  '# TYPE "dotted.name" gauge',
  '{"dotted.name"} 1',
  '# HELP h A histogram.',
  '# TYPE h histogram',
  'h_bucket{le="+Inf"} 1',
  'h_count 1',
  'h_sum 1',
  '# TYPE s summary',
  's_count 1',
  'bare 1',
  '',
].join('\n')

test('what targets say of their metrics is shown as by Prometheus, and so is that a reload failed', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const target = createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    response.end(PAGE)
  })
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
  const { port: targetPort } = target.address() as AddressInfo
  const directory = mkdtempSync(join(tmpdir(), 'promontory-peer-'))
  const configFile = join(directory, 'prometheus.yml')
  const config = `global: {scrape_interval: 1s, scrape_protocols: [PrometheusText0.0.4]}
scrape_configs:
- job_name: a
  static_configs: [{targets: ['127.0.0.1:${targetPort}'], labels: {i: '1'}}]
- job_name: b
  static_configs: [{targets: ['127.0.0.1:${targetPort}']}]
`
  writeFileSync(configFile, config)
  const flags = ['--web.enable-lifecycle', '--web.max-notifications-subscribers=1']
  const port = await freePort()
  const ours = await startServer({ configFile, dataDir: join(directory, 'ours'), flags })
  const theirs = new Program(
    binary,
    [`--config.file=${configFile}`, `--storage.tsdb.path=${join(directory, 'theirs')}`, `--web.listen-address=127.0.0.1:${port}`, ...flags],
    `http://127.0.0.1:${port}`,
  )
  const programs = [ours, theirs]
  try {
    for (const program of programs) {
      await program.ready()
      await until(async () => ((await data(program, 'targets/metadata')) as unknown[]).length === 12)
    }
    const requests = [
      'metadata',
      'metadata?metric=h',
      'metadata?metric=h_bucket',
      'metadata?limit=0',
      'metadata?limit=100&limit_per_metric=1',
      'targets/metadata',
      'targets/metadata?metric=requests_total',
      `targets/metadata?match_target=${encodeURIComponent('{job="a"}')}`,
      'targets/metadata?match_target={job="c"}',
      'targets/metadata?limit=0',
    ]
    for (const request of requests) assert.deepEqual(sorted(await data(ours, request)), sorted(await data(theirs, request)), request)

    const streams = await Promise.all(programs.map((program) => fetch(`${program.url}/api/v1/notifications/live`)))
    const refused = await Promise.all(programs.map((program) => fetch(`${program.url}/api/v1/notifications/live`)))
    assert.deepEqual(headersOf(refused[0]), headersOf(refused[1]))
    assert.deepEqual(headersOf(streams[0]), headersOf(streams[1]))
    const events = streams.map((stream) => stream.body!.pipeThrough(new TextDecoderStream()).getReader())
    const next = () =>
      Promise.all(
        events.map(async (event) => {
          let text = ''
          // An event may come in parts.
          while (!text.endsWith('\n\n')) text += (await event.read()).value ?? assert.fail(`the stream ended after ${text}`)
          return text.replace(/"date":"[^"]+"/, '')
        }),
      )
    const reload = async () => {
      for (const program of programs) await fetch(`${program.url}/-/reload`, { method: 'POST' })
    }
    writeFileSync(configFile, 'x: [')
    await reload()
    const failed = await next()
    assert.equal(failed[0], failed[1])
    const listed = await Promise.all(programs.map((program) => data(program, 'notifications')))
    assert.deepEqual(...(listed.map((list) => JSON.stringify(list).replace(/"date":"[^"]+"/, '')) as [string, string]))
    writeFileSync(configFile, config)
    await reload()
    const well = await next()
    assert.equal(well[0], well[1])
    assert.deepEqual(await data(ours, 'notifications'), [])
    await Promise.all(events.map((event) => event.cancel()))
  } finally {
    await theirs.stop()
    await ours.stop()
    target.close()
    rmSync(directory, { recursive: true, force: true })
  }
})

function headersOf({ status, headers }: Response): unknown {
  return [status, ...['content-type', 'cache-control', 'connection'].map((name) => headers.get(name))]
}

async function data(program: Program, request: string): Promise<unknown> {
  const response = await fetch(`${program.url}/api/v1/${request}`)
  return ((await response.json()) as { data: unknown }).data
}

/** Lists of targets and of what they say have no order upstream. */
function sorted(data: unknown): unknown {
  return Array.isArray(data) ? data.map((element) => JSON.stringify(element)).sort() : data
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    assert.ok(tries < 600, 'the targets are scraped within a minute')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function answer(program: Program, path: string, init?: RequestInit): Promise<unknown> {
  const response = await fetch(program.url + path.split('#')[0], { redirect: 'manual', ...init })
  return [response.status, response.headers.get('content-type'), response.headers.get('allow'), await response.text()]
}
