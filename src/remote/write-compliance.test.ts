import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type HandExemplar,
  type HandHistogram,
  type HandSeries,
  messageV1,
  messageV2,
  snappyBlock,
  V1,
  V2,
} from '../../test/support/write-requests.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { runDb } from '../tsdb/db.fixture.ts'
import { WriteReceiver } from './write-receiver.ts'

// What upstream's compliance program asks of a receiver, case by case under its own names, on a database. Each is sent twice, as there: once for
// the status, once for 204. Source: prometheus/compliance remotewrite/receiver.

type Pairs = Readonly<Record<string, string>>

const HOUR = 3_600_000
const MINUTE = 60_000
const up: Pairs = { __name__: 'up', job: 'testjob', instance: 'localhost:9090' }
const named = (name: string, more: Pairs = {}): Pairs => ({ __name__: name, ...more })

interface Item {
  readonly labels: Pairs
  readonly value?: number | 'stale'
  readonly histogram?: HandHistogram
  readonly exemplar?: Pairs
  /** Added to the time of the request; an exemplar has that of its sample. */
  readonly offset?: number
  readonly exemplarOffset?: number
  readonly startOffset?: number
  readonly metadata?: HandSeries['metadata']
}

interface Want {
  readonly status?: number
  /** Samples, histograms, exemplars. */
  readonly written: readonly [number, number, number]
}

type Case = readonly [name: string, level: 'MUST' | 'SHOULD' | 'MAY', items: readonly Item[], want: Want]

interface HistogramParts {
  readonly positive?: boolean
  readonly negative?: boolean
  readonly zero?: boolean
  readonly custom?: boolean
  readonly badCount?: boolean
}

function histogram(sum: number, { positive = false, negative = false, zero = false, custom = false, badCount = false }: HistogramParts) {
  const parts: HandHistogram = custom
    ? { schema: -53, customValues: [0.1, 0.5, 1, 2.5, 5, 10], positiveSpans: [[0, 6]], positive: [2, 1, 2, 3, -1, -2], count: 30 }
    : {
        ...(positive && {
          positiveSpans: [
            [0, 3],
            [2, 2],
          ],
          positive: [1, 2, 1, 3, 1],
        }),
        ...(negative && { negativeSpans: [[0, 2]], negative: [1, 1] }),
        zeroCount: zero ? 1 : 0,
        count: (positive ? 23 : 0) + (negative ? 3 : 0) + (zero ? 1 : 0),
      }
  return { ...parts, sum, ...(badCount && { count: 99 }) }
}

const ALL = { positive: true, negative: true, zero: true }
const samples = (count: number, exemplars = 0): Want => ({ written: [count, 0, exemplars] })
const histograms = (count: number, exemplars = 0): Want => ({ written: [0, count, exemplars] })
const refused = (...written: [number, number, number]): Want => ({ status: 400, written })

const COUNTER = 1
const GAUGE = 2
const HISTOGRAM = 3

const VALUES: readonly (number | 'stale')[] = [1, 'stale', Number.NaN, Infinity, -Infinity]

