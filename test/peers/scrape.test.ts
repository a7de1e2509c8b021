import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { peer } from '../support/peers.ts'
import { freePort, Program, startServer, until } from '../support/program.ts'
import { GENERATED, NOW, OK, SCRAPES, SCRIPTED, seed } from '../support/scrape-jobs.ts'
import { type ScriptedAnswer, startScriptedTargets } from '../support/scripted-targets.ts'

/** What differs is scraped as often: a busy machine may have been late for a page. What is wrong stays wrong. */
const RUNS = 4

/** Both servers, both scraping the same. */
async function servers(binary: string, directory: string, config: object) {
  const configFile = join(directory, 'prometheus.yml')
  // Prometheus takes no late samples unless it is told to.
  writeFileSync(configFile, JSON.stringify({ storage: { tsdb: { out_of_order_time_window: '0s' } }, ...config }, null, 1))
  const port = await freePort()
  const ours = await startServer({ configFile, dataDir: join(directory, 'ours') })
  const theirs = new Program(
    binary,
    [`--config.file=${configFile}`, `--storage.tsdb.path=${join(directory, 'theirs')}`, `--web.listen-address=127.0.0.1:${port}`],
    `http://127.0.0.1:${port}`,
  )
  return { ours, theirs }
}

interface RawSeries {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly (readonly [seconds: number, value: string])[]
}

/**
 * What a server has of a job, scrape after scrape: series that an instant query sees right after it, and all samples with times of
 * their own. Left out: scrape_duration_seconds; scrape_series_added, an estimate, which upstream also feeds from failed pages and
 * repetitions; and after a failed scrape all but the reports, as upstream forgets to mark stale what stood above the fault.
 */
async function story(server: Program, name: string): Promise<Record<string, unknown>> {
  const selector = `{job=${JSON.stringify(name)},__name__!~"scrape_duration_seconds|scrape_series_added"}`
  const end = NOW / 1000 + 3600
  const raw = (await server.api<{ result: RawSeries[] }>('query', { query: `${selector}[3h]`, time: end })).result
  const ups = (
    await server.api<{ result: RawSeries[] }>('query', { query: `scrape_samples_scraped{job=${JSON.stringify(name)}}[3h]`, time: end })
  ).result
  const all = ups[0].values.map(([seconds]) => seconds)
  const times = all.slice(0, SCRAPES)
  const out: Record<string, unknown> = {}
  for (const [index, time] of times.entries()) {
    const { result } = await server.api<{ result: { metric: Record<string, string>; value: [number, string] }[] }>('query', {
      query: selector,
      time: time + 0.001,
    })
    const isUp = result.some(({ metric, value }) => metric.__name__ === 'up' && value[1] === '1')
    out[`scrape ${index}`] = result
      .filter(({ metric }) => isUp || /^(up|scrape_.*)$/.test(metric.__name__))
      .map(({ metric, value }) => `${text(metric)} ${value[1]}`)
      .sort()
  }
  const own: string[] = []
  for (const { metric, values } of raw) {
    for (const [seconds, value] of values) {
      if (Number.isInteger(seconds) && !all.includes(seconds) && Math.abs(seconds - NOW / 1000) < 4000)
        own.push(`${text(metric)} ${value} ${seconds - NOW / 1000}`)
    }
  }
  out['samples with their own time'] = own.sort()
  return out
}

const text = (metric: Readonly<Record<string, string>>) =>
  JSON.stringify(
    Object.entries(metric)
      .filter(([name]) => name !== 'instance')
      .sort(),
  )

