// Two servers with the same series, each scraped at /federate by both programs: whoever scrapes whom has what the source has.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { CounterResetHint, type Histogram, NO_BUCKETS, NO_SPANS } from '../../src/model/histogram.ts'
import { STALE_MARKER } from '../../src/model/staleness.ts'
import { peer } from '../support/peers.ts'
import { freePort, Program, startServer, until } from '../support/program.ts'
import { remoteWriteBody, type SentSeries, sendRemoteWrite } from '../support/remote-write-body.ts'

const ROUNDS = 3
const VALUES = [0, -0, 1.5, 3.0000000000000004, 1e-300, 123456789.125, Infinity, -Infinity, NaN, 2 ** 53]

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

/** The samples of one moment. */
function series(round: number, t: number, withHistograms: boolean): readonly SentSeries[] {
  const one = (name: string, labels: Record<string, string>, value: number | Histogram): SentSeries => ({
    name,
    labels,
    isFloat: false,
    samples: [{ t, value }],
  })
  return [
    ...VALUES.map((value, n) => one('fed_value', { n: String(n), job: 'api', instance: `api-${n}:80` }, value)),
    one('fed_counter_total', { job: 'api' }, round * 10),
    one('fed_labels', { job: 'x y', instance: 'i', path: 'C:\\new\n"quoted" ä' }, round),
    one('fed_region', { job: 'api', region: 'of its own' }, round),
    ...(round === 0 ? [one('fed_gone', { job: 'api' }, 1)] : []),
    ...(withHistograms ? [one('fed_native', { job: 'api', instance: 'h' }, histogram(round + 1))] : []),
  ]
}

interface RawSeries {
  readonly metric: Record<string, string>
  readonly values?: readonly (readonly [number, string])[]
  readonly histograms?: readonly (readonly [number, unknown])[]
}

/** All samples, each with its time, and the labels that a source goes out with. */
async function raw(server: Program, selector: string, outside: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const { result } = await server.api<{ result: RawSeries[] }>('query', { query: `${selector}[30m]` })
  return result.map(({ metric, ...samples }) => JSON.stringify([Object.entries({ ...outside, ...metric }).sort(), samples])).sort()
}

/** Both programs write both zeros as 0 in the text format. */
const asText = (line: string) => line.replaceAll('"-0"', '"0"')

/** With histograms pages are protobuf, without them text. */
async function checkBothWays(t: TestContext, name: 'prometheus 3.5' | 'debian prometheus', withHistograms: boolean): Promise<void> {
  const binary = peer(t, name)
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-federation-'))
  const programs: Program[] = []
  const flags = ['--web.enable-remote-write-receiver', ...(withHistograms ? ['--enable-feature=native-histograms'] : [])]
  const start = async (kind: 'ours' | 'theirs', file: string, config: object): Promise<Program> => {
    const configFile = join(directory, `${file}.yml`)
    writeFileSync(configFile, JSON.stringify(config))
    const dataDir = join(directory, file)
    const port = await freePort()
    const program =
      kind === 'ours'
        ? await startServer({ configFile, dataDir, port, flags })
        : new Program(
            binary,
            [`--config.file=${configFile}`, `--storage.tsdb.path=${dataDir}`, `--web.listen-address=127.0.0.1:${port}`, ...flags],
            `http://127.0.0.1:${port}`,
          )
    programs.push(program)
    return program.ready()
  }
  try {
    const outside = (source: string) => ({ source, region: 'eu' })
    const sources = new Map<string, Program>()
    for (const kind of ['ours', 'theirs'] as const)
      sources.set(kind, await start(kind, `source-${kind}`, { global: { external_labels: outside(kind) } }))
    const scrapers = new Map<string, Program>()
    for (const kind of ['ours', 'theirs'] as const) {
      const targets = [...sources.values()].map(({ url }) => url.slice('http://'.length))
      const job = {
        job_name: 'federate',
        honor_labels: true,
        metrics_path: '/federate',
        params: { 'match[]': ['{__name__=~"fed_.*"}', 'fed_counter_total'] },
        static_configs: [{ targets, labels: { region: 'of the target' } }],
      }
      scrapers.set(
        kind,
        await start(kind, `scraper-${kind}`, { global: { scrape_interval: '500ms', scrape_timeout: '500ms' }, scrape_configs: [job] }),
      )
    }
    for (let round = 0; round < ROUNDS; round++) {
      const time = Math.floor(Date.now()) - 1234
      for (const source of sources.values()) {
        const response = await sendRemoteWrite(source.url, remoteWriteBody(series(round, time, withHistograms)))
        assert.equal(response.status, 204, await response.text())
      }
      for (const [kind, scraper] of scrapers) {
        await until(`round ${round} at the scraper of ${kind}`, 60_000, async () => {
          const { result } = await scraper.api<{ result: RawSeries[] }>('query', { query: 'fed_region[30m]' })
          return result.length === sources.size && result.every(({ values }) => values!.length === round + 1)
        })
      }
    }
    for (const [from, source] of sources) {
      const want = await raw(source, '{__name__=~"fed_.*"}', outside(from))
      assert.ok(want.some((line) => line.includes('"-0"')))
      assert.equal(want.length, VALUES.length + 4 + (withHistograms ? 1 : 0))
      for (const [to, scraper] of scrapers)
        assert.deepEqual(
          await raw(scraper, `{__name__=~"fed_.*",source="${from}"}`),
          withHistograms ? want : want.map(asText),
          `${name}: ${to} scrape ${from}`,
        )
    }
    // What has ended is no longer told of; what it had stays where it is.
    const time = Math.floor(Date.now()) - 1000
    const ended: SentSeries = { name: 'fed_gone', labels: { job: 'api' }, isFloat: false, samples: [{ t: time, value: STALE_MARKER }] }
    for (const [kind, source] of sources) {
      assert.match(await source.text('/federate?match[]=fed_gone'), /^fed_gone\{/m, kind)
      assert.equal((await sendRemoteWrite(source.url, remoteWriteBody([ended]))).status, 204)
      assert.doesNotMatch(await source.text('/federate?match[]=fed_gone'), /^fed_gone/m, kind)
    }
  } finally {
    for (const program of programs.reverse()) await program.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

test('federation from and to Prometheus 3.5', { timeout: 600_000 }, (t) => checkBothWays(t, 'prometheus 3.5', true))
test('federation from and to Prometheus 3.5 in text', { timeout: 600_000 }, (t) => checkBothWays(t, 'prometheus 3.5', false))
test('federation from and to Prometheus 2.42', { timeout: 600_000 }, (t) => checkBothWays(t, 'debian prometheus', false))
