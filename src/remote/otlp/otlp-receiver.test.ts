import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { MemoryAppendable } from '../../../test/support/memory-appendable.ts'
import {
  type HandMetric,
  type HandNumberPoint,
  type HandOtlpRequest,
  OTLP_JSON,
  OTLP_PROTOBUF,
  otlpJson,
  otlpProtobuf,
  randomOtlpRequest,
  text,
} from '../../../test/support/otlp-requests.ts'
import { field } from '../../../test/support/write-requests.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { CUSTOM_BUCKETS_SCHEMA, type Histogram } from '../../model/histogram.ts'
import { type Appender, AppendStatus } from '../../storage/appender.ts'
import { OtlpReceiver, type OtlpReceiverOptions } from './otlp-receiver.ts'
import { toOtlpConfig } from './otlp-schema.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 1)

type OtlpSection = Parameters<typeof toOtlpConfig>[0]

function setUp({ otlp, patch, ...options }: Partial<OtlpReceiverOptions> & { otlp?: OtlpSection; patch?: Partial<Appender> } = {}) {
  const env = virtualEnv()
  const store = new MemoryAppendable()
  const config = toOtlpConfig(otlp)
  const receiver = new OtlpReceiver({
    env,
    appendable: { appender: () => ({ ...store.appender(), ...patch }) },
    config: () => config,
    deltas: 'refused',
    zeroSamples: false,
    typeAndUnitLabels: false,
    lookbackMs: 300_000,
    ...options,
  })
  const raw = async (body: Uint8Array, contentType = OTLP_PROTOBUF, contentEncoding?: string) => {
    const { status, text } = await receiver.receive({ contentType, contentEncoding, body })
    return text === undefined ? String(status) : `${status} ${text}`
  }
  return { env, store, raw, send: (request: HandOtlpRequest) => raw(otlpProtobuf(request)), now: Math.floor(env.clock.now()) }
}

const nanos = (ms: number) => String(BigInt(ms) * 1_000_000n)

/** One resource with one scope. */
function request(metrics: readonly HandMetric[], attributes = [text('service.name', 'shop')]): HandOtlpRequest {
  return { resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics }] }] }
}

function gauge(name: string, ...dataPoints: readonly HandNumberPoint[]): HandMetric {
  return { name, gauge: { dataPoints } }
}

test('each kind of metric becomes its series', async () => {
  const { send, store, now } = setUp()
  const common = { timeUnixNano: nanos(now), attributes: [text('a.b', 'c')] }
  const answer = await send(
    request([
      gauge('g', { ...common, asDouble: 1.5 }),
      {
        name: 'c',
        unit: 's',
        description: 'what it counts',
        sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ ...common, startTimeUnixNano: nanos(now - 9), asInt: '-3' }] },
      },
      { name: 'u', sum: { aggregationTemporality: 2, dataPoints: [{ ...common, asInt: '7' }] } },
      {
        name: 'h',
        histogram: {
          aggregationTemporality: 2,
          dataPoints: [{ ...common, count: '6', sum: 2.5, bucketCounts: ['1', '2', '3'], explicitBounds: [0.5, 1e21] }],
        },
      },
      {
        name: 's',
        summary: { dataPoints: [{ ...common, count: '4', sum: 8, quantileValues: [{ quantile: 0.99, value: 3 }] }] },
      },
    ]),
  )
  assert.equal(answer, '200')
  assert.deepEqual(
    store.names().map((name) => `${name} ${store.text(name).replaceAll(`${now}=`, '')}`),
    [
      'c_seconds_total{a_b="c", job="shop"} -3',
      'g{a_b="c", job="shop"} 1.5',
      'h_bucket{a_b="c", job="shop", le="+Inf"} 6',
      'h_bucket{a_b="c", job="shop", le="0.5"} 1',
      'h_bucket{a_b="c", job="shop", le="1000000000000000000000"} 3',
      'h_count{a_b="c", job="shop"} 6',
      'h_sum{a_b="c", job="shop"} 2.5',
      's_count{a_b="c", job="shop"} 4',
      's_sum{a_b="c", job="shop"} 8',
      's{a_b="c", job="shop", quantile="0.99"} 3',
      'u{a_b="c", job="shop"} 7',
    ],
  )
  assert.deepEqual(store.startTimes('c_seconds_total{a_b="c", job="shop"}'), [now - 9])
  assert.deepEqual(store.metadata('c_seconds_total{a_b="c", job="shop"}'), { type: 'counter', unit: 'seconds', help: 'what it counts' })
})

