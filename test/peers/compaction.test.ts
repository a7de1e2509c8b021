// Blocks that we compact and the same blocks that Prometheus compacts are the same: in shape, in samples, and ours are no larger.
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { realEnv } from '../../src/base/env-real.ts'
import { Labels } from '../../src/model/labels.ts'
import { Matcher } from '../../src/model/matcher.ts'
import { type MemorySeries, MemorySource } from '../../src/storage/memory-source.ts'
import { unlimitedContext } from '../../src/storage/query-context.ts'
import { everything, TEST_CACHE_BYTES } from '../../src/tsdb/block/block.fixture.ts'
import { BlockCache } from '../../src/tsdb/block/block-cache.ts'
import type { BlockMeta } from '../../src/tsdb/block/block-meta.ts'
import { blockSizeBytes, listBlocks } from '../../src/tsdb/block/block-set.ts'
import { writeBlock } from '../../src/tsdb/block/block-writer.ts'
import { blockRanges, defaultMaxBlockMs, planCompaction } from '../../src/tsdb/compact/plan.ts'
import { runDb } from '../../src/tsdb/db.fixture.ts'
import { DbBlocks } from '../../src/tsdb/db-blocks.ts'
import { peer } from '../support/peers.ts'
import { PROMONTORY } from '../support/program.ts'
import {
  askEverything,
  assertSameTexts,
  env,
  faultsOf,
  ourAnswer,
  ourSeries,
  run,
  START,
  STEP_MS,
  startPrometheus,
  theirAnswer,
} from '../support/stored-answers.ts'

const HOUR = 3_600_000
const RANGE = 2 * HOUR
const BLOCKS = 12
const SAMPLES = (BLOCKS * RANGE) / STEP_MS
const RANGES = blockRanges(RANGE, defaultMaxBlockMs(0))
const WAIT_MS = 400_000

/** The samples of a series from `from` up to, not including, `to`, all or one in `every`. */
function part({ labels, timestamps, values, histograms }: MemorySeries, from: number, to: number, every = 1): MemorySeries {
  const kept = Array.from({ length: timestamps.length }, (_, i) => i).filter(
    (i) => timestamps[i] >= from && timestamps[i] < to && i % every === 0,
  )
  const all = values as Float64Array<ArrayBuffer>
  // Bits of values are copied as words: a number that is not one could lose its marker on the way.
  const [words, copied] = [new Uint32Array(all.buffer, all.byteOffset, 2 * all.length), new Float64Array(kept.length)]
  const copiedWords = new Uint32Array(copied.buffer)
  for (const [at, i] of kept.entries()) copiedWords.set(words.subarray(2 * i, 2 * i + 2), 2 * at)
  return { labels, timestamps: kept.map((i) => timestamps[i]), values: copied, histograms: histograms && kept.map((i) => histograms[i]) }
}

/** A day of blocks of two hours, one that lies across them, deletions in three of them. */
async function writeBlocks(directory: string, hasCustomBuckets: boolean): Promise<void> {
  mkdirSync(directory)
  const series = ourSeries(5, hasCustomBuckets, SAMPLES)
  for (let n = 0; n < BLOCKS; n++) {
    const range = { minTime: START + n * RANGE, maxTime: START + (n + 1) * RANGE }
    // Series come and go.
    const parts = series.filter((_, i) => i < 200 || (i + n) % 4 !== 0).map((one) => part(one, range.minTime, range.maxTime))
    await writeBlock(env, directory, everything(new MemorySource(parts.filter(({ timestamps }) => timestamps.length > 0))), { range })
  }
  const [from, to] = [START + 5 * HOUR, START + 9.5 * HOUR]
  // 2.42 ends in a panic when histograms overlap.
  const across = series.flatMap((one, i) => {
    if (!hasCustomBuckets && one.histograms !== undefined) return []
    const some = part(one, from, to, 5)
    // Some samples are there twice, some lie between others, some series are there only.
    if (i % 3 === 0) return [some]
    if (i % 3 === 1) return [{ ...some, timestamps: Array.from(some.timestamps, (t) => t + 7000) }]
    return [{ ...some, labels: Labels.of({ __name__: 'across', i: String(i) }) }]
  })
  await writeBlock(env, directory, everything(new MemorySource(across)))
  const blocks = new DbBlocks(env, directory, new BlockCache(TEST_CACHE_BYTES))
  await blocks.load()
  for (const [n, matcher, first, last] of [
    [1, new Matcher('=', '__name__', 'metric_1'), START, START + BLOCKS * RANGE],
    [1, new Matcher('=~', '__name__', 'histogram_.*'), START + 2.5 * HOUR, START + 3 * HOUR],
    [4, new Matcher('=', '__name__', 'metric_2'), START + 8.2 * HOUR + 1234, START + 8.7 * HOUR],
    [8, new Matcher('!=', '__name__', 'metric_3'), START, START + 16.5 * HOUR],
  ] as const) {
    const loaded = blocks.all.find(({ block: { meta } }) => meta.minTime === START + n * RANGE)!
    await blocks.deleteSamples(loaded, [matcher], first, last, unlimitedContext())
  }
  await blocks.close()
}

async function metasOf(directory: string): Promise<readonly BlockMeta[]> {
  return (await listBlocks(env.fs, directory)).blocks.map(({ meta }) => meta)
}

const isDone = (metas: readonly BlockMeta[]) => planCompaction(metas, RANGES, () => false) === undefined

/** Times in hours, level, and what is in it. */
function shapeOf(metas: readonly BlockMeta[]): readonly unknown[] {
  return metas.map(({ minTime, maxTime, compaction, stats }) => {
    const { numSeries, numSamples, numTombstones } = stats
    return [(minTime - START) / HOUR, (maxTime - START) / HOUR, compaction.level, numSeries, numSamples, numTombstones]
  })
}

