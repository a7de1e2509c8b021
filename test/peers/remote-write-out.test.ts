import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { peer } from '../support/peers.ts'
import { eventually, freePort, Program, startServer, until } from '../support/program.ts'
import { startProtobufTarget } from '../support/protobuf-target.ts'
import { messageV1, snappyBlock } from '../support/write-requests.ts'

/** Scrapes of the target before it goes away. */
const SCRAPES = 9

const FEATURES = '--enable-feature=native-histograms,exemplar-storage'
const QUERIES = [
  'requests_total',
  'rate(requests_total[5s])',
  'temperature',
  'count_over_time(temperature[5s])',
  'scrape_samples_scraped',
  'up',
  'sizes',
  'histogram_sum(sizes)',
  'histogram_count(increase(sizes[5s]))',
]

interface Receiver {
  readonly name: string
  readonly program: Program
  readonly path: string
  /** Where it is sent to, if not to the program that is asked. */
  readonly url?: string
  readonly settings: object
  /** Keeps no native histograms, exemplars or markers of staleness of its own. */
  readonly floatsOnly?: boolean
}

interface Sample {
  readonly metric: Record<string, string>
  readonly values?: readonly (readonly [number, string])[]
  readonly histograms?: readonly (readonly [number, unknown])[]
}

async function raw(program: Program, end: number, floatsOnly: boolean): Promise<readonly string[]> {
  const { result } = await program.api<{ result: Sample[] }>('query', { query: '{job="target"}[1h]', time: end })
  return result
    .filter(({ values }) => !floatsOnly || values !== undefined)
    .map((series) => {
      const { region, ...metric } = series.metric
      assert.equal(region, program.url === ours?.url ? undefined : 'here')
      if (!floatsOnly) return JSON.stringify({ ...series, metric: sorted(metric) })
      // VictoriaMetrics keeps 12 digits, shows markers of staleness, and looks a little past the end.
      const values = series.values!.filter(([t, v]) => t <= end && v !== 'NaN').map(([t, v]) => [t, Number(v).toPrecision(11)])
      return JSON.stringify({ metric: sorted(metric), values })
    })
    .sort()
}

const sorted = (metric: Record<string, string>) => Object.fromEntries(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)))

let ours: Program | undefined

