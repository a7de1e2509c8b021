import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { peer } from '../support/peers.ts'
import { eventually, freePort, Program, startServer } from '../support/program.ts'
import { relabelJobs } from '../support/relabel-jobs.ts'

const seed = Number(process.env.PROMONTORY_SEED ?? 20260801)
const COUNT = Number(process.env.PROMONTORY_COUNT ?? 200)

type Found = Readonly<Record<string, unknown>> & { readonly scrapePool?: string; readonly discoveredLabels: { readonly job: string } }

interface Targets {
  readonly active: readonly string[]
  readonly dropped: readonly string[]
}

/** By job: what is scraped, how and with which labels, and what is dropped. */
async function targets(server: Program): Promise<ReadonlyMap<string, Targets>> {
  const { activeTargets, droppedTargets } = await server.api<{ activeTargets: Found[]; droppedTargets: Found[] }>('targets')
  const byJob = new Map<string, { active: string[]; dropped: string[] }>()
  const of = ({ scrapePool, discoveredLabels }: Found) => {
    const name = scrapePool ?? discoveredLabels.job
    const found = byJob.get(name) ?? { active: [], dropped: [] }
    byJob.set(name, found)
    return found
  }
  for (const target of activeTargets)
    of(target).active.push(JSON.stringify([sorted(target.labels), target.scrapeUrl, target.scrapeInterval, target.scrapeTimeout]))
  for (const target of droppedTargets) of(target).dropped.push(JSON.stringify(sorted(target.discoveredLabels)))
  for (const { active, dropped } of byJob.values()) {
    active.sort()
    dropped.sort()
  }
  return byJob
}

function sorted(labels: unknown): unknown {
  return Object.entries(labels as Record<string, string>).sort(([a], [b]) => (a < b ? -1 : 1))
}

const count = (found: ReadonlyMap<string, Targets>, what: keyof Targets) =>
  [...found.values()].reduce((sum, targets) => sum + targets[what].length, 0)
const byName = ([a]: readonly [string, Targets], [b]: readonly [string, Targets]) => (a < b ? -1 : 1)

test(`the targets that ${COUNT} generated jobs make by relabeling are those of Prometheus (seed ${seed})`, async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-relabel-'))
  const made = relabelJobs(seed, COUNT)
  // Not from files: upstream watches each with an inotify instance of its own, of which a machine has too few.
  const lists = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(made[Number(request.url?.slice(1))].groups))
  })
  await new Promise<void>((resolve) => lists.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(lists.address() as AddressInfo).port}`
  const jobs = made.map(({ settings }, index) => ({
    job_name: `job ${index}`,
    scrape_interval: '1h',
    http_sd_configs: [{ url: `${url}/${index}` }],
    ...settings,
  }))
  const configFile = join(directory, 'prometheus.yml')
  writeFileSync(configFile, JSON.stringify({ scrape_configs: jobs }))
  const port = await freePort()
  const ours = await startServer({ configFile, dataDir: join(directory, 'ours') })
  const theirs = new Program(
    binary,
    [`--config.file=${configFile}`, `--storage.tsdb.path=${join(directory, 'theirs')}`, `--web.listen-address=127.0.0.1:${port}`],
    `http://127.0.0.1:${port}`,
  )
  t.after(async () => {
    await Promise.all([ours.stop(), theirs.stop()])
    lists.closeAllConnections()
    lists.close()
    rmSync(directory, { recursive: true, force: true })
  })
  await Promise.all([ours.ready(), theirs.ready()])
  let [here, there] = await Promise.all([targets(ours), targets(theirs)])
  // Upstream takes over what discovery finds every 5 s: until it has all of it, and both the same.
  await eventually(async () => {
    ;[here, there] = await Promise.all([targets(ours), targets(theirs)])
    assert.ok(count(there, 'active') >= COUNT / 4)
    assert.deepEqual([...here].sort(byName), [...there].sort(byName))
  }).catch(() => undefined)
  for (const what of ['active', 'dropped'] as const) assert.ok(count(there, what) >= COUNT / 4, `${count(there, what)} targets are ${what}`)
  t.diagnostic(`${count(there, 'active')} targets active, ${count(there, 'dropped')} dropped`)
  for (const job of jobs)
    await t.test(job.job_name, () => assert.deepEqual(here.get(job.job_name), there.get(job.job_name), JSON.stringify(job)))
})
