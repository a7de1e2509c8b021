import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { headerBytesOf, writeHeader } from '../../chunkenc/chunk-header.ts'
import { type Chunk, type ChunkEncoding, SampleColumns } from '../../chunkenc/codec.ts'
import { HistogramChunkWriter } from '../../chunkenc/histogram-chunk-writer.ts'
import { anyGrowth, histogram, histogramsOf } from '../../chunkenc/samples.fixture.ts'
import { decodeXor, encodeXor } from '../../chunkenc/xor.ts'
import { encodeXor2 } from '../../chunkenc/xor2.ts'
import type { CounterResetHint } from '../../model/histogram.ts'
import { Labels } from '../../model/labels.ts'
import { STALE_MARKER } from '../../model/staleness.ts'
import { AppendStatus } from '../../storage/appender.ts'
import { digest, digestHistogram } from '../histogram-digest.ts'
import { SLAB_BYTES, SlabPool } from './slab-pool.ts'
import { NO_SLOT, Window } from './window.ts'

const open = (pool = new SlabPool()) => new Window(pool, 1, 0, 7_200_000)

/** The bytes of each chunk of a series, oldest first. */
function chunkBytes(window: Window, series: number, minTime = 0, maxTime = 1e9): Uint8Array[] {
  const chunks: Uint8Array[] = []
  window.visitChunks(series, minTime, maxTime, {
    chunk(_minTime, _maxTime, sampleCount, firstCell, byteCount) {
      const bytes = new Uint8Array(2 + byteCount)
      bytes[1] = sampleCount
      window.cells.copy(firstCell, byteCount, bytes, 2)
      chunks.unshift(bytes)
    },
  })
  return chunks
}

test('a series is found by its labels and no other', () => {
  const window = open()
  const a = window.add(Labels.of({ __name__: 'up', job: 'a' }))
  const b = window.add(Labels.of({ __name__: 'up', job: 'b' }))
  const none = window.add(Labels.empty)
  assert.deepEqual([a, b, none], [0, 1, 2])
  assert.equal(window.add(Labels.of({ __name__: 'up', job: 'b' })), b)
  assert.equal(window.find(Labels.of({ __name__: 'up', job: 'a' })), a)
  assert.equal(window.find(Labels.empty), none)
  assert.equal(window.find(Labels.of({ __name__: 'up' })), -1)
  assert.equal(window.find(Labels.of({ __name__: 'up', job: 'c' })), -1)
  assert.equal(window.find(Labels.of({ job: 'up', __name__: 'a' })), -1)
  assert.equal(window.labels(b).toString(), 'up{job="b"}')
  assert.equal(window.slot(a), NO_SLOT)
})

test('many series with long, short, foreign and equal strings', () => {
  const window = open()
  const labels = Array.from({ length: 40_000 }, (_, i) =>
    Labels.of({
      __name__: `metric_${i % 100}`,
      instance: `host-${i}`,
      'dot.name': i % 3 === 0 ? 'é\u{1f600}\ud800' : 'x'.repeat(i % 50),
      same: 'same',
    }),
  )
  labels.push(Labels.of({ long: 'y'.repeat(200_000) }), Labels.of({ long: `${'y'.repeat(199_999)}z` }))
  for (let i = 0; i < labels.length; i++) assert.equal(window.add(labels[i]), i)
  for (let i = 0; i < labels.length; i += 7) assert.equal(window.find(labels[i]), i)
  for (let i = 1; i < labels.length; i += 997) {
    const want = new Map(labels[i])
    if (want.has('dot.name')) want.set('dot.name', want.get('dot.name')!.toWellFormed())
    assert.deepEqual(new Map(window.labels(i)), want)
  }
  const pair = window.pairs.find(window.symbols.find('__name__'), window.symbols.find('metric_7'))
  const series = new Uint32Array(window.pairs.seriesCount(pair))
  assert.equal(window.copySeries(pair, series, 0), series.length)
  assert.deepEqual(
    [...series],
    Array.from({ length: 400 }, (_, i) => i * 100 + 7),
  )
})

/** Changes of the time between samples of every length that there is. */
const step = fc.oneof(
  { arbitrary: fc.constant(15_000), weight: 4 },
  { arbitrary: fc.integer({ min: 1, max: 20_000 }), weight: 4 },
  { arbitrary: fc.integer({ min: 60_000, max: 1_200_000 }), weight: 1 },
)
/** Some share bits with others, more of them or fewer. */
const value = fc.oneof(
  fc.constant(1),
  fc.double(),
  fc.constant(STALE_MARKER),
  fc.nat(1000).map((v) => 1e6 + v),
  fc.nat(1000).map((v) => v / 8),
)
const samples = fc.array(fc.tuple(step, value), {
  minLength: 1,
  maxLength: 300,
})

