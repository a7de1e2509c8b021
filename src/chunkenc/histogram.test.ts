import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram } from '../model/histogram.ts'
import { areHistogramsEqual } from '../model/histogram-equality.ts'
import { isStaleMarker, STALE_MARKER } from '../model/staleness.ts'
import { headerBytesOf, writeHeader } from './chunk-header.ts'
import { type Chunk, ChunkEncoding, SampleColumns } from './codec.ts'
import { decodeChunk } from './decode-chunk.ts'
import { encodeChunks } from './encode-chunks.ts'
import { GOLDEN, type GoldenSample } from './golden.fixture.ts'
import { HistogramFit } from './histogram-fit.ts'
import { HistogramSampleEncoder } from './histogram-sample.ts'
import { anyGrowth, type Growth, histogram, histogramsOf } from './samples.fixture.ts'
import { appendBits, widenChunk } from './widen-chunk.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

function chunkOf(encoding: ChunkEncoding, data: Uint8Array): Chunk {
  return { encoding, minTime: 0, maxTime: 0, sampleCount: 0, data, start: 0, end: data.length }
}

function decode(chunks: readonly Chunk[], minTime = Number.NEGATIVE_INFINITY, maxTime = Number.POSITIVE_INFINITY): SampleColumns {
  const out = new SampleColumns(1)
  for (const chunk of chunks) decodeChunk(chunk, minTime, maxTime, out)
  return out
}

/** The chunk of samples that go into one; its state, like that of the chunk before, is kept in words elsewhere between samples. */
function encodeOne(samples: readonly GoldenSample[], isFloat: boolean, kept: Uint32Array): Uint8Array {
  let data = new Uint8Array(65_536)
  let bits = 24
  samples.forEach(({ t, value }, i) => {
    const encoder = new HistogramSampleEncoder()
    if (kept[0] === 0) encoder.clear()
    else encoder.load(kept, 0)
    assert.ok(typeof value !== 'number')
    if (value === 'stale') {
      if (i === 0) encoder.beginStale(isFloat, false)
    } else {
      const fit = encoder.fit(value)
      if (i === 0) {
        encoder.begin(value, false)
      } else if (fit === HistogramFit.widen) {
        writeHeader(encoder.encoding, encoder.sampleCount, encoder.reset, encoder.startHeader, data, 0)
        const widened = widenChunk(encoder, data, 0, (bits + 7) >>> 3, value)
        data = new Uint8Array(data.length)
        data.set(widened.bytes, 3)
        bits = 24 + widened.bitCount
      } else assert.equal(fit, HistogramFit.append, `sample ${i} of a chunk fits`)
    }
    const at = bits >>> 3
    if (value === 'stale') encoder.encodeStale(t, 0, data[at], bits & 7)
    else encoder.encode(t, value, 0, data[at], bits & 7)
    bits = appendBits(encoder.words, encoder.bitCount, data, at)
    kept.set(encoder.state.subarray(0, encoder.stateLength))
    writeHeader(encoder.encoding, encoder.sampleCount, encoder.reset, encoder.startHeader, data, 0)
  })
  return data.slice(0, (bits + 7) >>> 3)
}

const golden = JSON.parse(readFileSync(new URL('testdata/chunks.json', import.meta.url), 'utf8')) as Record<string, readonly string[]>

