import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { peer } from '../support/peers.ts'
import { freePort, Program, startServer, until } from '../support/program.ts'
import { startProtobufTarget } from '../support/protobuf-target.ts'

/** Scrapes of the target before it goes away. */
const SCRAPES = 9

const FEATURES = '--enable-feature=native-histograms,exemplar-storage'
const QUERIES = [
  'requests_total',
  'rate(requests_total[5s])',
  'sum by (name) (requests_total)',
  'temperature',
  'count_over_time(temperature[5s])',
  'scrape_samples_scraped',
  'up',
  'sizes',
  'histogram_sum(sizes)',
  'histogram_count(increase(sizes[5s]))',
]

interface Sample {
  readonly values?: readonly (readonly [number, string])[]
  readonly histograms?: readonly (readonly [number, unknown])[]
}

async function lastTime(program: Program, query: string): Promise<number> {
  const { result } = await program.api<{ result: Sample[] }>('query', { query: `${query}[1h]` })
  return Math.max(...result.flatMap(({ values = [], histograms = [] }) => [...values, ...histograms].map(([seconds]) => seconds)))
}

/** Answers of a server to all questions about what it was sent. */
async function answers(program: Program, start: number, end: number): Promise<Record<string, unknown>> {
  const out: Record<string, unknown> = {}
  // Raw samples and histograms, with their times. scrape_duration_seconds and such are samples like others.
  const raw = await program.api<{ result: { metric: Record<string, string> }[] }>('query', { query: '{job="target"}[1h]', time: end })
  out['raw'] = raw.result.map((series) => JSON.stringify(series)).sort()
  for (const query of QUERIES) out[query] = await program.api('query_range', { query, start, end, step: 1 })
  out['exemplars'] = await program.api('query_exemplars', { query: 'requests_total', start: start - 60, end: end + 60 })
  return out
}

async function checkSender(
  source: { readonly binary: string; readonly flags: readonly string[]; readonly scrape: object },
  /** What the source says of each receiver. */
  receivers: readonly { readonly name: string; readonly settings: object }[],
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-peer-'))
  const target = await startProtobufTarget()
  const emptyFile = join(directory, 'empty.yml')
  writeFileSync(emptyFile, 'storage: {exemplars: {max_exemplars: 1000}}\n')
  const ours: Program[] = []
  let theirs: Program | undefined
  try {
    for (const { name } of receivers) {
      const flags = ['--web.enable-remote-write-receiver', FEATURES]
      ours.push(await startServer({ configFile: emptyFile, dataDir: join(directory, name), flags }))
    }
    for (const server of ours) await server.ready()
    const configFile = join(directory, 'prometheus.yml')
    const config = {
      global: { scrape_interval: '1s' },
      scrape_configs: [{ job_name: 'target', static_configs: [{ targets: [`127.0.0.1:${target.port}`] }], ...source.scrape }],
      remote_write: receivers.map(({ name, settings }, i) => ({
        url: `${ours[i].url}/api/v1/write`,
        name,
        send_exemplars: true,
        send_native_histograms: true,
        metadata_config: { send: true, send_interval: '1s' },
        queue_config: { batch_send_deadline: '200ms' },
        ...settings,
      })),
    }
    writeFileSync(configFile, JSON.stringify(config))
    const port = await freePort()
    const args = [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(directory, 'theirs')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]
    const prometheus = new Program(source.binary, [...args, ...source.flags], `http://127.0.0.1:${port}`)
    theirs = prometheus
    await prometheus.ready()
    await until('scrapes', 60_000, async () => target.rounds >= SCRAPES)
    await target.close()
    // The scrape that failed is the last thing that counts: it marks everything stale.
    const failed = await until('a failed scrape', 60_000, async () => (await prometheus.query('up == 0'))[0]?.value[0])
    const end = Math.ceil(await lastTime(prometheus, 'up')) + 1
    for (const [i, server] of ours.entries()) {
      await until(
        `samples at ${receivers[i].name}`,
        60_000,
        async () => (await lastTime(server, 'up')) >= failed - 1 && (await server.query('up == 0')).length > 0,
      )
    }
    const start = end - SCRAPES - 3
    // Scrapes that fail go on: those up to the end are all there when there is one after it.
    await until('a scrape after the end', 60_000, async () => (await lastTime(prometheus, 'up')) > end)
    const want = await answers(prometheus, start, end)
    // What is compared is there: histograms with buckets, exemplars of most scrapes.
    assert.match(JSON.stringify(want['raw']), /histograms.*buckets/)
    assert.match(JSON.stringify(want['exemplars']), /"trace_id":"t3".*"trace_id":"t4"/)
    for (const [i, server] of ours.entries()) {
      const got = await until(`all samples at ${receivers[i].name}`, 60_000, async () => {
        const all = await answers(server, start, end)
        return JSON.stringify(all) === JSON.stringify(want) ? all : undefined
      }).catch(() => answers(server, start, end))
      for (const [question, answer] of Object.entries(want)) assert.deepEqual(got[question], answer, `${receivers[i].name}: ${question}`)
    }
    const said = await prometheus.text('/metrics')
    const failures = said.split('\n').filter((line) => /^prometheus_remote_storage_\w+_(failed|retried|dropped)_total\{/.test(line))
    assert.ok(failures.length > 0)
    for (const line of failures) assert.match(line, / 0$/)
  } finally {
    await target.close().catch(() => undefined)
    await theirs?.stop()
    for (const server of ours) await server.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

test('what Prometheus 3.5 sends, as 1.0 and as 2.0, is answered as it answers itself', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  await checkSender({ binary, flags: [`${FEATURES},metadata-wal-records`], scrape: { scrape_protocols: ['PrometheusProto'] } }, [
    { name: 'v1', settings: { protobuf_message: 'prometheus.WriteRequest' } },
    { name: 'v2', settings: { protobuf_message: 'io.prometheus.write.v2.Request' } },
  ])
})

test('what Prometheus 2.42 sends is answered as it answers itself', async (t) => {
  const binary = peer(t, 'debian prometheus')
  if (binary === undefined) return
  await checkSender({ binary, flags: [FEATURES], scrape: {} }, [{ name: 'v1', settings: {} }])
})
