// /federate of many series beside Prometheus 3.5: the same lines, no scrape missed meanwhile; and time, bytes and memory of both.
//   node test/prove/federate.ts [--count SERIES]
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Labels } from '../../src/model/labels.ts'
import { encodeWriteRequest } from '../../src/remote/write-request.ts'
import { proofArguments } from '../support/arguments.ts'
import { peerPath } from '../support/peers.ts'
import { delay, freePort, Program, startServer } from '../support/program.ts'

const { count } = proofArguments({ count: 200_000 })
const NAMES = 100
const PER_REQUEST = 5000
const ROUNDS = 6
/** Somebody asks so long after each answer, while a page is made. */
const ASK_AFTER_MS = 10
/** Of ours to theirs: what the machine does beside is not ours to answer for. */
const TIME_RATIO_MAX = 1.1

const binary = peerPath('prometheus 3.5')
if (binary === undefined) {
  console.log('prometheus 3.5 is not here: nothing is compared')
  process.exit(0)
}

interface Measured {
  readonly ms: number
  readonly bytes: number
  readonly lines: number
}

interface Server {
  readonly name: string
  readonly program: Program
  readonly plain: Measured[]
  readonly zipped: Measured[]
  readonly queries: number[]
  /** Resident memory before the first page, and the most there was. */
  before: number
}