/** Sends what our server scrapes to all receivers; what each of them has is what we have. */
async function check(start: (directory: string) => Promise<readonly Receiver[]>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-peer-'))
  const target = await startProtobufTarget()
  let receivers: readonly Receiver[] = []
  try {
    receivers = await start(directory)
    const configFile = join(directory, 'prometheus.yml')
    const config = {
      global: { scrape_interval: '1s', scrape_native_histograms: true, external_labels: { region: 'here' } },
      storage: { exemplars: { max_exemplars: 1000 } },
      scrape_configs: [
        { job_name: 'target', scrape_protocols: ['PrometheusProto'], static_configs: [{ targets: [`127.0.0.1:${target.port}`] }] },
      ],
      remote_write: receivers.map(({ name, program, path, url, settings }) => ({
        url: `${url ?? program.url}${path}`,
        name,
        send_exemplars: true,
        send_native_histograms: true,
        metadata_config: { send: true, send_interval: '1s' },
        queue_config: { batch_send_deadline: '200ms' },
        ...settings,
      })),
    }
    writeFileSync(configFile, JSON.stringify(config))
    const server = await startServer({ configFile, dataDir: join(directory, 'ours'), flags: [FEATURES] })
    ours = server
    await server.ready()
    await until('scrapes', 60_000, async () => target.rounds >= SCRAPES)
    await target.close()
    const failed = await until('a failed scrape', 60_000, async () => (await server.query('up == 0'))[0]?.value[0])
    const end = failed
    // Scrapes that fail go on: those up to the end are all there when there is one after it.
    await until('a scrape after the end', 60_000, async () => Number((await server.query('timestamp(up)'))[0]?.value[1]) > end)
    const wantRaw = await raw(server, end, false)
    assert.match(JSON.stringify(wantRaw), /histograms.*buckets/)
    for (const { name, program, floatsOnly = false } of receivers) {
      const want = floatsOnly ? await raw(server, end, true) : wantRaw
      const got = await until(`samples at ${name}`, 60_000, async () => {
        const all = await raw(program, end, floatsOnly)
        return all.length >= want.length && JSON.stringify(all) === JSON.stringify(want) ? all : undefined
      }).catch(() => raw(program, end, floatsOnly))
      assert.deepEqual(got, want, name)
      if (floatsOnly) continue
      const from = end - SCRAPES - 3
      const plain = (answer: unknown) =>
        JSON.parse(
          JSON.stringify(answer)
            .replaceAll(/"region":"here",?/g, '')
            .replaceAll(',}', '}'),
        )
      // Markers of staleness, which raw samples do not show, and exemplars may come after the samples.
      await eventually(async () => {
        for (const query of QUERIES) {
          const [mine, theirs] = await Promise.all(
            [server, program].map((one) => one.api('query_range', { query, start: from, end, step: 1 })),
          )
          assert.deepEqual(plain(theirs), plain(mine), `${name}: ${query}`)
        }
        const exemplars = { query: 'requests_total', start: from - 60, end: end + 60 }
        const [mine, theirs] = await Promise.all([server, program].map((one) => one.api('query_exemplars', exemplars)))
        assert.match(JSON.stringify(mine), /"trace_id":"t3".*"trace_id":"t4"/)
        assert.deepEqual(plain(theirs), plain(mine), `${name}: exemplars`)
      }, 20_000)
    }
    const said = await server.text('/metrics')
    const failures = said.split('\n').filter((line) => /^prometheus_remote_storage_\w+_(failed|retried|dropped)_total\{/.test(line))
    assert.ok(failures.length > 0)
    for (const line of failures) assert.match(line, / 0$/)
  } finally {
    await target.close().catch(() => undefined)
    await ours?.stop()
    ours = undefined
    for (const { program } of receivers) await program.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function startPrometheus(binary: string, directory: string, name: string): Promise<Program> {
  const configFile = join(directory, `${name}.yml`)
  writeFileSync(configFile, 'storage: {exemplars: {max_exemplars: 1000}}\n')
  const port = await freePort()
  const args = [
    `--config.file=${configFile}`,
    `--storage.tsdb.path=${join(directory, name)}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--web.enable-remote-write-receiver',
    FEATURES,
  ]
  return new Program(binary, args, `http://127.0.0.1:${port}`).ready()
}

test('Prometheus 3.5 has what we send it, as 1.0 and as 2.0', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  await check(async (directory) => [
    { name: 'v1', program: await startPrometheus(binary, directory, 'v1'), path: '/api/v1/write', settings: {} },
    {
      name: 'v2',
      program: await startPrometheus(binary, directory, 'v2'),
      path: '/api/v1/write',
      settings: { protobuf_message: 'io.prometheus.write.v2.Request' },
    },
  ])
})

test('Prometheus 2.42 has what we send it', async (t) => {
  const binary = peer(t, 'debian prometheus')
  if (binary === undefined) return
  await check(async (directory) => [
    { name: 'v1', program: await startPrometheus(binary, directory, 'v1'), path: '/api/v1/write', settings: {} },
  ])
})

test('VictoriaMetrics has the floats that we send it', async (t) => {
  const binary = peer(t, 'victoria-metrics')
  if (binary === undefined) return
  await check(async (directory) => {
    const port = await freePort()
    const args = [
      `-storageDataPath=${join(directory, 'vm')}`,
      `-httpListenAddr=127.0.0.1:${port}`,
      '-search.latencyOffset=0s',
      '-retentionPeriod=1d',
    ]
    const program = new Program(binary, args, `http://127.0.0.1:${port}`)
    await program.ready('/health')
    return [
      { name: 'vm', program, path: '/api/v1/write', settings: { send_native_histograms: false, send_exemplars: false }, floatsOnly: true },
    ]
  })
})

test('what we send to vmagent is what it sends to us', async (t) => {
  const binary = peer(t, 'vmagent')
  if (binary === undefined) return
  let vmagent: Program | undefined
  try {
    await check(async (directory) => {
      const configFile = join(directory, 'empty.yml')
      writeFileSync(configFile, '')
      const program = await startServer({ configFile, dataDir: join(directory, 'far'), flags: ['--web.enable-remote-write-receiver'] })
      await program.ready()
      const port = await freePort()
      const args = [
        `-remoteWrite.url=${program.url}/api/v1/write`,
        `-remoteWrite.tmpDataPath=${join(directory, 'vmagent')}`,
        `-httpListenAddr=127.0.0.1:${port}`,
        '-remoteWrite.flushInterval=200ms',
        '-remoteWrite.forcePromProto',
      ]
      vmagent = new Program(binary, args, `http://127.0.0.1:${port}`)
      await vmagent.ready('/health')
      const settings = { send_native_histograms: false, send_exemplars: false }
      return [{ name: 'vmagent', program, url: vmagent.url, path: '/api/v1/write', settings, floatsOnly: true }]
    })
  } finally {
    await vmagent?.stop()
  }
})

test('native histograms through vmagent arrive as its own buckets', async (t) => {
  const binary = peer(t, 'vmagent')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-peer-'))
  const started: Program[] = []
  const start = async (program: Program, path?: string) => {
    started.push(program)
    return program.ready(path)
  }
  try {
    const configFile = join(directory, 'empty.yml')
    writeFileSync(configFile, '')
    const far = await start(
      await startServer({ configFile, dataDir: join(directory, 'far'), flags: ['--web.enable-remote-write-receiver', FEATURES] }),
    )
    const port = await freePort()
    const args = [
      `-remoteWrite.url=${far.url}/api/v1/write`,
      `-remoteWrite.tmpDataPath=${join(directory, 'vmagent')}`,
      `-httpListenAddr=127.0.0.1:${port}`,
      '-remoteWrite.flushInterval=200ms',
      '-remoteWrite.forcePromProto',
    ]
    const vmagent = await start(new Program(binary, args, `http://127.0.0.1:${port}`), '/health')
    const time = Date.now()
    const histogram = {
      t: time,
      count: 6,
      sum: 12.5,
      schema: 0,
      zeroThreshold: 0.001,
      zeroCount: 1,
      positiveSpans: [[0, 2]] as const,
      positive: [2, 1],
    }
    const labels = [
      ['__name__', 'sizes'],
      ['job', 'j'],
    ] as const
    const body = new Uint8Array(snappyBlock(messageV1([{ labels, histograms: [histogram] }])))
    const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' }
    const answer = await fetch(`${vmagent.url}/api/v1/write`, { method: 'POST', headers, body })
    assert.equal(answer.status, 204, await answer.text())
    const found = await until('samples', 60_000, async () => {
      const all = await far.query('{job="j"}', time / 1000)
      return all.length >= 5 && all
    }).catch(() => far.query('{job="j"}', time / 1000))
    assert.deepEqual(found.map(({ metric, value }) => `${metric.__name__} ${metric.vmrange ?? ''} ${value[1]}`).sort(), [
      'sizes_bucket -1.000e-03...1.000e-03 1',
      'sizes_bucket 1.000e+00...2.000e+00 3',
      'sizes_bucket 5.000e-01...1.000e+00 2',
      'sizes_count  6',
      'sizes_sum  12.5',
    ])
  } finally {
    for (const program of started) await program.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})
