// One team's deploy puts a label with a million values on its metrics, at 50,000 samples a second: its budget holds, memory stays within 10 %,
// its existing series and everybody else's go on without a gap, and a metric names the job and the label within one interval.
//   node test/prove/budget.ts [--count SECONDS]
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { proofArguments } from '../support/arguments.ts'
import { delay, type Program, startServer, until } from '../support/program.ts'

const INTERVAL_MS = 2000
/** The team that deploys: so many targets with series that stay, and series that get the label. */
const SHOP_TARGETS = 20
const STAYING = 500
const LABELLED = 5000
/** Everybody else. */
const OTHER_TARGETS = 100
const OTHER_SERIES = 200
const SHOP_BUDGET = SHOP_TARGETS * (STAYING + LABELLED + 100)
const MEMORY_GROWTH_MAX = 0.1

const { count: seconds } = proofArguments({ count: 45 })
const directory = mkdtempSync(join(tmpdir(), 'promontory-budget-'))

/** Pages of counters whose values tell which scrape of their target they are from. */
let isDeployed = false
let users = 0
/** When the first page with the label was asked for. */
let firstServed = Number.NaN
const scrapes = new Map<string, number>()
const farm = createServer((request, response) => {
  const path = request.url ?? '/'
  const count = (scrapes.get(path) ?? 0) + 1
  scrapes.set(path, count)
  const lines: string[] = []
  const isShop = path.startsWith('/shop')
  if (isShop && isDeployed && users === 0) firstServed = Date.now()
  for (let i = 0; i < (isShop ? STAYING : OTHER_SERIES); i++) lines.push(`farm_value{series="${i}"} ${count}\n`)
  for (let i = 0; isShop && i < LABELLED; i++) {
    lines.push(`requests_total{handler="/api/v1/item/${i}"${isDeployed ? `,user="u${users++}"` : ''}} ${count}\n`)
  }
  response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  response.end(lines.join(''))
})
farm.keepAliveTimeout = 60_000
await new Promise<void>((resolve) => farm.listen(0, '127.0.0.1', resolve))
const { port } = farm.address() as AddressInfo

const configFile = join(directory, 'prometheus.yml')
const ownFile = join(directory, 'promontory.yml')
const job = (name: string, targets: number) => `
- job_name: ${name}
  relabel_configs:
  - {source_labels: [__address__], target_label: instance}
  - {source_labels: [__address__], target_label: __metrics_path__, replacement: /$1}
  - {target_label: __address__, replacement: "127.0.0.1:${port}"}
  static_configs:
  - targets: [${Array.from({ length: targets }, (_, i) => `${name}-${i}`).join(', ')}]
    labels: {team: team-${name}}`
writeFileSync(
  configFile,
  `global: {scrape_interval: ${INTERVAL_MS}ms, scrape_timeout: ${INTERVAL_MS}ms}
scrape_configs:${job('shop', SHOP_TARGETS)}${job('other', OTHER_TARGETS)}
`,
)
writeFileSync(
  ownFile,
  `budgets:
  server: {hard_limit: 1_000_000}
  job: {named: {shop: {hard_limit: ${SHOP_BUDGET}}}}
  owner: {label: team, default: {hard_limit: 500_000}}
`,
)

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}

