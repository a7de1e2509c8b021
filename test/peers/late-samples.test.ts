import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { seededRandom } from '../../src/base/virtual/random.ts'
import { peer } from '../support/peers.ts'
import { freePort, Program, startServer } from '../support/program.ts'
import { type HandSeries, messageV2, snappyBlock, V2 } from '../support/write-requests.ts'

const MINUTE = 60_000
const SERIES = 12

/** The sample of a series at a time is always the same: what becomes of two different ones is not for this test. */
function seriesAt(i: number, t: number): HandSeries {
  const labels: [string, string][] = [
    ['__name__', `late_${i}`],
    ['i', String(i % 3)],
  ]
  const n = Math.floor(t / 1000) % 100
  if (i % 4 > 0) return { labels, samples: [[t, n % 7 === 0 ? 'stale' : n]] }
  const histogram = {
    t,
    count: 3 + n,
    sum: n,
    schema: 1,
    zeroThreshold: 0.001,
    zeroCount: 1,
    positiveSpans: [[n % 3, 2]] as [number, number][],
  }
  return { labels, histograms: [{ ...histogram, positive: [1, n] }] }
}

/** What a request is answered: status, what was written, lines of the text. */
async function send(url: string, series: readonly HandSeries[]): Promise<string> {
  const response = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: { 'content-type': V2, 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '2.0.0' },
    body: new Blob([Uint8Array.from(snappyBlock(messageV2(series)))]),
  })
  const written = ['samples', 'histograms'].map((what) => response.headers.get(`x-prometheus-remote-write-${what}-written`))
  return [response.status, ...written, await response.text()].join(' ')
}

async function stored(program: Program, now: number): Promise<readonly string[]> {
  const { result } = await program.api<{ result: unknown[] }>('query', { query: '{__name__=~"late_.*"}[8h]', time: now / 1000 })
  return result.map((series) => JSON.stringify(series)).sort()
}

async function counted(program: Program): Promise<readonly string[]> {
  const names = [
    'prometheus_tsdb_head_out_of_order_samples_appended_total{',
    'prometheus_tsdb_too_old_samples_total{',
    'prometheus_tsdb_out_of_order_samples_total{',
    'prometheus_tsdb_out_of_bound_samples_total{',
  ]
  const lines = (await program.text('/metrics')).split('\n')
  return lines.filter((line) => names.some((name) => line.startsWith(name))).sort()
}

for (const [span, spanMs] of [
  ['10m', 10 * MINUTE],
  ['90m', 90 * MINUTE],
  ['4h', 240 * MINUTE],
] as const) {
  test(`samples in any order are answered and stored as by Prometheus, up to ${span} late`, async (t) => {
    const binary = peer(t, 'prometheus 3.5')
    if (binary === undefined) return
    const seed = Number(process.env.PROMONTORY_SEED ?? 7)
    const random = seededRandom(seed)
    const below = (limit: number) => Math.floor(random.next() * limit)
    const directory = mkdtempSync(join(tmpdir(), 'promontory-late-'))
    const configFile = join(directory, 'prometheus.yml')
    writeFileSync(configFile, `storage: {tsdb: {out_of_order_time_window: ${span}}}\n`)
    const flags = ['--web.enable-remote-write-receiver', '--enable-feature=native-histograms']
    const port = await freePort()
    const ours = await startServer({ configFile, dataDir: join(directory, 'ours'), flags })
    const theirs = new Program(
      binary,
      [
        `--config.file=${configFile}`,
        `--storage.tsdb.path=${join(directory, 'theirs')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        ...flags,
      ],
      `http://127.0.0.1:${port}`,
    )
    try {
      await ours.ready()
      await theirs.ready()
      const now = Date.now()
      // The first request says where the database begins.
      let newest = now - 6 * 60 * MINUTE
      const begin = Array.from({ length: SERIES / 2 }, (_, i) => seriesAt(i, newest))
      assert.equal(await send(ours.url, begin), await send(theirs.url, begin))
      for (let round = 0; round < 250; round++) {
        // A histogram that is too late is a fault of the server for 3.5, and nothing of its request is stored: there are none.
        const time = (i: number) =>
          newest - below(i % 4 > 0 && below(3) === 0 ? 1.3 * spanMs : below(2) === 0 ? 5 * MINUTE : 0.9 * spanMs - 5 * MINUTE)
        newest = Math.min(now, newest + below(3 * MINUTE))
        const series: HandSeries[] = []
        for (let i = below(3); i < SERIES; i += 1 + below(3)) series.push(seriesAt(i, time(i)))
        assert.equal(await send(ours.url, series), await send(theirs.url, series), `seed ${seed}, round ${round}`)
      }
      const [our, their] = [await stored(ours, now), await stored(theirs, now)]
      assert.equal(our.length, SERIES)
      assert.deepEqual(our, their, `seed ${seed}`)
      const counts = await counted(ours)
      assert.ok(counts.some((line) => /too_old_samples_total\{type="float"\} [1-9]/.test(line)))
      assert.ok(counts.some((line) => /out_of_order_samples_appended_total\{type="float"\} [1-9]/.test(line)))
    } finally {
      await theirs.stop()
      await ours.stop()
      rmSync(directory, { recursive: true, force: true })
    }
  })
}