test('native histograms', async () => {
  const { send, store, now } = setUp({ otlp: { convert_histograms_to_nhcb: true } })
  const timeUnixNano = nanos(now)
  const exponential = (scale: number, offset: number, counts: readonly number[]): HandMetric => ({
    name: `e${scale}`,
    exponentialHistogram: {
      aggregationTemporality: 2,
      dataPoints: [
        {
          timeUnixNano,
          scale,
          count: String(counts.reduce((a, b) => a + b, 2)),
          zeroCount: '2',
          sum: 5,
          positive: { offset, bucketCounts: counts.map(String) },
        },
      ],
    },
  })
  const answer = await send(
    request([
      exponential(2, -1, [1, 0, 0, 4, 0, 0, 0, 5]),
      exponential(10, -3, [1, 2, 3, 4, 0, 0, 7]),
      exponential(-5, 0, [1]),
      {
        name: 'custom',
        histogram: {
          aggregationTemporality: 2,
          dataPoints: [{ timeUnixNano, count: '5', bucketCounts: ['0', '2', '3'], explicitBounds: [1, 2] }],
        },
      },
    ]),
  )
  assert.equal(answer, '400 cannot convert exponential to native histogram. Scale must be >= -4, was -5')
  const shown = (name: string) => {
    const { schema, positiveSpans, positiveBuckets, customValues, zeroThreshold } = store.histograms(`${name}{job="shop"}`)[0] as Histogram
    return [schema, [...positiveSpans], [...positiveBuckets], [...customValues], zeroThreshold]
  }
  assert.deepEqual(shown('e2'), [2, [0, 4, 3, 1], [1, 0, 0, 4, 5], [], 1e-128])
  // Indices -3…3 at scale 10 are -1, -1, -1, 0, 0, 0, 0 at scale 8.
  assert.deepEqual(shown('e10'), [8, [0, 2], [6, 11], [], 1e-128])
  assert.deepEqual(shown('custom'), [CUSTOM_BUCKETS_SCHEMA, [1, 2], [2, 3], [1, 2], 0])
})

test('both forms of a request are the same request', async () => {
  const { env, ...ours } = setUp()
  const other = setUp()
  const third = setUp()
  await fc.assert(
    fc.asyncProperty(randomOtlpRequest({ timeMs: ours.now, service: 'r' }), fc.nat(), async (request, salt) => {
      const salted = { resourceMetrics: request.resourceMetrics.map((one) => withAttribute(one, String(salt))) }
      const answers = [
        await ours.raw(otlpProtobuf(salted)),
        await other.raw(otlpJson(salted), `${OTLP_JSON}; charset=utf-8`),
        await third.raw(gzipSync(otlpJson(snakeCase(salted) as HandOtlpRequest)), OTLP_JSON, 'gzip'),
      ]
      assert.deepEqual(answers, [answers[0], answers[0], answers[0]])
      // Its series are known by their bytes now, but not those of JSON.
      assert.equal(await ours.raw(otlpProtobuf(salted)), await other.raw(otlpJson(salted), OTLP_JSON))
    }),
    { seed: SEED, numRuns: 100 },
  )
  assert.ok(ours.store.names().length > 500)
  for (const { store } of [other, third]) {
    assert.deepEqual(store.names(), ours.store.names())
    for (const name of ours.store.names()) {
      assert.equal(store.text(name), ours.store.text(name))
      assert.deepEqual(store.histograms(name), ours.store.histograms(name))
    }
  }
})