for (const { name, samples } of GOLDEN) {
  test(`golden chunks: ${name}`, () => {
    const kept = new Uint32Array(4096)
    let from = 0
    golden[name].forEach((line, number) => {
      const [encoding, digits] = line.split(' ')
      const data = new Uint8Array(Buffer.from(digits, 'hex'))
      const out = decode([chunkOf(Number(encoding) as ChunkEncoding, data)])
      const part = samples.slice(from, from + out.length)
      from += out.length
      part.forEach(({ t, value }, i) => {
        assert.equal(out.timestamps[i], t)
        const decoded = out.histograms?.[i]
        if (typeof value === 'number') assert.ok(Object.is(out.values[i], value) || isStaleMarker(value))
        if (value === 'stale' || (typeof value === 'number' && isStaleMarker(value))) {
          assert.ok(isStaleMarker(out.values[i]))
          assert.equal(decoded, undefined)
        } else if (typeof value !== 'number') {
          assert.ok(decoded !== undefined && sameCounts(decoded, value), `sample ${from + i}: ${JSON.stringify(decoded)}`)
          const isGauge = value.counterResetHint === CounterResetHint.gauge
          assert.equal(
            decoded.counterResetHint,
            isGauge ? CounterResetHint.gauge : i === 0 ? CounterResetHint.unknown : CounterResetHint.notReset,
          )
        }
      })
      if (typeof part[0].value === 'number') return
      const bytes = encodeOne(part, Number(encoding) === ChunkEncoding.floatHistogram, kept)
      assert.equal(hex(bytes), digits, `chunk ${number + 1}`)
    })
    assert.equal(from, samples.length)
  })
}

/** The same counts in all buckets that have any: a decoded histogram has the empty buckets of its chunk, too. */
function sameCounts(a: Histogram, b: Histogram): boolean {
  const counts = (spans: Int32Array, buckets: Float64Array) => {
    const found: string[] = []
    let index = 0
    let bucket = 0
    for (let i = 0; i < spans.length; i += 2) {
      index += spans[i]
      for (let left = spans[i + 1]; left > 0; left--, index++, bucket++)
        if (buckets[bucket] !== 0) found.push(`${index}:${buckets[bucket]}`)
    }
    return found.join()
  }
  return (
    a.isFloat === b.isFloat &&
    a.schema === b.schema &&
    a.zeroThreshold === b.zeroThreshold &&
    a.zeroCount === b.zeroCount &&
    a.count === b.count &&
    Object.is(a.sum, b.sum) &&
    counts(a.positiveSpans, a.positiveBuckets) === counts(b.positiveSpans, b.positiveBuckets) &&
    counts(a.negativeSpans, a.negativeBuckets) === counts(b.negativeSpans, b.negativeBuckets) &&
    (a.schema !== CUSTOM_BUCKETS_SCHEMA || a.customValues.join() === b.customValues.join())
  )
}

/** The series of a growth, with start times and staleness markers in between. */
function seriesOf(growth: Growth, withStarts: boolean) {
  const histograms: (Histogram | undefined)[] = histogramsOf(growth)
  let t = 1_700_000_000_000
  const timestamps = growth.additions.map(({ step }) => (t += step))
  const values = Float64Array.from(histograms, (one) => one!.sum)
  growth.additions.forEach(({ seed }, i) => {
    if (i === 0 || seed % 11 !== 0) return
    histograms[i] = undefined
    values[i] = STALE_MARKER
  })
  const startTimes = growth.additions.map(({ seed }, i) => (seed % 3 === 0 ? timestamps[i] - (seed % 1e6) : 0))
  return { timestamps, values, histograms, startTimes: withStarts ? startTimes : undefined }
}

test('what goes in comes out, with start times and without', () => {
  fc.assert(
    fc.property(anyGrowth, fc.boolean(), (growth, withStarts) => {
      const series = seriesOf(growth, withStarts)
      const chunks = encodeChunks(series)
      const out = decode(chunks)
      assert.deepEqual([...out.timestamps.subarray(0, out.length)], series.timestamps)
      if (series.startTimes !== undefined) assert.deepEqual([...out.startTimes!.subarray(0, out.length)], series.startTimes)
      else assert.equal(out.startTimes, undefined)
      series.histograms.forEach((one, i) => {
        const decoded = out.histograms![i]
        if (one === undefined) assert.ok(decoded === undefined && isStaleMarker(out.values[i]))
        else
          assert.ok(
            decoded !== undefined &&
              areHistogramsEqual(decoded, one) &&
              decoded.isFloat === one.isFloat &&
              Object.is(out.values[i], one.sum),
          )
      })
      let at = 0
      for (const chunk of chunks) {
        assert.equal(chunk.minTime, series.timestamps[at])
        at += chunk.sampleCount
        assert.equal(chunk.maxTime, series.timestamps[at - 1])
      }
    }),
    { numRuns: 300 },
  )
})

