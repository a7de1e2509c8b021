import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CounterResetHint, type Histogram, NO_BUCKETS, NO_SPANS } from '../../model/histogram.ts'
import { isStaleMarker, STALE_MARKER } from '../../model/staleness.ts'
import { decodeSampleRecord, decodeSeriesRecord } from './log-records.ts'
import { decodeSnapshotRecord } from './snapshot-record.ts'
import { histogramsRecord, samplesRecord, samplesV2Record, seriesRecord, snapshotRecord, tombstonesRecord } from './upstream-log.fixture.ts'

/** What a record shows, as texts. */
function shown(record: Uint8Array): readonly string[] {
  const found: string[] = []
  decodeSeriesRecord(record, 0, record.length, {
    series: (ref, labels) => found.push(`${ref} ${labels}`),
    tombstone: (ref, minTime, maxTime) => found.push(`${ref} ${minTime} ${maxTime}`),
  })
  decodeSampleRecord(record, 0, record.length, {
    sample: (ref, t, v) => found.push(`${ref} ${t} ${isStaleMarker(v) ? 'stale' : v}`),
    histogram: (ref, t, isFloat, h) => {
      const text =
        typeof h === 'string' ? h : `${h.schema} ${h.count} ${h.positiveSpans.join()} ${h.positiveBuckets.join()} ${h.customValues.join()}`
      found.push(`${ref} ${t} ${isFloat} ${text}`)
    },
  })
  return found
}

const plain: Histogram = {
  ...{ isFloat: false, counterResetHint: CounterResetHint.gauge, schema: -4, zeroThreshold: 0.5, zeroCount: 2, count: 8, sum: -1.5 },
  ...{ positiveSpans: Int32Array.of(-3, 2, 4, 1), positiveBuckets: Float64Array.of(3, 1, 2) },
  ...{ negativeSpans: NO_SPANS, negativeBuckets: NO_BUCKETS, customValues: NO_BUCKETS },
}
const float: Histogram = { ...plain, isFloat: true, count: 8.5, zeroCount: 2.5 }
const custom: Histogram = {
  ...{ ...plain, schema: -53, zeroThreshold: 0, zeroCount: 0, count: 6, customValues: Float64Array.of(0.5, 1, 2) },
  positiveSpans: Int32Array.of(0, 3),
}

const RECORDS = [
  seriesRecord([7, { __name__: 'a', b: 'ü' }], [2 ** 40, { __name__: 'c' }], [9, { z: '1', a: '2', e: '' }]),
  tombstonesRecord([7, -5n, 9n], [8, -(2n ** 63n), 2n ** 63n - 1n]),
  samplesRecord([7, 1_700_000_000_000, 1.5], [3, 1_699_999_999_999, STALE_MARKER], [2 ** 40, -12, -0]),
  samplesV2Record([7, 100, 1, 0], [8, 90, 2, 50], [6, 110, 3, 50], [6, 120, 4, 0], [5, 130, 5, 40]),
  histogramsRecord([
    [7, 100, plain],
    [8, 90, { ...plain, sum: STALE_MARKER }],
    [8, 95, { ...plain, schema: 60 }],
  ]),
  histogramsRecord([
    [7, 100, float],
    [9, 101, { ...float, positiveSpans: Int32Array.of(0, 9) }],
  ]),
  histogramsRecord([[7, 100, custom]]),
  histogramsRecord([[7, 100, { ...custom, isFloat: true }]]),
  histogramsRecord(
    [
      [7, 100, plain],
      [9, 99, plain],
    ],
    true,
  ),
  histogramsRecord([[7, 100, float]], true),
]

test('records as Prometheus writes them', () => {
  const buckets = '-3,2,4,1 3,1,2 '
  assert.deepEqual(RECORDS.map(shown), [
    ['7 a{b="ü"}', `${2 ** 40} c`, '9 {a="2", z="1"}'],
    ['7 -5 9', '8 -Infinity Infinity'],
    ['7 1700000000000 1.5', '3 1699999999999 stale', `${2 ** 40} -12 0`],
    ['7 100 1', '8 90 2', '6 110 3', '6 120 4', '5 130 5'],
    [`7 100 false -4 8 ${buckets}`, '8 90 false stale', '8 95 false unusable'],
    [`7 100 true -4 8.5 ${buckets}`, '9 101 true unusable'],
    ['7 100 false -53 6 0,3 3,1,2 0.5,1,2'],
    ['7 100 true -53 6 0,3 3,1,2 0.5,1,2'],
    [`7 100 false -4 8 ${buckets}`, `9 99 false -4 8 ${buckets}`],
    [`7 100 true -4 8.5 ${buckets}`],
  ])
  for (const type of [1, 2, 3, 7, 8, 9, 10, 11, 12, 13]) assert.deepEqual(shown(Buffer.of(type)), [], 'an empty list')
  for (const type of [0, 4, 5, 6, 14, 200]) assert.deepEqual(shown(Buffer.of(type, 1, 2, 3)), [], 'what is passed over')
})

test('a finer resolution than ours is reduced', () => {
  const fine = { ...plain, schema: 9, positiveSpans: Int32Array.of(1, 4), positiveBuckets: Float64Array.of(1, 2, 1, 2), zeroCount: 2 }
  assert.deepEqual(shown(histogramsRecord([[1, 1, fine]])), ['1 1 false 8 8 1,2 3,3 '])
})

test('bytes that are no record are a RangeError, whatever they are', () => {
  const decode = (bytes: Uint8Array) => {
    try {
      assert.ok(shown(bytes).length <= bytes.length)
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error))
    }
    try {
      decodeSnapshotRecord(bytes, 0, bytes.length, () => {})
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error))
    }
  }
  const records = [...RECORDS, snapshotRecord(1, { a: 'b' }, undefined)]
  for (const record of records) for (let end = 0; end < record.length; end++) decode(record.subarray(0, end))
  const change = fc.tuple(
    fc.nat(records.length - 1),
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 5 }),
  )
  fc.assert(
    fc.property(change, ([which, changes]) => {
      const bytes = Buffer.from(records[which])
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      decode(bytes)
    }),
    { numRuns: 5000, seed: 3 },
  )
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 14 }), fc.uint8Array({ maxLength: 80 }), (type, rest) =>
      decode(Buffer.concat([Buffer.of(type), rest])),
    ),
    { numRuns: 5000, seed: 4 },
  )
})