test('series that come again are not looked up again, as long as all that makes their labels is the same', async () => {
  let config = toOtlpConfig(undefined)
  const { store, send, now } = setUp({ config: () => config })
  const attributes = [text('b', '1'), text('a', '2')]
  const sendAt = (t: number, more: readonly HandMetric[] = []) => {
    const point = { attributes, timeUnixNano: nanos(t) }
    const metrics: HandMetric[] = [
      gauge('g', { ...point, asDouble: t }),
      { name: 's', sum: { dataPoints: [{ ...point, asInt: '5' }], aggregationTemporality: 2, isMonotonic: true } },
      {
        name: 'h',
        histogram: {
          dataPoints: [{ ...point, count: '3', sum: 1, bucketCounts: ['1', '2'], explicitBounds: [1] }],
          aggregationTemporality: 2,
        },
      },
      { name: 'q', summary: { dataPoints: [{ ...point, count: '1', sum: 2, quantileValues: [{ quantile: 0.5, value: t }] }] } },
      {
        name: 'e',
        exponentialHistogram: {
          dataPoints: [{ ...point, count: '2', scale: 1, positive: { offset: 0, bucketCounts: ['2'] } }],
          aggregationTemporality: 2,
        },
      },
    ]
    return send(request([...metrics, ...more], [text('service.name', 'shop'), text('host', 'x')]))
  }
  for (let i = 0; i < 3; i++) assert.equal(await sendAt(now + i), '200')
  // But for target_info, which is once a resource.
  assert.equal(store.seriesCalls, 10 + 3)
  const labels = '{a="2", b="1", job="shop"}'
  assert.equal(store.text(`g${labels}`), `${now}=${now} ${now + 1}=${now + 1} ${now + 2}=${now + 2}`)
  assert.equal(store.text('q{a="2", b="1", job="shop", quantile="0.5"}'), store.text(`g${labels}`))
  assert.equal(store.text('h_bucket{a="2", b="1", job="shop", le="1"}'), `${now}=1 ${now + 1}=1 ${now + 2}=1`)
  // What differs by type or bounds alone is another series.
  const other: HandMetric = {
    name: 'h',
    histogram: {
      dataPoints: [{ attributes, timeUnixNano: nanos(now + 3), count: '3', bucketCounts: ['1', '2'], explicitBounds: [7] }],
      aggregationTemporality: 2,
    },
  }
  await sendAt(now + 3, [other])
  assert.equal(store.text('h_bucket{a="2", b="1", job="shop", le="7"}'), `${now + 3}=1`)
  // With another configuration they are others.
  config = toOtlpConfig({ promote_resource_attributes: ['host'] } as OtlpSection)
  await sendAt(now + 4)
  assert.equal(store.text('g{a="2", b="1", host="x", job="shop"}'), `${now + 4}=${now + 4}`)
  // The storage has let go of all, as at the end of a window.
  store.forgetRefs()
  await sendAt(now + 5)
  assert.equal(store.text('g{a="2", b="1", host="x", job="shop"}'), `${now + 4}=${now + 4} ${now + 5}=${now + 5}`)
})

function withAttribute(resource: HandOtlpRequest['resourceMetrics'][number], salt: string): HandOtlpRequest['resourceMetrics'][number] {
  return { ...resource, resource: { attributes: [...resource.resource!.attributes, text('service.version', salt)] } }
}

function snakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCase)
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : typeof value === 'number' ? String(value) : value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      key === 'flags' ? one : snakeCase(one),
    ]),
  )
}

test('resources and scopes become labels and target_info', async () => {
  const attributes = [
    text('service.name', 'shop'),
    text('service.namespace', 'eu'),
    text('service.instance.id', '7'),
    text('host.name', 'h1'),
    text('env', 'prod'),
  ]
  const check = async (otlp: OtlpSection, want: readonly string[]) => {
    const { send, store, now } = setUp({ otlp })
    const scope = { name: 'lib', version: '1', attributes: [text('x.y', 'z')] }
    const points = [
      { timeUnixNano: nanos(now - 400_000), asInt: '1' },
      { timeUnixNano: nanos(now), asInt: '1', attributes: [text('env', 'mine')] },
    ]
    await send({
      resourceMetrics: [
        { resource: { attributes }, scopeMetrics: [{ scope, schemaUrl: 'https://s', metrics: [gauge('g', ...points)] }] },
        { resource: { attributes }, scopeMetrics: [{ metrics: [gauge('h', points[1])] }] },
      ],
    })
    assert.deepEqual(
      store.names().filter((name) => !name.startsWith('h')),
      want,
    )
    const info = store.names().find((name) => name.startsWith('target_info'))!
    assert.deepEqual(store.times(info), [now - 400_000, now - 250_000, now - 100_000, now])
  }
  const job = 'instance="7", job="eu/shop"'
  await check({}, [`g{env="mine", ${job}}`, `g{${job}}`, `target_info{env="prod", host_name="h1", ${job}}`])
  await check({ promote_resource_attributes: ['env'], promote_scope_metadata: true }, [
    `g{env="mine", ${job}, otel_scope_name="lib", otel_scope_schema_url="https://s", otel_scope_version="1", otel_scope_x_y="z"}`,
    `g{env="prod", ${job}, otel_scope_name="lib", otel_scope_schema_url="https://s", otel_scope_version="1", otel_scope_x_y="z"}`,
    `target_info{env="prod", host_name="h1", ${job}}`,
  ])
  const identity = 'service_instance_id="7", service_name="shop", service_namespace="eu"'
  await check(
    {
      promote_all_resource_attributes: true,
      ignore_resource_attributes: ['host.name', 'service.name', 'service.namespace', 'service.instance.id'],
      keep_identifying_resource_attributes: true,
    },
    [`g{env="mine", ${job}}`, `g{env="prod", ${job}}`, `target_info{env="prod", host_name="h1", ${job}, ${identity}}`],
  )
})

