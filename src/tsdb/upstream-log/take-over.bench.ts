// A log as Prometheus leaves it becomes blocks on the real disk: node --expose-gc src/tsdb/upstream-log/take-over.bench.ts [seriesCount] [samples]
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realEnv } from '../../base/env-real.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { takeOver } from './take-over.ts'
import { samplesRecord, segmentOf, seriesRecord } from './upstream-log.fixture.ts'

const seriesCount = Number(process.argv[2] ?? 100_000)
const sampleCount = Number(process.argv[3] ?? 120)
const RANGE = 7_200_000
const base = Math.ceil(1_700_000_000_000 / RANGE) * RANGE
const SERIES_A_RECORD = 500

const dir = await mkdtemp(join(tmpdir(), 'promontory-take-over-'))
await mkdir(`${dir}/wal`)
let logBytes = 0
/** One segment a scrape. */
for (let scrape = 0; scrape < sampleCount; scrape++) {
  const records: Buffer[] = []
  for (let from = 0; from < seriesCount; from += SERIES_A_RECORD) {
    const of = Array.from({ length: Math.min(SERIES_A_RECORD, seriesCount - from) }, (_, i) => from + i)
    if (scrape === 0) {
      records.push(
        seriesRecord(
          ...of.map((i) => {
            const labels = {
              ...{ __name__: `http_metric_${i % 100}_total`, cluster: 'eu-west-1', code: String(200 + (i % 5)) },
              ...{ instance: `10.${i >> 16}.${(i >> 8) & 255}.7:8080`, job: `service-${(i >> 8) % 40}`, n: String(i % 500) },
              pod: `service-7c9f5d-${i >> 8}`,
            }
            return [i + 1, labels] as const
          }),
        ),
      )
    }
    const value = (i: number) => (i % 5 < 3 ? scrape * (10 + (i % 7)) : Math.round(Math.sin(i + scrape / 10) * 1000) / 8)
    records.push(samplesRecord(...of.map((i) => [i + 1, base + scrape * 60_000, value(i)] as const)))
  }
  const file = await open(`${dir}/wal/${String(scrape).padStart(8, '0')}`, 'wx')
  const bytes = segmentOf(records, 'snappy')
  logBytes += bytes.length
  await file.write(bytes)
  await file.close()
}
globalThis.gc?.()
const before = process.memoryUsage().rss
let rssMax = 0
const ticker = setInterval(() => {
  rssMax = Math.max(rssMax, process.memoryUsage().rss)
}, 10)
const start = performance.now()
const cpu = process.cpuUsage()
const { signal } = new AbortController()
const report = await takeOver({ env: realEnv(virtualEnv().log), from: dir, into: dir, blocks: [], blockRangeMs: RANGE, signal })
clearInterval(ticker)
const { user, system } = process.cpuUsage(cpu)
const seconds = (performance.now() - start) / 1000
const mb = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`
const samples = report?.samples ?? 0
console.log(
  `${seriesCount} series x ${sampleCount} samples, ${mb(logBytes)} of log: ${seconds.toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s of CPU`,
)
console.log(`${(samples / 1e6 / ((user + system) / 1e6)).toFixed(2)} M samples a second of CPU, ${report?.directories.length} blocks`)
console.log(`resident ${mb(before)} before, at most ${mb(rssMax)}`)
await rm(dir, { recursive: true })
