// Three blocks of a scrape load become one on the real disk: node --expose-gc src/tsdb/compact/compact.bench.ts [seriesCount] [samples]
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realEnv } from '../../base/env-real.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { encodeChunks } from '../../chunkenc/encode-chunks.ts'
import { compareLabels, Labels } from '../../model/labels.ts'
import type { Series } from '../../storage/series-source.ts'
import { BlockWriter } from '../block/block-writer.ts'
import { newUlid } from '../block/ulid.ts'
import { compactBlocks } from './compact-blocks.ts'

const seriesCount = Number(process.argv[2] ?? 100_000)
const sampleCount = Number(process.argv[3] ?? 480)
const RANGE = 7_200_000
const base = Math.ceil(1_700_000_000_000 / (3 * RANGE)) * 3 * RANGE
const stepMs = RANGE / sampleCount

const env = realEnv(virtualEnv().log)
const dir = await mkdtemp(join(tmpdir(), 'promontory-compact-'))
const order = Array.from({ length: seriesCount }, (_, i) => ({ i, labels: labelsOf(i) })).sort((a, b) => compareLabels(a.labels, b.labels))
const sources: string[] = []
for (let n = 0; n < 3; n++) {
  const range = { minTime: base + n * RANGE, maxTime: base + (n + 1) * RANGE }
  const writer = await BlockWriter.create(env, dir, { range })
  const timestamps = Float64Array.from({ length: sampleCount }, (_, s) => range.minTime + s * stepMs)
  for (let from = 0; from < seriesCount; from += 128) {
    const batch = order.slice(from, from + 128).map(({ i, labels }): Series => {
      const values = timestamps.map((_, s) => sampleOf(i, n * sampleCount + s))
      return { labels, chunks: encodeChunks({ timestamps, values }) }
    })
    await writer.add(batch)
  }
  sources.push(`${dir}/${(await writer.finish()).ulid}`)
}
order.length = 0
globalThis.gc?.()

const mb = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`
const rss = process.memoryUsage().rss
let rssMax = 0
const ticker = setInterval(() => {
  rssMax = Math.max(rssMax, process.memoryUsage().rss)
}, 5)
const cpu = process.cpuUsage()
const start = performance.now()
const ulid = newUlid(env)
const outcome = await compactBlocks(env, { dir, ulid, sources }, new AbortController().signal)
const seconds = (performance.now() - start) / 1000
clearInterval(ticker)
if (outcome.kind !== 'done') throw new Error(outcome.message)
const { user, system } = process.cpuUsage(cpu)
const [before, after] = [await sizeOf(sources), await sizeOf([`${dir}/${ulid}`])]
const samples = 3 * seriesCount * sampleCount
const cpuSeconds = (user + system) / 1e6
console.log(
  `${seriesCount} series x 3 x ${sampleCount} samples: ${seconds.toFixed(2)} s, ${cpuSeconds.toFixed(2)} s of CPU, ${((cpuSeconds / samples) * 1e9).toFixed(1)} ns a sample`,
)
console.log(`${mb(before)} became ${mb(after)}: ${(before / samples).toFixed(3)} and ${(after / samples).toFixed(3)} bytes a sample`)
console.log(`resident ${mb(rss)} before, at most ${mb(rssMax)}`)
await rm(dir, { recursive: true })

function labelsOf(i: number): Labels {
  return Labels.of({
    __name__: `http_metric_${i % 100}_total`,
    cluster: 'eu-west-1',
    code: String(200 + (i % 5)),
    instance: `10.${i >> 16}.${(i >> 8) & 255}.7:8080`,
    job: `service-${(i >> 8) % 40}`,
    n: String(i % 500),
    pod: `service-7c9f5d-${i >> 8}`,
  })
}

function sampleOf(i: number, s: number): number {
  return i % 5 < 2 ? i % 97 : i % 5 === 2 ? s * (10 + (i % 7)) : Math.round(Math.sin(i + s / 10) * 1000) / 8
}

async function sizeOf(directories: readonly string[]): Promise<number> {
  let sizeBytes = 0
  for (const directory of directories) {
    for (const name of await readdir(directory, { recursive: true })) {
      const { size, isFile } = await stat(join(directory, name)).then((found) => ({ size: found.size, isFile: found.isFile() }))
      if (isFile) sizeBytes += size
    }
  }
  return sizeBytes
}
