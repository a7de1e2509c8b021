import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { uncompressSync } from 'snappy'
import { type LocalServer, listenLocally } from '../support/local-server.ts'
import { startServer, until } from '../support/program.ts'
import { protobufPage } from '../support/protobuf-target.ts'
import { type SentEntry, type SentMessage, type SentSample, sentV1, sentV2 } from '../support/sent-message.ts'

// What upstream's compliance program asks of a sender, under its own names: a server scrapes a page per case and sends what it found to receivers
// of both versions, and to some that refuse the first request. How it tries again, waits and falls back is in
// src/remote/write/sending.test.ts. Source: prometheus/compliance remotewrite/sender, its cases of 1.0 and its list for 2.0.

const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
const TEXT = 'text/plain; version=0.0.4'
const PROTOBUF = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'
const STALE = '7ff0000000000002'
const started = Date.now()
/** Seconds since 1970, as OpenMetrics has them. */
const CREATED = Math.floor(started / 1000) - 7200

type Page = (scrape: number) => string | Buffer

const PAGES: Readonly<Record<string, Page>> = {
  counter: (n) => `# HELP c_total A counter.\n# TYPE c_total counter\nc_total ${42 + n}\n`,
  gauge: () => '# TYPE g gauge\ng 42\n',
  histogram: () => '# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 3\nh_sum 4.5\nh_count 3\n',
  summary: () => '# TYPE s summary\ns{quantile="0.5"} 0.05\ns{quantile="0.99"} 0.1\ns_sum 50\ns_count 1000\n',
  invalid: () => '# this is no page\n1234notvali}{ 444\n',
  sorted: () => '# TYPE test gauge\ntest{b="2",a="1"} 1.0\n',
  repeated: () => '# TYPE test gauge\ntest{a="1",a="1"} 1.0\n',
  empty_label: () => '# TYPE test gauge\ntest{a=""} 1.0\n',
  nameless: () => '# TYPE test gauge\n{label="value"} 1.0\n',
  honor: () => '# TYPE test gauge\ntest{job="original", instance="foo"} 1.0\n',
  stale: (n) => (n === 0 ? 'stale 1\n' : 'other 1\n'),
  rising: (n) => `rising ${n}\n`,
  floats: () => 'v{i="nan"} NaN\nv{i="inf"} +Inf\nv{i="ninf"} -Inf\nv{i="zero"} 0\nv{i="neg"} -123.45\nv{i="exact"} 0.1234567890123456\n',
  unicode: () => 'm{emoji="🚀",chinese="测试",arabic="مرحبا",escaped="a\\nb\\"c\\\\"} 42\n',
  long: () => `metric_${'very_long_name_'.repeat(50)}{large="${'x'.repeat(10_000)}"} 42\n`,
  colons: () => 'http:request:duration:seconds 0.5\n',
  many: () => Array.from({ length: 1000 }, (_, i) => `load{path="/api/v1/endpoint_${i}",method="GET"} ${i}\n`).join(''),
  nothing: () => '# No metrics\n',
  explicit: () => `at ${42} ${started}\n`,
  metadata: () =>
    '# TYPE b_bytes gauge\n# UNIT b_bytes bytes\n# HELP b_bytes How many.\nb_bytes 1\n# TYPE q counter\n# HELP q With "quotes".\nq_total 1\n# EOF\n',
  started: () =>
    `# TYPE c counter\nc_total 5\nc_created ${CREATED}\n# TYPE h histogram\nh_bucket{le="+Inf"} 1\nh_count 1\nh_sum 2\nh_created ${CREATED}\n# EOF\n`,
  exemplar: (n) =>
    `# TYPE e counter\ne_total ${n} # {trace_id="t${n}",span_id="s",own="é"} 0.5 ${(Date.now() - 5) / 1000}\n# TYPE x histogram\nx_bucket{le="+Inf"} ${n} # {trace_id="x${n}"} 2\nx_count ${n}\nx_sum 2\n# EOF\n`,
  native: (n) => protobufPage(n, Date.now()),
}
const OPEN = new Set(['metadata', 'started', 'exemplar'])

interface Request {
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly message: SentMessage
}

const requests = new Map<string, Request[]>()
const scrapes = new Map<string, number>()
let world: LocalServer
let directory: string
let log = ''