test('target_info needs an identity and something to say', async () => {
  const check = async (attributes: Parameters<typeof request>[1], want: readonly string[]) => {
    const { send, store, now } = setUp()
    await send(request([gauge('g', { timeUnixNano: nanos(now), asInt: '1' })], attributes))
    assert.deepEqual(store.names(), want)
  }
  await check([text('a', 'b')], ['g'])
  await check([text('service.name', 'x')], ['g{job="x"}'])
  await check([text('service.name', 'x'), text('a', 'b')], ['g{job="x"}', 'target_info{a="b", job="x"}'])
})

test('labels that become the same are joined, and types and units are labels where that is asked for', async () => {
  const { send, store, now } = setUp({ typeAndUnitLabels: true })
  const attributes = [text('a_b', '2'), text('a.b', '1'), text('__name__', 'not mine'), text('empty', '')]
  await send(request([{ ...gauge('g', { timeUnixNano: nanos(now), asInt: '1', attributes }), unit: 'By' }]))
  assert.deepEqual(store.names(), ['g_bytes{__type__="gauge", __unit__="bytes", a_b="1;2", job="shop"}'])
})

test('a series goes stale', async () => {
  const { send, store, now } = setUp({ otlp: { convert_histograms_to_nhcb: true } })
  const common = { timeUnixNano: nanos(now), flags: 1 }
  await send(
    request([
      gauge('g', { ...common, asInt: '1' }),
      { name: 'h', histogram: { aggregationTemporality: 2, dataPoints: [{ ...common, count: '0' }] } },
      { name: 's', summary: { dataPoints: [{ ...common, count: '0', sum: 0, quantileValues: [] }] } },
    ]),
  )
  for (const name of ['g', 'h', 's_sum', 's_count']) assert.equal(store.text(`${name}{job="shop"}`), `${now}=stale`, name)
})

test('exemplars are kept with their ids, in their buckets', async () => {
  const { send, store, now } = setUp()
  const exemplars = [
    { timeUnixNano: nanos(now - 1), asDouble: 7, traceId: '0102030405060708090a0b0c0d0e0f10', spanId: '00f067aa0ba902b7' },
    { timeUnixNano: nanos(now - 2), asInt: '1', filteredAttributes: [text('user', 'x'.repeat(200))], traceId: '01' },
    { timeUnixNano: nanos(now - 3), asDouble: 2, filteredAttributes: [text('user', 'u')] },
    { timeUnixNano: nanos(now), filteredAttributes: [text('without', 'value')] },
  ]
  const point = { timeUnixNano: nanos(now), exemplars }
  await send(
    request([
      { name: 'c', sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ ...point, asInt: '3' }] } },
      {
        name: 'h',
        histogram: {
          aggregationTemporality: 2,
          dataPoints: [{ ...point, count: '3', bucketCounts: ['1', '1', '1'], explicitBounds: [1, 5] }],
        },
      },
    ]),
  )
  const shown = (name: string) => store.exemplars(name).map(({ labels, value }) => `${labels} ${value}`)
  assert.deepEqual(shown('c_total{job="shop"}'), [
    '{user="u"} 2',
    '{trace_id="01"} 1',
    '{span_id="00f067aa0ba902b7", trace_id="0102030405060708090a0b0c0d0e0f10"} 7',
  ])
  assert.deepEqual(shown('h_bucket{job="shop", le="1"}'), ['{trace_id="01"} 1'])
  assert.deepEqual(shown('h_bucket{job="shop", le="5"}'), ['{user="u"} 2'])
  assert.equal(shown('h_bucket{job="shop", le="+Inf"}').length, 1)
})

