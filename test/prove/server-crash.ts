// kill -9, and now and then an orderly end, at random moments while the server scrapes 20,000 samples a second and takes remote writes of floats, native histograms and exemplars.
// After each restart all of a write that was answered 204, and every sample that a query had shown, must be there.
//   node test/prove/server-crash.ts [--seed N] [--count KILLS]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compressSync } from 'snappy'
import { seededRandom } from '../../src/base/virtual/random.ts'
import { proofArguments } from '../support/arguments.ts'
import { startFarm } from '../support/farm.ts'
import { delay, freePort, type Program, startServer } from '../support/program.ts'
import { type HandHistogram, type HandSeries, messageV1 } from '../support/write-requests.ts'

const TARGETS = 20
const SERIES_A_TARGET = 1000
const WRITERS = 4
const SERIES_A_WRITE = 50
/** Half of them are of float histograms. */
const HISTOGRAMS_A_WRITE = 4

const { seed, count } = proofArguments({ count: 50 })
const random = seededRandom(seed)
const directory = mkdtempSync(join(tmpdir(), 'promontory-crash-'))
const farm = await startFarm(SERIES_A_TARGET)
const configFile = join(directory, 'prometheus.yml')
writeFileSync(
  configFile,
  [
    'global: {scrape_interval: 1s, scrape_timeout: 1s}',
    'storage: {exemplars: {max_exemplars: 2000000}}',
    'scrape_configs:',
    ...Array.from(
      { length: TARGETS },
      (_, index) => `  - {job_name: farm-${index}, metrics_path: /t${index}, static_configs: [{targets: ['127.0.0.1:${farm.port}']}]}`,
    ),
  ].join('\n'),
)

/** Remote writes that were answered 204: time of the batch by writer. */
const acknowledged: number[][] = Array.from({ length: WRITERS }, () => [])
/** Samples that a query has shown, by target: series and time → value. */
const shown: Map<string, string>[] = Array.from({ length: TARGETS }, () => new Map())
let running = true
let server: Program | undefined
const port = await freePort()
const startedAt = Date.now()

function labelsOf(name: string, writer: number, number: number): [string, string][] {
  return [
    ['__name__', name],
    ['number', String(number)],
    ['writer', String(writer)],
  ]
}

/** Follows from its time, and rises and falls as time goes on. */
function histogramOf(t: number, isFloat: boolean): HandHistogram {
  const n = t % 1000
  const positive = isFloat ? [n, n + 1, n + 3] : [n, 1, 2]
  return { t, isFloat, schema: 1, sum: n, count: 3 * n + 4, positiveSpans: [[0, 3]], positive }
}

