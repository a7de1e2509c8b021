import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Labels } from '../../src/model/labels.ts'
import { encodeWriteRequest } from '../../src/remote/write-request.ts'
import { peer } from '../support/peers.ts'
import { freePort, PROMONTORY, Program, startServer, until } from '../support/program.ts'

const START = Math.floor(Date.now() / 60_000) * 60_000 - 120_000
const T = START / 1000
const samples = (value: (i: number) => number) => Array.from({ length: 12 }, (_, i): [number, number] => [START + i * 5000, value(i)])

const SERIES: readonly (readonly [labels: Record<string, string>, value: (i: number) => number])[] = [
  [{ __name__: 'my.metric', Zone: 'z', 'dotted.label': 'é' }, (i) => i],
  [{ __name__: 'edge', kind: 'inf' }, (i) => (i % 2 === 0 ? Infinity : -Infinity)],
  [{ __name__: 'edge', kind: 'nan' }, () => Number.NaN],
  [{ __name__: 'edge', kind: 'zero' }, () => -0],
  [{ __name__: 'plain' }, (i) => 1e300 * i],
  [{ __name__: 'requests_total', code: '200', instance: 'a', job: 'api' }, (i) => i * 17],
  [{ __name__: 'requests_total', code: '200', instance: 'b' }, (i) => i * i * 0.1],
  [{ __name__: 'temperature', room: 'a<b>&"c"\\é😀\n\u2028' }, (i) => Math.sin(i) * 1e-7],
]

/** Arguments behind the command's name, SERVER standing for the server's URL. Upstream's tool has no way to print a text. */
const COMMANDS: readonly (readonly string[])[] = [
  ...[
    'requests_total',
    'edge',
    'temperature',
    'plain',
    '{"my.metric"}',
    '1',
    '1e-300',
    'sum(requests_total)',
    'nothing',
    'requests_total[20s]',
    '1+',
    'rate(up)',
  ].flatMap((query) => [
    ['instant', 'SERVER', query, `--time=${T + 30.5}`],
    ['instant', `--time=${T + 31}`, '-o', 'json', 'SERVER', query],
  ]),
  ['instant', 'SERVER', 'requests_total', `--time=${new Date(START + 25_000).toISOString()}`],
  ...['requests_total', 'edge', '{__name__=~".+"}', 'time()', 'nothing', 'requests_total[5m]'].flatMap((query) => [
    ['range', 'SERVER', query, `--start=${T}`, `--end=${T + 50}`, '--step=5s'],
    ['range', 'SERVER', query, `--start=${T + 0.25}`, `--end=${T + 50}`, '--format=json'],
    ['range', 'SERVER', query, `--start=${T}`, `--end=${T + 30}`, '--step=1m30.5s', '--header=X-A=b'],
  ]),
  ['range', 'SERVER', 'time()', `--start=${T}`, `--end=${T + 1}`, '--step=1ms', '--format=json'],
  ['series', 'SERVER', '--match=requests_total', '--match={kind=~".+"}', `--start=${T - 10}`, `--end=${T + 100}`],
  ['series', 'SERVER', '--match', 'temperature', '-o', 'json'],
  ['series', 'SERVER', '--match={"my.metric"}'],
  ['series', 'SERVER', '--match=nothing'],
  ['series', 'SERVER', '--match=nothing', '--format=json'],
  ['series', 'SERVER', '--match=foo{'],
  ['labels', 'SERVER', 'kind'],
  ['labels', 'SERVER', 'room', '--format=json'],
  ['labels', 'SERVER', '__name__', '--match=edge', `--start=${T - 10}`, `--end=${T + 100}`],
  ['labels', 'SERVER', 'nothing'],
  ['labels', 'SERVER', 'nothing', '--format=json'],
  ['labels', 'SERVER', 'kind', '--match=foo{'],
]