/** Answers of receivers that do not take what comes first. */
const FIRST_ANSWERS: Readonly<Record<string, number>> = { away: 500, refusing: 400, old: 415 }

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'promontory-compliance-'))
  world = await listenLocally(
    createServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        const name = request.url!.slice(1)
        const page = PAGES[name]
        if (page !== undefined) {
          const n = scrapes.get(name) ?? 0
          scrapes.set(name, n + 1)
          response.writeHead(200, { 'content-type': name === 'native' ? PROTOBUF : OPEN.has(name) ? OPEN_METRICS : TEXT }).end(page(n))
          return
        }
        const body = Buffer.concat(parts)
        const known = requests.get(name) ?? []
        requests.set(name, known)
        const { headers, method } = request
        const read = headers['x-prometheus-remote-write-version'] === '2.0.0' ? sentV2 : sentV1
        known.push({ method: method!, headers, body, message: read(uncompressSync(body) as Buffer) })
        const written = { 'x-prometheus-remote-write-samples-written': '100000' }
        response.writeHead(known.length === 1 ? (FIRST_ANSWERS[name] ?? 204) : 204, written).end(known.length === 1 ? 'as said' : '')
      })
    }),
  )
  const configFile = join(directory, 'prometheus.yml')
  const queue_config = { batch_send_deadline: '100ms', min_backoff: '30ms', min_shards: 1, max_shards: 1 }
  const destination = (name: string, version: 1 | 2, more: object = {}) => ({
    url: `http://127.0.0.1:${world.port}/${name}`,
    name,
    protobuf_message: version === 1 ? 'prometheus.WriteRequest' : 'io.prometheus.write.v2.Request',
    send_exemplars: true,
    send_native_histograms: version === 2,
    metadata_config: { send_interval: '500ms' },
    queue_config,
    ...more,
  })
  const config = {
    // On a busy machine a page is read in time as well: none of its values may be missing.
    global: { scrape_interval: '2s', scrape_timeout: '2s' },
    storage: { exemplars: { max_exemplars: 1000 } },
    scrape_configs: Object.keys(PAGES).map((name) => ({
      job_name: name,
      metrics_path: `/${name}`,
      ...(name === 'native' && { scrape_native_histograms: true, scrape_protocols: ['PrometheusProto'] }),
      static_configs: [{ targets: [`127.0.0.1:${world.port}`] }],
    })),
    remote_write: [
      destination('v1', 1, { headers: { 'X-Own': 'own' } }),
      destination('v2', 2, { headers: { 'X-Own': 'own' } }),
      ...Object.keys(FIRST_ANSWERS).map((name) => destination(name, name === 'old' ? 2 : 1)),
    ],
  }
  writeFileSync(configFile, JSON.stringify(config))
  const flags = ['--enable-feature=exemplar-storage,st-storage,metadata-wal-records']
  const server = await startServer({ configFile, dataDir: join(directory, 'data'), flags })
  try {
    await server.ready()
    await until('some scrapes of each page', 60_000, async () => Object.keys(PAGES).every((name) => (scrapes.get(name) ?? 0) >= 4))
  } finally {
    await server.stop()
    log = server.output
  }
})

after(async () => {
  await world.close()
  rmSync(directory, { recursive: true, force: true })
})

const messages = (to: string) => requests.get(to)!.map(({ message }) => message)
const entries = (to: string, job?: string) =>
  messages(to)
    .flatMap((message) => message.entries)
    .filter(({ labels }) => job === undefined || labels.some(([name, value]) => name === 'job' && value === job))

/** Samples of a series of a job, by its labels beside `job` and `instance`. */
function sent(to: string, job: string, series: string): SentSample[] {
  return entries(to, job)
    .filter(({ labels }) => textOf(labels) === series)
    .flatMap(({ samples }) => samples)
}

function textOf(labels: SentEntry['labels']): string {
  const rest = labels.filter(([name]) => name !== 'job' && name !== 'instance' && name !== '__name__')
  const name = labels.find(([key]) => key === '__name__')?.[1] ?? ''
  return [name, ...rest.map(([key, value]) => `${key}=${value}`)].join(' ')
}