async function writer(index: number): Promise<void> {
  let t = Date.now()
  while (running) {
    t = Math.max(t + 1, Date.now())
    const series: HandSeries[] = Array.from({ length: SERIES_A_WRITE }, (_, number) => ({
      labels: labelsOf('written', index, number),
      samples: [[t, t % 1000] as const],
      exemplars: number === 0 ? [{ labels: [['trace_id', String(t)]], value: t % 1000, t }] : [],
    }))
    for (let number = 0; number < HISTOGRAMS_A_WRITE; number++)
      series.push({ labels: labelsOf('written_histogram', index, number), histograms: [histogramOf(t, number % 2 === 1)] })
    try {
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/write`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' },
        body: compressSync(messageV1(series)) as Uint8Array<ArrayBuffer>,
      })
      if (response.status === 204) acknowledged[index].push(t)
      else if (response.status < 500) throw new Error(`remote write: ${response.status} ${await response.text()}`)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      await delay(20)
    }
    await delay(2)
  }
}

/** Looks at what was scraped of one target and remembers it. */
async function looker(): Promise<void> {
  while (running) {
    const target = Math.floor(random.next() * TARGETS)
    try {
      for (const { metric, values } of await matrix(`farm_value{job="farm-${target}"}[3s]`, Date.now() / 1000)) {
        for (const [t, value] of values) shown[target].set(`${metric.series}/${t}`, value)
      }
    } catch {
      // The server is down just now.
    }
    await delay(100)
  }
}

interface MatrixSeries {
  readonly metric: Record<string, string>
  readonly values: readonly (readonly [number, string])[]
  readonly histograms?: readonly (readonly [number, { readonly count: string; readonly sum: string }])[]
}

async function matrix(query: string, time: number): Promise<readonly MatrixSeries[]> {
  const { result } = await ask<{ result: MatrixSeries[] }>('query', { query, time: String(time) })
  return result
}

async function ask<Data>(path: string, parameters: Record<string, string>): Promise<Data> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`, { method: 'POST', body: new URLSearchParams(parameters) })
  const answer = (await response.json()) as { status: string; error?: string; data: Data }
  if (answer.status !== 'success') throw new Error(`${parameters.query}: ${answer.error}`)
  return answer.data
}

/** What is missing of what had been acknowledged or shown since a time (Unix ms). */
async function missing(since: number): Promise<{ faults: string[]; written: number; looked: number }> {
  const faults: string[] = []
  // Fixed for the whole check, which may take longer than any margin.
  const now = Date.now() / 1000
  const seconds = Math.ceil(now - since / 1000) + 5
  let written = 0
  for (let index = 0; index < WRITERS; index++) {
    const want = acknowledged[index].filter((t) => t >= since)
    const result = await matrix(`written{writer="${index}"}[${seconds}s]`, now)
    if (want.length > 0 && result.length !== SERIES_A_WRITE) faults.push(`writer ${index}: ${result.length} of ${SERIES_A_WRITE} series`)
    for (const { metric, values } of result) {
      const found = new Map(values.map(([t, value]) => [Math.round(t * 1000), value]))
      for (const t of want) {
        written++
        if (found.get(t) !== String(t % 1000))
          faults.push(`written{writer=${index},number=${metric.number}} at ${t}: ${found.get(t) ?? 'missing'}`)
      }
    }
  }
  for (let index = 0; index < WRITERS; index++) {
    const want = acknowledged[index].filter((t) => t >= since)
    if (want.length === 0) continue
    const result = await matrix(`written_histogram{writer="${index}"}[${seconds}s]`, now)
    if (result.length !== HISTOGRAMS_A_WRITE) faults.push(`writer ${index}: ${result.length} of ${HISTOGRAMS_A_WRITE} series of histograms`)
    for (const { metric, histograms = [] } of result) {
      const found = new Map(histograms.map(([t, { count, sum }]) => [Math.round(t * 1000), `${count} ${sum}`]))
      for (const t of want) {
        written++
        if (found.get(t) !== `${3 * (t % 1000) + 4} ${t % 1000}`)
          faults.push(`written_histogram{writer=${index},number=${metric.number}} at ${t}: ${found.get(t) ?? 'missing'}`)
      }
    }
    const range = { start: String(since / 1000 - 5), end: String(now) }
    const query = `written{writer="${index}"}`
    const [shownExemplars] = await ask<{ exemplars: { value: string; timestamp: number }[] }[]>('query_exemplars', { query, ...range })
    const exemplars = new Map(shownExemplars?.exemplars.map(({ timestamp, value }) => [Math.round(timestamp * 1000), value]))
    for (const t of want) {
      written++
      if (exemplars.get(t) !== String(t % 1000)) faults.push(`exemplar of writer ${index} at ${t}: ${exemplars.get(t) ?? 'missing'}`)
    }
  }
  let looked = 0
  for (let target = 0; target < TARGETS; target++) {
    const want = [...shown[target]].filter(([key]) => Number(key.split('/')[1]) * 1000 >= since)
    if (want.length === 0) continue
    const found = new Map<string, string>()
    for (const { metric, values } of await matrix(`farm_value{job="farm-${target}"}[${seconds}s]`, now)) {
      for (const [t, value] of values) found.set(`${metric.series}/${t}`, value)
    }
    for (const [key, value] of want) {
      looked++
      if (found.get(key) !== value) faults.push(`farm-${target}, shown ${key}: ${found.get(key) ?? 'missing'}, want ${value}`)
    }
  }
  return { faults, written, looked }
}

let kills = 0
/** Time under load, from ready to the kill, and the scrapes in it. */
let [loadMs, loadScrapes] = [0, 0]
let checkedWrites = 0
let checkedShown = 0
const readyTimes: number[] = []
let loops: Promise<unknown> = Promise.resolve()
let loopFailure: unknown
try {
  for (; kills <= count; kills++) {
    const started = performance.now()
    server = await (
      await startServer({
        configFile,
        dataDir: join(directory, 'data'),
        port,
        flags: ['--web.enable-remote-write-receiver', '--enable-feature=exemplar-storage', '--log.level=warn'],
      })
    ).ready('/-/ready', 60_000)
    readyTimes.push(performance.now() - started)
    // The newest is checked at once, and everything at the end.
    const { faults, written, looked } = await missing(kills === count ? startedAt : Date.now() - 15_000)
    if (faults.length > 0)
      throw new Error(`after kill ${kills}: ${faults.length} samples are not there, such as\n  ${faults.slice(0, 10).join('\n  ')}`)
    if (kills === count) {
      checkedWrites = written
      checkedShown = looked
      break
    }
    running = true
    loops = Promise.all([...acknowledged.map((_, index) => writer(index)), looker()]).catch((error: unknown) => {
      loopFailure = error
    })
    const [scrapesBefore, loadBegan] = [farm.requests(), performance.now()]
    await delay(500 + random.next() * 3000)
    // Now and then an orderly end, which leaves a checkpoint; the next start goes on from that.
    await server.stop(random.next() < 0.25 ? 'SIGTERM' : 'SIGKILL')
    loadMs += performance.now() - loadBegan
    loadScrapes += farm.requests() - scrapesBefore
    running = false
    await loops
    if (loopFailure) throw loopFailure
    process.stdout.write(`\rkill ${kills + 1} of ${count}`)
  }
  if (count > 1 && (checkedWrites === 0 || checkedShown === 0))
    throw new Error('nothing was acknowledged or nothing was shown: the proof proves nothing')
  readyTimes.sort((a, b) => a - b)
  console.log(
    `\n${count} kills: nothing is missing of ${checkedWrites} acknowledged samples and exemplars and ${checkedShown} shown samples; ` +
      `${((loadScrapes * SERIES_A_TARGET) / (loadMs / 1000)).toFixed(0)} samples scraped a second while up; ready after ${readyTimes[readyTimes.length >> 1].toFixed(0)} ms (median), ${readyTimes.at(-1)!.toFixed(0)} ms (longest)`,
  )
  rmSync(directory, { recursive: true, force: true })
} catch (error) {
  console.log(`what was stored is kept in ${directory}`)
  throw error
} finally {
  running = false
  await loops
  await server?.stop('SIGKILL')
  await farm.close()
}
