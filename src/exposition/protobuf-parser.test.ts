import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { expositionPage, mutatedPage } from '../../test/support/exposition-page-generator.ts'
import { field, varint, varintField } from '../../test/support/write-requests.ts'
import { seededRandom } from '../base/virtual/random.ts'
import type { Histogram } from '../model/histogram.ts'
import type { ExposedFamily, ExposedHistogram } from './exposed-family.ts'
import { ExpositionError } from './exposition-error.ts'
import { Entry } from './page-parser.ts'
import { ProtobufParser } from './protobuf-parser.ts'
import type { ProtobufOptions } from './protobuf-samples.ts'
import { protobufFamily } from './protobuf-writer.ts'

const PLAIN: ProtobufOptions = { ignoreNative: false, keepClassic: false }

function reset(parser: ProtobufParser, content: Uint8Array): ProtobufParser {
  const bytes = new Uint8Array(content.length + 1)
  bytes.set(content)
  parser.reset(bytes, content.length)
  return parser
}

/** One line an entry. */
function parse(content: Uint8Array, options = PLAIN): string[] {
  const parser = reset(new ProtobufParser(options), content)
  const rows: string[] = []
  for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) {
    if (entry === Entry.series) rows.push(shownSeries(parser))
    else rows.push(Buffer.from(parser.commentBytes.subarray(parser.commentStart, parser.commentEnd - 1)).toString())
  }
  return rows
}

function shownSeries(parser: ProtobufParser): string {
  const time = parser.hasTimestamp ? `@${parser.numbers[1]}` : ''
  const value = parser.isHistogram ? shownHistogram(parser.histogram()) : parser.numbers[0]
  const exemplars = parser.exemplars(7).map((e) => ` #${e.labels} ${e.value}@${e.hasTimestamp ? '' : '~'}${e.timestamp}`)
  const start = parser.startTime() === 0 ? '' : ` s=${parser.startTime()}`
  assert.equal(parser.isPlain, !parser.isHistogram && exemplars.length === 0)
  return `${parser.labels()} ${value}${time}${exemplars.join('')}${start}`
}

function shownHistogram(h: Histogram): string {
  const side = (spans: Int32Array, buckets: Float64Array) => `[${spans}|${buckets}]`
  const kind = `${h.isFloat ? 'float' : 'int'}${h.counterResetHint === 3 ? ' gauge' : ''}`
  return `{${kind} schema=${h.schema} count=${h.count} sum=${h.sum} zero=${h.zeroThreshold}:${h.zeroCount} -${side(h.negativeSpans, h.negativeBuckets)} +${side(h.positiveSpans, h.positiveBuckets)}}`
}

const family = (fields: Partial<ExposedFamily>): ExposedFamily => ({ name: 'm', type: 'gauge', help: '', unit: '', metrics: [], ...fields })
const NATIVE: Histogram = {
  isFloat: false,
  counterResetHint: 0,
  schema: 3,
  zeroThreshold: 0.001,
  zeroCount: 2,
  count: 10,
  sum: -1.5,
  positiveSpans: Int32Array.of(-2, 2, 3, 1),
  positiveBuckets: Float64Array.of(1, 0, 4),
  negativeSpans: Int32Array.of(1, 1),
  negativeBuckets: Float64Array.of(3),
  customValues: new Float64Array(0),
}