interface Ran {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

async function run(command: string, args: readonly string[]): Promise<Ran> {
  const { child, exited } = new Program(command, args, '')
  const [out, err]: [string[], string[]] = [[], []]
  child.stdout!.on('data', (bytes: Buffer) => out.push(bytes.toString()))
  child.stderr!.on('data', (bytes: Buffer) => err.push(bytes.toString()))
  const closed = new Promise((resolve) => child.once('close', resolve))
  const { code } = await exited
  await closed
  return { status: code, out: out.join(''), err: err.join('') }
}

test('the commands print what upstream’s print, of our server and of a Prometheus', { timeout: 600_000 }, async (t) => {
  const [promtool, prometheus] = [peer(t, 'promtool 3.5'), peer(t, 'prometheus 3.5')]
  if (promtool === undefined || prometheus === undefined) return
  const dir = mkdtempSync(join(tmpdir(), 'promontory-commands-'))
  const configFile = join(dir, 'prometheus.yml')
  writeFileSync(configFile, 'global: {}\n')
  const port = await freePort()
  const theirs = new Program(
    prometheus,
    [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${dir}/theirs`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver',
    ],
    `http://127.0.0.1:${port}`,
  )
  const ours = await startServer({ configFile, dataDir: join(dir, 'ours'), flags: ['--web.enable-remote-write-receiver'] })
  try {
    await Promise.all([ours.ready(), theirs.ready()])
    const body = encodeWriteRequest(
      SERIES.map(([labels, value]) => ({ labels: Labels.of(Object.entries(labels)), samples: samples(value) })),
    )
    for (const server of [ours, theirs]) {
      const headers = { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' }
      assert.equal((await fetch(`${server.url}/api/v1/write`, { method: 'POST', headers, body })).status, 204)
      await until('samples', 60_000, async () => (await server.query('edge', T + 30)).length === 3)
    }
    for (const { url } of [ours, theirs]) {
      for (const template of COMMANDS) {
        const args = template.map((arg) => (arg === 'SERVER' ? url : arg))
        // Two processors are shared with both servers: one at a time is as quick.
        assert.deepEqual({ args, ...(await run(PROMONTORY, ['promql', ...args])) }, { args, ...(await run(promtool, ['query', ...args])) })
      }
    }
    for (const what of ['healthy', 'ready']) {
      for (const url of [ours.url, theirs.url, `http://127.0.0.1:${await freePort()}`, `${theirs.url}/nothing`]) {
        const own = await run(PROMONTORY, ['check', what, `--url=${url}`])
        const { status, err } = await run(promtool, ['check', what, `--url=${url}`])
        assert.deepEqual({ status: own.status, err: own.err }, { status, err: err.replace(/^ {2}FAILED: /, '') }, `${what} ${url}`)
      }
    }
  } finally {
    await Promise.all([ours.stop(), theirs.stop()])
    rmSync(dir, { recursive: true, force: true })
  }
})

const HISTOGRAM = {
  count: '12.5',
  sum: '-3e+20',
  buckets: [
    [1, '-1e+21', '-0.5', '1'],
    [3, '-1e-5', '1e-5', '2.25'],
    [0, '0.5', '+Inf', '9.25'],
    [2, '1', '123456789', '1e+25'],
  ],
}
const metric = { __name__: 'h', le: '<' }

/** Status and body by the text of the query: what no server of the test would say. */
const CANNED: Readonly<Record<string, readonly [status: number, body: string]>> = {
  vector: [200, JSON.stringify({ status: 'success', data: { resultType: 'vector', result: [{ metric, histogram: [1.5, HISTOGRAM] }] } })],
  matrix: [
    200,
    JSON.stringify({
      status: 'success',
      data: {
        resultType: 'matrix',
        result: [
          {
            metric,
            values: [[1, '2']],
            histograms: [
              [1.5, HISTOGRAM],
              [2, { count: '0', sum: '0' }],
            ],
          },
          { metric: {}, histograms: [[1, HISTOGRAM]] },
        ],
      },
    }),
  ],
  warned: [200, JSON.stringify({ status: 'success', warnings: ['careful'], data: { resultType: 'vector', result: [] } })],
  odd: [200, JSON.stringify({ status: 'error', errorType: 'execution', error: 'it is so' })],
  bad: [400, JSON.stringify({ status: 'error', errorType: 'bad_data', error: 'bad "query"' })],
  unprocessable: [422, JSON.stringify({ status: 'error', errorType: 'execution', error: 'too much' })],
  inconsistent: [400, JSON.stringify({ status: 'success', data: null })],
  missing: [404, ' not here \n'],
  forbidden: [403, 'no'],
  gone: [503, 'later\n'],
  teapot: [302, 'elsewhere'],
}

test('answers of other kinds are printed as upstream prints them', { timeout: 600_000 }, async (t) => {
  const promtool = peer(t, 'promtool 3.5')
  if (promtool === undefined) return
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const form = request.method === 'POST' ? Buffer.concat(parts).toString() : (request.url ?? '').split('?')[1]
      const [status, body] = CANNED[new URLSearchParams(form).get('query') ?? ''] ?? [500, '']
      response.statusCode = status
      response.end(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  try {
    for (const query of [...Object.keys(CANNED), 'unknown']) {
      for (const format of ['promql', 'json']) {
        const args = [query === 'matrix' ? 'range' : 'instant', url, query, `--format=${format}`]
        assert.deepEqual({ args, ...(await run(PROMONTORY, ['promql', ...args])) }, { args, ...(await run(promtool, ['query', ...args])) })
      }
    }
  } finally {
    server.close()
    server.closeAllConnections()
  }
})
