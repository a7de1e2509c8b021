// Many targets on real sockets: CPU per scrape, lateness, memory. The farm runs in a process of its own.
// Run: node src/scrape/manager.bench.ts [targets=2000] [lines=100] [intervalMs=5000] [seconds=20]

import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { FLOATS_ONLY } from '../../test/support/floats-only.ts'
import { fixedTargets, scrapeConfig } from '../../test/support/scrape-config.ts'
import { realEnv } from '../base/env-real.ts'
import type { Log } from '../base/log.ts'
import { type Appendable, AppendStatus } from '../storage/appender.ts'
import { createScrapeManager } from './manager.ts'

const [role = '2000', ...rest] = process.argv.slice(2)
if (role === 'farm') serveFarm(Number(rest[0]))
else await measure(Number(role), Number(rest[0] ?? 100), Number(rest[1] ?? 5000), Number(rest[2] ?? 20))

function serveFarm(lineCount: number): void {
  const lines = Array.from(
    { length: lineCount },
    (_, i) => `farm_requests_total{handler="/api/v1/query_${i % 20}",code="200",method="GET",series="${i}"} ${i * 1000.5}\n`,
  )
  const body = `# HELP farm_requests_total Requests.\n# TYPE farm_requests_total counter\n${lines.join('')}`
  const response = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  const server = createServer((socket) => {
    socket.on('data', () => socket.write(response))
    socket.on('error', () => socket.destroy())
  })
  server.listen({ port: 0, host: '0.0.0.0', backlog: 8192 }, () => console.log((server.address() as { port: number }).port))
  process.stdin.on('end', () => process.exit(0)).resume()
}

async function measure(targetCount: number, lineCount: number, intervalMs: number, seconds: number): Promise<void> {
  const farm = spawn(process.execPath, [import.meta.filename, 'farm', String(lineCount)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const port = await new Promise<string>((resolve) => farm.stdout.once('data', (text) => resolve(String(text).trim())))
  const silent: Log = { debug() {}, info() {}, warn() {}, error: console.error, with: () => silent }
  const env = realEnv(silent)
  let refs = 0
  let samples = 0
  let sum = 0
  const appendable: Appendable = {
    appender: () => ({
      ...FLOATS_ONLY,
      series: () => refs++,
      append: (ref, t, v) => {
        samples++
        sum += ref + t + v
        return AppendStatus.ok
      },
      commit: async () => {},
      rollback: () => {},
    }),
  }
  const addresses = Array.from({ length: targetCount }, (_, i) => `127.1.${i >> 8}.${i & 255}:${port}`)
  const manager = createScrapeManager({ env, appendable, version: 'bench' })
  manager.apply([scrapeConfig({ scrapeIntervalMs: intervalMs, scrapeTimeoutMs: intervalMs, discoverers: [fixedTargets(...addresses)] })])
  const controller = new AbortController()
  const residentBefore = process.memoryUsage.rss()
  const done = manager.run(controller.signal, () => {})
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  // One whole interval to connect and to learn the pages.
  await wait(intervalMs + 1000)
  const samplesBefore = samples
  const latenessBefore = await lateness(env.metrics)
  const start = process.cpuUsage()
  await wait(seconds * 1000)
  const used = process.cpuUsage(start)
  const latenessAfter = await lateness(env.metrics)
  const cpu = (used.user + used.system) / 1e6
  const scrapes = (samples - samplesBefore) / (lineCount + 5)
  const up = manager.active().filter((target) => target.health === 'up').length
  console.log(`${targetCount} targets, ${up} up, ${lineCount} lines, every ${intervalMs} ms`)
  console.log(
    `${(scrapes / seconds).toFixed(0)} scrapes/s, ${((cpu / scrapes) * 1e6).toFixed(0)} us of CPU a scrape, ${((cpu / seconds) * 100).toFixed(1)} % of a core`,
  )
  console.log(`${((cpu / (samples - samplesBefore)) * 1e6).toFixed(3)} CPU s per million samples`)
  console.log(
    `lateness: ${latenessAfter
      .map(([bound, count], i) => [bound, count - latenessBefore[i][1]])
      .filter(([, count]) => Number(count) > 0)
      .map((pair) => pair.join(': '))
      .join(', ')}`,
  )
  console.log(
    `${((process.memoryUsage.rss() - residentBefore) / targetCount / 1024).toFixed(1)} KB of resident memory a target (sum ${sum > 0})`,
  )
  controller.abort()
  await done
  farm.stdin.end()
}

/** Cumulative counts by bound. */
async function lateness(registry: { metrics(): Promise<string> }): Promise<[string, number][]> {
  return [...(await registry.metrics()).matchAll(/promontory_scrape_lateness_seconds_bucket\{le="([^"]+)"\} (\d+)/g)].map(
    ([, bound, count]) => [bound, Number(count)],
  )
}