test(`what is stored of a scrape is what Prometheus stores (seed ${seed})`, async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const jobs = [...SCRIPTED, ...GENERATED]
  const scripts = new Map<string, readonly ScriptedAnswer[]>([
    ['/to/plain', [{ body: OK }]],
    ['/to/loop', [{ body: '', status: 302, headers: { location: '/to/loop' } }]],
  ])
  for (const [index, { pages }] of jobs.entries())
    scripts.set(
      `/${index}`,
      pages.map((page) => (typeof page === 'string' ? { body: page } : page)),
    )
  /** By name of a job, what ours and theirs have of it when they have scraped it from its first page on. */
  const stories = async (some: readonly (typeof jobs)[number][]) => {
    const directory = mkdtempSync(join(tmpdir(), 'promontory-peer-'))
    const targets = await startScriptedTargets(scripts)
    const { ours, theirs } = await servers(binary, directory, {
      global: { scrape_interval: '1s', scrape_protocols: ['PrometheusText0.0.4'] },
      scrape_configs: some.map((job) => ({
        job_name: job.name,
        metrics_path: `/${jobs.indexOf(job)}`,
        static_configs: [{ targets: [`127.0.0.1:${targets.port}`], labels: job.labels }],
        ...job.settings,
      })),
    })
    try {
      for (const server of [ours, theirs]) {
        await server.ready()
        let gone = ''
        void server.exited.then((how) => {
          gone = `${JSON.stringify(how)} ${server.output.slice(-3000)}`
        })
        await until('all scrapes', 60_000, async () => {
          assert.equal(gone, '')
          const counted = await server.query(`count_over_time(scrape_samples_scraped[1m]) > ${SCRAPES}`)
          return counted.length === some.length
        })
      }
      const out = new Map<string, readonly [ours: unknown, theirs: unknown]>()
      for (const { name } of some) out.set(name, [await story(ours, name), await story(theirs, name)])
      return out
    } finally {
      await Promise.all([ours.stop(), theirs.stop(), targets.close()])
      rmSync(directory, { recursive: true, force: true })
    }
  }
  const found = await stories(jobs)
  for (let run = 1; run < RUNS; run++) {
    const differing = jobs.filter(({ name }) => !isDeepStrictEqual(...found.get(name)!))
    if (differing.length === 0) break
    t.diagnostic(`${differing.length} jobs differ in run ${run}`)
    for (const [name, both] of await stories(differing)) found.set(name, both)
  }
  for (const { name, pages, settings, labels } of jobs)
    await t.test(name, () => assert.deepEqual(...found.get(name)!, JSON.stringify({ pages, settings, labels })))
})

test('too many targets fail, and so many of the dropped are kept, as by Prometheus', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-peer-'))
  const targets = await startScriptedTargets(new Map([['/metrics', [{ body: OK }]]]))
  const addresses = (count: number) => Array.from({ length: count }, (_, i) => `127.0.0.${i + 1}:${targets.port}`)
  const job = (name: string, count: number, settings: Record<string, unknown>) => ({
    job_name: name,
    static_configs: [{ targets: addresses(count) }],
    ...settings,
  })
  const drop = (regex: string) => ({ relabel_configs: [{ action: 'drop', source_labels: ['__address__'], regex }] })
  const { ours, theirs } = await servers(binary, directory, {
    global: { scrape_interval: '1s', target_limit: 3, keep_dropped_targets: 2 },
    scrape_configs: [
      job('just enough', 3, {}),
      job('too many', 4, {}),
      job('own limit', 2, { target_limit: 1 }),
      job('enough after relabeling', 5, drop('127\\.0\\.0\\.[12]:.*')),
      job('many dropped', 5, drop('.*')),
      job('one dropped kept', 5, { ...drop('.*'), keep_dropped_targets: 1 }),
    ],
  })
  t.after(async () => {
    await Promise.all([ours.stop(), theirs.stop(), targets.close()])
    rmSync(directory, { recursive: true, force: true })
  })
  interface Active {
    readonly scrapePool: string
    readonly health: string
    readonly lastError: string
  }
  const seen = async (server: Program) => {
    const { activeTargets, droppedTargets, droppedTargetCounts } = await server.api<{
      activeTargets: Active[]
      droppedTargets: { discoveredLabels: { job: string } }[]
      droppedTargetCounts: Record<string, number>
    }>('targets')
    return {
      active: activeTargets.map(({ scrapePool, health, lastError }) => `${scrapePool}: ${health} ${lastError}`).sort(),
      dropped: droppedTargets.map(({ discoveredLabels }) => discoveredLabels.job).sort(),
      counts: droppedTargetCounts,
    }
  }
  for (const server of [ours, theirs]) {
    await server.ready()
    await until('all targets', 60_000, async () => {
      const { active } = await seen(server)
      return active.length === 12 && active.every((line) => !line.includes('unknown'))
    })
  }
  assert.deepEqual(await seen(ours), await seen(theirs))
})