const METRIC_CASES: readonly Case[] = VALUES.flatMap((value): Case[] => [
  [`TestSingleMetric/${value}/simple metric`, 'MUST', [{ labels: named('up'), value }], samples(1)],
  [`TestSingleMetric/${value}/simple metric with multiple labels`, 'MUST', [{ labels: up, value }], samples(1)],
  [`TestSingleMetric/${value}/simple metric with newlines`, 'MUST', [{ labels: { ...up, job: 'test\njob\n' }, value }], samples(1)],
  [
    `TestSingleMetric/${value}/simple metric with dots`,
    'MUST',
    [{ labels: named('resource.cpu.usage', { 'job.name': 'testjob', 'instance.name': 'localhost:9090' }), value }],
    samples(1),
  ],
  [
    `TestSingleMetric/${value}/simple metric with spaces`,
    'MUST',
    [{ labels: named('resource cpu usage', { 'job name': 'testjob', 'instance name': 'localhost:9090' }), value }],
    samples(1),
  ],
  [
    `TestSingleMetric/${value}/simple metric without name label`,
    'MUST',
    [{ labels: { job: 'testjob', instance: 'localhost:9090' }, value }],
    refused(0, 0, 0),
  ],
  [`TestSingleMetric/${value}/empty metric`, 'MUST', [{ labels: {}, value }], refused(0, 0, 0)],
  [`TestMultipleMetrics/${value}/multiple metrics`, 'SHOULD', instances(value, 0), samples(4)],
  [`TestMultipleMetrics/${value}/multiple metrics, without name label`, 'SHOULD', instances(value, 4), refused(0, 0, 0)],
  [`TestMultipleMetrics/${value}/multiple metrics, 1 without name label`, 'SHOULD', instances(value, 1), refused(3, 0, 0)],
])

function instances(value: number | 'stale', nameless: number): readonly Item[] {
  return [9090, 9091, 9092, 9093].map((port, i) => ({
    labels: { ...(i < nameless ? {} : { __name__: 'up' }), job: 'testjob', instance: `localhost:${port}` },
    value,
  }))
}

const HISTOGRAM_CASES: readonly Case[] = [
  ['TestHistograms/basic_histogram', 'MUST', [{ labels: named('test_histogram'), histogram: histogram(1, ALL) }], histograms(1)],
  [
    'TestHistograms/custom_buckets_histogram',
    'MUST',
    [{ labels: named('test_histogram'), histogram: histogram(1, { custom: true }) }],
    histograms(1),
  ],
  [
    'TestHistograms/positive_only_histogram',
    'MUST',
    [{ labels: named('test_histogram', { job: 'test' }), histogram: histogram(1, { positive: true, zero: true }) }],
    histograms(1),
  ],
  [
    'TestHistograms/negative_only_histogram',
    'MUST',
    [{ labels: named('test_histogram', { instance: 'localhost' }), histogram: histogram(1, { negative: true }) }],
    histograms(1),
  ],
  ['TestHistograms/minimal_histogram', 'MUST', [{ labels: named('minimal_hist'), histogram: histogram(1, { zero: true }) }], histograms(1)],
  [
    'TestHistograms/bad_count_histogram',
    'MUST',
    [{ labels: named('minimal_hist'), histogram: histogram(1, { positive: true, badCount: true }) }],
    refused(0, 0, 0),
  ],
  [
    'TestHistogramWithCreatedTimestamp',
    'SHOULD',
    [{ labels: named('request_duration_seconds', { job: 'api' }), histogram: histogram(1.5, ALL), startOffset: -HOUR / 2 }],
    histograms(1),
  ],
  [
    'TestMultipleHistograms',
    'MUST',
    [
      { labels: named('hist1', { job: 'test' }), histogram: histogram(10.5, { positive: true, zero: true }) },
      { labels: named('hist2', { job: 'test' }), histogram: histogram(5.2, { negative: true }) },
    ],
    histograms(2),
  ],
  ['TestEmptyHistogram', 'MUST', [{ labels: named('empty_hist'), histogram: histogram(0, {}) }], histograms(1)],
  [
    'TestHistogramWithMetadata',
    'MUST',
    [
      {
        labels: named('request_duration_seconds', { job: 'api' }),
        histogram: histogram(2.5, ALL),
        metadata: { type: HISTOGRAM, help: 'HTTP request duration in seconds', unit: 'seconds' },
      },
    ],
    histograms(1),
  ],
  [
    'TestHistogramWithExemplar',
    'MUST',
    [
      {
        labels: named('http_request_duration_seconds', { method: 'GET' }),
        histogram: histogram(1.23, { positive: true, zero: true }),
        exemplar: { trace_id: 'abc123def456', span_id: 'span789' },
      },
    ],
    histograms(1, 1),
  ],
  [
    'TestHistogramWithMetadataAndExemplar, TestHistogramsWithMetadataAndExemplars',
    'MUST',
    [
      {
        labels: named('response_size_bytes', { service: 'upload' }),
        histogram: histogram(10485760, ALL),
        exemplar: { trace_id: 'large_upload_trace', user_id: 'user456' },
        metadata: { type: HISTOGRAM, help: 'HTTP response size in bytes', unit: 'bytes' },
      },
    ],
    histograms(1, 1),
  ],
  [
    'TestMultipleHistogramsWithMetadata, TestComplexHistogramsRequest, TestMultipleMetricFamiliesHistograms',
    'MUST',
    [
      {
        labels: named('cpu_usage_histogram', { instance: 'server1' }),
        histogram: histogram(0.75, { positive: true, zero: true }),
        exemplar: { trace_id: 'fast_response', user: 'premium' },
        metadata: { type: HISTOGRAM, help: 'CPU usage distribution', unit: 'ratio' },
      },
      {
        labels: named('memory_usage_histogram', { instance: 'server1' }),
        histogram: histogram(8589934592, { positive: true, negative: true }),
        metadata: { type: HISTOGRAM, help: 'Memory usage distribution', unit: 'bytes' },
      },
    ],
    histograms(2, 1),
  ],
  [
    'TestCustomBucketsHistogramWithExemplar',
    'MUST',
    [
      {
        labels: named('custom_latency_hist', { version: 'v2' }),
        histogram: histogram(0.05, { custom: true }),
        exemplar: { trace_id: 'custom_bucket_trace', bucket: '0.1' },
      },
    ],
    histograms(1, 1),
  ],
  [
    'TestManyHistograms',
    'MUST',
    Array.from({ length: 50 }, (_, i) => ({
      labels: named(`histogram_metric_${i}`, { bucket: `bucket_${i}` }),
      histogram: histogram(i / 10, { positive: true, negative: i % 2 === 0, zero: true }),
      exemplar: { trace_id: `trace_${i}` },
      metadata: { type: HISTOGRAM, help: `Histogram metric number ${i}`, unit: 'seconds' },
    })),
    histograms(50, 50),
  ],
]

