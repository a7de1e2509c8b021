// Queries that would need 10 GB or run for ever are refused or ended within their budget, while 50,000 samples a second are scraped and no
// slot is missed, and other queries are answered.
//   node test/prove/runaway.ts [--count SECONDS]
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { proofArguments } from '../support/arguments.ts'
import { startFarm } from '../support/farm.ts'
import { delay, type Program, startServer, until } from '../support/program.ts'

const TARGETS = 200
const SERIES_A_TARGET = 500
const INTERVAL_MS = 2000
const MEMORY_MAX = 128 * 2 ** 20
const MEMORY_TOGETHER_MAX = 192 * 2 ** 20
/** That ask for runaways at the same time. */
const CLIENTS = 6
const TIMEOUT_MS = 3000
/** Until a query is answered that has run out of time: those that wait are answered then, too. */
const ANSWER_MS_MAX = TIMEOUT_MS + 4000
/** What a process takes beyond what queries are charged for: the collector's delay, the heaps and the code of the threads. */
const OVERHEAD_BYTES = 450 * 2 ** 20

const { count: seconds } = proofArguments({ count: 20 })
const directory = mkdtempSync(join(tmpdir(), 'promontory-runaway-'))
const farm = await startFarm(SERIES_A_TARGET)
const configFile = join(directory, 'prometheus.yml')
writeFileSync(
  configFile,
  [
    `global: {scrape_interval: ${INTERVAL_MS}ms, scrape_timeout: ${INTERVAL_MS}ms}`,
    'scrape_configs:',
    '- job_name: farm',
    '  relabel_configs:',
    '    - {source_labels: [__address__], target_label: instance}',
    '    - {source_labels: [__address__], regex: "(.*):.*", target_label: __metrics_path__, replacement: /$1}',
    `    - {target_label: __address__, replacement: "127.0.0.1:${farm.port}"}`,
    '  static_configs:',
    `    - targets:\n${Array.from({ length: TARGETS }, (_, target) => `        - node-${target}:9100`).join('\n')}`,
    '',
  ].join('\n'),
)

const doubled = (query: string, times: number): string =>
  times === 0 ? query : doubled(`label_join(${query}, "text", "", "text", "text", "instance")`, times - 1)
const hugeRegex = Array.from({ length: 100 }, (_, i) => `.*${i}.*[a-z]+${i}?`).join('|')
/** In their turn; those of a day at 10,000 steps would need the memory in brackets. */
const RUNAWAYS: readonly (readonly [name: string, path: (now: number) => string])[] = [
  ['columns of 10,000 steps (9 GB)', range('farm_value + 1', 86_400)],
  ['cross join (27 GB)', range('farm_value * on (instance, series) group_left (zone) (farm_value + 1)', 86_400)],
  ['a group a value (18 GB)', range('count_values by (instance, series) ("v", farm_value)', 86_400)],
  ['wide subquery (3 TB)', instant('max_over_time(rate(farm_value[5m])[30d:1s])')],
  ['slow function at every step', range('quantile_over_time(0.5, (farm_value > 0)[1h:1s])', 3600)],
  ['labels that double', instant(doubled('farm_value', 40))],
  ['everything together', range('sort_by_label(farm_value or farm_value offset 1s or farm_value offset 2s, "series")', 86_400)],
  ['huge regular expression', instant(`count({__name__=~"${hugeRegex}"})`)],
  ['all series', () => `/api/v1/series?match[]=${encodeURIComponent('{__name__=~".+"}')}&match[]=farm_value`],
  ['all values', () => `/api/v1/label/instance/values?match[]=${encodeURIComponent('{series=~".+"}')}`],
  ['federation of all', () => `/federate?match[]=${encodeURIComponent('{__name__=~".+"}')}`],
  ['all samples', instant('{__name__=~".+"}[1d]')],
]

function range(query: string, spanSeconds: number): (now: number) => string {
  return (now) =>
    `/api/v1/query_range?query=${encodeURIComponent(query)}&start=${now - spanSeconds}&end=${now}&step=${spanSeconds / 10_000}`
}

function instant(query: string): (now: number) => string {
  return (now) => `/api/v1/query?query=${encodeURIComponent(query)}&time=${now}`
}

function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) * 1024
}

async function metric(server: Program, name: string): Promise<number> {
  const found = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(await server.text('/metrics'))
  if (found === null) throw new Error(`no metric ${name}`)
  return Number(found[1])
}

interface Answer {
  readonly status: number
  readonly ms: number
  readonly bytes: number
  readonly error: string
}

async function ask(server: Program, path: string): Promise<Answer> {
  const began = performance.now()
  const [url, parameters] = path.split('?')
  // Long ones do not fit into a URL.
  const long = path.length > 8000
  const response = await fetch(server.url + (long ? url : path), long ? { method: 'POST', body: new URLSearchParams(parameters) } : {})
  let bytes = 0
  let text = ''
  for await (const part of response.body ?? []) {
    bytes += part.length
    if (response.status !== 200) text += Buffer.from(part).toString()
  }
  const isJson = response.headers.get('content-type') === 'application/json'
  const error = response.status === 200 ? '' : isJson ? (JSON.parse(text) as { error: string }).error : text.trim()
  return { status: response.status, ms: performance.now() - began, bytes, error }
}

