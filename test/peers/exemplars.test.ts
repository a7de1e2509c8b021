import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { peer } from '../support/peers.ts'
import { freePort, Program, startServer, until } from '../support/program.ts'

/** Near enough to now that both take exemplars of these times. */
const NOW = Math.floor(Date.now() / 1000) - 60
const PAGES = 4

/**
 * The target's page at its n-th scrape: the same for whoever asks it as often. No label of an exemplar has an escape: the peer keeps the
 * backslashes.
 */
function page(n: number): string {
  const at = (i: number) => NOW + n * 5 + i * 0.25
  return `# TYPE requests counter
requests_total{code="200"} ${n * 10} # {trace_id="t${n}"} ${n + 0.5} ${at(0)}
requests_total{code="500"} ${n} # {trace_id="f${n}",span="<é>"} 1e-7 ${at(1)}
requests_total{code="404"} ${n}
# TYPE latency histogram
latency_bucket{le="0.1"} ${n} # {} 0.05 ${at(0)}
latency_bucket{le="1.0"} ${2 * n} # {trace_id="b${n}"} 1e22 ${at(2)}
latency_bucket{le="+Inf"} ${3 * n} # {trace_id="same"} 3 ${NOW}
latency_count ${3 * n}
latency_sum ${n}
# EOF
`
}

const REQUESTS: readonly (readonly [query: string, start?: string, end?: string])[] = [
  ['requests_total'],
  ['requests_total', String(NOW), String(NOW + 7)],
  ['requests_total', String(NOW + 5.25), String(NOW + 5.25)],
  ['requests_total', String(NOW + 6), String(NOW + 5)],
  ['requests_total', String(NOW + 1000), String(NOW + 2000)],
  ['requests_total', new Date((NOW + 5) * 1000).toISOString(), new Date((NOW + 10) * 1000).toISOString()],
  ['requests_total{code="404"}'],
  ['requests_total{code=~"2..|5.."}'],
  ['{__name__=~".+"}'],
  ['latency_bucket{le="1.0"}'],
  ['latency_bucket'],
  ['nothing'],
  ['rate(requests_total{code="500"}[5m])'],
  ['rate(requests_total{code="500"}[5m]) / on () group_left () rate(requests_total{code="200"}[5m])'],
  ['requests_total + requests_total{code="200"}'],
  ['histogram_quantile(0.9, sum by (le) (rate(latency_bucket[5m]))) > bool scalar(requests_total)'],
  ['max_over_time(rate(requests_total[5m])[1h:1m])'],
  ['requests_total offset 1h'],
  [`requests_total @ ${NOW}`],
  ['topk(scalar(requests_total{code="200"}), latency_bucket)'],
  ['1'],
  ['"text"'],
  ['time()'],
  [''],
  ['1+'],
  ['rate(requests_total)'],
  ['nosuch(requests_total)'],
  ['requests_total{'],
  ['{}'],
  ['requests_total', 'x'],
  ['requests_total', '', 'x'],
]

test('query_exemplars answers as that of Prometheus does', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-exemplars-'))
  const targets = await Promise.all([startTarget(), startTarget()])
  const flags = ['--enable-feature=exemplar-storage']
  const files = targets.map(({ port }, i) => {
    const file = join(directory, `${i}.yml`)
    writeFileSync(
      file,
      `global: {scrape_interval: 2s, scrape_protocols: [OpenMetricsText1.0.0]}
scrape_configs: [{job_name: j, static_configs: [{targets: ['127.0.0.1:${port}'], labels: {instance: i}}]}]
`,
    )
    return file
  })
  const port = await freePort()
  const ours = await startServer({ configFile: files[0], dataDir: join(directory, 'ours'), flags })
  const theirs = new Program(
    binary,
    [`--config.file=${files[1]}`, `--storage.tsdb.path=${join(directory, 'theirs')}`, `--web.listen-address=127.0.0.1:${port}`, ...flags],
    `http://127.0.0.1:${port}`,
  )
  try {
    for (const program of [ours, theirs]) {
      await program.ready()
      const last = `t${PAGES - 1}`
      await until('exemplars', 60_000, async () => (await program.text('/api/v1/query_exemplars?query=requests_total')).includes(last))
    }
    let withExemplars = 0
    for (const [query, start, end] of REQUESTS) {
      const form = new URLSearchParams({ query, ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) })
      for (const method of ['GET', 'POST']) {
        const [mine, other] = await Promise.all([ours, theirs].map((program) => answer(program, method, form)))
        assert.deepEqual(mine, other, `${method} ${form}`)
        if (JSON.stringify(mine).includes('trace_id')) withExemplars++
      }
    }
    assert.ok(withExemplars >= 20, `${withExemplars} answers have exemplars`)
  } finally {
    await theirs.stop()
    await ours.stop()
    for (const { close } of targets) close()
    rmSync(directory, { recursive: true, force: true })
  }
})