const EXEMPLAR_CASES: readonly Case[] = [
  ...Object.entries({
    basic_exemplar: { trace_id: 'abc123def456' },
    exemplar_with_span_id: { trace_id: 'xyz789', span_id: 'span123' },
    exemplar_without_trace_id: { user_id: 'user123' },
    exemplar_with_multiple_labels: { trace_id: 'trace456', user: 'admin', endpoint: '/login' },
    exemplar_no_labels: {},
    exemplar_with_special_chars: { trace_id: 'trace-with-dashes_and_underscores.123' },
    exemplar_with_unicode: { trace_id: 'unicode_trace_测试' },
  }).map(
    ([name, exemplar]): Case => [
      `TestExemplars/${name}`,
      'MUST',
      [{ labels: named(`of_${name}`, { region: '🌍' }), value: 0.125, exemplar: exemplar as Pairs }],
      samples(1, 1),
    ],
  ),
  ...[0, -123.456, 1e10, 1e-10, Number.NaN, Infinity, -Infinity].map(
    (value): Case => [
      `TestExemplarSpecialValues/${value}`,
      'MUST',
      [{ labels: named('test_metric'), value, exemplar: { trace_id: 'special_value_trace' } }],
      samples(1, 1),
    ],
  ),
  [
    'TestExemplarWithCreatedTimestamp',
    'SHOULD',
    [
      {
        labels: named('http_requests_total', { job: 'api' }),
        value: 250,
        startOffset: -2 * HOUR,
        exemplar: { trace_id: 'abc123', span_id: 'span456' },
      },
    ],
    samples(1, 1),
  ],
  [
    'TestMultipleExemplars',
    'MUST',
    ['GET', 'POST', 'PUT'].map((method, i) => ({
      labels: named('request_duration', { method }),
      value: 0.1 * i,
      exemplar: { trace_id: `trace${i}`, span_id: `span${i}` },
    })),
    samples(3, 3),
  ],
  [
    'TestExemplarTimestamps',
    'MUST',
    [-HOUR, -MINUTE, 0].map((offset) => ({ labels: named('latency_hist'), value: 0.05, offset, exemplar: { trace_id: `at ${offset}` } })),
    samples(3, 3),
  ],
  [
    'TestExemplarValidation/exemplar_without_name_label',
    'SHOULD',
    [{ labels: { job: 'test' }, value: 1, exemplar: { trace_id: 'test_trace' } }],
    refused(0, 0, 0),
  ],
  [
    'TestExemplarValidation/exemplar_with_empty_name',
    'SHOULD',
    [{ labels: named(''), value: 1, exemplar: { trace_id: 'test_trace' } }],
    refused(0, 0, 0),
  ],
  [
    'TestExemplarValidation/exemplar_with_valid_name',
    'SHOULD',
    [{ labels: named('valid_metric'), value: 1, exemplar: { trace_id: 'test_trace' } }],
    samples(1, 1),
  ],
]