/** Small queries, one after the other, until told to end: how long each took. */
async function smallQueries(server: Program, isOver: () => boolean): Promise<readonly number[]> {
  const times: number[] = []
  while (!isOver()) {
    const { status, ms, error } = await ask(server, instant('sum(up{instance="node-7:9100"})')(Date.now() / 1000))
    if (status !== 200) throw new Error(`a small query was answered ${status}: ${error}`)
    times.push(ms)
    await delay(50)
  }
  return times.sort((a, b) => a - b)
}

const quantile = (sorted: readonly number[], q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0

async function stretch(server: Program, work: () => Promise<void>) {
  const [missed, scraped] = [await metric(server, MISSED), await metric(server, SAMPLES)]
  const began = performance.now()
  let isOver = false
  const [times] = await Promise.all([
    smallQueries(server, () => isOver),
    work().finally(() => {
      isOver = true
    }),
  ])
  const rate = ((await metric(server, SAMPLES)) - scraped) / ((performance.now() - began) / 1000)
  return {
    missed: (await metric(server, MISSED)) - missed,
    rate,
    median: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    count: times.length,
  }
}

const MISSED = 'promontory_scrape_slots_missed_total'
const SAMPLES = 'promontory_scrape_samples_total'
const line = (name: string, { missed, rate, median, p99, count }: Awaited<ReturnType<typeof stretch>>) =>
  console.log(
    `${name}: ${Math.round(rate)} samples/s, ${missed} slots missed; ${count} small queries, median ${median.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
  )

let server: Program | undefined
try {
  const flags = [
    '--query.max-samples=1000000000000',
    `--query.max-memory=${MEMORY_MAX}B`,
    `--query.max-memory-together=${MEMORY_TOGETHER_MAX}B`,
    `--query.timeout=${TIMEOUT_MS}ms`,
    `--query.max-concurrency=${CLIENTS + 2}`,
    '--enable-feature=promql-experimental-functions',
  ]
  server = await startServer({ configFile, dataDir: join(directory, 'data'), flags })
  await server.ready('/-/ready', 60_000)
  const running = server
  const pid = running.child.pid!
  await until('every target is up', 60_000, async () => {
    const [sum] = await running.query('sum(up)')
    return Number(sum?.value[1]) === TARGETS
  })
  await delay(2 * INTERVAL_MS)
  const before = await stretch(running, () => delay(Math.min(5000, seconds * 250)))
  line('before  ', before)
  const quiet = residentBytes(pid)

  let peak = 0
  let isOver = false
  const watching = (async () => {
    while (!isOver) {
      peak = Math.max(peak, residentBytes(pid))
      await delay(50)
    }
  })()
  const outcomes = new Map<string, { answers: Answer[] }>()
  const during = await stretch(running, async () => {
    const end = performance.now() + seconds * 1000
    let next = 0
    const client = async () => {
      while (performance.now() < end) {
        const [name, path] = RUNAWAYS[next++ % RUNAWAYS.length]
        const answer = await ask(running, path(Date.now() / 1000))
        const known = outcomes.get(name) ?? { answers: [] }
        outcomes.set(name, known)
        known.answers.push(answer)
      }
    }
    await Promise.all(Array.from({ length: CLIENTS }, client))
  })
  line('runaways', during)
  isOver = true
  await watching
  const after = await stretch(running, () => delay(Math.min(5000, seconds * 250)))
  line('after   ', after)

  for (const [name, { answers }] of outcomes) {
    const longest = Math.max(...answers.map(({ ms }) => ms))
    const outcome = new Set(
      answers.map(({ status, error, bytes }) => (status === 200 ? `answered with ${bytes} bytes` : `${status} ${error}`)),
    )
    console.log(`${name}: ${answers.length} times, at most ${longest.toFixed(0)} ms: ${[...outcome].slice(0, 3).join('; ')}`)
    if (longest > ANSWER_MS_MAX) throw new Error(`${name} took ${longest} ms`)
    for (const { status, error } of answers) {
      if (status !== 200 && !/^(query|queries) |unavailable|timed out/.test(error)) throw new Error(`${name}: ${status} ${error}`)
    }
  }
  const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`
  console.log(
    `resident: ${megabytes(quiet)} before, at most ${megabytes(peak)} meanwhile; queries together may take ${megabytes(MEMORY_TOGETHER_MAX)}`,
  )
  for (const reason of ['overdue', 'failed']) {
    const found = new RegExp(`^promontory_query_threads_ended_total\\{reason="${reason}"\\} (\\d+)$`, 'm').exec(
      await running.text('/metrics'),
    )
    console.log(`threads ended, ${reason}: ${found?.[1]}`)
    if (reason === 'failed' && found?.[1] !== '0') throw new Error('a thread failed')
  }
  if (outcomes.size < RUNAWAYS.length) throw new Error('not every runaway was tried')
  if (before.missed + during.missed + after.missed > 0) throw new Error('slots were missed')
  if (peak > quiet + MEMORY_TOGETHER_MAX + OVERHEAD_BYTES) throw new Error('more memory was taken than may be')
} finally {
  await server?.stop()
  await farm.close()
  rmSync(directory, { recursive: true, force: true })
}