test('all types become series as upstream makes them', () => {
  const check = (fields: Partial<ExposedFamily>, ...want: string[]) => assert.deepEqual(parse(protobufFamily(family(fields))), want)
  check({})
  check(
    {
      type: 'counter',
      name: 'm_seconds_total',
      unit: 'seconds',
      help: 'a\\b\nc',
      metrics: [
        {
          kind: 'value',
          labels: [
            ['b', 'x'],
            ['a', 'ü'],
            ['e', ''],
          ],
          value: 2.5,
          timestamp: 1234,
          startTime: 1500,
          exemplar: { labels: [['id', '1']], value: 3, timestamp: 9001 },
        },
        { kind: 'value', labels: [], value: 1, exemplar: { labels: [], value: 3, timestamp: undefined } },
      ],
    },
    '# HELP m_seconds_total a\\\\b\\nc',
    '# UNIT m_seconds_total seconds',
    '# TYPE m_seconds_total counter',
    'm_seconds_total{a="ü", b="x"} 2.5@1234 #{id="1"} 3@9001 s=1500',
    'm_seconds_total 1 #{} 3@~7',
  )
  check({ metrics: [{ kind: 'value', labels: [], value: -0.5, timestamp: -5 }] }, '# HELP m ', '# TYPE m gauge', 'm -0.5@-5')
  check(
    { name: 'm.x', type: 'info', metrics: [{ kind: 'value', labels: [], value: 1 }] },
    '# HELP "m.x" ',
    '# TYPE "m.x" unknown',
    '{"m.x"} 1',
  )
  check(
    {
      type: 'summary',
      metrics: [
        {
          kind: 'summary',
          labels: [['a', 'b']],
          count: 3,
          sum: 4.5,
          quantiles: [
            [0.5, 1],
            [1, 2],
          ],
          startTime: 5,
        },
        { kind: 'summary', labels: [], count: 1, sum: 2, quantiles: [] },
      ],
    },
    '# HELP m ',
    '# TYPE m summary',
    'm_count{a="b"} 3 s=5',
    'm_sum{a="b"} 4.5 s=5',
    'm{a="b", quantile="0.5"} 1 s=5',
    'm{a="b", quantile="1.0"} 2 s=5',
    'm_count 1',
    'm_sum 2',
  )
  check(
    {
      type: 'histogram',
      metrics: [
        {
          kind: 'histogram',
          labels: [],
          count: 7,
          sum: 8,
          buckets: [
            { upperBound: 1, count: 3, exemplar: { labels: [], value: 1, timestamp: 5 } },
            { upperBound: 1e9, count: 4, exemplar: undefined },
          ],
        },
      ],
    },
    '# HELP m ',
    '# TYPE m histogram',
    'm_count 7',
    'm_sum 8',
    'm_bucket{le="1.0"} 3 #{} 1@5',
    'm_bucket{le="1e+09"} 4',
    'm_bucket{le="+Inf"} 7',
  )
  check(
    {
      type: 'gaugehistogram',
      metrics: [
        { kind: 'histogram', labels: [], count: 7.5, sum: 8, buckets: [{ upperBound: Infinity, count: 7.5, exemplar: undefined }] },
      ],
    },
    '# HELP m ',
    '# TYPE m gaugehistogram',
    'm_count 7.5',
    'm_sum 8',
    'm_bucket{le="+Inf"} 7.5',
  )
})