const METADATA_CASES: readonly Case[] = [
  ...Object.entries({
    counter_metadata: { type: COUNTER, help: 'Total number of HTTP requests', unit: 'requests' },
    gauge_metadata: { type: GAUGE, help: 'Current CPU usage percentage', unit: 'percent' },
    histogram_metadata: { type: HISTOGRAM, help: 'Request duration in seconds', unit: 'seconds' },
    metadata_no_help_no_unit: { type: COUNTER },
    metadata_with_special_chars: { type: GAUGE, help: 'Test metric with\nnewlines and "quotes"', unit: 'bytes/sec' },
    unspecified_metadata_type: { type: 0, help: 'Unknown metric type' },
    gauge_histogram_metadata_type: { type: 4, help: 'Temperature distribution gauge histogram', unit: 'celsius' },
    summary_metadata_type: { type: 5, help: 'Request latency summary', unit: 'seconds' },
    info_metadata_type: { type: 6, help: 'Build information' },
    stateset_metadata_type: { type: 7, help: 'Node state information' },
  }).map(
    ([name, metadata]): Case => [
      `TestMetadata/${name}`,
      'MUST',
      [{ labels: named(name), metadata, ...(metadata.type === HISTOGRAM ? { histogram: histogram(1, ALL) } : { value: 1 }) }],
      metadata.type === HISTOGRAM ? histograms(1) : samples(1),
    ],
  ),
  [
    'TestCounterMetadataWithCreatedTimestamp, TestMetadataWithSamples',
    'SHOULD',
    [
      {
        labels: named('http_requests_total', { job: 'api2' }),
        value: 150,
        startOffset: -HOUR,
        metadata: { type: COUNTER, help: 'Total HTTP requests', unit: 'requests' },
      },
    ],
    samples(1),
  ],
  [
    'TestMultipleMetadata',
    'MUST',
    [
      { labels: named('cpu_usage'), value: 85.5, metadata: { type: GAUGE, help: 'CPU usage percentage', unit: 'percent' } },
      { labels: named('memory_usage'), value: 4096000000, metadata: { type: GAUGE, help: 'Memory usage in bytes', unit: 'bytes' } },
      { labels: named('disk_usage', { device: 'sda1' }), value: 75.2, metadata: { type: GAUGE, help: 'Disk usage', unit: 'percent' } },
    ],
    samples(3),
  ],
  [
    'TestMetadataWithComplexLabels',
    'MUST',
    [
      {
        labels: named('http_request_duration_seconds', { job: 'api', instance: 'l:80', method: 'GET', status: '200', endpoint: '/a/b' }),
        histogram: histogram(0.25, ALL),
        metadata: { type: HISTOGRAM, help: 'HTTP request duration in seconds', unit: 'seconds' },
      },
    ],
    histograms(1),
  ],
  [
    'TestMetadataValidation/metadata_without_name_label',
    'SHOULD',
    [{ labels: { job: 'test' }, value: 1, metadata: { type: COUNTER, help: 'Test help', unit: 'unit' } }],
    refused(0, 0, 0),
  ],
  [
    'TestMetadataValidation/metadata_with_empty_name',
    'SHOULD',
    [{ labels: named(''), value: 1, metadata: { type: GAUGE, help: 'Test help', unit: 'unit' } }],
    refused(0, 0, 0),
  ],
  [
    'TestMetadataValidation/metadata_with_valid_name',
    'SHOULD',
    [{ labels: named('valid_metric_name'), value: 1, metadata: { type: COUNTER, help: 'Test help', unit: 'unit' } }],
    samples(1),
  ],
]

