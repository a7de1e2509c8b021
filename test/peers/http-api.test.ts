import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Labels } from '../../src/model/labels.ts'
import { encodeWriteRequest } from '../../src/remote/write-request.ts'
import { peer } from '../support/peers.ts'
import { freePort, Program, startServer } from '../support/program.ts'

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
  '/api/v1/write#message': write('application/x-protobuf;proto=zz'),
  '/api/v1/write#parameter': write('application/x-protobuf;x'),
}

async function answer(program: Program, path: string, init?: RequestInit): Promise<unknown> {
  const response = await fetch(program.url + path.split('#')[0], { redirect: 'manual', ...init })
  return [response.status, response.headers.get('content-type'), response.headers.get('allow'), await response.text()]
}
