// A data directory in which windows became blocks is one that Prometheus starts on, and goes on with; and the other way round.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { realEnv } from '../../src/base/env-real.ts'
import { virtualEnv } from '../../src/base/env-virtual.ts'
import { CounterResetHint, type Histogram, NO_BUCKETS, NO_SPANS } from '../../src/model/histogram.ts'
import { Labels } from '../../src/model/labels.ts'
import { STALE_MARKER } from '../../src/model/staleness.ts'
import { AppendStatus } from '../../src/storage/appender.ts'
import { runDb } from '../../src/tsdb/db.fixture.ts'
import { peer } from '../support/peers.ts'
import { freePort, PROMONTORY, Program } from '../support/program.ts'

const RANGE = 7_200_000
const START = Math.ceil(1_700_000_000_000 / RANGE) * RANGE
const STEP_MS = 60_000
/** What is older is in blocks. */
const CUT = START + 3 * RANGE
const SAMPLES = (CUT - START + 1.4 * RANGE) / STEP_MS

/** What is stored; after that what is computed of it, where versions of Prometheus differ in the last digits (and in whether a range has its first moment). */
const STORED = 2
const QUERIES = [
  '{__name__=~"load|requests_total|started_total"}',
  'latency',
  'sum by (zone) (rate(requests_total[630s]))',
  'count({__name__=~".+"})',
  'histogram_count(latency) + histogram_sum(latency)',
  'max_over_time(load{n=~"1.*"}[3630s])',
]

function latency(i: number, isFloat: boolean): Histogram {
  const age = 1 + (i % 90)
  const positiveBuckets = Float64Array.of(age, 2 * age, age).map((count) => (isFloat ? count * 0.5 : count))
  return {
    isFloat,
    counterResetHint: CounterResetHint.unknown,
    schema: 1,
    zeroThreshold: 0.001,
    zeroCount: age,
    count: positiveBuckets.reduce((a, b) => a + b, age),
    sum: age * 1.5,
    positiveSpans: Int32Array.of(0, 2, 1, 1),
    negativeSpans: NO_SPANS,
    positiveBuckets,
    negativeBuckets: NO_BUCKETS,
    customValues: NO_BUCKETS,
  }
}

/** Floats, floats and histograms with start times, series that go stale. */
async function writeDirectory(dir: string): Promise<void> {
  const { db, close } = await runDb(realEnv(virtualEnv().log), { dir, blockRangeMs: RANGE })
  for (let i = 0; i < SAMPLES; i++) {
    const t = START + i * STEP_MS
    const appender = db.appender()
    const take = (labels: Record<string, string>, v: number, startTime = 0) =>
      assert.equal(appender.append(appender.series(Labels.of(labels)), t, v, startTime), AppendStatus.ok)
    for (let n = 0; n < 30; n++) {
      take({ __name__: 'load', n: String(n) }, n === 7 && i % 50 > 40 ? STALE_MARKER : Math.sin(i * n) * 100)
      take({ __name__: 'requests_total', n: String(n), zone: `z${n % 3}` }, (i % 200) * n)
      if (i % 400 < 300) take({ __name__: 'started_total', n: String(n) }, i % 100, t - (i % 100) * STEP_MS - 1)
    }
    for (const isFloat of [true, false]) {
      const ref = appender.series(Labels.of({ __name__: 'latency', kind: isFloat ? 'float' : 'integer' }))
      assert.equal(appender.appendHistogram(ref, t, latency(i, isFloat), isFloat ? START - 1 : 0), AppendStatus.ok)
    }
    await appender.commit()
  }
  for (let turn = 0; turn < 4800 && db.stats().blockCount < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 25))
  assert.equal(db.stats().blockCount, 3)
  await close()
}

async function serve(t: TestContext, command: string, first: readonly string[], directory: string, data: string): Promise<Program> {
  writeFileSync(join(directory, 'prometheus.yml'), '')
  const port = await freePort()
  const flags = [
    `--config.file=${join(directory, 'prometheus.yml')}`,
    `--storage.tsdb.path=${data}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--storage.tsdb.retention.time=100y',
    '--query.lookback-delta=1s',
    '--enable-feature=native-histograms',
  ]
  const server = new Program(command, [...first, ...flags], `http://127.0.0.1:${port}`)
  t.after(() => server.stop('SIGKILL'))
  return server.ready()
}

interface Matrix {
  readonly result: readonly {
    readonly metric: Readonly<Record<string, string>>
    readonly values?: unknown
    readonly histograms?: unknown
  }[]
}

async function answers(server: Program): Promise<readonly (readonly string[])[]> {
  const all: string[][] = []
  const rounded = (_: string, value: unknown) => (typeof value === 'string' ? Number(value).toPrecision(12) : value)
  for (const [i, query] of QUERIES.entries()) {
    const range = { start: START / 1000, end: (CUT - STEP_MS) / 1000, step: STEP_MS / 1000 }
    const { result } = await server.api<Matrix>('query_range', { query, ...range })
    all.push(
      result
        .map(
          ({ metric, values, histograms }) =>
            `${Labels.of(metric)} ${JSON.stringify([values ?? [], histograms ?? []], i < STORED ? undefined : rounded)}`,
        )
        .sort(),
    )
  }
  return all
}

for (const [version, name] of [
  ['2.42', 'debian prometheus'],
  ['3.5', 'prometheus 3.5'],
] as const) {
  test(`Prometheus ${version} starts on a directory in which we made blocks, and we on what it leaves, with equal answers`, async (t) => {
    const prometheus = peer(t, name)
    if (prometheus === undefined) return
    const directory = mkdtempSync(join(tmpdir(), 'promontory-db-blocks-'))
    t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }))
    const data = join(directory, 'data')
    await writeDirectory(data)
    const ours = await serve(t, PROMONTORY, ['server'], directory, data)
    const want = await answers(ours)
    assert.ok(want.every((texts) => texts.length > 0) && want[0].length === 90)
    const { blocks } = await ours.api<{ blocks: { ulid: string; minTime: number; maxTime: number }[] }>('status/tsdb/blocks')
    assert.deepEqual(
      blocks.map(({ minTime, maxTime }) => [minTime, maxTime]),
      [0, 1, 2].map((n) => [START + n * RANGE, START + (n + 1) * RANGE]),
    )
    assert.equal((await ours.stop()).code, 0)

    const theirs = await serve(t, prometheus, [], directory, data)
    const got = await answers(theirs)
    for (const [i, query] of QUERIES.entries()) assert.deepEqual(got[i], want[i], query)
    assert.equal((await theirs.stop()).code, 0)

    const again = await serve(t, PROMONTORY, ['server'], directory, data)
    const after = await answers(again)
    for (const [i, query] of QUERIES.entries()) assert.deepEqual(after[i], want[i], query)
    // What no block had before is still there, out of our log.
    const end = (START + (SAMPLES - 1) * STEP_MS) / 1000
    assert.equal((await again.query('load', end)).length, 30)
    assert.equal((await again.stop()).code, 0)
  })
}
