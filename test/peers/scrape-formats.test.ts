import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type ExpositionJob, expositionJobs } from '../support/exposition-jobs.ts'
import { startExpositionTargets } from '../support/exposition-targets.ts'
import { peer } from '../support/peers.ts'
import { freePort, Program, startServer, until } from '../support/program.ts'

const seed = Number(process.env.PROMONTORY_SEED ?? 20260801)
const NOW = Math.floor(Date.now() / 1000) * 1000
/** Of each target: one of its first page, two of its second. */
const SCRAPES = 3
/** What differs is scraped as often: a busy machine may have been late for a page. What is wrong stays wrong. */
const RUNS = 4
/** An estimate upstream, and what differs each time. */
const LEFT_OUT = /^(scrape_duration_seconds|scrape_series_added)$/

type Metric = Readonly<Record<string, string>>
interface RawSeries {
  readonly metric: Metric
  readonly values?: readonly (readonly [seconds: number, value: string])[]
  readonly histograms?: readonly (readonly [seconds: number, histogram: unknown])[]
}
interface InstantSeries {
  readonly metric: Metric
  readonly value?: readonly [seconds: number, value: string]
  readonly histogram?: readonly [seconds: number, histogram: unknown]
}
interface ExemplarSeries {
  readonly seriesLabels: Metric
  readonly exemplars: readonly { readonly labels: Metric; readonly value: string; readonly timestamp: number }[]
}

const text = (metric: Metric) =>
  JSON.stringify(
    Object.entries(metric)
      .filter(([name, value]) => name !== 'instance' || !value.startsWith('127.0.0.1:'))
      .sort(),
  )
/** Times of the pages as they are; those of scrapes differ from server to server. */
const timeText = (seconds: number) => (seconds * 1000 > NOW ? 'scrape' : `${Math.round(seconds * 1000) - NOW}`)

/** By series: what it went through, what is current, its exemplars. */
type Story = Map<string, Record<string, unknown>>

/** What differs, a line a series. */
function differences(here: Story, there: Story): string[] {
  return [...new Set([...here.keys(), ...there.keys()])]
    .sort()
    .map((series) => [series, JSON.stringify(here.get(series)), JSON.stringify(there.get(series))] as const)
    .filter(([, ours, theirs]) => ours !== theirs)
    .map(([series, ours, theirs]) => `${series}\n    ours ${ours}\n  theirs ${theirs}`)
}

/** What a server has of a job. */
async function story(server: Program, job: number, time: number): Promise<Story> {
  const selector = `{of_job="${job}"}`
  const raw = (await server.api<{ result: RawSeries[] }>('query', { query: `${selector}[1h]`, time })).result
  const current = (await server.api<{ result: InstantSeries[] }>('query', { query: selector, time })).result
  const exemplars = await server.api<ExemplarSeries[]>('query_exemplars', {
    query: selector,
    start: NOW / 1000 - 3600,
    end: NOW / 1000 + 3600,
  })
  const out: Story = new Map()
  const at = (metric: Metric) => {
    const name = text(metric)
    let series = out.get(name)
    if (series === undefined) out.set(name, (series = {}))
    return series
  }
  for (const { metric, values = [], histograms = [] } of raw) {
    if (LEFT_OUT.test(metric.__name__)) continue
    const samples = [...values, ...histograms].sort(([a], [b]) => a - b)
    const steps = samples.map(([seconds, value]) => `${timeText(seconds)}: ${JSON.stringify(value)}`)
    at(metric).steps = steps.filter((step, index) => step !== steps[index - 1])
  }
  const failed = new Set(
    current
      .filter(({ metric, value }) => metric.__name__ === 'up' && value?.[1] === '0')
      .map(({ metric }) => `${metric.of_page} ${metric.of_format}`),
  )
  for (const { metric, value, histogram } of current) {
    if (LEFT_OUT.test(metric.__name__) || failed.has(`${metric.of_page} ${metric.of_format}`)) continue
    at(metric).current = value?.[1] ?? histogram?.[1]
  }
  for (const { seriesLabels, exemplars: list } of exemplars) {
    at(seriesLabels).exemplars = list.map(({ labels, value, timestamp }) => `${text(labels)} ${value} ${timeText(timestamp)}`).sort()
  }
  return out
}

