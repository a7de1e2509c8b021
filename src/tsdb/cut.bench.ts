// A window of a scrape load becomes a block on the real disk: node --expose-gc src/tsdb/cut.bench.ts [seriesCount] [samples]
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { realEnv } from '../base/env-real.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { Labels } from '../model/labels.ts'
import { runDb } from './db.fixture.ts'

const seriesCount = Number(process.argv[2] ?? 100_000)
const sampleCount = Number(process.argv[3] ?? 60)
const RANGE = 7_200_000
const base = Math.ceil(1_700_000_000_000 / RANGE) * RANGE
const stepMs = RANGE / sampleCount

const dir = await mkdtemp(join(tmpdir(), 'promontory-cut-'))
const { db, close } = await runDb(realEnv(virtualEnv().log), { dir })
const refs: number[] = []
for (let scrape = 0; scrape < sampleCount; scrape++) {
  for (let from = 0; from < seriesCount; from += 500) {
    const appender = db.appender()
    for (let i = from; i < Math.min(seriesCount, from + 500); i++) {
      refs[i] ??= appender.series(
        Labels.of({
          __name__: `http_metric_${i % 100}_total`,
          cluster: 'eu-west-1',
          code: String(200 + (i % 5)),
          instance: `10.${i >> 16}.${(i >> 8) & 255}.7:8080`,
          job: `service-${(i >> 8) % 40}`,
          n: String(i % 500),
          pod: `service-7c9f5d-${i >> 8}`,
        }),
      )
      const value = i % 5 < 2 ? i % 97 : i % 5 === 2 ? scrape * (10 + (i % 7)) : Math.round(Math.sin(i + scrape / 10) * 1000) / 8
      appender.append(refs[i], base + scrape * stepMs, value)
    }
    await appender.commit()
  }
}
globalThis.gc?.()
const before = { rss: process.memoryUsage().rss, slabs: db.stats().memoryBytes }
const delays = monitorEventLoopDelay({ resolution: 1 })
const late = db.appender()
late.append(late.series(Labels.of({ __name__: 'late' })), base + 2 * RANGE, 1)
delays.enable()
const start = performance.now()
const cpu = process.cpuUsage()
await late.commit()
let rssMax = 0
// What a busy machine adds to a stall is not ours.
let [cpuMax, cpuLast] = [0, process.cpuUsage()]
const ticker = setInterval(() => {
  const used = process.cpuUsage(cpuLast)
  cpuMax = Math.max(cpuMax, used.user + used.system)
  cpuLast = process.cpuUsage()
}, 1)
while (db.stats().blockCount === 0) {
  await new Promise((resolve) => setTimeout(resolve, 5))
  rssMax = Math.max(rssMax, process.memoryUsage().rss)
}
delays.disable()
clearInterval(ticker)
const { user, system } = process.cpuUsage(cpu)
const seconds = (performance.now() - start) / 1000
globalThis.gc?.()
const mb = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`
const { blockBytes, memoryBytes } = db.stats()
console.log(`${seriesCount} series x ${sampleCount} samples: ${seconds.toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s of CPU`)
console.log(
  `longest stall ${(delays.max / 1e6).toFixed(0)} ms, 99th percentile ${(delays.percentile(99) / 1e6).toFixed(0)} ms; longest stretch of CPU ${(cpuMax / 1000).toFixed(0)} ms`,
)
console.log(`block ${mb(blockBytes)}, ${(blockBytes / seriesCount / sampleCount).toFixed(2)} bytes a sample`)
console.log(
  `slabs ${mb(before.slabs)} before, ${mb(memoryBytes)} after; resident ${mb(before.rss)} before, at most ${mb(rssMax)}, ${mb(process.memoryUsage().rss)} after`,
)
await close()
await rm(dir, { recursive: true })
