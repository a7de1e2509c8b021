import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { realEnv } from '../../base/env-real.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { createLog } from '../../base/log-lines.ts'
import { compareLabels, Labels } from '../../model/labels.ts'
import { Matcher, type MatchOperator } from '../../model/matcher.ts'
import { type MemorySeries, MemorySource } from '../../storage/memory-source.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import { readAll } from '../../storage/series-source.contract.ts'
import type { Series } from '../../storage/series-source.ts'
import { everything, TEST_CACHE_BYTES, writtenBlock } from './block.fixture.ts'
import { Block } from './block.ts'
import { BlockCache } from './block-cache.ts'
import { BlockSet, listBlocks } from './block-set.ts'
import { BlockWriter, writeBlock } from './block-writer.ts'
import { verifyBlock } from './verify-block.ts'

const names = ['__name__', 'a', 'job', 'ü', 'z.z', '\u{1f600}', '\uffee']
const values = ['', 'a', 'b', 'ab', 'b1', 'süd', '\u{1f600}', '\uffee', 'x'.repeat(200)]

const anyLabels = fc
  .array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...values)), { maxLength: 5 })
  .map((pairs) => Labels.of(new Map(pairs)))
  .filter((labels) => labels.size > 0)

const anySeries: fc.Arbitrary<MemorySeries> = fc
  .tuple(anyLabels, fc.integer({ min: -1000, max: 1000 }), fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 300 }))
  .map(([labels, from, steps]) => {
    let t = from * 100_000
    const timestamps = steps.map((step) => {
      t += step
      return t
    })
    return { labels, timestamps, values: timestamps.map((time) => time / 7) }
  })

const anyMatcher = fc
  .tuple(
    fc.constantFrom<MatchOperator>('=', '!=', '=~', '!~'),
    fc.constantFrom(...names, 'none'),
    fc.constantFrom(...values, 'a|b', 'a|', '.*', '.+', 'b.*', '[^a].*', 'none'),
  )
  .map(([operator, name, value]) => new Matcher(operator, name, value))

const byLabels = (series: readonly MemorySeries[]) => [...new Map(series.map((one) => [one.labels.key(), one])).values()]

test('what is written is found again, by any matchers and in any range, as in memory; and has no faults', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(anySeries, { minLength: 1, maxLength: 80 }).map(byLabels),
      fc.array(fc.tuple(fc.array(anyMatcher, { maxLength: 3 }), fc.integer({ min: -1e8, max: 1e8 }), fc.integer({ min: 0, max: 1e8 })), {
        minLength: 5,
        maxLength: 5,
      }),
      fc.constantFrom(500, 2000, 1 << 20),
      async (series, questions, segmentBytesMax) => {
        const memory = new MemorySource(series)
        const { block, env, cache } = await writtenBlock(series, { segmentBytesMax, cacheBytes: 100_000 })
        for (const [matchers, minTime, length] of questions) {
          const maxTime = minTime + length
          const ctx = unlimitedContext()
          assert.deepEqual(await readAll(block, minTime, maxTime, matchers), await readAll(memory, minTime, maxTime, matchers))
          for (const matcherSets of [[], [matchers], [matchers, [new Matcher('=', 'a', 'b')]]]) {
            const request = { minTime, maxTime, matcherSets, limit: length % 4 }
            // Without matchers a block that reaches into the range counts as a whole.
            const isWhole = matcherSets.length === 0 && block.meta.minTime <= maxTime && block.meta.maxTime > minTime
            const same = isWhole ? { ...request, minTime: block.meta.minTime, maxTime: block.meta.maxTime } : request
            assert.deepEqual(await block.labelNames(request, ctx), await memory.labelNames(same, ctx))
            for (const name of ['job', 'none'])
              assert.deepEqual(await block.labelValues(name, request, ctx), await memory.labelValues(name, same, ctx))
          }
          assert.ok(cache.usedBytes <= cache.bytesMax)
        }
        for await (const fault of verifyBlock(env, block.directory, cache, ctx0.signal)) assert.fail(fault)
        await block.close()
      },
    ),
    { numRuns: 60 },
  ))

const ctx0 = unlimitedContext()

const few: readonly MemorySeries[] = Array.from({ length: 5 }, (_, i) => {
  const timestamps = Array.from({ length: 200 }, (__, s) => 1_700_000_000_000 + s * 15_000 + i)
  return { labels: Labels.of({ __name__: 'm', i: String(i) }), timestamps, values: timestamps.map((t) => t % 17) }
})