const values = (to: string, job: string, series: string) => new Set(sent(to, job, series).map(({ value }) => value))
const has = (to: string, job: string, series: string, value: number) =>
  assert.ok(values(to, job, series).has(value), `${to}: ${job} has ${series} = ${value}, found ${[...values(to, job, series)]}`)

type Check = (to: string) => void

/** Of both versions. */
const CASES: Readonly<Record<string, Check>> = {
  Counter: (to) => has(to, 'counter', 'c_total', 42),
  Gauge: (to) => has(to, 'gauge', 'g', 42),
  'Histogram, classic_histogram_encoding': (to) => {
    has(to, 'histogram', 'h_bucket le=1.0', 2)
    has(to, 'histogram', 'h_bucket le=+Inf', 3)
    has(to, 'histogram', 'h_sum', 4.5)
    has(to, 'histogram', 'h_count', 3)
  },
  Summary: (to) => {
    has(to, 'summary', 's quantile=0.5', 0.05)
    has(to, 'summary', 's quantile=0.99', 0.1)
    has(to, 'summary', 's_sum', 50)
    has(to, 'summary', 's_count', 1000)
  },
  'Up, JobLabel': (to) => has(to, 'gauge', 'up', 1),
  'InstanceLabel, label_completeness': (to) => {
    for (const { labels } of entries(to))
      assert.equal(labels.find(([name]) => name === 'instance')?.[1], `127.0.0.1:${world.port}`, textOf(labels))
  },
  Invalid: (to) => {
    has(to, 'invalid', 'up', 0)
    assert.ok(!values(to, 'invalid', 'up').has(1))
  },
  'SortedLabels, label_ordering': (to) => {
    has(to, 'sorted', 'test a=1 b=2', 1)
    for (const { labels } of entries(to)) {
      const names = labels.map(([name]) => name)
      assert.deepEqual(names, [...names].sort())
    }
  },
  'RepeatedLabels, no_duplicate_labels': (to) => {
    assert.equal(entries(to, 'repeated').filter(({ labels }) => textOf(labels).startsWith('test')).length, 0)
    for (const { labels } of entries(to)) assert.equal(new Set(labels.map(([name]) => name)).size, labels.length)
  },
  EmptyLabels: (to) => {
    has(to, 'empty_label', 'test', 1)
    for (const { labels } of entries(to)) for (const [, value] of labels) assert.notEqual(value, '')
  },
  'NameLabel, metric_name_label': (to) => {
    has(to, 'nameless', 'up', 0)
    for (const { labels } of entries(to)) assert.ok(labels.some(([name]) => name === '__name__'))
  },
  HonorLabels: (to) => has(to, 'honor', 'test exported_instance=foo exported_job=original', 1),
  'Staleness, stale_marker': (to) => {
    const found = sent(to, 'stale', 'stale')
    assert.deepEqual(
      found.map(({ bits }) => bits),
      ['3ff0000000000000', STALE],
    )
    // Kept for what has ended: nobody else's NaN becomes one.
    assert.notEqual(sent(to, 'floats', 'v i=nan')[0].bits, STALE)
  },
  'Timestamp, millisecond_precision': (to) => {
    for (const { samples } of entries(to)) for (const { t } of samples) assert.ok(t >= started && t <= Date.now(), `${t}`)
  },
  'Ordering, timestamp_ordering': (to) => {
    const found = sent(to, 'rising', 'rising').filter(({ bits }) => bits !== STALE)
    assert.ok(found.length >= 3)
    assert.deepEqual(
      found.map(({ value }) => value),
      found.map((_, i) => i),
    )
    for (let i = 1; i < found.length; i++) assert.ok(found[i].t > found[i - 1].t)
  },
  explicit_timestamp: (to) => assert.ok(sent(to, 'explicit', 'at').every(({ t, value }) => t === started && value === 42)),
  'nan_value, positive_infinity, negative_infinity, zero_value, negative_value, high_precision_float, special_float_combinations': (to) => {
    const want = { inf: Infinity, ninf: -Infinity, zero: 0, neg: -123.45, exact: 0.1234567890123456 }
    for (const [i, value] of Object.entries(want)) has(to, 'floats', `v i=${i}`, value)
    assert.match(sent(to, 'floats', 'v i=nan')[0].bits, /^7ff800000000000[01]$/)
  },
  'unicode_in_labels, special_characters_in_values': (to) =>
    has(to, 'unicode', 'm arabic=مرحبا chinese=测试 emoji=🚀 escaped=a\nb"c\\', 42),
  'huge_label_values, very_long_metric_name': (to) =>
    has(to, 'long', `metric_${'very_long_name_'.repeat(50)} large=${'x'.repeat(10_000)}`, 42),
  metric_name_with_colons: (to) => has(to, 'colons', 'http:request:duration:seconds', 0.5),
  'many_timeseries, high_cardinality, TestRobustnessUnderLoad': (to) =>
    assert.equal(
      new Set(
        entries(to, 'many')
          .map(({ labels }) => textOf(labels))
          .filter((text) => text.startsWith('load ')),
      ).size,
      1000,
    ),
  empty_scrape: (to) => has(to, 'nothing', 'up', 1),
  'batch_multiple_series, efficient_batching': (to) => assert.ok(messages(to).some((message) => message.entries.length >= 500)),
  'at least one sample or histogram, and not both': (to) => {
    for (const { samples, histograms, exemplars, labels } of entries(to)) {
      assert.ok(samples.length === 0 || histograms.length === 0, textOf(labels))
      assert.ok(samples.length + histograms.length + exemplars.length > 0, textOf(labels))
    }
  },
  'basic_exemplar, trace_id_label, span_id_label, exemplar_timestamp, custom_labels': (to) => {
    const [found] = entries(to, 'exemplar').flatMap((entry) => (textOf(entry.labels) === 'e_total' ? entry.exemplars : []))
    assert.deepEqual(Object.fromEntries(found.labels).own, 'é')
    assert.match(Object.fromEntries(found.labels).trace_id, /^t\d$/)
    assert.equal(Object.fromEntries(found.labels).span_id, 's')
    assert.equal(found.value, 0.5)
    assert.ok(found.t >= started - 5 && found.t <= Date.now())
    assert.ok(entries(to, 'exemplar').some(({ labels, exemplars }) => textOf(labels) === 'x_bucket le=+Inf' && exemplars.length > 0))
  },
  'Headers, http_post_method, snappy_compression, snappy_block_format, protobuf_parseable, user_agent': (to) => {
    for (const { method, headers, body } of requests.get(to)!) {
      assert.equal(method, 'POST')
      assert.equal(headers['content-encoding'], 'snappy')
      assert.match(headers['user-agent']!, /^Promontory/)
      assert.equal(headers['x-own'], 'own')
      assert.notEqual(body.toString('latin1', 4, 10), 'sNaPpY')
    }
  },
}

