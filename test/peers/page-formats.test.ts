import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { seededRandom } from '../../src/base/virtual/random.ts'
import { type PageFormat, pageParserFor } from '../../src/exposition/page-formats.ts'
import { Entry } from '../../src/exposition/page-parser.ts'
import { expositionPage } from '../support/exposition-page-generator.ts'
import { type ExposedTarget, startExpositionTargets } from '../support/exposition-targets.ts'
import { peer } from '../support/peers.ts'
import { eventually, freePort, Program, startServer, until } from '../support/program.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 20260802)
const PAGES = 20
const PROTOBUF = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited'
const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0'

/** What a page says, but for when. */
function told(format: PageFormat, page: Uint8Array): string[] {
  const parser = pageParserFor(format, {
    ignoreNativeHistograms: false,
    keepClassicHistograms: true,
    convertClassicHistograms: false,
    startTimes: false,
  })
  parser.reset(Buffer.concat([page, Buffer.alloc(1)]), page.length)
  const rows: string[] = []
  for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) {
    if (entry !== Entry.series) {
      const line = Buffer.from(parser.commentBytes.slice(parser.commentStart, parser.commentEnd)).toString().trim()
      if (!line.endsWith('histogram')) rows.push(line)
      continue
    }
    // Upstream's 3.5 reuses the memory of a histogram before it has written it: all of them show the values of the last.
    const value = parser.isHistogram ? 'histogram' : String(parser.numbers[0])
    rows.push(`${parser.labels()} ${value}${parser.emptyLabelNames().join()} ${parser.hasTimestamp}`)
  }
  return rows
}

async function get(url: string, accept: string): Promise<{ type: string; body: Uint8Array }> {
  const response = await fetch(url, { headers: { accept } })
  assert.equal(response.status, 200, url)
  return { type: response.headers.get('content-type') ?? '', body: new Uint8Array(await response.arrayBuffer()) }
}

test(`our pages are those of Prometheus in every format (seed ${SEED})`, async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const random = seededRandom(SEED)
  const now = Date.now()
  const directory = mkdtempSync(join(tmpdir(), 'promontory-peer-'))
  const paths = Array.from({ length: PAGES }, (_, i) => `/${i}`)
  const pages = new Map<string, ExposedTarget>(
    paths.map((path) => {
      const page = expositionPage(random, { now, utf8Names: true, nativeHistograms: true })
      return [path, { pages: [page], format: 'protobuf' }]
    }),
  )
  const targets = await startExpositionTargets(pages)
  const [ourPort, theirPort] = [await freePort(), await freePort()]
  const config = {
    global: { scrape_interval: '1s', external_labels: { region: 'eu', zone: 'z' } },
    scrape_configs: [
      {
        job_name: 'pages',
        static_configs: paths.map((path) => ({
          targets: [`127.0.0.1:${targets.port}`],
          labels: { __metrics_path__: path, of_page: path },
        })),
      },
      ...['PrometheusProto', 'OpenMetricsText1.0.0', 'PrometheusText0.0.4'].map((protocol) => ({
        job_name: protocol,
        scrape_protocols: [protocol],
        static_configs: [{ targets: [`127.0.0.1:${ourPort}`] }],
      })),
    ],
  }
  const configFile = join(directory, 'prometheus.yml')
  writeFileSync(configFile, JSON.stringify(config))
  const flags = ['--enable-feature=native-histograms']
  const ours = await startServer({ configFile, dataDir: join(directory, 'ours'), port: ourPort, flags })
  const theirs = new Program(
    binary,
    [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(directory, 'theirs')}`,
      `--web.listen-address=127.0.0.1:${theirPort}`,
      ...flags,
    ],
    `http://127.0.0.1:${theirPort}`,
  )
  t.after(async () => {
    await Promise.all([ours.stop(), theirs.stop(), targets.close()])
    rmSync(directory, { recursive: true, force: true })
  })
  for (const server of [ours, theirs]) {
    await server.ready()
    await until('all scrapes', 60_000, async () => (await server.query('count(up == 1)'))[0]?.value[1] === `${PAGES + 3}`)
  }

  await t.test('/federate', async () => {
    const scrapeSeries = '^(up|scrape_.*)$'
    const query = new URLSearchParams({ 'match[]': `{job="pages",__name__!~"${scrapeSeries}"}` })
    for (const accept of [
      '',
      PROTOBUF,
      `${PROTOBUF};escaping=allow-utf-8`,
      `${PROTOBUF};escaping=values`,
      'text/plain;escaping=allow-utf-8',
      'text/plain;escaping=dots',
      `${OPEN_METRICS},text/plain;q=0.5`,
    ]) {
      // What a scrape has not brought in time is not there until the next one.
      await eventually(async () => {
        const [here, there] = [await get(`${ours.url}/federate?${query}`, accept), await get(`${theirs.url}/federate?${query}`, accept)]
        assert.equal(here.type, there.type, accept)
        const format = here.type.startsWith('text/') ? 'text' : 'protobuf'
        const [said, wanted] = [told(format, here.body), told(format, there.body)]
        assert.ok(wanted.length > PAGES)
        // Upstream promises no order of series that share a name; how often their kind changes depends on it.
        assert.deepEqual([...new Set(said)].sort(), [...new Set(wanted)].sort(), accept)
      }, 20_000)
    }
  })

  await t.test('/metrics', async () => {
    // Version 1.0.0 of text is newer than 3.5.
    for (const accept of ['', '*/*', PROTOBUF, 'text/plain;version=0.0.4', `text/plain;q=0.1,${PROTOBUF};q=0.5`]) {
      const [here, there] = [await get(`${ours.url}/metrics`, accept), await get(`${theirs.url}/metrics`, accept)]
      assert.equal(here.type, there.type, accept)
    }
    await eventually(async () => {
      const counts = await theirs.query('scrape_samples_scraped{job!="pages"}')
      assert.equal(counts.length, 3)
      for (const { metric, value } of counts) assert.ok(Number(value[1]) > 100, `${metric.job}: ${value[1]}`)
      for (const { metric } of await theirs.query('count by (job) (prometheus_http_requests_total{job!="pages"})')) {
        assert.equal((await theirs.query(`prometheus_ready{job="${metric.job}"}`))[0].value[1], '1')
      }
    })
  })
})
