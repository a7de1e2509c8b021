import { realEnv } from '../../src/base/env-real.ts'
import { createLog } from '../../src/base/log-lines.ts'
import { ChunkEncoding } from '../../src/chunkenc/codec.ts'
import { encodeXor } from '../../src/chunkenc/xor.ts'
import { compareLabels, Labels } from '../../src/model/labels.ts'
import { BlockWriter } from '../../src/tsdb/block/block-writer.ts'

export const BLOCK_MS = 2 * 3_600_000
export const STEP_MS = 60_000
export const METRICS = 10
export const SERIES = 1000
const SHAPES = 20
const SAMPLES = BLOCK_MS / STEP_MS

/** The value of a series, which is `m<metric>{host="h<host>"}`, at a time. */
export function valueAt(metric: number, host: number, time: number): number {
  const shape = (metric * (SERIES / METRICS) + host) % SHAPES
  const minute = Math.floor(time / STEP_MS)
  return shape % 4 === 0 ? shape : shape % 2 === 0 ? minute % (1000 + shape) : Math.round(Math.sin(minute / (50 + shape)) * 1000) / 8
}

/** Blocks of two hours, one after the other up to `end`: each with 1,000 series of a sample a minute. */
export async function writeYear(directory: string, end: number, blockCount: number, told: (done: number) => void): Promise<void> {
  const real = realEnv(createLog({ level: 'error', format: 'logfmt', now: Date.now, write: () => undefined }))
  // What is to be read once more today need not survive power loss.
  const fs: typeof real.fs = {
    ...real.fs,
    async open(path, mode) {
      const file = await real.fs.open(path, mode)
      file.sync = async () => {}
      return file
    },
    syncDir: async () => {},
  }
  await fs.mkdir(directory)
  const series = Array.from({ length: SERIES }, (_, i) => {
    const [metric, host] = [Math.floor(i / (SERIES / METRICS)), i % (SERIES / METRICS)]
    return { metric, host, labels: Labels.of({ __name__: `m${metric}`, host: `h${host}`, job: 'node', region: `r${host % 4}` }) }
  })
  series.sort((a, b) => compareLabels(a.labels, b.labels))
  for (let block = 0; block < blockCount; block++) {
    const minTime = end - (blockCount - block) * BLOCK_MS
    const times = Float64Array.from({ length: SAMPLES }, (_, i) => minTime + i * STEP_MS)
    const shapes = Array.from({ length: SHAPES }, (_, shape) =>
      encodeXor(
        times,
        times.map((time) => valueAt(0, shape, time)),
      ),
    )
    const writer = await BlockWriter.create({ ...real, fs }, directory, { range: { minTime, maxTime: minTime + BLOCK_MS } })
    const batch = series.map(({ metric, host, labels }) => {
      const data = shapes[(metric * (SERIES / METRICS) + host) % SHAPES]
      const chunk = {
        encoding: ChunkEncoding.xor,
        minTime,
        maxTime: times[SAMPLES - 1],
        sampleCount: SAMPLES,
        data,
        start: 0,
        end: data.length,
      }
      return { labels, chunks: [chunk] }
    })
    await writer.add(batch)
    await writer.finish()
    told(block + 1)
  }
}