const COMBINED_CASES: readonly Case[] = [
  [
    'TestCounterWithCreatedTimestamp',
    'SHOULD',
    [{ labels: named('http_requests_total', { job: 'api3' }), value: 100, startOffset: -HOUR }],
    samples(1),
  ],
  [
    'TestSamplesWithMetadataAndExemplars, TestComplexSamplesRequest, TestMultipleMetricFamiliesSamples',
    'MUST',
    [
      {
        labels: named('http_requests_total', { job: 'api', method: 'POST' }),
        value: 1,
        exemplar: { trace_id: 'request_trace_123', user_id: 'user789' },
        metadata: { type: COUNTER, help: 'Total number of HTTP requests', unit: 'requests' },
      },
      {
        labels: named('memory_usage', { instance: 'server1' }),
        value: 8589934592,
        metadata: { type: GAUGE, help: 'Memory', unit: 'bytes' },
      },
    ],
    samples(2, 1),
  ],
  // There it is to succeed; Prometheus 3.14 answers 400, since an entry must have a sample or histogram, and so do we.
  [
    'TestEdgeCaseCombinations/metadata_without_data',
    'SHOULD',
    [{ labels: named('orphan_metric'), metadata: { type: COUNTER, help: 'Orphaned metric metadata', unit: 'count' } }],
    refused(0, 0, 0),
  ],
  // There it is to be written; a series that is not known gets none here, as in Prometheus 3.5, which sends such entries beside others.
  [
    'TestEdgeCaseCombinations/exemplars_without_data',
    'SHOULD',
    [{ labels: named('orphan_metric_2'), exemplar: { trace_id: 'orphan_trace' } }],
    samples(0, 0),
  ],
  [
    'TestEdgeCaseCombinations/mixed_timestamp_data',
    'SHOULD',
    [
      { labels: named('old_metric'), value: 1, offset: -HOUR, exemplar: { trace_id: 'old_trace' }, exemplarOffset: -HOUR / 2 },
      { labels: named('new_metric'), value: 2 },
    ],
    samples(2, 1),
  ],
  [
    'TestManySamples',
    'MUST',
    Array.from({ length: 50 }, (_, i) => ({
      labels: named(`counter_metric_${i}`, { series: `series_${i}` }),
      value: i * 100,
      exemplar: { trace_id: `trace_${i}` },
      metadata: { type: COUNTER, help: `Counter metric number ${i}`, unit: 'count' },
    })),
    samples(50, 50),
  ],
  [
    'TestSpecialCharactersCombined',
    'MUST',
    [
      {
        labels: named('test_metric', { job: 'test-job_with.special@chars', instance: 'localhost:9090', environment: 'test🚀' }),
        value: 42,
        exemplar: { trace_id: 'special_trace_äöü-123', span_id: 'span_with.dots-and_underscores' },
        metadata: { type: GAUGE, help: 'special characters: äöü, newlines\nand "quotes"', unit: 'special/units' },
      },
    ],
    samples(1, 1),
  ],
]

