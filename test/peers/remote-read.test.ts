// Queries of one server over what another one has stored, both ways: the same as the other one answers itself.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { CounterResetHint, type Histogram, NO_BUCKETS, NO_SPANS } from '../../src/model/histogram.ts'
import { peer } from '../support/peers.ts'
import { freePort, Program, startServer } from '../support/program.ts'
import { remoteWriteBody, type SentSeries, sendRemoteWrite } from '../support/remote-write-body.ts'

const T = Math.floor(Date.now() / 1000) * 1000 - 3_000_000
const COUNT = 300
const STEP_MS = 10_000

const histogram = (i: number): Histogram => ({
  isFloat: false,
  counterResetHint: CounterResetHint.unknown,
  schema: 2,
  zeroThreshold: 0.001,
  zeroCount: i,
  count: 4 * i,
  sum: i * 1.5,
  positiveSpans: Int32Array.of(0, 2),
  negativeSpans: NO_SPANS,
  positiveBuckets: Float64Array.of(i, 2 * i),
  negativeBuckets: NO_BUCKETS,
  customValues: NO_BUCKETS,
})

function series(withHistograms: boolean): readonly SentSeries[] {
  const at = (i: number) => T + i * STEP_MS
  const made = (name: string, labels: Record<string, string>, value: (i: number) => number | Histogram | 'stale'): SentSeries => ({
    name,
    labels,
    isFloat: false,
    samples: Array.from({ length: COUNT }, (_, i) => ({ t: at(i), value: value(i) })),
  })
  return [
    ...Array.from({ length: 200 }, (_, n) => made('many', { n: String(n), job: `j${n % 3}` }, (i) => n * 1000 + i)),
    made('gone', {}, (i) => (i % 100 === 99 ? 'stale' : i)),
    ...(withHistograms ? [made('native', {}, histogram)] : []),
  ]
}

const QUERIES = [
  'sum by (job) (rate(many[5m]))',
  'many{n=~"1.",job!="j0"}',
  'gone',
  'count_over_time(gone[10m])',
  'max_over_time(many{n="7"}[30m:1m])',
]
const HISTOGRAM_QUERIES = ['native', 'histogram_quantile(0.9, rate(native[5m]))']

async function answers(program: Program, queries: readonly string[]): Promise<unknown[]> {
  const out: unknown[] = []
  for (const query of queries) {
    const range = { query, start: T / 1000, end: T / 1000 + 2900, step: 60 }
    const { result } = await program.api<{ result: unknown[] }>('query_range', range)
    assert.ok(result.length > 0, query)
    out.push(result)
    const instant = await program.api<{ result: unknown[] }>('query', { query, time: T / 1000 + 1234 })
    // Its order means nothing.
    out.push(instant.result.map((one) => JSON.stringify(one)).sort())
  }
  const all = await program.api<unknown[]>('series', { 'match[]': '{__name__=~"many|gone"}', start: T / 1000, end: T / 1000 + 3600 })
  out.push(all.map((one) => JSON.stringify(one)).sort())
  return out
}

async function checkBothWays(t: TestContext, name: 'prometheus 3.5' | 'debian prometheus', withHistograms: boolean): Promise<void> {
  const binary = peer(t, name)
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-read-'))
  const queries = [...QUERIES, ...(withHistograms ? HISTOGRAM_QUERIES : [])]
  const programs: Program[] = []
  const config = (file: string, remote: string) => {
    const configFile = join(directory, file)
    writeFileSync(
      configFile,
      `global: {external_labels: {region: eu}}\n${remote === '' ? '' : `remote_read: [{url: "${remote}/api/v1/read", read_recent: true}]\n`}`,
    )
    return configFile
  }
  const flags = ['--web.enable-remote-write-receiver', '--enable-feature=native-histograms']
  const our = async (dir: string, remote = '') => {
    const program = await startServer({ configFile: config(`${dir}.yml`, remote), dataDir: join(directory, dir), flags })
    programs.push(program)
    return program.ready()
  }
  const their = async (dir: string, remote = '') => {
    const port = await freePort()
    const args = [`--config.file=${config(`${dir}.yml`, remote)}`, `--storage.tsdb.path=${join(directory, dir)}`]
    const program = new Program(binary, [...args, `--web.listen-address=127.0.0.1:${port}`, ...flags], `http://127.0.0.1:${port}`)
    programs.push(program)
    return program.ready()
  }
  const fill = async (program: Program) => {
    const response = await sendRemoteWrite(program.url, remoteWriteBody(series(withHistograms)))
    assert.equal(response.status, 204, await response.text())
  }
  try {
    // Each is compared with itself over the same samples: the last digit of a quantile is the engine's.
    const [ours, theirs] = [await our('ours'), await their('theirs')]
    await fill(ours)
    await fill(theirs)
    const [ourAnswers, theirAnswers] = [await answers(ours, queries), await answers(theirs, queries)]
    assert.deepEqual(await answers(await their('through-them', ours.url), queries), theirAnswers, `${name} reads from us`)
    assert.deepEqual(await answers(await our('through-us', ours.url), queries), ourAnswers, 'we read from ourselves')
    assert.deepEqual(await answers(await our('through-us-of-them', theirs.url), queries), ourAnswers, `we read from ${name}`)
  } finally {
    for (const program of programs.reverse()) await program.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

test('remote read from and to Prometheus 3.5', { timeout: 600_000 }, (t) => checkBothWays(t, 'prometheus 3.5', true))
test('remote read from and to Prometheus 2.42', { timeout: 600_000 }, (t) => checkBothWays(t, 'debian prometheus', false))