test('a writer that is cut off at any call leaves a whole block or none, also when power is lost', async () => {
  const blockCounts = { true: 0, false: 0 }
  for (let run = 0; ; run++) {
    const callsLeft = run >>> 1
    const losesPower = run % 2 === 1
    const env = virtualEnv({ seed: run })
    await env.fs.mkdir('/data')
    let left = callsLeft
    const dying = <T extends object>(target: T): T =>
      new Proxy(target, {
        get(on, key) {
          const value = Reflect.get(on, key, on)
          if (typeof value !== 'function' || ['read', 'stat'].includes(String(key))) return value
          return async (...args: unknown[]) => {
            if (left-- <= 0) throw new Error('the process is gone')
            const answer: unknown = await value.apply(on, args)
            return key === 'open' ? dying(answer as object) : answer
          }
        },
      })
    let isDone = true
    try {
      const writer = await BlockWriter.create({ ...env, fs: dying(env.fs) }, '/data', { segmentBytesMax: 1500 })
      for await (const batch of everything(new MemorySource(few))) await writer.add(batch)
      await writer.finish()
    } catch {
      isDone = false
    }
    if (losesPower) env.fs.losePower()
    const { blocks, faulty } = await listBlocks(env.fs, '/data')
    assert.deepEqual(faulty, [])
    assert.ok(blocks.length === 1 || (!isDone && blocks.length === 0), `call ${callsLeft}`)
    blockCounts[`${losesPower}`] += blocks.length
    for (const { directory } of blocks) {
      for await (const fault of verifyBlock(env, directory, new BlockCache(TEST_CACHE_BYTES), ctx0.signal))
        assert.fail(`call ${callsLeft}: ${fault}`)
      const block = await Block.open(env, directory, new BlockCache(TEST_CACHE_BYTES))
      assert.equal((await readAll(block, 0, 2e12, [])).length, few.length)
    }
    if (isDone && losesPower) break
  }
  assert.deepEqual(blockCounts, { true: 1, false: 2 }, 'cut off after the rename it is a block, but not when power is lost')
})

test('an aborted writer leaves nothing, and so does one without series', async () => {
  const env = virtualEnv({ seed: 1 })
  await env.fs.mkdir('/data')
  const failing = (async function* () {
    yield* everything(new MemorySource(few))
    throw new Error('no more')
  })()
  await assert.rejects(writeBlock(env, '/data', failing), /no more/)
  assert.equal(await writeBlock(env, '/data', []), undefined)
  assert.deepEqual(await env.fs.readDir('/data'), [])
})

test('a writer that the disk refuses at any call has no file open when it has ended', async () => {
  for (let failing = 1, isDone = false; !isDone; failing++) {
    const env = virtualEnv({ seed: 1 })
    await env.fs.mkdir('/data')
    const open = env.fs.open.bind(env.fs)
    let openCount = 0
    env.fs.open = async (path, mode) => {
      const file = await open(path, mode)
      let isOpen = true
      openCount++
      return {
        ...file,
        close: async () => {
          if (isOpen) openCount--
          isOpen = false
        },
      }
    }
    let calls = 0
    env.fs.fault = (call) => (['write', 'sync', 'rename', 'syncDir'].includes(call) && ++calls === failing ? 'EIO' : undefined)
    isDone = await writeBlock(env, '/data', everything(new MemorySource(few))).then(
      () => true,
      () => false,
    )
    assert.equal(openCount, 0, `call ${failing}`)
    assert.equal(isDone, calls < failing)
  }
})

test('series out of order and samples outside the range are refused', async () => {
  const env = virtualEnv({ seed: 1 })
  await env.fs.mkdir('/data')
  const batches: (readonly Series[])[] = []
  for await (const batch of everything(new MemorySource(few))) batches.push(batch)
  const [series] = batches
  await assert.rejects(writeBlock(env, '/data', [[series[1], series[0]]]), /label order: m\{i="0"\} after m\{i="1"\}/)
  await assert.rejects(writeBlock(env, '/data', [series], { range: { minTime: 0, maxTime: 5 } }), /in its range/)
  assert.ok(compareLabels(series[0].labels, series[1].labels) < 0)
})

const TESTDATA = join(import.meta.dirname, 'testdata')

test('golden: the same series are the same block, byte for byte', async () => {
  const { env, block } = await writtenBlock(few)
  const golden = join(TESTDATA, 'written')
  for (const name of ['index', 'chunks/000001', 'tombstones', 'meta.json'])
    assert.deepEqual(
      Buffer.from(await env.fs.readFile(`${block.directory}/${name}`)),
      readFileSync(join(golden, block.meta.ulid, name)),
      name,
    )
  assert.deepEqual(readdirSync(golden), [block.meta.ulid])
})

test('golden: blocks of Prometheus 3.5, tombstones and custom buckets among it', async () => {
  const env = realEnv(createLog({ level: 'error', format: 'logfmt', now: () => 0, write: () => undefined }))
  const directory = join(TESTDATA, 'prometheus-3.5')
  const set = await BlockSet.open(env, directory, new BlockCache(TEST_CACHE_BYTES))
  try {
    assert.equal(set.blocks.length, 1)
    const found = await readAll(set.source, 0, 2e12, [])
    assert.deepEqual(JSON.parse(readFileSync(join(directory, 'series.json'), 'utf8')), summary(found))
    for await (const fault of verifyBlock(env, set.blocks[0].directory, new BlockCache(TEST_CACHE_BYTES), ctx0.signal)) assert.fail(fault)
    assert.ok((await set.blocks[0].open()).tombstones.size > 0)
  } finally {
    await set.close()
  }
})

function summary(series: readonly MemorySeries[]): unknown {
  return series.map(({ labels, timestamps, values: column, histograms }) => ({
    labels: labels.toString(),
    samples: Array.from(timestamps, (t, i) => [t, String(column[i]), histograms?.[i]?.count ?? null]),
  }))
}
