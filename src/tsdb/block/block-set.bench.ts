// Many small blocks: listing them, a question to the last one, a question to all. `node src/tsdb/block/block-set.bench.ts [BLOCKS] [SERIES]`
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realEnv } from '../../base/env-real.ts'
import { createLog } from '../../base/log-lines.ts'
import { SampleColumns } from '../../chunkenc/codec.ts'
import { Labels } from '../../model/labels.ts'
import { Matcher } from '../../model/matcher.ts'
import { MemorySource } from '../../storage/memory-source.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import { readSamples } from '../../storage/read-samples.ts'
import { everything } from './block.fixture.ts'
import { BlockCache } from './block-cache.ts'
import { BlockSet } from './block-set.ts'
import { writeBlock } from './block-writer.ts'

const BLOCKS = Number(process.argv[2] ?? 400)
const SERIES = Number(process.argv[3] ?? 100)
const RANGE_MS = 2 * 3_600_000
const START = 1_699_999_200_000
const env = realEnv(createLog({ level: 'warn', format: 'logfmt', now: Date.now, write: console.error }))
const directory = mkdtempSync(join(tmpdir(), 'promontory-bench-'))

async function timed<T>(what: string, run: () => Promise<T>): Promise<T> {
  const start = performance.now()
  const answer = await run()
  console.log(`${what.padEnd(50)} ${(performance.now() - start).toFixed(1).padStart(9)} ms`)
  return answer
}

try {
  await timed(`write ${BLOCKS} blocks of ${SERIES} series, a sample a minute`, async () => {
    for (let b = 0; b < BLOCKS; b++) {
      const timestamps = Float64Array.from({ length: 120 }, (_, i) => START + b * RANGE_MS + i * 60_000)
      const series = Array.from({ length: SERIES }, (_, i) => ({
        labels: Labels.of({ __name__: `metric_${i % 10}`, instance: `node-${i}`, job: 'node' }),
        timestamps,
        values: timestamps.map((_, s) => i * s),
      }))
      await writeBlock(env, directory, everything(new MemorySource(series)))
    }
  })
  const set = await timed('list', () => BlockSet.open(env, directory, new BlockCache(64 * 1024 * 1024)))
  const end = START + BLOCKS * RANGE_MS
  const columns = new SampleColumns()
  const read = async (minTime: number, matchers: readonly Matcher[]) => {
    let sampleCount = 0
    for await (const batch of set.source.select({ minTime, maxTime: end, matchers }, unlimitedContext())) {
      for (const series of batch) {
        columns.clear()
        readSamples(series, minTime, end, columns)
        sampleCount += columns.length
      }
    }
    return sampleCount
  }
  await timed('the last hour, all series', () => read(end - 3_600_000, []))
  console.log(`${set.blocks.filter(({ readBytes }) => readBytes > 0).length} blocks opened`)
  const one = [new Matcher('=', 'instance', 'node-7')]
  for (const round of ['cold', 'warm']) await timed(`all the time, one series, ${round}`, () => read(START, one))
  for (const round of ['cold', 'warm']) console.log(`${await timed(`all the time, all series, ${round}`, () => read(START, []))} samples`)
  const held = set.blocks.reduce((sum, { heldBytes }) => sum + heldBytes, 0)
  console.log(`open blocks hold ${(held / BLOCKS).toFixed(0)} bytes each`)
  await set.close()
} finally {
  rmSync(directory, { recursive: true })
}