test('a part of the time is what the whole has there', () => {
  fc.assert(
    fc.property(anyGrowth, fc.nat({ max: 31 }), fc.nat({ max: 31 }), (growth, from, to) => {
      const series = seriesOf(growth, true)
      const chunks = encodeChunks(series)
      const [minTime, maxTime] = [series.timestamps[from] ?? 0, series.timestamps[to] ?? 1e15]
      const whole = decode(chunks)
      const part = decode(chunks, minTime, maxTime)
      let at = 0
      for (let i = 0; i < whole.length; i++) {
        if (whole.timestamps[i] < minTime || whole.timestamps[i] > maxTime) continue
        assert.equal(part.timestamps[at], whole.timestamps[i])
        assert.equal(part.startTimes![at], whole.startTimes![i])
        assert.deepEqual(part.histograms![at], whole.histograms![i])
        at++
      }
      assert.equal(part.length, at)
    }),
    { numRuns: 100 },
  )
})

const counter = (i: number) =>
  histogram({ zeroThreshold: 1, zeroCount: i, spans: [0, 2], buckets: [i, 2 * i], negativeSpans: [3, 1], negativeBuckets: [i] })

test('a chunk says what it can take, and what is known of a reset when it cannot', () => {
  const encoder = new HistogramSampleEncoder()
  const { append, widen, cut } = HistogramFit
  const { unknown, reset, notReset, gauge } = CounterResetHint
  const check = (before: Histogram | 'stale', h: Histogram, fit: HistogramFit, next: CounterResetHint) => {
    encoder.clear()
    if (before === 'stale') {
      encoder.beginStale(false, false)
      encoder.encodeStale(1, 0, 0, 0)
    } else {
      encoder.fit(before)
      encoder.begin(before, false)
      encoder.encode(1, before, 0, 0, 0)
    }
    assert.deepEqual([encoder.fit(h), encoder.nextReset], [fit, next])
  }
  const base = counter(5)
  check(base, base, append, notReset)
  check(base, counter(6), append, notReset)
  check(base, { ...counter(6), counterResetHint: notReset }, append, notReset)
  check(base, counter(4), cut, reset)
  check(base, { ...counter(6), counterResetHint: reset }, cut, reset)
  check(base, { ...counter(6), counterResetHint: gauge }, cut, gauge)
  check(base, { ...counter(6), isFloat: true }, cut, unknown)
  check(base, { ...counter(6), schema: 1 }, cut, unknown)
  check(base, { ...counter(6), zeroThreshold: 2 }, cut, unknown)
  check(base, { ...counter(6), zeroCount: 4 }, cut, reset)
  check(base, { ...counter(6), positiveBuckets: Float64Array.from([9, 9]) }, cut, reset)
  check(base, { ...counter(6), negativeBuckets: Float64Array.from([4]) }, cut, reset)
  check(base, { ...counter(6), negativeSpans: Int32Array.from([4, 1]) }, cut, reset)
  check(base, { ...counter(6), negativeSpans: Int32Array.from([3, 0, 0, 1]) }, append, notReset)
  check(base, { ...counter(6), negativeSpans: Int32Array.from([3, 2]), negativeBuckets: Float64Array.from([6, 1]) }, widen, notReset)
  check(histogram({ spans: [0, 3], buckets: [1, 0, 1] }), histogram({ spans: [0, 1, 1, 1], buckets: [1, 1] }), append, notReset)
  check(histogram({ spans: [0, 3], buckets: [1, 0, 1] }), histogram({ spans: [0, 1, 1, 2], buckets: [1, 1, 1] }), widen, notReset)
  check('stale', base, cut, unknown)
  const asGauge = (h: Histogram): Histogram => ({ ...h, counterResetHint: gauge })
  check(asGauge(base), asGauge(counter(1)), append, gauge)
  check(asGauge(base), asGauge(histogram({ zeroThreshold: 1, spans: [7, 1], buckets: [1] })), widen, gauge)
  check(asGauge(base), counter(9), cut, unknown)
  check(asGauge(base), asGauge({ ...base, schema: 2 }), cut, gauge)
  const bounds = (customValues: number[]) => histogram({ schema: CUSTOM_BUCKETS_SCHEMA, customValues, spans: [0, 1], buckets: [3] })
  check(bounds([1, 2]), bounds([1, 2]), append, notReset)
  check(bounds([1, 2]), bounds([1, 3]), cut, reset)
  check(bounds([1, 2]), bounds([1, 2, 3]), cut, reset)
  // Differences of differences of such counts are not exact.
  const vast = histogram({ spans: [0, 1], buckets: [2 ** 52] })
  check(histogram({ spans: [0, 1], buckets: [1] }), vast, cut, notReset)
  check(vast, vast, cut, notReset)
  check({ ...vast, isFloat: true }, { ...vast, isFloat: true }, append, notReset)
})

