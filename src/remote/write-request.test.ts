import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Labels } from '../model/labels.ts'
import { isStaleMarker, STALE_MARKER } from '../model/staleness.ts'
import { MalformedLabels, parseWriteLabels } from './write-labels.ts'
import { encodeWriteMessage, type WriteSeries } from './write-request.ts'
import { WriteRequestColumns } from './write-request-columns.ts'

/** The request that columns hold, as the encoder was given it. */
function seriesOf(columns: WriteRequestColumns, bytes: Uint8Array): WriteSeries[] {
  const out: WriteSeries[] = []
  let sample = 0
  for (let i = 0; i < columns.seriesCount; i++) {
    const samples: [number, number][] = []
    for (; sample < columns.samplesEnd[i]; sample++) samples.push([columns.timestamps[sample], columns.values[sample]])
    const labels = parseWriteLabels(bytes, columns.labelsStart[i], columns.labelsEnd[i])
    assert.ok(labels instanceof Labels, String(labels))
    out.push({ labels, samples })
  }
  return out
}

const labelSets = fc
  .dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.string({ minLength: 1, maxLength: 200 }), { maxKeys: 5 })
  .map((labels) => Labels.of({ ...Object.fromEntries(Object.entries(labels)), __name__: 'm' }))
const samples = fc.array(fc.tuple(fc.integer({ min: -(2 ** 50), max: 2 ** 50 }), fc.double()), { maxLength: 5 })

test('what is encoded is decoded', () => {
  const columns = new WriteRequestColumns()
  fc.assert(
    fc.property(fc.array(fc.record({ labels: labelSets, samples }, { noNullPrototype: true }), { maxLength: 20 }), (series) => {
      const bytes = encodeWriteMessage(series)
      assert.equal(columns.decode(bytes), undefined)
      assert.deepEqual(seriesOf(columns, bytes), series)
    }),
  )
})

test('columns grow with the request', () => {
  const columns = new WriteRequestColumns()
  const series = Array.from({ length: 1000 }, (_, i) => ({
    labels: Labels.of({ __name__: 'm', i: `s${i}` }),
    samples: [
      [i, 1],
      [i + 1, 2],
      [i + 2, 3],
    ] as [number, number][],
  }))
  const bytes = encodeWriteMessage(series)
  assert.equal(columns.decode(bytes), undefined)
  assert.deepEqual(seriesOf(columns, bytes), series)
})

test('a staleness marker travels as its bits', () => {
  const columns = new WriteRequestColumns()
  const bytes = Buffer.from(encodeWriteMessage([{ labels: Labels.of({ __name__: 'm' }), samples: [[1, STALE_MARKER]] }]))
  assert.ok(bytes.includes(Buffer.from('020000000000f07f', 'hex')))
  columns.decode(bytes)
  assert.ok(isStaleMarker(columns.values[0]))
})

test('golden: one series with one sample', () => {
  const bytes = encodeWriteMessage([{ labels: Labels.of({ __name__: 'up', job: 'a' }), samples: [[1_700_000_000_123, 1]] }])
  assert.equal(
    Buffer.from(bytes).toString('hex'),
    '0a2c0a0e0a085f5f6e616d655f5f120275700a080a036a6f62120161121009000000000000f03f10fbd095ffbc31',
  )
})

test('random bytes are refused or read, and never thrown at the caller', () => {
  const columns = new WriteRequestColumns()
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const fault = columns.decode(bytes)
      assert.ok(fault === undefined || fault.length > 0)
      readAll(columns, bytes)
    }),
    { numRuns: 2000 },
  )
})

test('a request cut or changed anywhere is refused or read, and stays inside its bytes', () => {
  const columns = new WriteRequestColumns()
  const whole = encodeWriteMessage([
    { labels: Labels.of({ __name__: 'a', b: 'c' }), samples: [[1, 2]] },
    {
      labels: Labels.of({ __name__: 'd' }),
      samples: [
        [3, 4],
        [5, 6],
      ],
    },
  ])
  for (let cut = 0; cut < whole.length; cut++) {
    const fault = columns.decode(whole.subarray(0, cut))
    if (cut > 0) assert.ok(fault !== undefined || columns.seriesCount < 2, `cut at ${cut}`)
  }
  fc.assert(
    fc.property(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
      const bytes = Uint8Array.from(whole)
      bytes[at] = byte
      if (columns.decode(bytes) === undefined) readAll(columns, bytes)
    }),
    { numRuns: 2000 },
  )
})