const CASES_V1: Readonly<Record<string, Check>> = {
  'rw1_version_header, rw1_content_type': (to) => {
    for (const { headers } of requests.get(to)!) {
      assert.equal(headers['x-prometheus-remote-write-version'], '0.1.0')
      assert.equal(headers['content-type'], 'application/x-protobuf')
    }
  },
  // Without send_native_histograms, as by default.
  rw1_no_native_histograms: (to) => assert.ok(entries(to).every(({ histograms }) => histograms.length === 0)),
  'rw1_no_created_timestamp, rw1_symbol_table_not_used': (to) => {
    assert.ok(messages(to).every(({ symbols }) => symbols.length === 0))
    assert.ok(entries(to).every(({ samples }) => samples.every(({ startTime }) => startTime === 0)))
  },
  rw1_metadata_handling: (to) => assert.ok(messages(to).some(({ metadata }) => metadata.includes('c_total'))),
}

const CASES_V2: Readonly<Record<string, Check>> = {
  'version_header, content_type_protobuf, proto_parameter': (to) => {
    for (const { headers } of requests.get(to)!) {
      assert.equal(headers['x-prometheus-remote-write-version'], '2.0.0')
      assert.equal(headers['content-type'], 'application/x-protobuf;proto=io.prometheus.write.v2.Request')
    }
  },
  'symbols_table_populated, empty_string_at_index_zero, string_deduplication, symbol_table_deduplication_across_batch': (to) => {
    for (const { symbols } of messages(to)) {
      assert.equal(symbols[0], '')
      assert.equal(new Set(symbols).size, symbols.length)
    }
  },
  symbol_table_efficiency: (to) => {
    for (const { symbols, entries: own } of messages(to)) {
      const used = new Set(
        own.flatMap(({ labels, exemplars, metadata }) => [
          ...labels.flat(),
          ...exemplars.flatMap((e) => e.labels.flat()),
          metadata?.help,
          metadata?.unit,
        ]),
      )
      assert.deepEqual(
        symbols.slice(1).filter((symbol) => !used.has(symbol)),
        [],
      )
    }
  },
  'even_length_refs, valid_label_references, label_reference_validity': (to) => {
    // References out of bounds do not get through the reader.
    for (const { refs } of entries(to)) assert.equal(refs.length % 2, 0)
  },
  'type_metadata, counter_type, gauge_type, histogram_type, summary_type, help_metadata, unit_metadata': (to) => {
    const of = (job: string, series: string) =>
      entries(to, job).find(({ labels, metadata }) => textOf(labels) === series && metadata)?.metadata
    assert.deepEqual(of('counter', 'c_total'), { type: 1, help: 'A counter.', unit: '' })
    assert.deepEqual(of('metadata', 'b_bytes'), { type: 2, help: 'How many.', unit: 'bytes' })
    assert.deepEqual(of('metadata', 'q_total'), { type: 1, help: 'With "quotes".', unit: '' })
    assert.equal(of('histogram', 'h_bucket le=1.0')?.type, 3)
    assert.equal(of('summary', 's_sum')?.type, 5)
  },
  'created_timestamp_counter, created_timestamp_histogram, start_timestamp': (to) => {
    for (const series of ['c_total', 'h_count', 'h_sum', 'h_bucket le=+Inf'])
      assert.ok(
        sent(to, 'started', series).some(({ startTime }) => startTime === CREATED * 1000),
        series,
      )
  },
  'native_histogram_encoding, positive_buckets, histogram_schema, histogram_sum, histogram_count': (to) => {
    const found = entries(to, 'native').filter(({ labels }) => textOf(labels) === 'sizes name=d')
    const histograms = found.flatMap((entry) => entry.histograms)
    assert.ok(histograms.length >= 3)
    for (const [i, histogram] of histograms.slice(0, 3).entries()) {
      const one = (number: number) => histogram.find((field) => field.number === number)
      const n = (i % 5) + 1
      assert.equal(one(1)?.bits, BigInt(n * 4 + 1))
      assert.equal(one(3)?.bytes.readDoubleLE(), n * 9.5)
      assert.equal(one(4)?.bits, 2n)
      assert.equal(histogram.filter(({ number }) => number === 11).length, 2)
      assert.deepEqual([...one(12)!.bytes], [n * 2, 0, n * 2])
    }
  },
}

