// Throughput and memory of a database on the real disk: node --expose-gc src/tsdb/db.bench.ts [seriesCount]
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realEnv } from '../base/env-real.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { Labels } from '../model/labels.ts'
import { Matcher } from '../model/matcher.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import { runDb } from './db.fixture.ts'

const seriesCount = Number(process.argv[2] ?? 100_000)
const targetSeries = 500
const scrapes = 40
const intervalMs = 15_000
const base = 1_700_000_000_000

/** Ten labels, as a target of a cluster has them. */
function labelsOf(i: number): Labels {
  const target = Math.floor(i / targetSeries)
  const n = i % targetSeries
  return Labels.of({
    __name__: `http_server_request_metric_${n % 100}_total`,
    cluster: 'eu-west-1',
    code: ['200', '404', '500', '503', '302'][Math.floor(n / 100)],
    container: 'api',
    instance: `10.${target >> 8}.${target & 255}.7:8080`,
    job: `service-${target % 40}`,
    method: 'GET',
    namespace: `team-${target % 12}`,
    pod: `service-${target % 40}-7c9f5d-${target}`,
    replica: 'a',
  })
}

/** Constant, counter, integer gauge and float gauge by turns, as in a scrape. */
function sampleValue(i: number, scrape: number): number {
  switch (i % 5) {
    case 0:
    case 1:
      return i % 97
    case 2:
      return 1000 + scrape * (10 + (i % 7)) + ((i * scrape) % 3)
    case 3:
      return 50 + ((i * 7 + scrape * 13) % 20)
    default:
      return Math.round(Math.sin(i + scrape / 10) * 1000) / 8
  }
}

const dir = await mkdtemp(join(tmpdir(), 'promontory-bench-'))
const env = realEnv(virtualEnv().log)
const { db, close } = await runDb(env, { dir })
const labels = Array.from({ length: seriesCount }, (_, i) => labelsOf(i))
const values = Array.from({ length: scrapes }, (_, scrape) => Float64Array.from({ length: seriesCount }, (_, i) => sampleValue(i, scrape)))
globalThis.gc?.()
const before = process.memoryUsage().rss

// Tells the database what time it is: new series belong to the window of the newest sample.
const clock = db.appender()
clock.append(clock.series(Labels.of({ __name__: 'clock' })), base, 1)
await clock.commit()

const refs = new Float64Array(seriesCount)
let start = performance.now()
const first = db.appender()
for (let i = 0; i < seriesCount; i++) refs[i] = first.series(labels[i])
const creationMs = performance.now() - start
for (let i = 0; i < seriesCount; i++) first.append(refs[i], base, values[0][i])
await first.commit()
console.log(`series created: ${((seriesCount / creationMs) * 1000).toFixed(0)} a second`)
const emptyLog = db.stats().logBytes

start = performance.now()
const cpu = process.cpuUsage()
for (let scrape = 1; scrape < scrapes; scrape++) {
  const t = base + scrape * intervalMs
  const column = values[scrape]
  const commits: Promise<void>[] = []
  for (let from = 0; from < seriesCount; from += targetSeries) {
    const appender = db.appender()
    const to = Math.min(from + targetSeries, seriesCount)
    for (let i = from; i < to; i++) appender.append(refs[i], t, column[i])
    commits.push(appender.commit())
    if (commits.length === 40) {
      await Promise.all(commits)
      commits.length = 0
    }
  }
  await Promise.all(commits)
}
const samples = seriesCount * (scrapes - 1)
const seconds = (performance.now() - start) / 1000
const { user, system } = process.cpuUsage(cpu)
console.log(
  `append and commit: ${(samples / seconds / 1e6).toFixed(2)} M samples a second, ${((user + system) / samples).toFixed(3)} CPU s per M samples`,
)
const stats = db.stats()
console.log(`log: ${((stats.logBytes - emptyLog) / samples).toFixed(2)} bytes a sample`)
globalThis.gc?.()
console.log(
  `memory: ${(stats.memoryBytes / seriesCount).toFixed(0)} bytes a series in slabs at ${scrapes} samples, rss +${((process.memoryUsage().rss - before) / seriesCount).toFixed(0)}`,
)

for (const [what, matchers] of [
  ['all series', [new Matcher('=~', '__name__', '.+')]],
  ['one metric', [new Matcher('=', '__name__', 'http_server_request_metric_7_total')]],
  ['one target', [new Matcher('=', 'instance', '10.0.3.7:8080')]],
] as const) {
  for (let round = 0; round < 3; round++) {
    start = performance.now()
    let found = 0
    for await (const batch of db.select({ minTime: 0, maxTime: Infinity, matchers }, unlimitedContext())) found += batch.length
    if (round === 2) console.log(`select ${what}: ${found} series in ${(performance.now() - start).toFixed(1)} ms`)
  }
}
await close()
env.metrics.clear()
start = performance.now()
const again = await runDb(env, { dir })
console.log(`replay: ${(((again.db.stats().sampleCount / (performance.now() - start)) * 1000) / 1e6).toFixed(2)} M samples a second`)
await again.close()
await rm(dir, { recursive: true })
