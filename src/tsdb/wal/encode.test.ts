import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyGrowth, histogram, histogramsOf } from '../../chunkenc/samples.fixture.ts'
import { Labels } from '../../model/labels.ts'
import { isStaleMarker, STALE_MARKER } from '../../model/staleness.ts'
import { SlabPool } from '../window/slab-pool.ts'
import { Window } from '../window/window.ts'
import { ByteWriter } from './byte-writer.ts'
import {
  decodeExemplarsRecord,
  decodeHistogramsRecord,
  decodeMetadataRecord,
  decodeSamplesFromRecord,
  decodeSamplesRecord,
  decodeSeriesRecord,
} from './decode.ts'
import { LogEncoder, SERIES_FOLLOWS } from './encode.ts'
import { RECORD_HEADER_BYTES, RecordHeader, RecordType } from './record.ts'
import { PlainSlices, type SampleSlices, SLICE_SAMPLES, sampleSlices } from './sample-slices.ts'

type Row = [series: number, t: number, v: number]

type OnSample = (series: number, t: number, v: number) => void

const [plain, compiled] = [new PlainSlices(), sampleSlices()]

/** The same as `decodeSamplesRecord`, by slices. */
const decodeSlices = (bytes: Uint8Array, start: number, end: number, onSample: OnSample) => decodeBy(plain, bytes, start, end, onSample)
const decodeCompiled = (bytes: Uint8Array, start: number, end: number, onSample: OnSample) =>
  decodeBy(compiled, bytes, start, end, onSample)

function decodeBy(slices: SampleSlices, bytes: Uint8Array, start: number, end: number, onSample: OnSample): void {
  const wanted = slices.open(bytes, start, end)
  let count = 0
  for (let read = slices.read(); read > 0; read = slices.read()) {
    const { values, runCount, firstSeries, starts, times, seriesEnd } = slices
    let most = 0
    for (let run = 0; run < runCount; run++) {
      const runEnd = run + 1 < runCount ? starts[run + 1] : read
      for (let i = starts[run]; i < runEnd; i++) onSample(firstSeries[run] + i - starts[run], times[run], values[i])
      most = Math.max(most, firstSeries[run] + runEnd - starts[run])
    }
    assert.equal(seriesEnd, most)
    count += read
  }
  assert.equal(count, wanted)
}

/** All samples, or that it is none. */
function rowsOf(decode: typeof decodeSlices, payload: Uint8Array): Row[] | 'refused' {
  const rows: Row[] = []
  try {
    decode(payload, 0, payload.length, (...row) => rows.push(row))
  } catch (error) {
    assert.ok(error instanceof RangeError, String(error))
    return 'refused'
  }
  return rows
}

test('samples are read by compiled code, which finds the same as what it stands for, whatever the bytes are', () => {
  assert.ok(!(compiled instanceof PlainSlices))
  const seen = { samples: 0, refused: 0 }
  const byte = fc.oneof(fc.constantFrom(0x00, 0x08, 0x09, 0x0f, 0x21, 0x31, 0x1e), fc.integer({ min: 0, max: 255 }))
  // A sample of the series that is 2^31 + `n` numbers further on, or back.
  const far = fc.tuple(fc.integer({ min: -3, max: 3 }), fc.boolean()).map(([n, isBack]) => {
    const writer = new ByteWriter()
    writer.reserve(16)
    writer.byte(SERIES_FOLLOWS)
    writer.zigzag((2 ** 31 + n) * (isBack ? -1 : 1))
    return [...writer.bytes.subarray(0, writer.length)]
  })
  const some = fc.oneof({ weight: 9, arbitrary: byte.map((one) => [one]) }, { weight: 1, arbitrary: far })
  fc.assert(
    fc.property(fc.nat(8), fc.array(some, { maxLength: 150 }), (count, parts) => {
      const payload = Uint8Array.from([0x64, count, ...parts.flat()])
      const want = rowsOf(decodeSlices, payload)
      assert.deepEqual(rowsOf(decodeCompiled, payload), want)
      if (want === 'refused') seen.refused++
      else seen.samples += want.length
    }),
    { numRuns: 5000 },
  )
  assert.ok(seen.samples > 100 && seen.refused > 100, JSON.stringify(seen))
})

