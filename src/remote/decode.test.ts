import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { field, messageV1, messageV2, varintField } from '../../test/support/write-requests.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { Labels } from '../model/labels.ts'
import { isStaleMarker, STALE_MARKER } from '../model/staleness.ts'
import { decodeV1 } from './decode-v1.ts'
import { decodeV2 } from './decode-v2.ts'
import { LabelRefCache } from './label-ref-cache.ts'
import { WireReader } from './wire-reader.ts'
import { WriteColumns } from './write-columns.ts'
import { type LabelOwner, MalformedRequest, parseLabelFields, resolveLabelRefs } from './write-labels.ts'
import { encodeWriteMessage, type WriteSeries } from './write-request.ts'
import { WriteSymbols } from './write-symbols.ts'

const reader = new WireReader()
const columns = new WriteColumns()
const symbols = new WriteSymbols()
const cache = new LabelRefCache(virtualEnv().random, 1000)

/** The request that the columns hold, as the encoder was given it. */
function series(version: 1 | 2): WriteSeries[] {
  const out: WriteSeries[] = []
  let sample = 0
  for (let i = 0; i < columns.seriesCount; i++) {
    const samples: [number, number][] = []
    for (; sample < columns.samplesEnd[i]; sample++) samples.push([columns.timestamps[sample], columns.values[sample]])
    const refsStart = i === 0 ? 0 : columns.labelRefsEnd[i - 1]
    const labels =
      version === 1
        ? parseLabelFields(reader, columns.labelsStart[i], columns.labelsEnd[i], 'series')
        : resolveLabelRefs(symbols, columns.labelRefs, refsStart, columns.labelRefsEnd[i], 'series')
    assert.ok(labels instanceof Labels, String(labels))
    out.push({ labels, samples })
  }
  return out
}

const labelSets = fc
  .dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.string({ minLength: 1, maxLength: 200 }), { maxKeys: 5 })
  .map((labels) => Labels.of({ ...Object.fromEntries(Object.entries(labels)), __name__: 'm' }))
const samples = fc.array(fc.tuple(fc.integer({ min: -(2 ** 50), max: 2 ** 50 }), fc.double()), { maxLength: 5 })
const requests = fc.array(fc.record({ labels: labelSets, samples }, { noNullPrototype: true }), { maxLength: 20 })

function decode(version: 1 | 2, bytes: Uint8Array): string | undefined {
  const fault = version === 1 ? decodeV1(bytes, reader, columns) : decodeV2(bytes, reader, columns)
  if (version === 2 && fault === undefined) symbols.open(reader, columns.symbols, cache)
  return fault
}

function messageV2Of(all: readonly WriteSeries[]): Buffer {
  return messageV2(all.map((one) => ({ labels: [...one.labels], samples: one.samples })))
}

test('what is encoded is decoded, in both versions', () => {
  fc.assert(
    fc.property(requests, (all) => {
      assert.equal(decode(1, encodeWriteMessage(all)), undefined)
      assert.deepEqual(series(1), all)
      assert.equal(decode(2, messageV2Of(all)), undefined)
      assert.deepEqual(series(2), all)
    }),
  )
})

test('columns grow with the request', () => {
  const all = Array.from({ length: 1000 }, (_, i) => ({
    labels: Labels.of({ __name__: 'm', i: `s${i}` }),
    samples: [
      [i, 1],
      [i + 1, 2],
      [i + 2, 3],
    ] as [number, number][],
  }))
  assert.equal(decode(1, encodeWriteMessage(all)), undefined)
  assert.deepEqual(series(1), all)
  assert.equal(decode(2, messageV2Of(all)), undefined)
  assert.deepEqual(series(2), all)
})

test('a staleness marker travels as its bits', () => {
  const bytes = Buffer.from(encodeWriteMessage([{ labels: Labels.of({ __name__: 'm' }), samples: [[1, STALE_MARKER]] }]))
  assert.ok(bytes.includes(Buffer.from('020000000000f07f', 'hex')))
  decode(1, bytes)
  assert.ok(isStaleMarker(columns.values[0]))
  decode(2, messageV2([{ labels: [['__name__', 'm']], samples: [[1, 'stale']] }]))
  assert.ok(isStaleMarker(columns.values[0]))
})

