// Two replicas under `promontory up`, one of them killed midway: how many of their timestamps for the exporter's series are equal.
//   node test/prove/replicas.ts [--minutes M]
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { proofArguments } from '../support/arguments.ts'
import { delay, freePort, PROMONTORY, Program, until } from '../support/program.ts'

const EQUAL_MIN = 0.99
const INTERVAL_SECONDS = 2
const { minutes } = proofArguments({ minutes: 5 })
const directory = mkdtempSync(join(tmpdir(), 'promontory-replicas-'))
const [exporterPort, portA, portB] = [await freePort(), await freePort(), await freePort()]
const listen = (role: string, port: number) => `--listen=${role}=127.0.0.1:${port}`
const up = new Program(
  PROMONTORY,
  ['up', `--data=${directory}`, listen('exporter', exporterPort), listen('a', portA), listen('b', portB)],
  `http://127.0.0.1:${portA}`,
)
const urls = [`http://127.0.0.1:${portA}`, `http://127.0.0.1:${portB}`]

interface Share {
  readonly equal: number
  readonly total: number
}

/** How many of the times that either replica has, and that count, both have. */
function shareOf(
  a: ReadonlyMap<string, ReadonlySet<number>>,
  b: ReadonlyMap<string, ReadonlySet<number>>,
  counts: (t: number) => boolean,
): Share {
  let [equal, total] = [0, 0]
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    const [left, right] = [a.get(key) ?? new Set<number>(), b.get(key) ?? new Set<number>()]
    for (const t of new Set([...left, ...right])) {
      if (!counts(t)) continue
      total++
      if (left.has(t) && right.has(t)) equal++
    }
  }
  return { equal, total }
}

function percent({ equal, total }: Share): string {
  return `${((equal / total) * 100).toFixed(2)} %`
}

/** Times of every exporter series of one replica. */
async function timesOf(url: string, seconds: number): Promise<Map<string, Set<number>>> {
  const response = await fetch(`${url}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query: `{job="exporter"}[${seconds}s]` }),
  })
  const { data } = (await response.json()) as { data: { result: { metric: Record<string, string>; values: [number, string][] }[] } }
  return new Map(
    data.result.map(({ metric, values }) => {
      const { replica: _, ...labels } = metric
      return [JSON.stringify(Object.entries(labels).sort()), new Set(values.map(([t]) => t))]
    }),
  )
}

/** The process that listens with this address among its arguments. */
function pidOf(port: number): number {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')
      if (line.includes('server') && line.some((argument) => argument.endsWith(`127.0.0.1:${port}`))) return Number(name)
    } catch {
      // It ended while we looked.
    }
  }
  throw new Error(`no server on port ${port}`)
}

try {
  for (const url of urls) await until(url, 30_000, async () => (await fetch(`${url}/-/ready`)).status === 200)
  await delay(2000)
  const begin = Date.now()
  await delay(minutes * 30_000)
  const pid = pidOf(portB)
  console.log(`kill -9 ${pid} (replica b)`)
  const killedAt = Date.now() / 1000
  process.kill(pid, 'SIGKILL')
  await until('replica b', 30_000, async () => (await fetch(`${urls[1]}/-/ready`)).status === 200)
  const backAt = Date.now() / 1000
  console.log(`replica b is ready again after ${((backAt - killedAt) * 1000).toFixed(0)} ms`)
  await delay(minutes * 30_000)

  const seconds = Math.floor((Date.now() - begin) / 1000)
  const [a, b] = await Promise.all(urls.map((url) => timesOf(url, seconds)))
  const all = shareOf(a, b, () => true)
  // A slot is scraped anew from the first one that begins after the restart.
  const whole = shareOf(a, b, (t) => t < killedAt - INTERVAL_SECONDS || t > backAt + INTERVAL_SECONDS)
  console.log(`${seconds} s, ${a.size} and ${b.size} series: ${all.equal} of ${all.total} timestamps are in both replicas, ${percent(all)}`)
  console.log(`without the time of the restart: ${whole.equal} of ${whole.total}, ${percent(whole)}`)
  if (!(whole.equal / whole.total >= EQUAL_MIN)) throw new Error(`want at least ${EQUAL_MIN * 100} % besides the restart`)
  // In a shorter run the slots lost to the restart alone are more than the rest may lose.
  if (minutes >= 5 && !(all.equal / all.total >= EQUAL_MIN)) throw new Error(`want at least ${EQUAL_MIN * 100} %`)
} finally {
  await up.stop('SIGINT')
  rmSync(directory, { recursive: true, force: true })
}