test('native histograms, with their classic buckets where these are wanted', () => {
  const bucket = { upperBound: 1, count: 3, exemplar: { labels: [['id', 'b']] as const, value: 1, timestamp: 5 } }
  const metric: ExposedHistogram = { kind: 'histogram', labels: [], count: 10, sum: -1.5, buckets: [bucket], native: NATIVE, startTime: 3 }
  const check = (
    fields: Partial<ExposedHistogram>,
    options: Partial<ProtobufOptions>,
    type: 'histogram' | 'gaugehistogram',
    ...want: string[]
  ) =>
    assert.deepEqual(parse(protobufFamily(family({ type, metrics: [{ ...metric, ...fields }] })), { ...PLAIN, ...options }).slice(2), want)
  const native = 'm {int schema=3 count=10 sum=-1.5 zero=0.001:2 -[1,1|3] +[-2,1,4,1|1,4]}'
  const classic = ['m_count 10 s=3', 'm_sum -1.5 s=3', 'm_bucket{le="1.0"} 3 #{id="b"} 1@5 s=3', 'm_bucket{le="+Inf"} 10 s=3']
  check({}, {}, 'histogram', `${native} #{id="b"} 1@5 s=3`)
  check({}, { keepClassic: true }, 'histogram', `${native} #{id="b"} 1@5 s=3`, ...classic)
  check({ buckets: [] }, { keepClassic: true }, 'histogram', `${native} s=3`)
  check({}, { ignoreNative: true }, 'histogram', ...classic)
  check({ buckets: [] }, { ignoreNative: true }, 'histogram', 'm_count 10 s=3', 'm_sum -1.5 s=3', 'm_bucket{le="+Inf"} 10 s=3')
  check({}, {}, 'gaugehistogram', `${native.replace('int', 'int gauge')} #{id="b"} 1@5 s=3`)
  // Exemplars of its own count where it has some, but without a time they do not.
  const own = (timestamp: number | undefined) => ({ labels: [['id', 'n']] as const, value: 2, timestamp })
  check({ exemplars: [own(8), own(undefined), own(9)] }, {}, 'histogram', `${native} #{id="n"} 2@8 #{id="n"} 2@9 s=3`)
  check({ exemplars: [own(undefined)] }, {}, 'histogram', `${native} s=3`)
  const float = { ...NATIVE, isFloat: true, count: 10.5, positiveBuckets: Float64Array.of(1.5, 0, 4) }
  check(
    { native: float, count: 10.5, buckets: [] },
    {},
    'histogram',
    'm {float schema=3 count=10.5 sum=-1.5 zero=0.001:2 -[1,1|3] +[-2,1,4,1|1.5,4]} s=3',
  )
  const empty = {
    ...NATIVE,
    zeroThreshold: 0,
    zeroCount: 0,
    count: 0,
    positiveSpans: new Int32Array(0),
    positiveBuckets: new Float64Array(0),
    negativeSpans: new Int32Array(0),
    negativeBuckets: new Float64Array(0),
  }
  check({ native: empty, count: 0, buckets: [] }, {}, 'histogram', 'm {int schema=3 count=0 sum=-1.5 zero=0:0 -[|] +[|]} s=3')
})

test('what is wrong is said', () => {
  const check = (bytes: readonly number[] | Uint8Array, want: string | RegExp) =>
    assert.throws(
      () => parse(Uint8Array.from(bytes)),
      (error: Error) => {
        assert.ok(error instanceof ExpositionError, error.stack)
        if (typeof want === 'string') assert.equal(error.message, want)
        else assert.match(error.message, want)
        return true
      },
    )
  const framed = (...body: number[]) => [body.length, ...body]
  const gauge = (fields: Partial<ExposedFamily>) =>
    protobufFamily(family({ metrics: [{ kind: 'value', labels: [], value: 1 }], ...fields }))
  check([0xff], 'clientpb: invalid varint encountered')
  check([0xff, 0xff, 0xff, 0xff, 0xff, 0x01], 'clientpb: invalid varint encountered')
  check([0xff, 0xff, 0xff, 0xff, 0x7f], /^clientpb: insufficient length of buffer, expected at least \d+ bytes, got 5 bytes$/)
  check(framed(0x0a, 5, 65), 'unexpected EOF')
  check(framed(0x08, 5), 'proto: wrong wireType = 0 for field Name')
  check(framed(0x0c), 'proto: MetricFamily: wiretype end group for non-group')
  check(framed(0x02, 0), 'proto: MetricFamily: illegal tag 0 (wire type 2)')
  check(framed(0x3f, 0), 'proto: illegal wireType 7')
  check(framed(0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01), 'proto: negative length found during unmarshaling')
  check(framed(0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01), 'proto: integer overflow')
  check(framed(...Array<number>(101).fill(0x33)), 'proto: groups nested more than 100 deep')
  check(gauge({ name: '' }), 'invalid metric name: ')
  check(gauge({ name: 'm_x', unit: 'y' }), 'unit "y" not a suffix of metric "m_x"')
  check(gauge({ name: 'm_x_total', type: 'counter', unit: 'y' }), 'unit "y" not a suffix of counter "m_x_total"')
  check(framed(0x0a, 1, 109, 0x18, 6, 0x22, 0), 'unknown metric type for metric "m": 6')
  check(framed(0x0a, 1, 0xff, 0x22, 0), 'invalid metric name: \ufffd')
  check(
    gauge({
      metrics: [
        {
          kind: 'value',
          labels: [
            ['a', '1'],
            ['a', '2'],
          ],
          value: 1,
        },
      ],
    }),
    'label name "a" is not unique: invalid sample',
  )
  check(gauge({ metrics: [{ kind: 'value', labels: [['', '1']], value: 1 }] }), 'invalid label name: ')
  check(
    gauge({ metrics: [{ kind: 'value', labels: Array.from({ length: 4097 }, (_, i) => [`l${i}`, 'v'] as const), value: 1 }] }),
    'series with more than 4096 labels',
  )
})

