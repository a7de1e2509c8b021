import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Breather } from '../base/breather.ts'
import { type VirtualEnv, virtualEnv } from '../base/env-virtual.ts'
import { type Chunk, ChunkEncoding, SampleColumns } from '../chunkenc/codec.ts'
import { decodeChunk } from '../chunkenc/decode-chunk.ts'
import { encodeChunks } from '../chunkenc/encode-chunks.ts'
import { anyGrowth, histogramsOf } from '../chunkenc/samples.fixture.ts'
import { Labels } from '../model/labels.ts'
import { STALE_MARKER } from '../model/staleness.ts'
import { AppendStatus } from '../storage/appender.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import type { Series } from '../storage/series-source.ts'
import { TEST_CACHE_BYTES } from './block/block.fixture.ts'
import { BlockCache } from './block/block-cache.ts'
import { BlockWriter } from './block/block-writer.ts'
import { verifyBlock } from './block/verify-block.ts'
import { type BlockEncodings, COMMON_ENCODINGS } from './block-encodings.ts'
import { HINT_FROM_WINDOW } from './compact/compaction-meta.ts'
import { cutBlock } from './cut-block.ts'
import { digest, digestHistogram } from './histogram-digest.ts'
import { SlabPool } from './window/slab-pool.ts'
import { Window } from './window/window.ts'
import { selectFromWindows } from './window/window-reader.ts'

const END = 7_200_000

const names = ['__name__', 'a', 'job', 'ü', 'z.z', '\u{1f600}', '\uffee']
const texts = ['a', 'b', 'ab', 'job', 'b1', 'süd', '\u{1f600}', '\uffee', 'x'.repeat(200), 'y'.repeat(70_000)]
const anyLabels = fc
  .array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...texts)), { maxLength: 5 })
  .map((pairs) => Labels.of(new Map(pairs)))

/** Float samples with and without start times, histograms, or both by turns; few or none. */
const anySamples = fc.record({
  kind: fc.constantFrom('floats', 'startTimes', 'histograms', 'mixed'),
  steps: fc.array(fc.integer({ min: 1, max: 15_000 }), { maxLength: 300 }),
  growth: anyGrowth,
  from: fc.integer({ min: 0, max: 100_000 }),
})

type AnySamples = typeof anySamples extends fc.Arbitrary<infer T> ? T : never

function fill(window: Window, series: number, { kind, steps, growth, from }: AnySamples): void {
  const histograms = histogramsOf(growth)
  let t = from
  for (const [i, step] of steps.entries()) {
    t += step
    if (t >= END) return
    const startTime = kind === 'startTimes' && i % 100 > 20 ? from : 0
    const isHistogram = kind === 'histograms' || (kind === 'mixed' && i % 70 > 50)
    const histogram = isHistogram ? histograms[i % histograms.length] : undefined
    if (histogram === undefined) {
      assert.equal(window.append(series, t, i % 11 === 0 ? STALE_MARKER : i / 7, startTime), AppendStatus.ok)
      continue
    }
    digestHistogram(histogram)
    assert.equal(window.appendHistogram(series, t, growth.isFloat, histogram, startTime, digest.high, digest.low), AppendStatus.ok)
  }
}

/** What a block of the window's series is when it is made of their labels and chunks as a reader gets them. */
async function writtenFromSeries(env: VirtualEnv, window: Window, encodings: BlockEncodings): Promise<string> {
  const range = { minTime: window.minTime, maxTime: window.end }
  const writer = await BlockWriter.create(env, '/data', { range, compaction: { hints: [HINT_FROM_WINDOW] } })
  const request = { minTime: Number.NEGATIVE_INFINITY, maxTime: Number.POSITIVE_INFINITY, matchers: [] }
  for await (const batch of selectFromWindows([window], request, unlimitedContext(), new Breather(env.clock)))
    await writer.add(batch.map(({ labels, chunks }): Series => ({ labels, chunks: chunks.flatMap((chunk) => asIn(chunk, encodings)) })))
  await writer.finish()
  return `/data/${writer.ulid}`
}