/** All that is in the records of a buffer. */
function decodeAll(bytes: Uint8Array, segment: number): { series: [number, string, number][]; samples: Row[]; records: number } {
  const header = new RecordHeader()
  const series: [number, string, number][] = []
  const samples: Row[] = []
  let records = 0
  for (let at = 0; at < bytes.length; ) {
    assert.ok(header.read(bytes, at, segment), header.problem?.reason)
    assert.equal(header.sequence, records++)
    const start = at + RECORD_HEADER_BYTES
    at = start + header.length
    if (header.type === RecordType.series)
      decodeSeriesRecord(bytes, start, at, (number, labels, time) => series.push([number, labels.toString(), time]))
    else {
      const sliced: Row[] = []
      decodeSamplesRecord(bytes, start, at, (number, t, v) => samples.push([number, t, v]))
      decodeSlices(bytes, start, at, (number, t, v) => sliced.push([number, t, v]))
      assert.deepEqual(sliced, samples.slice(samples.length - sliced.length))
      const inCode: Row[] = []
      decodeCompiled(bytes, start, at, (number, t, v) => inCode.push([number, t, v]))
      assert.deepEqual(inCode, sliced)
    }
  }
  return { series, samples, records }
}

const taken = (encoder: LogEncoder) => {
  const writer = encoder.take()
  return writer.bytes.slice(0, writer.length)
}

test('samples come back in order, bit for bit', () => {
  const value = fc.oneof(
    fc.double(),
    fc.integer().map(Number),
    fc.maxSafeNat().map(Number),
    fc.constantFrom(0, -0, STALE_MARKER, Number.NaN, 2 ** 48, 2 ** 48 - 1, 255, 256, 2 ** 24, 2 ** 32, 0.5, Number.NEGATIVE_INFINITY),
  )
  const row = fc.tuple(fc.nat(1e6).map(Number), fc.integer({ min: -(2 ** 44), max: 2 ** 44 }).map(Number), value)
  fc.assert(
    fc.property(fc.array(row, { maxLength: 50 }), (rows) => {
      const encoder = new LogEncoder()
      encoder.openSegment(7)
      for (const [series, t, v] of rows) encoder.sample(series, t, v)
      const { samples } = decodeAll(taken(encoder), 7)
      assert.equal(samples.length, rows.length)
      for (const [i, [series, t, v]] of rows.entries()) {
        assert.equal(samples[i][0], series)
        assert.equal(samples[i][1], t)
        assert.ok(Object.is(samples[i][2], v) && isStaleMarker(samples[i][2]) === isStaleMarker(v), `${samples[i][2]} is ${v}`)
      }
    }),
    { numRuns: 300 },
  )
})

test('histograms and start times come back in order, bit for bit', () => {
  const start = fc.constantFrom(0, 0, 1.7e12, 1.7e12 + 1, -5)
  const row = fc.record({ series: fc.nat(1000), t: fc.integer({ min: -(2 ** 44), max: 2 ** 44 }), startTime: start, growth: anyGrowth })
  fc.assert(
    fc.property(fc.array(row, { maxLength: 8 }), (rows) => {
      const encoder = new LogEncoder()
      encoder.openSegment(7)
      const want: unknown[][] = []
      for (const { series, t, startTime, growth } of rows) {
        for (const [i, histogram] of histogramsOf(growth).slice(0, 3).entries()) {
          encoder.histogram(series, t + i, growth.isFloat, histogram, startTime)
          want.push([series, t + i, growth.isFloat, histogram, startTime])
        }
        encoder.histogram(series, t + 3, growth.isFloat, undefined, startTime)
        want.push([series, t + 3, growth.isFloat, undefined, startTime])
        encoder.sampleFrom(series, t + 4, growth.zeroThreshold, startTime)
        want.push([series, t + 4, growth.zeroThreshold, startTime])
      }
      const bytes = taken(encoder)
      const header = new RecordHeader()
      const got: unknown[][] = []
      for (let at = 0; at < bytes.length; ) {
        assert.ok(header.read(bytes, at, 7), header.problem?.reason)
        const from = at + RECORD_HEADER_BYTES
        at = from + header.length
        const push = (...one: unknown[]) => got.push(one)
        if (header.type === RecordType.histograms) decodeHistogramsRecord(bytes, from, at, push)
        else decodeSamplesFromRecord(bytes, from, at, push)
      }
      assert.deepEqual(got, want)
    }),
    { numRuns: 100 },
  )
})

test('a layout that came before is a number', () => {
  const encoder = new LogEncoder()
  encoder.openSegment(1)
  const buckets = Float64Array.from({ length: 20 }, (_, i) => 100 + i)
  for (let i = 0; i < 100; i++) {
    encoder.histogram(i, 1.7e12, false, histogram({ schema: 3, spans: [-10, 8, 2, 12], buckets: [...buckets], sum: i + 0.5 }), 0)
  }
  const { length } = taken(encoder)
  assert.ok(length / 100 < 36, `${length / 100} bytes a histogram of 20 buckets`)
})