for (const [name, flags, wantsMetadata] of [
  ['debian prometheus', ['--enable-feature=exemplar-storage'], false],
  ['prometheus 3.5', ['--enable-feature=exemplar-storage,metadata-wal-records'], true],
] as const) {
  test(`exemplars and metadata in the log of ${name} come along with its data directory`, async (t) => {
    const binary = peer(t, name)
    if (binary === undefined) return
    const directory = mkdtempSync(join(tmpdir(), 'promontory-exemplars-'))
    t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }))
    const target = await startTarget()
    const [scraping, idle] = ['scraping.yml', 'idle.yml'].map((file) => join(directory, file))
    writeFileSync(
      scraping,
      `global: {scrape_interval: 2s}
scrape_configs: [{job_name: j, static_configs: [{targets: ['127.0.0.1:${target.port}']}]}]
`,
    )
    writeFileSync(idle, '')
    const dataDir = join(directory, 'data')
    const port = await freePort()
    const theirs = new Program(
      binary,
      [`--config.file=${scraping}`, `--storage.tsdb.path=${dataDir}`, `--web.listen-address=127.0.0.1:${port}`, ...flags],
      `http://127.0.0.1:${port}`,
    )
    t.after(() => theirs.stop('SIGKILL'))
    await theirs.ready()
    const form = new URLSearchParams({ query: '{__name__=~".+"}' })
    await until('exemplars', 60_000, async () => JSON.stringify(await answer(theirs, 'GET', form)).includes(`t${PAGES - 1}`))
    await target.close()
    const want = await answer(theirs, 'GET', form)
    await theirs.stop('SIGKILL')
    for (const start of ['the first start', 'the next one']) {
      const ours = await startServer({ configFile: idle, dataDir, flags: ['--enable-feature=exemplar-storage,search-api'] })
      t.after(() => ours.stop('SIGKILL'))
      await ours.ready()
      assert.deepEqual(JSON.parse((await answer(ours, 'GET', form))[2]), JSON.parse(want[2]), start)
      const found = await ours.text('/api/v1/search/metric_names?search[]=requests_total&include_metadata=true')
      const { results } = JSON.parse(found.slice(0, found.indexOf('\n')))
      assert.deepEqual(results, [{ name: 'requests_total', ...(wantsMetadata && { type: 'counter' }) }], start)
      await ours.stop('SIGKILL')
    }
  })
}

async function answer(program: Program, method: string, form: URLSearchParams): Promise<readonly [number, string | null, string]> {
  const path = `${program.url}/api/v1/query_exemplars`
  const response = await (method === 'GET' ? fetch(`${path}?${form}`) : fetch(path, { method, body: form }))
  return [response.status, response.headers.get('content-type'), await response.text()]
}

/** A target whose page stays as it is once it has been asked often enough. */
async function startTarget(): Promise<{ readonly port: number; close(): void }> {
  let asked = 0
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/openmetrics-text; version=1.0.0; charset=utf-8')
    response.end(page(Math.min(asked++, PAGES - 1)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