test('chunks in chained cells have the bytes of chunks in one piece', () => {
  fc.assert(
    fc.property(fc.array(samples, { minLength: 1, maxLength: 3 }), (columns) => {
      const window = open()
      const ids = columns.map((_, i) => window.add(Labels.of({ i: String(i) })))
      const length = Math.max(...columns.map((column) => column.length))
      const times = columns.map(() => [] as number[])
      const clock = columns.map(() => 0)
      for (let i = 0; i < length; i++) {
        for (const [c, column] of columns.entries()) {
          if (i >= column.length) continue
          clock[c] += column[i][0]
          times[c].push(clock[c])
          assert.equal(window.append(ids[c], clock[c], column[i][1]), AppendStatus.ok)
        }
      }
      for (const [c, column] of columns.entries()) {
        const values = new Float64Array(column.length)
        for (let i = 0; i < column.length; i++) values[i] = column[i][1]
        const want: Uint8Array[] = []
        for (let from = 0; from < values.length; from += 120)
          want.push(encodeXor(times[c], values, from, Math.min(from + 120, values.length)))
        assert.deepEqual(chunkBytes(window, ids[c]), want)
        assert.equal(window.lastTime(ids[c]), clock[c])
      }
      assert.equal(
        window.sampleCount,
        columns.reduce((sum, column) => sum + column.length, 0),
      )
    }),
    { numRuns: 50 },
  )
})

/** Whole chunks of a series, oldest first. */
function chunksOf(window: Window, series: number): Uint8Array[] {
  const chunks: Uint8Array[] = []
  window.visitChunks(series, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, {
    chunk(_minTime, _maxTime, sampleCount, firstCell, byteCount, header) {
      const encoding = (header & 0xff) as ChunkEncoding
      const body = headerBytesOf(encoding)
      const bytes = new Uint8Array(body + byteCount)
      writeHeader(encoding, sampleCount, (header >>> 16) as CounterResetHint, (header >>> 8) & 0xff, bytes, 0)
      window.cells.copy(firstCell, byteCount, bytes, body)
      chunks.unshift(bytes)
    },
  })
  return chunks
}