test('series are known again by the bytes made for them', () => {
  const random = seededRandom(5)
  for (let round = 0; round < 50; round++) {
    const { protobuf } = expositionPage(random, { now: 1e12, utf8Names: true, nativeHistograms: true, timestamps: true })
    const options = { ignoreNative: false, keepClassic: true }
    const first = reset(new ProtobufParser(options), protobuf)
    const second = reset(new ProtobufParser(options), protobuf)
    const byBytes = new Map<string, string>()
    for (let entry = first.next(); entry !== Entry.end; entry = first.next()) {
      const isSeries = entry === Entry.series
      const bytes = isSeries
        ? first.seriesBytes.slice(first.seriesStart, first.seriesEnd)
        : first.commentBytes.slice(first.commentStart, first.commentEnd)
      const key = Buffer.from(bytes).toString('latin1')
      if (isSeries) {
        const labels = first.labels().toString()
        assert.equal(byBytes.get(key) ?? labels, labels)
        byBytes.set(key, labels)
      }
      assert.equal(second.takeExpected(bytes, 0, bytes.length - 1), false)
      assert.equal(second.takeExpectedComment(bytes, 1, bytes.length), false)
      assert.ok(isSeries ? second.takeExpected(bytes, 0, bytes.length) : second.takeExpectedComment(bytes, 0, bytes.length))
      if (isSeries) assert.equal(shownSeries(second), shownSeries(first))
    }
    assert.equal(second.next(), Entry.end)
  }
})

test('garbage is refused or read, never worse', () => {
  const random = seededRandom(9)
  const attempt = (bytes: Uint8Array) => {
    try {
      parse(bytes, { ignoreNative: false, keepClassic: true })
    } catch (error) {
      assert.ok(error instanceof ExpositionError, (error as Error).stack)
    }
  }
  for (let round = 0; round < 300; round++)
    attempt(mutatedPage(random, expositionPage(random, { now: 1e12, nativeHistograms: true }).protobuf))
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => attempt(bytes)),
    { numRuns: 2000 },
  )
})

test('a page that would become very large is refused', () => {
  const check = (metrics: Buffer, want: RegExp) => {
    const content = Buffer.concat([field(1, 'h'), varintField(3, 4), metrics])
    const parser = reset(new ProtobufParser({ ...PLAIN, keepClassic: true }), Buffer.concat([varint(content.length), content]))
    assert.throws(() => {
      while (parser.next() !== Entry.end);
    }, want)
  }
  const histogram = (...fields: Buffer[]) => field(4, field(7, Buffer.concat(fields)))
  const repeated = (count: number, bytes: Buffer) => Buffer.alloc(count * bytes.length, bytes)
  check(histogram(field(13, Buffer.alloc(65_537))), /^ExpositionError: histogram with more than 65536 buckets$/)
  check(histogram(repeated(65_537, varintField(13, 0))), /^ExpositionError: histogram with more than 65536 buckets$/)
  check(histogram(field(14, Buffer.alloc(65_537 * 8))), /^ExpositionError: histogram with more than 65536 buckets$/)
  check(histogram(repeated(65_537, field(12, ''))), /^ExpositionError: histogram with more than 65536 spans$/)
  check(histogram(repeated(65_537, field(16, ''))), /^ExpositionError: histogram with more than 65536 exemplars$/)
  check(repeated(4_194_305, field(4, '')), /^ExpositionError: family with more than 4194304 metrics$/)
  // One label, told of with each bucket.
  const label = field(1, Buffer.concat([field(1, 'a'), field(2, Buffer.alloc(1_000_000, 'x'))]))
  const buckets = field(7, repeated(1000, field(3, '')))
  check(field(4, Buffer.concat([label, buckets])), /^ExpositionError: series of a page of \d+ bytes take more than 268435456 bytes$/)
})