for (const [name, check] of Object.entries(CASES)) {
  test(`1.0 ${name}`, () => check('v1'))
  test(`2.0 ${name}`, () => check('v2'))
}
for (const [name, check] of Object.entries(CASES_V1)) test(`1.0 ${name}`, () => check('v1'))
for (const [name, check] of Object.entries(CASES_V2)) test(`2.0 ${name}`, () => check('v2'))

test('Retries500, retry_on_500_internal_server_error', () => {
  // Metadata goes its own way beside samples: something else may come between.
  const [first, ...rest] = requests.get('away')!
  const again = rest.filter(({ headers }) => headers['retry-attempt'] !== undefined)
  assert.deepEqual(
    again.map(({ headers, body }) => [headers['retry-attempt'], body.equals(first.body)]),
    [['1', true]],
  )
})

test('Retries400, no_retry_on_400_bad_request, log_error_messages_verbatim', () => {
  const [first, ...rest] = requests.get('refusing')!
  assert.ok(rest.length > 0)
  for (const { headers } of rest) assert.equal(headers['retry-attempt'], undefined)
  // Metadata says the same again and again.
  for (const { body, message } of rest) if (message.entries.length > 0) assert.ok(!body.equals(first.body))
  assert.match(log, /as said/)
})

test('fallback_on_415_unsupported_media_type, fallback_header_changes, persistent_fallback_choice', () => {
  const versions = requests.get('old')!.map(({ headers }) => headers['x-prometheus-remote-write-version'])
  assert.equal(versions[0], '2.0.0')
  assert.deepEqual(new Set(versions.slice(1)), new Set(['0.1.0']))
})