test('counts up to the largest exact one survive', () => {
  const counts = [2 ** 53, 2 ** 50 - 1, 0, 2 ** 53 - 1, 1, 2 ** 50 - 1, 1]
  const histograms = counts.map((count) =>
    histogram({ hint: CounterResetHint.gauge, spans: [0, 3], buckets: [count, 0, 0], negativeSpans: [0, 1], negativeBuckets: [0] }),
  )
  const out = decode(encodeChunks({ timestamps: counts.map((_, i) => i), values: new Float64Array(7), histograms }))
  assert.deepEqual(
    out.histograms!.slice(0, 7).map((one) => [one!.count, one!.positiveBuckets[0]]),
    counts.map((count) => [count, count]),
  )
})

test('floats and histograms may take turns; a marker goes to what it follows', () => {
  const h = counter(3)
  const values = Float64Array.from([1, h.sum, STALE_MARKER, STALE_MARKER, 2, STALE_MARKER, h.sum])
  const histograms = [undefined, h, undefined, undefined, undefined, undefined, h]
  const chunks = encodeChunks({ timestamps: [1, 2, 3, 4, 5, 6, 7], values, histograms })
  assert.deepEqual(
    chunks.map(({ encoding, sampleCount }) => [encoding, sampleCount]),
    [
      [1, 1],
      [2, 3],
      [1, 2],
      [2, 1],
    ],
  )
  const out = decode(chunks)
  assert.deepEqual(
    out.histograms!.slice(0, 7).map((one) => one?.count),
    [undefined, h.count, undefined, undefined, undefined, undefined, h.count],
  )
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6].map((i) => isStaleMarker(out.values[i])),
    [false, false, true, true, false, true, false],
  )
  out.push(8, 9)
  assert.equal(out.histograms![7], undefined)
})

test('a long series is cut into chunks of about a kilobyte, each a continuation', () => {
  const histograms = Array.from({ length: 400 }, (_, i) => counter(i * i))
  const chunks = encodeChunks({ timestamps: histograms.map((_, i) => i * 15_000 + (i % 3)), values: new Float64Array(400), histograms })
  assert.ok(chunks.length > 1)
  for (const [i, chunk] of chunks.entries()) {
    assert.equal(chunk.data[2], i === 0 ? 0 : 0b01 << 6)
    if (i < chunks.length - 1) assert.ok(chunk.end >= 1024 && chunk.end < 1100, `${chunk.end} bytes`)
  }
  const wide = Array.from({ length: 21 }, (_, i) =>
    histogram({ spans: [0, 500], buckets: Array.from({ length: 500 }, (_, k) => i * k * 1000) }),
  )
  const few = encodeChunks({ timestamps: wide.map((_, i) => i), values: new Float64Array(21), histograms: wide })
  assert.deepEqual(
    few.map(({ sampleCount }) => sampleCount),
    [10, 10, 1],
  )
})

test('the histograms of a chunk share spans, and neighbours the memory of buckets', () => {
  const out = decode(encodeChunks({ timestamps: [1, 2], values: [0, 0], histograms: [counter(1), counter(2)] }))
  const [a, b] = out.histograms!
  assert.equal(a!.positiveSpans, b!.positiveSpans)
  assert.equal(a!.negativeSpans, b!.negativeSpans)
  assert.equal(a!.positiveBuckets.buffer, b!.positiveBuckets.buffer)
  assert.ok(a!.positiveBuckets.buffer.byteLength <= 1024)
})