/** By its number, what differs when both servers have scraped each target of a job often enough. */
async function differencesOf(
  binary: string,
  jobs: ReadonlyMap<number, ExpositionJob>,
  features: string,
): Promise<ReadonlyMap<number, readonly string[]>> {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-peer-'))
  const all = new Map([...jobs.values()].flatMap(({ targets }) => [...targets]))
  const targets = await startExpositionTargets(all)
  const configFile = join(directory, 'prometheus.yml')
  const config = {
    global: { scrape_interval: '2s' },
    // Prometheus takes no late samples unless it is told to.
    storage: { tsdb: { out_of_order_time_window: '0s' } },
    scrape_configs: [...jobs].map(([job, { settings, targets: ofJob }]) => ({
      job_name: `job ${job}`,
      static_configs: [...ofJob.keys()].map((path) => {
        const [, of_job, of_page, of_format] = path.split('/')
        return { targets: [`127.0.0.1:${targets.port}`], labels: { __metrics_path__: path, of_job, of_page, of_format } }
      }),
      ...settings,
    })),
  }
  writeFileSync(configFile, JSON.stringify(config, null, 1))
  const port = await freePort()
  const flags = [`--enable-feature=${features}`]
  const ours = await startServer({ configFile, dataDir: join(directory, 'ours'), flags })
  const theirs = new Program(
    binary,
    [`--config.file=${configFile}`, `--storage.tsdb.path=${join(directory, 'theirs')}`, `--web.listen-address=127.0.0.1:${port}`, ...flags],
    `http://127.0.0.1:${port}`,
  )
  try {
    for (const server of [ours, theirs]) {
      await server.ready()
      await until('all scrapes', 60_000, async () => {
        const counted = await server.query(`count(count_over_time(scrape_samples_scraped[1m]) >= ${SCRAPES})`)
        if (counted[0]?.value[1] === String(all.size)) return true
        throw new Error(`${server === ours ? 'ours' : 'theirs'}: ${counted[0]?.value[1] ?? 0} of ${all.size} targets`)
      })
    }
    const found = new Map<number, readonly string[]>()
    for (const job of jobs.keys()) {
      const time = Date.now() / 1000
      const [here, there] = [await story(ours, job, time), await story(theirs, job, time)]
      assert.ok(there.size > 0)
      found.set(job, differences(here, there))
    }
    return found
  } finally {
    await Promise.all([ours.stop(), theirs.stop(), targets.close()])
    rmSync(directory, { recursive: true, force: true })
  }
}

async function compare(t: TestContext, jobs: readonly ExpositionJob[], features: string): Promise<void> {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const found = new Map(await differencesOf(binary, new Map(jobs.entries()), features))
  for (let run = 1; run < RUNS; run++) {
    const differing = new Map([...jobs.entries()].filter(([job]) => found.get(job)!.length > 0))
    if (differing.size === 0) break
    t.diagnostic(`${differing.size} jobs differ in run ${run}`)
    for (const [job, lines] of await differencesOf(binary, differing, features)) found.set(job, lines)
  }
  for (const [job, { settings }] of jobs.entries()) {
    const lines = found.get(job)!
    await t.test(`job ${job}`, () => assert.equal(lines.length, 0, `${JSON.stringify(settings)}\n${lines.slice(0, 5).join('\n')}`))
  }
}

const pages = { pagesPerJob: 2, now: NOW }

test(`pages in all formats, with native histograms and zeros at start times (seed ${seed})`, async (t) => {
  const jobs = expositionJobs({ ...pages, seed, jobCount: 40, native: true, convert: false })
  await compare(t, jobs, 'native-histograms,exemplar-storage,created-timestamp-zero-ingestion,extra-scrape-metrics')
})

test(`pages in all formats, with native and converted histograms (seed ${seed})`, async (t) => {
  const jobs = expositionJobs({ ...pages, seed: seed + 1, jobCount: 40, native: true, convert: true })
  await compare(t, jobs, 'native-histograms,exemplar-storage')
})

test(`pages in all formats, of plain samples (seed ${seed})`, async (t) => {
  const jobs = expositionJobs({ ...pages, seed: seed + 2, jobCount: 20, native: false, convert: false })
  await compare(t, jobs, 'exemplar-storage')
})