test('series come back with labels, numbers and times, over several records and windows', () => {
  const pool = new SlabPool()
  const windows = [new Window(pool, 1, 0, 1000), new Window(pool, 2, 1000, 2000)]
  const encoder = new LogEncoder()
  encoder.openSegment(3)
  const want: [number, string, number][] = []
  for (let i = 0; i < 9000; i++) {
    const window = windows[Math.floor(i / 100) % 2]
    const labels = Labels.of({ __name__: `m${i % 50}`, instance: `host-with-a-long-name-${i}`, job: 'jöb', i: 'x'.repeat(i % 90) })
    const number = encoder.series(window, window.add(labels), i * 10)
    want.push([number, labels.toString(), i * 10])
    if (i % 1000 === 0) encoder.sample(number, 5, 1)
  }
  const { series, samples, records } = decodeAll(taken(encoder), 3)
  assert.deepEqual(series, want)
  assert.equal(samples.length, 9)
  assert.ok(records > 90)
})

test('a scrape costs less than ten bytes a sample, and its series less than their text', () => {
  const window = new Window(new SlabPool(), 1, 0, 7_200_000)
  const encoder = new LogEncoder()
  encoder.openSegment(1)
  const count = 500
  const labels = Array.from({ length: count }, (_, i) =>
    Labels.of({ __name__: `node_metric_${i % 40}_total`, instance: '10.0.0.1:9100', job: 'node', cpu: String(i) }),
  )
  for (const one of labels) encoder.series(window, window.add(one), 1.7e12)
  const seriesBytes = taken(encoder).length
  assert.ok(seriesBytes / count < 24, `${seriesBytes / count} bytes a series`)
  for (let i = 0; i < count; i++) encoder.sample(i, 1.7e12 + 15_000, i % 3 === 0 ? i * 1000 : Math.sqrt(i) * 17)
  const sampleBytes = taken(encoder).length
  assert.ok(sampleBytes / count < 8, `${sampleBytes / count} bytes a sample`)
})

test('a record of another segment, or with a changed byte, is none', () => {
  const encoder = new LogEncoder()
  encoder.openSegment(1)
  encoder.sample(0, 1, 1)
  const bytes = taken(encoder)
  const header = new RecordHeader()
  assert.ok(header.read(bytes, 0, 1))
  assert.ok(!header.read(bytes, 0, 2))
  for (let i = 0; i < RECORD_HEADER_BYTES; i++) {
    const changed = bytes.slice()
    changed[i] ^= 0x10
    assert.ok(!header.read(changed, 0, 1), `byte ${i}`)
  }
})

test('any payload is read or refused with a RangeError', () => {
  const decoders = [
    decodeSeriesRecord,
    decodeSlices,
    decodeSamplesRecord,
    decodeSamplesFromRecord,
    decodeHistogramsRecord,
    decodeExemplarsRecord,
    decodeMetadataRecord,
  ]
  // Small numbers, which say more than others, and any.
  const byte = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 255 }))
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 60 }), fc.constantFrom(...decoders), (payload, decode) => {
      try {
        decode(Uint8Array.from(payload), 0, payload.length, () => {})
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error))
      }
    }),
    { numRuns: 3000 },
  )
})

test('a payload of histograms that lies about itself is an error', () => {
  const check = (payload: number[]) =>
    assert.throws(() => decodeHistogramsRecord(new Uint8Array(payload), 0, payload.length, () => {}), RangeError)
  // No such layout; ends in the layout; more buckets than any histogram has, by one span and by two; a number of no kind.
  check([0, 1, 0, 1])
  check([0, 1, 0, 0, 0])
  check([0, 1, 0, 0, 0, 0, 1, 0, 0xff, 0xff, 0x7f])
  check([0, 1, 0, 0, 0, 0, 2, 0, 0xff, 0xff, 3, 0, 0xff, 0xff, 3, 0, 0])
  check([0, 1, 0, 0, 0, 16])
})

test('slices begin where the one before ended, within a record', () => {
  const encoder = new LogEncoder()
  encoder.openSegment(1)
  const rows = Array.from({ length: 3 * SLICE_SAMPLES + 7 }, (_, i): Row => [(i * 7) % 1000, 15_000 * Math.floor(i / 1000), i / 3])
  for (const row of rows) encoder.sample(...row)
  assert.deepEqual(decodeAll(taken(encoder), 1).samples, rows)
})

test('a payload that lies about itself is an error', () => {
  const check = (payload: number[], series: boolean) => {
    for (const decode of series ? [decodeSeriesRecord] : [decodeSamplesRecord, decodeSlices, decodeCompiled])
      assert.throws(() => decode(new Uint8Array(payload), 0, payload.length, () => {}), RangeError)
  }
  check([0, 1, 0, 1, 1], true)
  check([0, 1, 0, 1, 0, 9, 65], true)
  check([0, 1], false)
  check([0, 1, 0x08], false)
  check([0, 1, 0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80], false)
})
