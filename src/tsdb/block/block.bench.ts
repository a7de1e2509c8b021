// Blocks on a real disk, 2 hours at 15 s: writing, opening, reading all, reading a few. `node src/tsdb/block/block.bench.ts [SERIES]`
// With promtool in PROMTOOL it writes the same data as upstream does, and compares sizes.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realEnv } from '../../base/env-real.ts'
import { createLog } from '../../base/log-lines.ts'
import { SampleColumns } from '../../chunkenc/codec.ts'
import { encodeChunks } from '../../chunkenc/encode-chunks.ts'
import { Labels } from '../../model/labels.ts'
import { Matcher } from '../../model/matcher.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import { readSamples } from '../../storage/read-samples.ts'
import { SERIES_BATCH, type Series } from '../../storage/series-source.ts'
import { everything } from './block.fixture.ts'
import { Block } from './block.ts'
import { BlockCache } from './block-cache.ts'
import { blockSizeBytes, listBlocks } from './block-set.ts'
import { BlockWriter } from './block-writer.ts'

const SERIES = Number(process.argv[2] ?? 20_000)
const SAMPLES = 480
const START = 1_699_999_200_000
const env = realEnv(createLog({ level: 'warn', format: 'logfmt', now: Date.now, write: console.error }))
const directory = mkdtempSync(join(tmpdir(), 'promontory-bench-'))

/** Counters that grow unevenly, gauges, constants. */
function samplesOf(i: number): { readonly timestamps: Float64Array; readonly values: Float64Array } {
  const timestamps = new Float64Array(SAMPLES)
  const values = new Float64Array(SAMPLES)
  for (let s = 0, sum = i; s < SAMPLES; s++) {
    timestamps[s] = START + s * 15_000
    sum += (s * 7 + i * 13) % 101
    values[s] = i % 3 === 0 ? sum : i % 3 === 1 ? ((s * 31 + i) % 997) / 10 : i
  }
  return { timestamps, values }
}

function labelsOf(i: number): Labels {
  const instance = Math.floor(i / 500)
  const code = i % 500
  return Labels.of({
    __name__: `metric_${String(Math.floor(code / 10)).padStart(3, '0')}_total`,
    code: String(code % 10),
    instance: `node-${String(instance).padStart(5, '0')}:9100`,
    job: 'node',
  })
}

function* batches(): Iterable<readonly Series[]> {
  const order = Array.from({ length: SERIES }, (_, i) => i)
  const keys = order.map((i) => labelsOf(i).pairs.join('\0'))
  order.sort((a, b) => (keys[a] < keys[b] ? -1 : 1))
  for (let from = 0; from < SERIES; from += SERIES_BATCH)
    yield order.slice(from, from + SERIES_BATCH).map((i) => ({ labels: labelsOf(i), chunks: encodeChunks(samplesOf(i)) }))
}

async function timed<T>(what: string, count: number, run: () => Promise<T>): Promise<T> {
  const start = performance.now()
  const answer = await run()
  const ms = performance.now() - start
  console.log(`${what.padEnd(44)} ${ms.toFixed(0).padStart(7)} ms  ${((count / ms) * 1000).toFixed(0).padStart(10)} series/s`)
  return answer
}

try {
  const all = [...batches()]
  const writer = await BlockWriter.create(env, directory)
  await timed('write: add', SERIES, async () => {
    for (const batch of all) await writer.add(batch)
  })
  console.log(`writer holds ${(writer.heldBytes / SERIES).toFixed(1)} bytes a series`)
  const meta = await timed('write: index, fsync, rename', SERIES, () => writer.finish())
  const path = `${directory}/${meta.ulid}`
  const sizeBytes = await blockSizeBytes(env.fs, path)
  console.log(
    `block: ${sizeBytes} bytes, ${(sizeBytes / meta.stats.numSamples).toFixed(3)} a sample, ${(sizeBytes / SERIES).toFixed(0)} a series`,
  )

  const cache = new BlockCache(64 * 1024 * 1024)
  const block = await timed('open', 1, () => Block.open(env, path, cache))
  await timed('first question: symbols, postings offsets', SERIES, async () => (await block.open()).index.tables())
  console.log(`open block holds ${block.heldBytes} bytes, ${block.readBytes} read`)
  const columns = new SampleColumns()
  for (const round of ['cold', 'warm']) {
    await timed(`select all, ${round}`, SERIES, async () => {
      for await (const _ of everything(block));
    })
  }
  await timed('select all, decode', SERIES, async () => {
    for await (const batch of everything(block)) {
      for (const series of batch) {
        columns.clear()
        readSamples(series, 0, Number.MAX_SAFE_INTEGER, columns)
      }
    }
  })
  const few = [new Matcher('=', '__name__', 'metric_007_total'), new Matcher('=~', 'instance', 'node-0000[0-9]:.*')]
  let found = 0
  await timed('select 100 series 100 times', 10_000, async () => {
    for (let i = 0; i < 100; i++) {
      const request = { minTime: START, maxTime: START + 600_000, matchers: few }
      for await (const batch of block.select(request, unlimitedContext())) found += batch.length
    }
  })
  console.log(`found ${found}; cache ${cache.usedBytes} bytes`)
  await block.close()

  const promtool = process.env.PROMTOOL
  if (promtool !== undefined) {
    const lines = Array.from({ length: SERIES }, (_, i) => {
      const { timestamps, values } = samplesOf(i)
      const { __name__: name, ...others } = labelsOf(i).toObject()
      const series = Labels.of({ __name__: name, ...others })
        .toString()
        .replaceAll('", ', '",')
      return Array.from(timestamps, (t, s) => `${series} ${values[s]} ${t / 1000}`).join('\n')
    })
    const page = join(directory, 'page.om')
    writeFileSync(page, `${lines.join('\n')}\n# EOF\n`)
    const upstream = join(directory, 'upstream')
    await timed('promtool: the same from text', SERIES, async () =>
      spawnSync(promtool, ['tsdb', 'create-blocks-from', 'openmetrics', '-q', page, upstream]),
    )
    for (const { directory: other, meta: its } of (await listBlocks(env.fs, upstream)).blocks) {
      const theirs = await blockSizeBytes(env.fs, other)
      console.log(
        `upstream's block: ${theirs} bytes, ${(theirs / its.stats.numSamples).toFixed(3)} a sample; ours is ${(sizeBytes / theirs).toFixed(3)} of it`,
      )
    }
  }
} finally {
  rmSync(directory, { recursive: true })
}
