import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { QueryData, QueryStatsJson } from '../../src/api/types/query.ts'
import { CounterResetHint, type Histogram, NO_BUCKETS, NO_SPANS } from '../../src/model/histogram.ts'
import { peer } from '../support/peers.ts'
import { freePort, Program, startServer } from '../support/program.ts'
import { remoteWriteBody, type SentSeries, sendRemoteWrite } from '../support/remote-write-body.ts'

const START = Math.floor(Date.now() / 60_000) * 60_000 - 240_000
const T = START / 1000
const INTERVAL_MS = 5000

/** A histogram of as many buckets as are asked for. */
function histogram(bucketCount: number): Histogram {
  return {
    isFloat: true,
    counterResetHint: CounterResetHint.unknown,
    schema: 1,
    zeroThreshold: 0.001,
    zeroCount: 1,
    count: bucketCount + 1,
    sum: 4,
    positiveSpans: Int32Array.of(0, bucketCount),
    positiveBuckets: new Float64Array(bucketCount).fill(1),
    negativeSpans: NO_SPANS,
    negativeBuckets: NO_BUCKETS,
    customValues: NO_BUCKETS,
  }
}

const samples = (value: (i: number) => number | Histogram | 'stale') =>
  Array.from({ length: 24 }, (_, i) => ({ t: START + i * INTERVAL_MS + 7, value: value(i) }))

const SERIES: readonly SentSeries[] = [
  ...['a', 'b', 'c'].map((instance) => ({ name: 'm_total', labels: { instance }, isFloat: true, samples: samples((i) => i) })),
  { name: 'gone', isFloat: true, samples: samples((i) => (i === 10 ? 'stale' : i)).slice(0, 11) },
  { name: 'h', isFloat: true, samples: samples((i) => histogram(2 + i)) },
  { name: 'mixed', isFloat: true, samples: samples((i) => (i < 12 ? i : histogram(3))) },
]

const QUERIES = [
  'm_total',
  'sum(m_total)',
  'm_total{instance="a"} / m_total{instance="a"}',
  'm_total + on (instance) m_total',
  'rate(m_total[20s])',
  'rate(m_total[3s])',
  'sum_over_time(m_total[1m] offset 20s)',
  `m_total @ ${T + 60}`,
  `rate(m_total[30s] @ ${T + 60}) + m_total`,
  `predict_linear(m_total[30s] @ ${T + 60}, 10)`,
  'max_over_time(rate(m_total[20s])[30s:10s])',
  'max_over_time(max_over_time(m_total[20s:5s])[30s:10s])',
  `sum_over_time(m_total[20s:5s] @ ${T + 60})`,
  'm_total > scalar(m_total{instance="b"})',
  'scalar(m_total{instance="b"}) + 1',
  `m_total * scalar(m_total{instance="b"} @ ${T + 60})`,
  'timestamp(m_total)',
  'absent(nothing)',
  'absent_over_time(m_total[20s])',
  'vector(1)',
  'time()',
  'topk(1, m_total)',
  'quantile(scalar(gone), m_total)',
  'gone',
  'h',
  'rate(h[20s])',
  'histogram_quantile(0.9, rate(h[20s]))',
  'mixed',
  'count_over_time(mixed[30s])',
  'last_over_time(mixed[30s:10s])',
  'sum(h) + sum(h)',
  'label_replace(m_total, "x", "y", "instance", "a")',
]

test('what a query looked at is counted as by Prometheus, step by step', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-stats-'))
  const configFile = join(directory, 'prometheus.yml')
  writeFileSync(configFile, 'global: {}\n')
  const flags = ['--web.enable-remote-write-receiver', '--enable-feature=native-histograms,promql-per-step-stats']
  const port = await freePort()
  const ours = await startServer({ configFile, dataDir: join(directory, 'ours'), flags })
  const theirs = new Program(
    binary,
    [`--config.file=${configFile}`, `--storage.tsdb.path=${join(directory, 'theirs')}`, `--web.listen-address=127.0.0.1:${port}`, ...flags],
    `http://127.0.0.1:${port}`,
  )
  try {
    for (const program of [ours, theirs]) {
      await program.ready()
      const written = await sendRemoteWrite(program.url, remoteWriteBody(SERIES))
      assert.equal(written.status, 204, await written.text())
    }
    const differences: string[] = []
    for (const query of QUERIES) {
      for (const [path, parameters] of Object.entries<Readonly<Record<string, number>>>({
        query: { time: T + 100 },
        query_range: { start: T + 20, end: T + 113, step: 10 },
      })) {
        for (const stats of ['all', 'true']) {
          const asked = { query, ...parameters, stats }
          const [mine, other] = await Promise.all([ours, theirs].map(async (program) => (await program.api<QueryData>(path, asked)).stats!))
          assert.deepEqual(Object.keys(mine.timings), Object.keys(other.timings))
          const [a, b] = [counts(mine), counts(other)]
          if (a !== b) differences.push(`${path} ${query} stats=${stats}\n  ours   ${a}\n  theirs ${b}`)
          const { samplesRead, samplesReadPerStep } = mine.samples
          assert.ok(samplesRead <= mine.samples.totalQueryableSamples || query.includes(':'), query)
          if (samplesReadPerStep !== undefined) {
            assert.equal(
              samplesReadPerStep.reduce((sum, [, count]) => sum + count, 0),
              samplesRead,
              query,
            )
          }
        }
      }
    }
    assert.deepEqual(differences, [])
  } finally {
    await theirs.stop()
    await ours.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})

/** What was looked at; the peer does not know what was read, and holds other samples at once. */
function counts({ samples: { totalQueryableSamples, totalQueryableSamplesPerStep } }: QueryStatsJson): string {
  return JSON.stringify([totalQueryableSamples, totalQueryableSamplesPerStep])
}
