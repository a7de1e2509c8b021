// 5,000 firing alerts in 200 groups, ours beside upstream's Alertmanager: CPU seconds, memory, how late notifications are.
// PROMONTORY_PEERS=DIR node tools/bench-alertmanager.ts [RUNS]
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { peerPath } from '../test/support/peers.ts'
import { delay, freePort, PROMONTORY, until } from '../test/support/program.ts'

const GROUPS = 200
const ALERTS_A_GROUP = 25
const ALERTS_A_REQUEST = 1000
const GROUP_WAIT_MS = 2000
const ROUND_MS = 5000
/** Each sends all alerts again: every second one is followed by notifications, since the repeat interval is over. */
const ROUNDS = 6

interface Result {
  readonly cpuSeconds: number
  readonly peakMiB: number
  readonly notifications: number
  readonly latenessP99Ms: number
}

async function measure(command: string, first: readonly string[]): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-bench-am-'))
  let begin = 0
  const late: number[] = []
  const told = new Set<string>()
  let notifications = 0
  const hook = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { groupKey } = JSON.parse(Buffer.concat(parts).toString()) as { groupKey: string }
      notifications++
      if (!told.has(groupKey)) late.push(Date.now() - begin - GROUP_WAIT_MS)
      told.add(groupKey)
      response.end()
    })
  })
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  const port = await freePort()
  const config = join(directory, 'alertmanager.yml')
  writeFileSync(
    config,
    `route: {receiver: a, group_by: [g], group_wait: 2s, group_interval: 5s, repeat_interval: 8s}
receivers: [{name: a, webhook_configs: [{url: 'http://127.0.0.1:${(hook.address() as { port: number }).port}/'}]}]\n`,
  )
  const flags = [
    `--config.file=${config}`,
    `--storage.path=${directory}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ]
  const child = spawn(command, [...first, ...flags], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  try {
    await until('ready', 20_000, async () => (await fetch(`${url}/-/ready`)).ok)
    const started = cpuSeconds(child)
    begin = Date.now()
    for (let round = 0; round < ROUNDS; round++) {
      for (const alerts of requests()) {
        const response = await fetch(`${url}/api/v2/alerts`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: alerts,
        })
        if (!response.ok) throw new Error(await response.text())
      }
      await delay(begin + (round + 1) * ROUND_MS - Date.now())
    }
    late.sort((a, b) => a - b)
    return {
      cpuSeconds: cpuSeconds(child) - started,
      peakMiB: Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024,
      notifications,
      latenessP99Ms: late[Math.ceil(late.length * 0.99) - 1],
    }
  } finally {
    child.kill()
    await new Promise((resolve) => child.once('exit', resolve))
    hook.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

function requests(): readonly string[] {
  const alerts = Array.from({ length: GROUPS * ALERTS_A_GROUP }, (_, index) => ({
    labels: {
      alertname: 'InstanceDown',
      g: `group-${index % GROUPS}`,
      instance: `host-${Math.floor(index / GROUPS)}.example.com:9100`,
      severity: 'warning',
      job: 'node',
      dc: 'eu-west-1',
      team: 'infra',
    },
    annotations: {
      summary: `Instance ${index} is down`,
      description: 'It has been down for more than five minutes, and nobody has looked. '.repeat(2),
    },
    generatorURL: 'http://prometheus.example.com/graph?g0.expr=up+%3D%3D+0&g0.tab=1',
  }))
  return Array.from({ length: alerts.length / ALERTS_A_REQUEST }, (_, index) =>
    JSON.stringify(alerts.slice(index * ALERTS_A_REQUEST, (index + 1) * ALERTS_A_REQUEST)),
  )
}

/** User and system, of the process. */
function cpuSeconds({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

const theirs = peerPath('alertmanager 0.33')
if (theirs === undefined) throw new Error('alertmanager 0.33 is not here: set PROMONTORY_PEERS')
const runs = Number(process.argv[2] ?? 3)
const results: Record<string, Result[]> = { ours: [], theirs: [] }
for (let run = 0; run < runs; run++) {
  results.ours.push(await measure(PROMONTORY, ['alertmanager']))
  results.theirs.push(await measure(theirs, []))
}
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
console.log(
  `${GROUPS * ALERTS_A_GROUP} firing alerts in ${GROUPS} groups, sent ${ROUNDS} times in ${(ROUNDS * ROUND_MS) / 1000} s; median of ${runs} runs, one after the other (least to most)\n`,
)
console.log('| | ours | Alertmanager 0.33 |\n|---|---|---|')
for (const [title, of, digits] of [
  ['CPU seconds after the start', (result: Result) => result.cpuSeconds, 2],
  ['peak memory, MiB', (result: Result) => result.peakMiB, 0],
  ['notifications', (result: Result) => result.notifications, 0],
  ['first notification of a group after group_wait, p99, ms', (result: Result) => result.latenessP99Ms, 0],
] as const) {
  const cells = [results.ours, results.theirs].map((each) => {
    const values = each.map(of)
    return `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`
  })
  console.log(`| ${title} | ${cells.join(' | ')} |`)
}