test('chunks of histograms in chained cells have the bytes of chunks in one piece, whatever other series do', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyGrowth, anyGrowth, fc.boolean()), { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      (growths, isPinned) => {
        const window = open()
        if (isPinned) window.pins++
        const columns = growths.map(([first, second, withStarts]) => {
          // Another layout, maybe of the other kind, and staleness in between.
          const histograms = [...histogramsOf(first), undefined, ...histogramsOf({ ...second, isFloat: first.isFloat })]
          return {
            histograms,
            isFloat: first.isFloat,
            withStarts,
            series: window.add(Labels.of({ i: String(histograms.length), n: JSON.stringify(first.additions) })),
          }
        })
        fc.pre(new Set(columns.map(({ series }) => series)).size === columns.length)
        const length = Math.max(...columns.map(({ histograms }) => histograms.length))
        for (let i = 0; i < length; i++) {
          for (const { histograms, isFloat, withStarts, series } of columns) {
            if (i >= histograms.length) continue
            const histogram = histograms[i]
            digestHistogram(histogram)
            const startTime = withStarts ? 500 + (i > 4 ? 1 : 0) : 0
            assert.equal(window.appendHistogram(series, 1000 + i, isFloat, histogram, startTime, digest.high, digest.low), AppendStatus.ok)
          }
        }
        for (const { histograms, withStarts, series } of columns) {
          const writer = new HistogramChunkWriter(withStarts)
          const want: Uint8Array[] = []
          const keep = (chunk: Chunk | undefined) => chunk !== undefined && want.push(chunk.data.slice(chunk.start, chunk.end))
          for (const [i, histogram] of histograms.entries())
            keep(writer.append(1000 + i, histogram, withStarts ? 500 + (i > 4 ? 1 : 0) : 0))
          keep(writer.finish())
          // Where a chunk is full depends on bits in the one and on bytes in the other.
          fc.pre(want.every(({ length: bytes }) => bytes < 1000))
          assert.deepEqual(chunksOf(window, series), want)
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('chunks of floats with start times in chained cells have the bytes of chunks in one piece', () => {
  const starts = fc.constantFrom(0, 0, 100, 101, 5000)
  fc.assert(
    fc.property(samples, fc.array(starts, { minLength: 1, maxLength: 40 }), (column, startTimes) => {
      const window = open()
      const series = window.add(Labels.of({ i: '1' }))
      const values = Float64Array.from(column, ([, v]) => v)
      for (let i = 0; i < column.length; i++) values[i] = column[i][1]
      let clock = 0
      const times = column.map(([step]) => (clock += step))
      // The first has one, so that all of them are in chunks that keep them.
      const own = times.map((_, i) => (i % 120 === 0 ? 7 : startTimes[i % startTimes.length]))
      for (let i = 0; i < times.length; i++) assert.equal(window.append(series, times[i], values[i], own[i]), AppendStatus.ok)
      const want: Uint8Array[] = []
      for (let from = 0; from < times.length; from += 120)
        want.push(encodeXor2(times, values, own, from, Math.min(from + 120, times.length)))
      assert.deepEqual(chunksOf(window, series), want)
      // Without any the next full chunk is a plain one again.
      for (let i = 0; i < 121; i++) window.append(series, clock + 1 + i, i)
      assert.equal(chunksOf(window, series).at(-1)![1] > 0, true)
      assert.equal(window.lastTime(series), clock + 121)
    }),
    { numRuns: 50 },
  )
})

test('cells that a chunk let go are used again, but not while a reader may hold them', () => {
  const grow = (window: Window) => {
    const series = window.add(Labels.of({ __name__: 'h' }))
    for (let i = 1; i <= 60; i++) {
      const h = histogram({ spans: [0, i], buckets: new Array(i).fill(i) })
      digestHistogram(h)
      window.appendHistogram(series, i, false, h, 0, digest.high, digest.low)
    }
    return window.cells.count
  }
  const pinned = open()
  pinned.pins++
  const [free, held] = [grow(open()), grow(pinned)]
  assert.ok(free * 4 < held, `${free} cells, and ${held} where none is used again`)
})

test('the answer to a sample that is not the next one', () => {
  const window = open()
  const series = window.add(Labels.of({ a: 'b' }))
  const check = (t: number, v: number, want: AppendStatus) => assert.equal(window.append(series, t, v), want)
  check(10, 1, AppendStatus.ok)
  check(10, 1, AppendStatus.ok)
  check(10, 2, AppendStatus.duplicateTimestamp)
  check(9, 1, AppendStatus.outOfOrder)
  check(11, STALE_MARKER, AppendStatus.ok)
  check(11, STALE_MARKER, AppendStatus.ok)
  check(11, Number.NaN, AppendStatus.duplicateTimestamp)
  check(12, -0, AppendStatus.ok)
  check(12, 0, AppendStatus.duplicateTimestamp)
  assert.equal(window.sampleCount, 3)
})

test('a visitor sees the chunks that reach into its range', () => {
  const window = open()
  const series = window.add(Labels.of({ a: 'b' }))
  for (let i = 0; i < 300; i++) window.append(series, i * 1000, i)
  const check = (minTime: number, maxTime: number, want: number[]) => {
    const firsts = chunkBytes(window, series, minTime, maxTime).map((bytes) => {
      const out = new SampleColumns()
      decodeXor(bytes, 0, bytes.length, 0, 1e9, out)
      return out.values[0]
    })
    assert.deepEqual(firsts, want)
    assert.equal(window.overlaps(series, minTime, maxTime), want.length > 0)
  }
  check(0, 1e9, [0, 120, 240])
  check(0, 0, [0])
  check(119_000, 120_000, [0, 120])
  check(121_000, 122_000, [120])
  check(299_000, 1e9, [240])
  check(299_001, 1e9, [])
  check(119_001, 119_999, [])
})

test('a series taken from another window has the same labels', () => {
  const pool = new SlabPool()
  const from = open(pool)
  const to = new Window(pool, 2, 7_200_000, 14_400_000)
  to.add(Labels.of({ job: 'x', other: 'ü' }))
  for (let i = 0; i < 50; i++) from.add(Labels.of({ __name__: 'm', i: String(i), job: 'x', zone: 'ü' }))
  const translated = new Uint32Array(from.pairs.count)
  for (let i = 0; i < 50; i++) {
    const series = to.addFrom(from, i, translated)
    assert.equal(series, i + 1)
    assert.ok(to.labels(series).equals(from.labels(i)))
    assert.equal(to.find(from.labels(i)), series)
  }
})

test('a released window gives its slabs back, and they come zeroed', () => {
  const pool = new SlabPool()
  const window = open(pool)
  for (let i = 0; i < 20_000; i++) window.append(window.add(Labels.of({ __name__: 'm', i: String(i) })), 1, i)
  assert.ok(pool.usedBytes > 20 * SLAB_BYTES)
  window.release()
  assert.equal(pool.usedBytes, 0)
  const allocated = pool.allocatedBytes
  assert.ok(pool.take().bytes.every((byte) => byte === 0))
  assert.equal(pool.allocatedBytes, allocated)
})