test('where counting began a zero is stored once, if that is asked for', async () => {
  const { send, store, now } = setUp({ zeroSamples: true })
  const counter = (t: number): HandMetric => ({
    name: 'c',
    sum: {
      aggregationTemporality: 2,
      isMonotonic: true,
      dataPoints: [{ startTimeUnixNano: nanos(now - 1000), timeUnixNano: nanos(t), asInt: '5' }],
    },
  })
  await send(request([counter(now)]))
  await send(request([counter(now + 1)]))
  assert.equal(store.text('c_total{job="shop"}'), `${now - 1000}=0 ${now}=5 ${now + 1}=5`)
})

test('what cannot be stored is told, and the rest is stored', async () => {
  const { send, store, now } = setUp()
  const point = (t: number) => ({ timeUnixNano: nanos(t), asInt: '1' })
  assert.equal(await send(request([gauge('a', point(now))])), '200')
  const answer = await send(
    request([
      gauge('a', point(now - 1)),
      gauge('a', { ...point(now), asInt: '2' }),
      gauge('ahead', point(now + 3_600_000)),
      gauge('...', point(now)),
      gauge('empty'),
      { name: 'nothing' },
      { name: 'd', sum: { aggregationTemporality: 1, dataPoints: [point(now)] } },
      gauge('b', { ...point(now), attributes: [text('', 'x')] }, point(now)),
    ]),
  )
  assert.deepEqual(answer.split('\n'), [
    '400 out of order sample for series a{job="shop"}',
    'duplicate sample for timestamp for series a{job="shop"}',
    'out of bounds: timestamp is too far in the future for series ahead{job="shop"}',
    'normalization for metric "..." resulted in empty name',
    'unsupported metric type',
    'invalid temporality and type combination for metric "d"',
    'label name is empty',
  ])
  assert.deepEqual(store.names(), ['a{job="shop"}', 'b{job="shop"}'])
})

test('a histogram that the storage does not take, and a log that cannot be written', async () => {
  const bad = setUp({ patch: { appendHistogram: () => AppendStatus.badHistogram, refusal: 'its parts contradict each other' } })
  const point = { timeUnixNano: nanos(bad.now), count: '0', scale: 0 }
  const metric: HandMetric = { name: 'e', exponentialHistogram: { aggregationTemporality: 2, dataPoints: [point] } }
  assert.equal(await bad.send(request([metric])), '400 its parts contradict each other for series e{job="shop"}')
  const full = setUp()
  full.store.failure = new Error('disk is full')
  assert.equal(await full.send(request([gauge('g', { timeUnixNano: nanos(full.now), asInt: '1' })])), '500 disk is full')
})

test('deltas are added up a stream at a time', async () => {
  const { send, store, now, env } = setUp({ deltas: 'added up' })
  const metrics = (t: number, startTime: number, value: number): HandMetric[] => {
    const common = { startTimeUnixNano: nanos(startTime), timeUnixNano: nanos(t) }
    return [
      { name: 'c', sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [{ ...common, asDouble: value }] } },
      {
        name: 'h',
        histogram: {
          aggregationTemporality: 1,
          dataPoints: [{ ...common, count: '3', sum: 1, bucketCounts: ['1', '2'], explicitBounds: [1] }],
        },
      },
      {
        name: 'e',
        exponentialHistogram: {
          aggregationTemporality: 1,
          dataPoints: [{ ...common, count: '3', sum: 1, scale: value, positive: { offset: 2, bucketCounts: ['1', '2'] } }],
        },
      },
    ]
  }
  const send1 = async (t: number, startTime: number, value: number) =>
    assert.equal(await send(request(metrics(now + t, now + startTime, value))), '200')
  await send1(0, -100, 2)
  await send1(10, 0, 1)
  // Not later, and of a series that is over: left out.
  await send1(10, 0, 5)
  await send1(20, -200, 5)
  await send1(30, 20, 3)
  assert.equal(store.text('c_total{job="shop"}'), `${now}=2 ${now + 10}=3 ${now + 30}=6`)
  assert.equal(store.text('h_bucket{job="shop", le="1"}'), `${now}=1 ${now + 10}=2 ${now + 30}=3`)
  const last = store.histograms('e{job="shop"}').at(-1)!
  assert.deepEqual([last.schema, last.count, [...last.positiveSpans], [...last.positiveBuckets]], [1, 9, [1, 4], [3, 3, 1, 2]])
  await env.clock.advance(10 * 60_000)
  await send1(40, 30, 4)
  assert.equal(store.times('c_total{job="shop"}').length, 4)
  assert.match(store.text('c_total{job="shop"}'), / \d+=4$/)
})