const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`

async function metric(server: Program, line: string): Promise<number> {
  const page = await server.text('/metrics')
  const found = page.split('\n').find((one) => one.startsWith(`${line} `))
  return found === undefined ? 0 : Number(found.slice(line.length + 1))
}

async function single(server: Program, query: string): Promise<number> {
  const [found] = await server.query(query)
  return found === undefined ? Number.NaN : Number(found.value[1])
}

/** The most that a process has while something runs, looked at every 50 ms. */
async function peakDuring(pid: number, work: () => Promise<void>): Promise<number> {
  let peak = 0
  let isOver = false
  const watching = (async () => {
    while (!isOver) {
      peak = Math.max(peak, residentBytes(pid))
      await delay(50)
    }
  })()
  await work()
  isOver = true
  await watching
  return peak
}

const REFUSED = 'promontory_budget_refused_series_total{job="shop",label="user",name="shop",scope="job"}'
const SERIES = 'promontory_budget_series{name="shop",scope="job"}'
const MISSED = 'promontory_scrape_slots_missed_total'

let server: Program | undefined
try {
  server = await startServer({ configFile, dataDir: join(directory, 'data'), flags: [`--promontory.config=${ownFile}`] })
  await server.ready('/-/ready', 60_000)
  const running = server
  const pid = running.child.pid!
  const targets = SHOP_TARGETS + OTHER_TARGETS
  await until('every target is up', 60_000, async () => (await single(running, 'sum(up)')) === targets)
  await delay(4 * INTERVAL_MS)
  const before = await peakDuring(pid, () => delay(seconds * 1000))
  const seriesBefore = await metric(running, SERIES)
  const missedBefore = await metric(running, MISSED)
  console.log(`before: ${seriesBefore} series of the job, budget ${SHOP_BUDGET}; resident at most ${megabytes(before)}`)

  const deployed = Date.now()
  isDeployed = true
  let toldAfterMs = Number.NaN
  const during = await peakDuring(pid, async () => {
    await until('the metric names job and label', 30_000, async () => (await metric(running, REFUSED)) > 0)
    toldAfterMs = Date.now() - firstServed
    await delay(Math.max(0, deployed + seconds * 1000 - Date.now()))
  })
  const values = users
  const spanSeconds = (Date.now() - deployed) / 1000
  const refused = await metric(running, REFUSED)
  const series = await metric(running, SERIES)
  const missed = (await metric(running, MISSED)) - missedBefore
  console.log(
    `deploy: ${values} values of a new label in ${spanSeconds.toFixed(0)} s, ${Math.round((SHOP_TARGETS * (STAYING + LABELLED) + OTHER_TARGETS * OTHER_SERIES) / (INTERVAL_MS / 1000))} samples/s`,
  )
  console.log(`metric: ${REFUSED} was there ${toldAfterMs} ms after the first page with the label, and is ${refused}`)
  console.log(`budget: ${series} series of ${SHOP_BUDGET}`)
  console.log(
    `resident: at most ${megabytes(before)} before, ${megabytes(during)} meanwhile: ${(100 * (during / before - 1)).toFixed(1)} % more`,
  )

  // Of every series that stays: as many samples as slots, each one more than the last.
  const window = `${Math.floor(spanSeconds)}s`
  const end = Date.now() / 1000
  const at = async (query: string) => Number((await running.query(query, end))[0]?.value[1])
  const staying = SHOP_TARGETS * STAYING + OTHER_TARGETS * OTHER_SERIES
  const counted = await at(`count(count_over_time(farm_value[${window}]))`)
  const [least, most] = [await at(`min(count_over_time(farm_value[${window}]))`), await at(`max(count_over_time(farm_value[${window}]))`)]
  const gapless = await at(
    `count((changes(farm_value[${window}]) == count_over_time(farm_value[${window}]) - 1) and (max_over_time(farm_value[${window}]) - min_over_time(farm_value[${window}]) == count_over_time(farm_value[${window}]) - 1))`,
  )
  const up = await at(`min(min_over_time(up[${window}]))`)
  console.log(
    `existing series: ${counted} of ${staying}, ${least} to ${most} samples each in ${window}, ${gapless} without a gap; up at least ${up}; ${missed} slots missed`,
  )
  const status = await running.api<{ budgets: { scope: string; name: string; grown?: { label: string; values: number }[] }[] }>(
    'status/budgets',
  )
  const shop = status.budgets.find(({ scope, name }) => scope === 'job' && name === 'shop')
  console.log(`status: label ${shop?.grown?.[0].label} with about ${shop?.grown?.[0].values} values`)

  const check = (holds: boolean, what: string) => {
    if (!holds) throw new Error(what)
  }
  check(toldAfterMs <= INTERVAL_MS, `the metric came after ${toldAfterMs} ms`)
  check(series <= SHOP_BUDGET, `${series} series are more than the budget`)
  check(refused > values * 0.8, `${refused} of ${values} series were refused for the label`)
  check(during <= before * (1 + MEMORY_GROWTH_MAX), 'memory grew by more than 10 %')
  check(counted === staying && gapless === staying, 'samples of existing series are missing')
  check(up === 1 && missed === 0, 'a target was down, or a slot missed')
  check(shop?.grown?.[0].label === 'user', 'the status names another label')
  check(most - least <= 1, 'some series have fewer samples than others')
  if (seconds >= 45) check(values >= 1_000_000, `only ${values} values`)
} finally {
  await server?.stop()
  farm.closeAllConnections()
  farm.close()
  rmSync(directory, { recursive: true, force: true })
}
