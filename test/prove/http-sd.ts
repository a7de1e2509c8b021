// A long list of targets over HTTP, then in a file, each in a server of its own: when all of them are known, what that costs, and what one
// refresh costs that changes a hundredth of them; meanwhile somebody asks every few milliseconds whether the server is there.
//   node test/prove/http-sd.ts [--count TARGETS]
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { proofArguments } from '../support/arguments.ts'
import { delay, type Program, startServer, until } from '../support/program.ts'

const ASK_EVERY_MS = 5

const { count } = proofArguments({ count: 50_000 })

/** One group a target, as inventories list them. Every hundredth has the version. */
const list = (version: string) =>
  JSON.stringify(
    Array.from({ length: count }, (_, i) => ({
      targets: [`127.${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}:9`],
      labels: { zone: `z${i % 7}`, rack: `r${i % 100}`, owner: `team-${i % 40}`, version: i % 100 === 0 ? version : 'v0' },
    })),
  )

let body = '[]'
let answers = 0
const inventory = createServer((_, response) => {
  answers++
  response.setHeader('content-type', 'application/json')
  response.end(body)
}).listen(0, '127.0.0.1')
await new Promise((resolve) => inventory.once('listening', resolve))
const url = `http://127.0.0.1:${(inventory.address() as AddressInfo).port}/targets`

interface Watched {
  readonly longestMs: number
  readonly tookMs: number
  readonly cpuMs: number
}

const shown = ({ longestMs, tookMs, cpuMs }: Watched) =>
  `${(tookMs / 1000).toFixed(1)} s, ${cpuMs} ms of CPU, longest answer of /-/healthy ${longestMs.toFixed(0)} ms`

async function withVersion(program: Program, version: string): Promise<number> {
  const { activeTargets } = await program.api<{ activeTargets: { labels: Record<string, string> }[] }>('targets', { state: 'active' })
  assert.equal(activeTargets.length, count)
  return activeTargets.filter(({ labels }) => labels.version === version).length
}

interface Mechanism {
  readonly name: string
  readonly section: object
  publish(list: string): void
}

async function trial(directory: string, { name, section, publish }: Mechanism): Promise<void> {
  const configFile = join(directory, `${name}.yml`)
  const job = { job_name: 'fleet', scrape_interval: '1d', scrape_timeout: '10s', ...section }
  writeFileSync(configFile, JSON.stringify({ scrape_configs: [job] }))
  publish('[]')
  const server = await startServer({ configFile, dataDir: join(directory, name) })
  const cpuMs = () => {
    const fields = readFileSync(`/proc/${server.child.pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10
  }
  const memoryMb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))![1]) / 1024
  const metric = async (name: string) =>
    Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(await server.text('/metrics'))?.[1] ?? 0)

  /** Asks all the time how the server is, while something happens: how long the longest answer took. */
  async function watched(what: () => Promise<void>): Promise<Watched> {
    let [isOver, longestMs] = [false, 0]
    const asking = (async () => {
      while (!isOver) {
        const start = performance.now()
        await server.text('/-/healthy')
        longestMs = Math.max(longestMs, performance.now() - start)
        await delay(ASK_EVERY_MS)
      }
    })()
    const [start, before] = [performance.now(), cpuMs()]
    await what()
    const tookMs = performance.now() - start
    isOver = true
    await asking
    return { longestMs, tookMs, cpuMs: cpuMs() - before }
  }

  try {
    await server.ready()
    await delay(3000)
    const emptyMb = memoryMb()
    publish(list('v1'))
    const known = await watched(async () => {
      await until('all targets', 120_000, async () => (await metric('prometheus_target_scrape_pool_targets')) === count)
    })
    console.log(`${name}: all known after ${shown(known)}`)
    await delay(5000)
    console.log(`${name}: memory ${emptyMb.toFixed(0)} MB without them, ${memoryMb().toFixed(0)} MB with them`)
    assert.equal(await withVersion(server, 'v1'), Math.ceil(count / 100))
    await delay(2000)
    const again = await watched(async () => {
      publish(list('v1'))
      await delay(6000)
    })
    console.log(`${name}: the same list again: ${shown(again)}`)
    const syncs = await metric('prometheus_target_scrape_pool_sync_total')
    publish(list('v2'))
    const changed = await watched(async () => {
      await until('the change', 60_000, async () => (await metric('prometheus_target_scrape_pool_sync_total')) > syncs)
    })
    console.log(`${name}: a hundredth of them changed: ${shown(changed)}`)
    assert.equal(await withVersion(server, 'v2'), Math.ceil(count / 100))
    assert.equal(await withVersion(server, 'v1'), 0)
    const before = await metric('prometheus_target_scrape_pool_sync_total')
    const reloaded = await watched(async () => {
      writeFileSync(configFile, JSON.stringify({ scrape_configs: [{ ...job, sample_limit: 1000 }] }))
      server.child.kill('SIGHUP')
      await until('the reload', 60_000, async () => (await metric('prometheus_target_scrape_pool_sync_total')) > before)
      assert.match(JSON.stringify(await server.api('status/config')), /sample_limit: 1000/)
    })
    console.log(`${name}: a reload that changes the job: ${shown(reloaded)}`)
    assert.equal(await withVersion(server, 'v2'), Math.ceil(count / 100))
  } finally {
    await server.stop()
  }
}

const directory = mkdtempSync(join(tmpdir(), 'promontory-http-sd-'))
try {
  console.log(`${count} targets, a group each, in ${(list('v1').length / 1e6).toFixed(1)} MB of JSON`)
  await trial(directory, {
    name: 'http_sd',
    section: { http_sd_configs: [{ url, refresh_interval: '3s' }] },
    publish: (list) => {
      body = list
    },
  })
  const file = join(directory, 'targets.json')
  await trial(directory, {
    name: 'file_sd',
    section: { file_sd_configs: [{ files: [file], refresh_interval: '1m' }] },
    publish: (list) => {
      writeFileSync(`${file}.new`, list)
      renameSync(`${file}.new`, file)
    },
  })
  console.log(`http_sd: asked for ${answers} times`)
} finally {
  inventory.closeAllConnections()
  inventory.close()
  rmSync(directory, { recursive: true, force: true })
}
