// A reload of a server with 10,000 targets costs less than a second of one core, and jobs that it does not change miss no slot.
//   node test/prove/reload.ts [--count RELOADS]
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { proofArguments } from '../support/arguments.ts'
import { startFarm } from '../support/farm.ts'
import { delay, type Program, startServer, until } from '../support/program.ts'

const TARGETS = 10_000
const JOBS = 20
const SERIES_A_TARGET = 10
const INTERVAL_MS = 15_000
/** What a reload sets off has come to an end by then. */
const WINDOW_MS = 10_000
const CPU_SECONDS_MAX = 1
/** Of /proc/PID/stat; what Linux has on all machines that matter. */
const TICKS_A_SECOND = 100

const { count } = proofArguments({ count: 6 })
const directory = mkdtempSync(join(tmpdir(), 'promontory-reload-'))
const farm = await startFarm(SERIES_A_TARGET)
const configFile = join(directory, 'prometheus.yml')

/** All targets are one farm, which tells them apart by their path. The last job is another after each reload. */
function config(generation: number): string {
  const job = (index: number) => {
    const targets = Array.from({ length: TARGETS / JOBS }, (_, target) => `        - node-${index}-${target}:9100`)
    const group = index === JOBS - 1 ? `\n      labels: {generation: "${generation}"}` : ''
    return [
      `- job_name: job-${index}`,
      '  relabel_configs:',
      '    - {source_labels: [__address__], target_label: instance}',
      '    - {source_labels: [__address__], regex: "(.*):.*", target_label: __metrics_path__, replacement: /$1}',
      `    - {target_label: __address__, replacement: "127.0.0.1:${farm.port}"}`,
      '  static_configs:',
      `    - targets:\n${targets.join('\n')}${group}`,
    ].join('\n')
  }
  const global = `global: {scrape_interval: ${INTERVAL_MS}ms, scrape_timeout: 10s}`
  return `${global}\nscrape_configs:\n${Array.from({ length: JOBS }, (_, index) => job(index)).join('\n')}\n`
}

/** Of the process and all its threads. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND
}

async function metric(server: Program, name: string): Promise<number> {
  const text = await server.text('/metrics')
  const found = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)
  if (found === null) throw new Error(`no metric ${name}`)
  return Number(found[1])
}

interface Reload {
  /** Until it was answered. */
  readonly answerMs: number
  readonly cpuSeconds: number
}

/** CPU beyond that of the same time without a reload. */
async function reload(server: Program, generation: number): Promise<Reload> {
  const pid = server.child.pid!
  const spent = async (action: () => Promise<number>): Promise<[cpu: number, answer: number]> => {
    const [cpu, began] = [cpuSeconds(pid), performance.now()]
    const answer = await action()
    await delay(WINDOW_MS - (performance.now() - began))
    return [cpuSeconds(pid) - cpu, answer]
  }
  const [before] = await spent(async () => 0)
  writeFileSync(configFile, config(generation))
  const [during, answerMs] = await spent(async () => {
    const began = performance.now()
    const response = await fetch(`${server.url}/-/reload`, { method: 'POST' })
    if (response.status !== 200) throw new Error(`reload: ${response.status} ${await response.text()}`)
    return performance.now() - began
  })
  return { answerMs, cpuSeconds: during - before }
}

let server: Program | undefined
try {
  writeFileSync(configFile, config(0))
  server = await startServer({ configFile, dataDir: join(directory, 'data'), flags: ['--web.enable-lifecycle', '--log.level=warn'] })
  await server.ready('/-/ready', 60_000)
  const { url } = server
  await until('all targets up', 120_000, async () => {
    const [found] = await server!.query('sum(up)')
    return found?.value[1] === String(TARGETS)
  })
  await delay(2 * INTERVAL_MS)
  const missedBefore = await metric(server, 'promontory_scrape_slots_missed_total')
  const began = Date.now()
  const reloads: Reload[] = []
  for (let index = 1; index <= count; index++) reloads.push(await reload(server, index))
  const missed = (await metric(server, 'promontory_scrape_slots_missed_total')) - missedBefore
  const end = Math.floor(Date.now() / 1000) - INTERVAL_MS / 1000
  const seconds = Math.floor(end - began / 1000)
  const values = reloads.map((one) => one.cpuSeconds).sort((a, b) => a - b)
  const median = values[values.length >> 1]
  console.log(
    `${TARGETS} targets in ${JOBS} jobs, scraped every ${INTERVAL_MS / 1000} s; ${count} reloads, each with one job changed (${url}/-/reload)`.replace(
      url,
      '',
    ),
  )
  console.log(
    `CPU of a reload, beyond that of scraping: ${values.map((value) => `${value.toFixed(2)} s`).join(', ')}; median ${median.toFixed(2)} s`,
  )
  console.log(`answered after ${reloads.map(({ answerMs }) => answerMs.toFixed(0)).join(', ')} ms`)
  console.log(`slots missed meanwhile: ${missed}`)

  // As the samples have it: each series of an unchanged job has one in every slot.
  const response = await fetch(`${url}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query: `up{job!="job-${JOBS - 1}"}[${seconds}s]`, time: String(end) }),
  })
  const { data } = (await response.json()) as { data: { result: { metric: Record<string, string>; values: [number, string][] }[] } }
  let [gaps, down] = [0, 0]
  for (const { values } of data.result) {
    for (let i = 0; i < values.length; i++) {
      if (values[i][1] !== '1') down++
      if (i > 0 && Math.round((values[i][0] - values[i - 1][0]) * 1000) > 1.5 * INTERVAL_MS) gaps++
    }
  }
  console.log(`unchanged jobs: ${data.result.length} targets over ${seconds} s, ${gaps} gaps, ${down} failed scrapes`)
  if (data.result.length !== TARGETS - TARGETS / JOBS) throw new Error('not all targets of the unchanged jobs have samples')
  if (gaps > 0 || missed > 0) throw new Error('slots were missed')
  if (!(median < CPU_SECONDS_MAX)) throw new Error(`want less than ${CPU_SECONDS_MAX} s`)
} finally {
  await server?.stop()
  await farm.close()
  rmSync(directory, { recursive: true, force: true })
}