test('golden: one series with one sample', () => {
  const bytes = encodeWriteMessage([{ labels: Labels.of({ __name__: 'up', job: 'a' }), samples: [[1_700_000_000_123, 1]] }])
  const golden = '0a2c0a0e0a085f5f6e616d655f5f120275700a080a036a6f62120161121009000000000000f03f10fbd095ffbc31'
  assert.equal(Buffer.from(bytes).toString('hex'), golden)
  const one = { labels: [['__name__', 'up'] as const, ['job', 'a'] as const], samples: [[1_700_000_000_123, 1] as const] }
  assert.equal(messageV1([one]).toString('hex'), golden)
  const goldenV2 = '220022085f5f6e616d655f5f22027570' + '22036a6f62220161' + '2a180a0401020304121009000000000000f03f10fbd095ffbc31'
  assert.equal(messageV2([one]).toString('hex'), goldenV2)
})

test('start times and metadata of 2.0', () => {
  const labels = [['__name__', 'm']] as const
  const metadata = { type: 1, help: 'Counts.', unit: 'bytes' }
  const all = [
    { labels, samples: [[5, 1, 3] as const, [6, 2] as const], metadata, createdTime: 4 },
    { labels, samples: [[7, 3] as const] },
  ]
  assert.equal(decode(2, messageV2(all)), undefined)
  assert.deepEqual([...columns.startTimes.subarray(0, 3)], [3, 0, 0])
  assert.deepEqual([...columns.createdTime.subarray(0, 2)], [4, 0])
  assert.deepEqual([...columns.metricType.subarray(0, 2)], [1, 0])
  assert.equal(symbols.text(columns.helpRef[0]), 'Counts.')
  assert.equal(symbols.text(columns.unitRef[0]), 'bytes')
  assert.deepEqual([columns.helpRef[1], columns.unitRef[1]], [0, 0])
})

test('fields that are not ours are stepped over, ours of another wire type are refused', () => {
  const check = (version: 1 | 2, hex: string, want: readonly number[] | string) => {
    const fault = decode(version, Buffer.from(hex, 'hex'))
    const { seriesCount, sampleCount, exemplars, histograms, metadata } = columns
    const counts = [seriesCount, sampleCount, exemplars.count, histograms.count, metadata.count]
    if (typeof want === 'string') assert.equal(fault, want, hex)
    else assert.deepEqual([fault, ...counts], [undefined, ...want], hex)
  }
  check(1, '', [0, 0, 0, 0, 0])
  check(1, '1a00', [0, 0, 0, 0, 1])
  check(1, '0a041a002200', [1, 0, 1, 1, 0])
  check(1, '0a021200', [1, 1, 0, 0, 0])
  check(1, '2001', [0, 0, 0, 0, 0])
  check(1, '210102030405060708', [0, 0, 0, 0, 0])
  check(1, '2501020304', [0, 0, 0, 0, 0])
  // A group with a number and another group in it.
  check(1, '230801232424', [0, 0, 0, 0, 0])
  check(1, '230801', 'unexpected EOF')
  check(1, '21010203', 'unexpected EOF')
  check(1, '0a05', 'unexpected EOF')
  check(1, '0a02120a', 'unexpected EOF')
  check(1, '0affffffffffff', 'unexpected EOF')
  check(1, '0affffffffffffffffffff', 'proto: integer overflow')
  check(1, '0affffffffffffffffff01', 'proto: negative length found during unmarshaling')
  check(1, '00', 'proto: WriteRequest: illegal tag 0 (wire type 0)')
  check(1, '24', 'proto: WriteRequest: wiretype end group for non-group')
  check(1, '26', 'proto: illegal wireType 6')
  check(1, '0801', 'proto: wrong wireType = 0 for field Timeseries')
  check(1, '0a020a0108', 'unexpected EOF')
  check(1, '0a021001', 'proto: wrong wireType = 0 for field Samples')
  check(1, '0a060a0012000a00', 'proto: TimeSeries: labels are not in one run')
  check(2, '2200', [0, 0, 0, 0, 0])
  check(2, '2a041a002200', [1, 0, 1, 1, 0])
  check(2, '2a0408010802', [1, 0, 0, 0, 0])
  assert.deepEqual([...columns.labelRefs.subarray(0, columns.labelRefCount)], [1, 2])
  check(2, '2a0409010802', 'proto: wrong wireType = 1 for field LabelsRefs')
  check(2, '2a022a05', 'unexpected EOF')
  check(2, '2a042a020a00', 'proto: wrong wireType = 2 for field Type')
  // 1.0 read as 2.0 is empty, and the other way round.
  check(2, '0a021200', [0, 0, 0, 0, 0])
  check(1, '2a021200', [0, 0, 0, 0, 0])
})