/** The plain twin of what a cut does with a chunk. */
function asIn(chunk: Chunk, { floats, histogramStartTimes }: BlockEncodings): readonly Chunk[] {
  const { xor, xor2, histogram, floatHistogram } = ChunkEncoding
  const isFloat = chunk.encoding === xor || chunk.encoding === xor2
  const wanted: readonly ChunkEncoding[] = isFloat
    ? [floats === 'xor' ? xor : xor2]
    : histogramStartTimes
      ? [chunk.encoding]
      : [histogram, floatHistogram]
  if (wanted.includes(chunk.encoding)) return [chunk]
  const columns = new SampleColumns(chunk.sampleCount)
  decodeChunk(chunk, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, columns)
  const { length, timestamps, values, histograms, startTimes } = columns
  return encodeChunks({
    timestamps: timestamps.subarray(0, length),
    values: values.subarray(0, length),
    ...(histograms !== undefined && { histograms }),
    ...(wanted.includes(xor2) && { startTimes: startTimes ?? new Float64Array(length) }),
  })
}

const anyEncodings = fc.record({ floats: fc.constantFrom('xor' as const, 'xor2' as const), histogramStartTimes: fc.boolean() })

test('the block of a window is, byte for byte, that of its series', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(anyLabels, anySamples), { minLength: 1, maxLength: 60 }), anyEncodings, async (all, encodings) => {
      const window = new Window(new SlabPool(), 1, 0, END)
      for (const [labels, samples] of all) {
        const series = window.add(labels)
        if (window.lastTime(series) === Number.NEGATIVE_INFINITY) fill(window, series, samples)
      }
      fc.pre(window.sampleCount > 0)
      // The same seed: the same name.
      const [env, other] = [virtualEnv({ seed: 1 }), virtualEnv({ seed: 1 })]
      await env.fs.mkdir('/data')
      await other.fs.mkdir('/data')
      const { signal } = new AbortController()
      const directory = await cutBlock(env, window, undefined, { dir: '/data', signal, begun: () => {}, encodings })
      assert.equal(window.pins, 0)
      assert.equal(await writtenFromSeries(other, window, encodings), directory)
      assert.ok(directory !== undefined)
      assert.deepEqual(await env.fs.readDir(directory), await other.fs.readDir(directory))
      for (const name of ['chunks/000001', 'index', 'tombstones', 'meta.json']) {
        const [got, want] = [await env.fs.readFile(`${directory}/${name}`), await other.fs.readFile(`${directory}/${name}`)]
        assert.ok(Buffer.compare(got, want) === 0, name)
      }
      for await (const fault of verifyBlock(env, directory, new BlockCache(TEST_CACHE_BYTES), new AbortController().signal))
        assert.fail(fault)
    }),
    { numRuns: 60 },
  ))

test('a block of more series and text than one write takes', async () => {
  const window = new Window(new SlabPool(), 1, 0, END)
  for (let i = 0; i < 6000; i++)
    window.append(window.add(Labels.of({ __name__: `m${i % 7}`, own: `${i}`, long: 'x'.repeat(i % 300) })), 1000 + i, i)
  const [env, other] = [virtualEnv({ seed: 1 }), virtualEnv({ seed: 1 })]
  await env.fs.mkdir('/data')
  await other.fs.mkdir('/data')
  const directory = await cutBlock(env, window, undefined, { dir: '/data', signal: new AbortController().signal, begun: () => {} })
  await writtenFromSeries(other, window, COMMON_ENCODINGS)
  for (const name of ['chunks/000001', 'index']) {
    const [got, want] = [await env.fs.readFile(`${directory}/${name}`), await other.fs.readFile(`${directory}/${name}`)]
    assert.ok(Buffer.compare(got, want) === 0, name)
  }
})