test('a finer schema than we know is read at the finest we know', () => {
  const h = histogram({ schema: 10, spans: [-3, 8], buckets: [1, 2, 3, 4, 5, 6, 7, 8] })
  const [decoded] = decode(encodeChunks({ timestamps: [1], values: [0], histograms: [h] })).histograms!
  assert.equal(decoded!.schema, 8)
  assert.deepEqual([...decoded!.positiveSpans, ...decoded!.positiveBuckets], [0, 2, 10, 26])
  for (const schema of [-54, -10, 53]) {
    const chunks = encodeChunks({ timestamps: [1], values: [0], histograms: [histogram({ schema })] })
    assert.throws(() => decode(chunks), new RegExp(`histogram has an unknown schema, .* got schema ${schema}`))
  }
})

test('unknown encodings are refused by number', () => {
  assert.throws(
    () => decode([chunkOf(7 as ChunkEncoding, new Uint8Array(9))]),
    /decode chunk: encoding is 7, want one of 1 \(xor\), 2 \(histogram\)/,
  )
})

test('bytes that end early, or are changed, are an error or other samples, never more', () => {
  fc.assert(
    fc.property(anyGrowth, fc.boolean(), fc.nat(), fc.nat({ max: 255 }), (growth, withStarts, place, byte) => {
      for (const { encoding, data, sampleCount } of encodeChunks(seriesOf(growth, withStarts))) {
        for (let end = 0; end < data.length; end++)
          assert.throws(() => decode([chunkOf(encoding, data.slice(0, end))]), /decode histogram chunk/, `${end} of ${data.length} bytes`)
        const changed = data.slice()
        changed[2 + (place % (data.length - 2))] = byte
        attempt(chunkOf(encoding, changed), sampleCount)
      }
    }),
    { numRuns: 50 },
  )
  const encodings = [ChunkEncoding.histogram, ChunkEncoding.floatHistogram, ChunkEncoding.histogramSt, ChunkEncoding.floatHistogramSt]
  fc.assert(
    fc.property(fc.constantFrom(...encodings), fc.uint8Array({ maxLength: 300 }), (encoding, data) =>
      attempt(chunkOf(encoding, data), 0xffff),
    ),
    { numRuns: 3000 },
  )
})

function attempt(chunk: Chunk, samplesMax: number): void {
  try {
    const out = decode([chunk])
    assert.ok(out.length <= samplesMax)
    // What is held follows from the bytes there are.
    const held = new Set(out.histograms?.map((one) => one?.positiveBuckets.buffer))
    let bytes = 0
    for (const buffer of held) bytes += buffer?.byteLength ?? 0
    assert.ok(bytes <= 1024 + 64 * 8 * chunk.data.length, `${bytes} bytes of buckets from ${chunk.data.length}`)
  } catch (error) {
    assert.match(String(error), /^Error: decode histogram chunk/)
  }
}

test('headers hold what they are given', () => {
  const check = (encoding: ChunkEncoding, count: number, reset: CounterResetHint, starts: number, want: string) => {
    const bytes = new Uint8Array(headerBytesOf(encoding))
    writeHeader(encoding, count, reset, starts, bytes, 0)
    assert.equal(hex(bytes), want)
  }
  check(ChunkEncoding.xor, 258, 0, 0, '0102')
  check(ChunkEncoding.xor2, 258, 0, 0x85, '010285')
  check(ChunkEncoding.histogram, 258, CounterResetHint.reset, 0, '010280')
  check(ChunkEncoding.floatHistogram, 258, CounterResetHint.notReset, 0, '010240')
  check(ChunkEncoding.histogramSt, 258, CounterResetHint.gauge, 0x85, 'c10285')
  check(ChunkEncoding.floatHistogramSt, 0x3fff, CounterResetHint.notReset, 0, '7fff00')
})