test('a request holds so many parts and not more', () => {
  const many = (count: number, bytes: string) =>
    Buffer.concat(Array.from({ length: 2 ** 12 }, () => Buffer.from(bytes.repeat(count / 2 ** 12), 'hex')))
  const max = 2 ** 21
  assert.equal(decode(1, many(max, '0a00')), undefined)
  assert.equal(columns.seriesCount, max)
  assert.equal(decode(1, many(max + 2 ** 12, '0a00')), 'request has more than 2097152 series')
  assert.equal(decode(1, field(1, many(max + 2 ** 12, '1200'))), 'request has more than 2097152 samples')
  assert.equal(decode(2, many(max + 2 ** 12, '2200')), 'request has more than 2097152 symbols')
  assert.equal(decode(2, field(5, field(1, Buffer.alloc(2 ** 23 + 1)))), 'request has more than 8388608 references of labels')
  // And is as good as new afterwards.
  assert.equal(decode(1, Buffer.from('0a021200', 'hex')), undefined)
  assert.deepEqual([columns.seriesCount, columns.sampleCount, columns.timestamps.length <= 2 ** 18], [1, 1, true])
})

test('references beyond 32 bits name no symbol', () => {
  assert.equal(decode(2, field(5, varintField(1, 2n ** 40n))), undefined)
  assert.equal(resolveLabelRefs(symbols, columns.labelRefs, 0, 1, 'series'), 'invalid labelRefs length 1')
  assert.equal(decode(2, Buffer.concat([field(4, ''), field(5, Buffer.concat([varintField(1, 0), varintField(1, 2n ** 40n)]))])), undefined)
  const want = 'labelRefs 0 (name) = 4294967295 (value) outside of symbols table (size 1)'
  assert.equal(resolveLabelRefs(symbols, columns.labelRefs, 0, 2, 'series'), want)
})

function labelFields(bytes: Uint8Array, owner: LabelOwner = 'series'): Labels | string {
  reader.open(bytes)
  return parseLabelFields(reader, 0, bytes.length, owner)
}

test('fields of a label that nobody knows are passed over, broken ones are a fault', () => {
  const name = field(1, Buffer.concat([field(1, '__name__'), varintField(7, 1), field(2, 'a')]))
  assert.equal(labelFields(name).toString(), 'a')
  const check = (hex: string, want: string) => assert.throws(() => labelFields(Buffer.from(hex, 'hex')), new MalformedRequest(want))
  check('0a0108', 'proto: wrong wireType = 0 for field Name')
  check('0a020a05', 'unexpected EOF')
  check('0a0a', 'unexpected EOF')
  check('1200', 'proto: TimeSeries: a field between labels')
})

test('labels that name no series', () => {
  const check = (labels: readonly (readonly [string, string])[], want: string, owner: LabelOwner = 'series') => {
    const fields = labels.map(([name, value]) =>
      field(1, Buffer.concat([field(1, Buffer.from(name, 'latin1')), field(2, Buffer.from(value, 'latin1'))])),
    )
    const bytes = Buffer.concat(fields)
    assert.equal(labelFields(bytes, owner).toString(), want)
    const table = [...new Set(labels.flat())]
    const refs = Uint32Array.from(labels.flat().map((text) => table.indexOf(text)))
    decode(2, Buffer.concat(table.map((text) => field(4, Buffer.from(text, 'latin1')))))
    assert.equal(resolveLabelRefs(symbols, refs, 0, refs.length, owner).toString(), want)
  }
  check(
    [
      ['__name__', 'a'],
      ['b', 'c'],
    ],
    'a{b="c"}',
  )
  check(
    [
      ['b', 'c'],
      ['__name__', 'a'],
    ],
    'a{b="c"}',
  )
  check(
    [
      ['__name__', 'a'],
      ['b', ''],
    ],
    'a',
  )
  check([['__name__', 'a b']], '{"a b"}')
  check([['b', 'c']], 'invalid metric name or labels, got {b="c"}')
  check([['b', 'c']], '{b="c"}', 'exemplar')
  check(
    [
      ['__name__', ''],
      ['b', 'c'],
    ],
    'invalid metric name or labels, got {__name__="", b="c"}',
  )
  check(
    [
      ['__name__', 'a'],
      ['', 'c'],
    ],
    'invalid metric name or labels, got {""="c", __name__="a"}',
  )
  check(
    [
      ['__name__', 'a'],
      ['c', '1'],
      ['b', '1'],
      ['b', '2'],
    ],
    'invalid labels for series, labels {__name__="a", b="1", b="2", c="1"}, duplicated label b',
  )
  check([['__name__', 'a\xff']], 'invalid metric name or labels, got {__name__="a\ufffd"}')
  check([['__name__', '\xef\xbf\xbd']], '{"\ufffd"}')
})