/** What 2.42 is asked for: it answers step by step. */
function onSteps(texts: readonly string[]): readonly string[] {
  return texts
    .map((text) => text.split('\n'))
    .map(([labels, ...lines]) => [
      labels,
      ...lines.filter((line) => (Number(line.slice(0, line.indexOf(' '))) * 1000 - START) % STEP_MS === 0),
    ])
    .filter(({ length }) => length > 1)
    .map((lines) => lines.join('\n'))
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + WAIT_MS; !(await isSo()); ) {
    assert.ok(Date.now() < end, what)
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

async function compactOurs(directory: string): Promise<void> {
  const { db, close } = await runDb(realEnv(env.log), { dir: directory, blockRangeMs: RANGE })
  await until('we have compacted', async () => isDone(db.blockMetas()))
  await close()
}

/** Prometheus looks for something to compact once a minute. */
async function compactTheirs(t: TestContext, command: string, directory: string, data: string): Promise<void> {
  const server = await startPrometheus(t, command, directory, data)
  await until('Prometheus has compacted', async () => {
    const metas = await metasOf(data)
    // While one comes and the others go both are there.
    return metas.length > 0 && isDone(metas) && (await listBlocks(env.fs, data)).leftovers.length === 0
  })
  assert.equal((await server.stop()).code, 0)
}

async function sizeOf(directory: string): Promise<number> {
  let sizeBytes = 0
  for (const { directory: block } of (await listBlocks(env.fs, directory)).blocks) sizeBytes += await blockSizeBytes(env.fs, block)
  return sizeBytes
}

describe('compaction', { concurrency: true }, () => {
  for (const { name, prometheus: prometheusName, promtool: promtoolName, hasCustomBuckets } of [
    { name: '2.42', prometheus: 'debian prometheus', promtool: undefined, hasCustomBuckets: false },
    { name: '3.5', prometheus: 'prometheus 3.5', promtool: 'promtool 3.5', hasCustomBuckets: true },
  ] as const) {
    test(`what we compact is what Prometheus ${name} compacts, and it answers from ours`, async (t) => {
      const prometheus = peer(t, prometheusName)
      const promtool = promtoolName === undefined ? '/usr/bin/promtool' : peer(t, promtoolName)
      if (prometheus === undefined || promtool === undefined) return
      const directory = mkdtempSync(join(tmpdir(), 'promontory-compaction-'))
      t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }))
      const [ours, theirs] = [join(directory, 'ours'), join(directory, 'theirs')]
      await writeBlocks(ours, hasCustomBuckets)
      cpSync(ours, theirs, { recursive: true })
      const sourceBytes = await sizeOf(ours)
      await Promise.all([compactOurs(ours), compactTheirs(t, prometheus, directory, theirs)])

      assert.deepEqual(shapeOf(await metasOf(ours)), shapeOf(await metasOf(theirs)))
      assert.deepEqual(await faultsOf(ours), [])
      const end = START + BLOCKS * RANGE
      for (let from = START; from < end; from += 4 * HOUR) {
        const [got, want] = [await ourAnswer(ours, from, from + 4 * HOUR - 1), await ourAnswer(theirs, from, from + 4 * HOUR - 1)]
        assertSameTexts(got, want, `from ${(from - START) / HOUR} h on`)
      }
      const [ourBytes, theirBytes] = [await sizeOf(ours), await sizeOf(theirs)]
      const samples = (await metasOf(ours)).reduce((sum, { stats }) => sum + stats.numSamples, 0)
      t.diagnostic(`bytes per sample: ours ${ourBytes / samples}, theirs ${theirBytes / samples}, before ${sourceBytes / samples}`)
      assert.ok(ourBytes <= theirBytes, `${ourBytes} bytes, theirs ${theirBytes}`)

      // promtool wants a log to read beside the blocks.
      for (const blocks of [ours, theirs]) mkdirSync(join(blocks, 'wal'), { recursive: true })
      const sizes = (text: string) =>
        text
          .trim()
          .split('\n')
          .slice(1)
          .map((line) => line.split(/ {2,}/).slice(1, 5).join(' '))
      assert.deepEqual(sizes(run(promtool, 'tsdb', 'list', ours)), sizes(run(promtool, 'tsdb', 'list', theirs)))
      assert.equal(run(PROMONTORY, 'tsdb', 'list', ours), run(promtool, 'tsdb', 'list', ours))
      const analysis = async (blocks: string) => {
        const { ulid } = (await metasOf(blocks)).find(({ compaction }) => compaction.level > 1)!
        return run(promtool, 'tsdb', 'analyze', '--limit=1000', blocks, ulid).split('\n').slice(1).sort()
      }
      assertSameTexts(await analysis(ours), await analysis(theirs), 'analysis')
      const dump = ['tsdb', 'dump', `--min-time=${START + 5 * HOUR}`, `--max-time=${START + 6 * HOUR}`]
      assertSameTexts([run(promtool, ...dump, ours)], [run(promtool, ...dump, theirs)], 'dump')

      rmSync(join(ours, 'log'), { recursive: true, force: true })
      const server = await startPrometheus(t, prometheus, directory, ours)
      const [from, to] = [START + 5 * HOUR, START + 9 * HOUR]
      const stored = await ourAnswer(ours, from, to)
      assertSameTexts(theirAnswer(await askEverything(server, name, from, to)), name === '2.42' ? onSteps(stored) : stored, 'served')
      await server.stop()
    })
  }
})