async function receiving() {
  const env = virtualEnv()
  const { db, close } = await runDb(env, { exemplarsMax: 1000 })
  const receiver = new WriteReceiver({ env, appendable: db })
  const send = async (body: Uint8Array, contentType = V2, contentEncoding = 'snappy') => {
    await env.clock.advance(10)
    const { status, headers } = await receiver.receive({ contentType, contentEncoding, body })
    return {
      status,
      written: ['samples', 'histograms', 'exemplars'].map((kind) => Number(headers[`x-prometheus-remote-write-${kind}-written`])),
    }
  }
  return { env, close, send }
}

function series(item: Item, now: number): HandSeries {
  const { labels, value, histogram: counts, exemplar, offset = 0, exemplarOffset = offset, startOffset, metadata } = item
  const startTime = startOffset === undefined ? 0 : now + startOffset
  const t = now + offset
  const exemplars: readonly HandExemplar[] = exemplar ? [{ labels: Object.entries(exemplar), value: 0.5, t: now + exemplarOffset }] : []
  return {
    labels: Object.entries(labels),
    samples: value === undefined ? [] : [[t, value, startTime]],
    histograms: counts === undefined ? [] : [{ ...counts, t, startTime }],
    exemplars,
    metadata,
  }
}

test("a receiver answers what upstream's compliance program asks", async (t) => {
  const { env, close, send } = await receiving()
  for (const [name, level, items, want] of [...METRIC_CASES, ...HISTOGRAM_CASES, ...EXEMPLAR_CASES, ...METADATA_CASES, ...COMBINED_CASES]) {
    await t.test(`${level} ${name}`, async () => {
      // Exemplars and old samples would be those of the first time.
      const again = items.some(({ offset }) => offset) ? 1 : 2
      for (let i = 0; i < again; i++) {
        const body = snappyBlock(messageV2(items.map((item) => series(item, env.clock.now() + 10))))
        assert.deepEqual(await send(body), { status: want.status ?? 204, written: want.written })
      }
    })
  }
  await close()
})

test("a receiver refuses what upstream's compliance program spoils", async (t) => {
  const { env, close, send } = await receiving()
  const good = () => snappyBlock(messageV2([series({ labels: named('up'), value: 1 }, env.clock.now() + 10)]))
  const spoilt = () => {
    const body = Buffer.from(good())
    body[0] = 48
    return body
  }
  const cases: Readonly<Record<string, () => Promise<{ readonly status: number }>>> = {
    'MUST TestBadContentTypes/application_json 415': () => send(spoilt(), 'application/json'),
    'MUST TestBadContentTypes/image_png 415': () => send(spoilt(), 'image/png'),
    'MUST TestBadContentEncodings/gzip 415': () => send(spoilt(), V2, 'gzip'),
    'MUST TestBadContentEncodings/deflate 415': () => send(spoilt(), V2, 'deflate'),
    'MUST TestCorruptRequestBody 400': () => send(spoilt()),
    'MAY TestRW1ErrorHandling 400': () => send(spoilt(), 'application/x-protobuf'),
    'MAY TestRW1BasicCompatibility 204': () =>
      send(
        snappyBlock(
          messageV1([
            series({ labels: up, value: 1 }, env.clock.now() + 10),
            series({ labels: named('http_requests_total'), value: 100 }, env.clock.now() + 10),
          ]),
        ),
        'application/x-protobuf',
      ),
    'MUST an unknown message 415': () => send(good(), 'application/x-protobuf;proto=io.prometheus.write.v3.Request'),
    'MUST 1.0 by its name 204': () => send(snappyBlock(messageV1([series({ labels: up, value: 1 }, env.clock.now() + 10)])), V1),
  }
  for (const [name, act] of Object.entries(cases)) {
    await t.test(name, async () => assert.equal((await act()).status, Number(name.slice(-3))))
  }
  await close()
})