function readAll(columns: WriteRequestColumns, bytes: Uint8Array): void {
  for (let i = 0; i < columns.seriesCount; i++) {
    assert.ok(columns.labelsEnd[i] >= columns.labelsStart[i])
    if (columns.labelsEnd[i] > bytes.length) continue
    try {
      parseWriteLabels(bytes, columns.labelsStart[i], columns.labelsEnd[i])
    } catch (error) {
      assert.ok(error instanceof MalformedLabels, String(error))
    }
  }
}

test('fields that are not ours are stepped over and counted', () => {
  const columns = new WriteRequestColumns()
  const check = (hex: string, want: Partial<WriteRequestColumns> | string) => {
    const fault = columns.decode(Buffer.from(hex, 'hex'))
    if (typeof want === 'string') assert.equal(fault, want, hex)
    else {
      assert.equal(fault, undefined, hex)
      for (const [name, count] of Object.entries(want)) assert.equal(columns[name as keyof WriteRequestColumns], count, `${hex} ${name}`)
    }
  }
  check('', { seriesCount: 0 })
  check('1a00', { metadataCount: 1, seriesCount: 0 })
  check('0a041a002200', { seriesCount: 1, exemplarCount: 1, histogramCount: 1, sampleCount: 0 })
  check('0a021200', { seriesCount: 1, sampleCount: 1 })
  check('2001', { seriesCount: 0 })
  check('210102030405060708', { seriesCount: 0 })
  check('2501020304', { seriesCount: 0 })
  check('21010203', 'unexpected EOF')
  check('0a05', 'unexpected EOF')
  check('0a02120a', 'unexpected EOF')
  check('0affffffffffff', 'proto: integer overflow')
  check('00', 'proto: illegal tag 0')
  check('0b', 'proto: illegal wireType 3')
  check('0a060a0012000a00', 'proto: TimeSeries: labels are not in one run')
})

test('labels that name no series', () => {
  const labelsOf = (...labels: [string, string][]) => {
    const field = (tag: number, body: Buffer) => Buffer.concat([Buffer.from([tag, body.length]), body])
    return Buffer.concat(
      labels.map(([name, value]) =>
        field(0x0a, Buffer.concat([field(0x0a, Buffer.from(name, 'latin1')), field(0x12, Buffer.from(value, 'latin1'))])),
      ),
    )
  }
  const check = (bytes: Buffer, want: RegExp | string) => {
    const labels = parseWriteLabels(bytes, 0, bytes.length)
    if (want instanceof RegExp) assert.match(String(labels), want)
    else assert.equal(labels.toString(), want)
  }
  check(labelsOf(['__name__', 'a'], ['b', 'c']), 'a{b="c"}')
  check(labelsOf(['b', 'c'], ['__name__', 'a']), 'a{b="c"}')
  check(labelsOf(['__name__', 'a'], ['b', '']), 'a')
  check(labelsOf(['__name__', 'a b']), '{"a b"}')
  check(labelsOf(['b', 'c']), /^invalid metric name or labels: __name__ is missing in \{b="c"\}$/)
  check(labelsOf(), /__name__ is missing/)
  check(labelsOf(['__name__', 'a'], ['', 'c']), /a label without a name/)
  check(labelsOf(['__name__', 'a'], ['b', '1'], ['b', '2']), /duplicated label b/)
  check(labelsOf(['__name__', 'a\xff']), /not UTF-8/)
  check(labelsOf(['__name__', '\xef\xbf\xbd']), '{"\ufffd"}')
  assert.throws(() => parseWriteLabels(Buffer.from('0a05', 'hex'), 0, 2), MalformedLabels)
  assert.throws(() => parseWriteLabels(Buffer.from('1200', 'hex'), 0, 2), MalformedLabels)
})