function memory({ program }: Server, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${program.child.pid}/status`, 'utf8')
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)![1]) / 1024
}

function cpuSeconds({ program }: Server): number {
  const fields = readFileSync(`/proc/${program.child.pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function fill({ program }: Server): Promise<void> {
  const t = Date.now()
  for (let from = 0; from < count; from += PER_REQUEST) {
    const series = Array.from({ length: Math.min(PER_REQUEST, count - from) }, (_, i) => ({
      labels: Labels.of({
        __name__: `http_requests_${(from + i) % NAMES}_total`,
        instance: `10.0.${(from + i) % 251}.7:9100`,
        job: `shop-${(from + i) % 17}`,
        path: `/api/v1/${from + i}`,
      }),
      samples: [[t, (from + i) * 1.25]] as [number, number][],
    }))
    const answer = await fetch(`${program.url}/api/v1/write`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
      body: new Blob([new Uint8Array(encodeWriteRequest(series))]),
    })
    if (answer.status !== 204) throw new Error(`write: ${answer.status} ${await answer.text()}`)
  }
}

/** The whole page, as it comes over the wire. */
function page(url: string, gzip: boolean): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const begun = performance.now()
    const target = `${url}/federate?match[]=${encodeURIComponent('{job=~"shop-.*"}')}`
    const sent = request(target, { headers: gzip ? { 'accept-encoding': 'gzip' } : {} }, (response) => {
      let [bytes, lines] = [0, 0]
      response.on('data', (part: Buffer) => {
        bytes += part.length
        if (!gzip) for (let at = part.indexOf(10); at >= 0; at = part.indexOf(10, at + 1)) lines++
      })
      response.on('end', () => resolve({ ms: performance.now() - begun, bytes, lines }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}

async function query({ program }: Server): Promise<number> {
  const begun = performance.now()
  await program.api('query', { query: 'count(up)' })
  return performance.now() - begun
}

const quantile = (all: readonly number[], share: number) => [...all].sort((a, b) => a - b)[Math.floor((all.length - 1) * share)]
const median = (all: readonly number[]) => quantile(all, 0.5)

const directory = mkdtempSync(join(tmpdir(), 'promontory-federate-'))
const ports = [await freePort(), await freePort()]
const configs = ports.map((port, i) => {
  const file = join(directory, `${i}.yml`)
  writeFileSync(file, `scrape_configs: [{job_name: self, scrape_interval: 1s, static_configs: [{targets: ['127.0.0.1:${port}']}]}]\n`)
  return file
})
const flags = ['--web.enable-remote-write-receiver']
const servers: Server[] = [
  await startServer({ configFile: configs[0], dataDir: join(directory, 'ours'), flags, port: ports[0] }),
  new Program(
    binary,
    [
      `--config.file=${configs[1]}`,
      `--storage.tsdb.path=${join(directory, 'theirs')}`,
      `--web.listen-address=127.0.0.1:${ports[1]}`,
      ...flags,
    ],
    `http://127.0.0.1:${ports[1]}`,
  ),
].map((program, i) => ({ name: ['promontory', 'prometheus 3.5'][i], program, plain: [], zipped: [], queries: [], before: 0 }))
try {
  for (const server of servers) {
    await server.program.ready()
    await fill(server)
  }
  // Each has its first page, and what it does after a start, behind it.
  for (const server of servers) await page(server.program.url, false)
  await delay(10_000)
  const begun = Date.now()
  for (const server of servers) server.before = memory(server, 'VmRSS')
  const spent = [0, 0]
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, server] of servers.entries()) {
      for (const gzip of [false, true]) {
        const before = cpuSeconds(server)
        let isOver = false
        const running = page(server.program.url, gzip).finally(() => {
          isOver = true
        })
        while (!isOver) {
          server.queries.push(await query(server))
          await delay(ASK_AFTER_MS)
        }
        server[gzip ? 'zipped' : 'plain'].push(await running)
        spent[i] += cpuSeconds(server) - before
      }
      await delay(500)
    }
  }
  const seconds = Math.floor((Date.now() - begun) / 1000)
  console.log(
    `/federate of ${count} series, ${ROUNDS} rounds in turn, median; each scrapes itself every second, and somebody asks count(up) all the time`,
  )
  const rows: Record<string, number>[] = []
  for (const [i, server] of servers.entries()) {
    const { result } = await server.program.api<{ result: { value: [number, string] }[] }>('query', {
      query: `sum(count_over_time(up[${seconds}s]))`,
    })
    const row = {
      ms: median(server.plain.map(({ ms }) => ms)),
      zippedMs: median(server.zipped.map(({ ms }) => ms)),
      cpuMs: (1000 * spent[i]) / (2 * ROUNDS),
      bytes: server.plain[0].bytes,
      zippedBytes: server.zipped[0].bytes,
      moreMB: memory(server, 'VmHWM') - server.before,
      peakMB: memory(server, 'VmHWM'),
      queryMs: median(server.queries),
      slowQueryMs: quantile(server.queries, 0.95),
      slowestQueryMs: Math.max(...server.queries),
      missedScrapes: Math.max(0, seconds - Number(result[0].value[1])),
    }
    rows.push(row)
    const { ms, zippedMs, cpuMs, bytes, zippedBytes, moreMB, peakMB, queryMs, slowQueryMs, slowestQueryMs, missedScrapes } = row
    console.log(
      `${server.name.padEnd(15)} plain ${ms.toFixed(0)} ms, gzip ${zippedMs.toFixed(0)} ms, ${cpuMs.toFixed(0)} CPU ms a page; ${bytes} bytes, gzip ${zippedBytes}; ` +
        `memory ${peakMB.toFixed(0)} MB at most, ${moreMB.toFixed(0)} MB more than before; ` +
        `${server.queries.length} queries meanwhile: median ${queryMs.toFixed(1)} ms, 95 % within ${slowQueryMs.toFixed(1)} ms, slowest ${slowestQueryMs.toFixed(0)} ms; scrapes missed in ${seconds} s: ${missedScrapes}`,
    )
  }
  const [ours, theirs] = rows
  const worse = [
    ...(['ms', 'zippedMs', 'cpuMs', 'queryMs', 'slowQueryMs'] as const).filter((what) => ours[what] > TIME_RATIO_MAX * theirs[what]),
    ...(['bytes', 'zippedBytes', 'peakMB', 'missedScrapes'] as const).filter((what) => ours[what] > theirs[what]),
  ]
  if (servers[0].plain[0].lines !== servers[1].plain[0].lines) throw new Error('the pages have different numbers of lines')
  if (ours.missedScrapes > theirs.missedScrapes) throw new Error('scrapes were missed')
  console.log(worse.length === 0 ? 'not worse than Prometheus in any' : `worse than Prometheus: ${worse.join(', ')}`)
} finally {
  for (const { program } of servers) await program.stop()
  rmSync(directory, { recursive: true, force: true })
}