test('deltas are stored as they are', async () => {
  const { send, store, now } = setUp({ deltas: 'stored as they are' })
  const point = { timeUnixNano: nanos(now), asInt: '2' }
  const answer = await send(
    request([
      { name: 'c', sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [point] } },
      { name: 'none', sum: { aggregationTemporality: 0, isMonotonic: true, dataPoints: [point] } },
    ]),
  )
  assert.equal(answer, '400 invalid temporality and type combination for metric "none"')
  assert.equal(store.text('c_total{job="shop"}'), `${now}=2`)
  assert.equal(store.metadata('c_total{job="shop"}'), undefined)
})

test('what is no request is told', async () => {
  const { raw, now } = setUp()
  const good = otlpProtobuf(request([gauge('g', { timeUnixNano: nanos(now), asInt: '1' })]))
  const check = async (body: Uint8Array, contentType: string, encoding: string | undefined, want: string) =>
    assert.equal(await raw(body, contentType, encoding), want)
  await check(
    good,
    'text/plain',
    undefined,
    '400 unsupported content type: text/plain, supported: [application/json, application/x-protobuf]',
  )
  await check(good, OTLP_PROTOBUF, 'zstd', '400 unsupported compression: zstd. Only "gzip" or no compression supported')
  await check(good, OTLP_PROTOBUF, 'gzip', '400 gzip: incorrect header check')
  await check(gzipSync(good), OTLP_PROTOBUF, 'gzip', '200')
  await check(good.subarray(0, -1), OTLP_PROTOBUF, undefined, '400 unexpected EOF')
  await check(Buffer.from('{"resourceMetrics": 5}'), OTLP_JSON, undefined, '400 request.resourceMetrics is not a list')
  await check(Buffer.from('[]'), OTLP_JSON, undefined, '400 request is not an object')
  assert.match(await raw(Buffer.from('{'), OTLP_JSON), /^400 request is no JSON: /)
  const badText = field(1, field(2, field(2, field(1, Uint8Array.of(0xff)))))
  await check(badText, OTLP_PROTOBUF, undefined, '400 string field contains invalid UTF-8')
  let deep: Buffer = field(1, 'x')
  for (let i = 0; i < 200; i++) deep = field(5, field(1, deep))
  const nested = field(1, field(1, field(1, Buffer.concat([field(1, 'k'), field(2, deep)]))))
  await check(nested, OTLP_PROTOBUF, undefined, '400 attribute nests deeper than 100')
  for (const kind of [5, 7, 9, 10, 11]) {
    const noField = field(1, field(2, field(2, field(kind, field(1, field(0, ''))))))
    await check(noField, OTLP_PROTOBUF, undefined, '400 proto: DataPoint: illegal tag 0 (wire type 2)')
  }
})

test('bombs are refused by what they would become', async () => {
  const { raw } = setUp()
  const zeros = gzipSync(Buffer.alloc(64 * 1024 * 1024))
  assert.ok(zeros.length < 100_000)
  assert.equal(await raw(zeros, OTLP_PROTOBUF, 'gzip'), '400 decoded request is too large: want at most 33554432 bytes')
  assert.equal(await raw(Buffer.alloc(17 * 1024 * 1024, ' '), OTLP_JSON), '400 decoded request is too large: want at most 16777216 bytes')
  const empty = Buffer.alloc(2 * 2 ** 21 + 2)
  for (let i = 0; i < empty.length; i += 2) empty[i] = 0x0a
  assert.equal(await raw(gzipSync(empty), OTLP_PROTOBUF, 'gzip'), '400 request has more than 2097152 messages')
})

test('a text without an end is looked at once, however many quotes it has', async () => {
  const { raw } = setUp()
  for (const end of ['', '\\'])
    assert.match(await raw(Buffer.from(`[1234567890123456,"${'\\"'.repeat(2 ** 20)}${end}`), OTLP_JSON), /^400 request is no JSON: /)
})

test('integers keep their digits in JSON', async () => {
  const { raw, store, now } = setUp()
  const body = `{"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "g", "gauge": {"dataPoints": [{"timeUnixNano": ${now}000000, "asInt": 5,
    "attributes": [{"key": "i", "value": {"intValue": 9223372036854775807}}, {"key": "t", "value": {"stringValue": "x: 12345678901234567890"}}]}]}}]}]}]}`
  assert.equal(await raw(Buffer.from(body), OTLP_JSON), '200')
  assert.deepEqual(store.names(), ['g{i="9223372036854775807", t="x: 12345678901234567890"}'])
  assert.deepEqual(store.times(store.names()[0]), [now])
})
