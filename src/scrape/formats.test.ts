// What pages bring beside floats, through the whole of scraping.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scraping, series, values, type World } from '../../test/support/scrape-world.ts'
import type { ExposedFamily, ExposedHistogram } from '../exposition/exposed-family.ts'
import { protobufFamily } from '../exposition/protobuf-writer.ts'
import { CounterResetHint, type Histogram } from '../model/histogram.ts'

const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
const PROTOBUF = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'

const openMetrics = (text: string) => ({ type: OPEN_METRICS, body: `${text}# EOF\n` })
const protobuf = (...families: ExposedFamily[]) => ({ type: PROTOBUF, body: Buffer.concat(families.map(protobufFamily)) })

const NATIVE: Histogram = {
  isFloat: false,
  counterResetHint: CounterResetHint.unknown,
  schema: 3,
  zeroThreshold: 0.001,
  zeroCount: 1,
  count: 10,
  sum: 12.5,
  positiveSpans: Int32Array.of(0, 3),
  negativeSpans: new Int32Array(0),
  positiveBuckets: Float64Array.of(2, 3, 4),
  negativeBuckets: new Float64Array(0),
  customValues: new Float64Array(0),
}

function histogramFamily(fields: Partial<ExposedHistogram> = {}): ExposedFamily {
  const metric: ExposedHistogram = {
    kind: 'histogram',
    labels: [],
    count: 10,
    sum: 12.5,
    buckets: [
      { upperBound: 1, count: 4, exemplar: undefined },
      { upperBound: Infinity, count: 10, exemplar: undefined },
    ],
    native: NATIVE,
    ...fields,
  }
  return { name: 'h', type: 'histogram', help: 'Text.', unit: '', metrics: [metric] }
}

/** Series without their target's labels. */
const names = ({ store }: World) =>
  store
    .names()
    .map((name) => name.replace(/(, )?instance="a:1", job="j"(, )?/, (_, before, after) => (before && after ? ', ' : '')).replace('{}', ''))
    .filter((name) => !/^(up|scrape_)/.test(name))
const error = ({ manager }: World) => manager.active()[0].lastError

test('a job asks for its protocols, and reads what comes, or its fallback', async () => {
  await scraping({ scrapeProtocols: ['PrometheusProto', 'OpenMetricsText1.0.0'], nameEscaping: 'dots' }, 'x 1\n', 1.1, (w) => {
    assert.match(
      w.requests[0],
      /\r\nAccept: application\/vnd\.google\.protobuf;proto=io\.prometheus\.client\.MetricFamily;encoding=delimited;q=0\.6,application\/openmetrics-text;version=1\.0\.0;escaping=dots;q=0\.5,\*\/\*;q=0\.4\r\n/,
    )
    assert.deepEqual(names(w), ['x'])
  })
  const page = { type: 'text/html', body: '# TYPE x counter\nx_total 1\nx_created 5\n# EOF\n' }
  await scraping({}, page, 1.1, (w) =>
    assert.equal(error(w), 'received unsupported Content-Type "text/html" and no fallback_scrape_protocol specified for target'),
  )
  await scraping({ fallbackProtocol: 'OpenMetricsText0.0.1' }, page, 1.1, (w) => assert.deepEqual(names(w), ['x_created', 'x_total']))
  await scraping({ fallbackProtocol: 'PrometheusProto' }, page, 1.1, (w) => assert.notEqual(error(w), ''))
})

test('the same series in another format goes on, and nothing is stale that is still there', async () => {
  await scraping({}, 'x_total 1\ny 1\n', 1.9, async (w) => {
    const before = w.store.times(series('x_total')).length
    w.pages.set('a:1', openMetrics('# TYPE x counter\nx_total 1\n'))
    await w.env.clock.advance(1000)
    w.pages.set(
      'a:1',
      protobuf({ name: 'x_total', type: 'counter', help: '', unit: '', metrics: [{ kind: 'value', labels: [], value: 1 }] }),
    )
    await w.env.clock.advance(2000)
    assert.equal(values(w.store, series('x_total')), '1 '.repeat(before + 3).trim())
    assert.match(values(w.store, series('y')), /^1( 1)* stale$/)
  })
})

test('native histograms are stored where they are wanted, with or without the classic ones', async () => {
  const page = protobuf(histogramFamily())
  await scraping({}, page, 1.1, (w) => assert.deepEqual(names(w), ['h_bucket{le="+Inf"}', 'h_bucket{le="1.0"}', 'h_count', 'h_sum']))
  await scraping({ nativeHistograms: true }, page, 2.1, (w) => {
    assert.deepEqual(names(w), ['h'])
    const [first] = w.store.histograms(series('h'))
    assert.deepEqual([first?.count, first?.sum, first?.schema, [...first!.positiveBuckets]], [10, 12.5, 3, [2, 3, 4]])
    assert.match(values(w.store, series('scrape_samples_scraped')), /^1( 1)*$/)
    assert.equal(w.store.seriesCalls, 6)
  })
  await scraping({ nativeHistograms: true, alwaysClassicHistograms: true }, page, 1.1, (w) => assert.equal(names(w).length, 5))
  await scraping({ convertClassicHistograms: true }, page, 1.1, (w) => {
    assert.deepEqual(names(w), ['h'])
    assert.deepEqual([...(w.store.histograms(series('h'))[0]?.customValues ?? [])], [1])
  })
})

test('a histogram with too many buckets is made coarser; where that does not help the scrape fails', async () => {
  const page = protobuf(histogramFamily())
  await scraping({ nativeHistograms: true, bucketLimit: 2 }, page, 1.1, (w) => {
    const [first] = w.store.histograms(series('h'))
    assert.deepEqual([first?.schema, [...first!.positiveBuckets]], [2, [2, 7]])
  })
  await scraping({ nativeHistograms: true, schemaMax: 0 }, page, 1.1, (w) => {
    assert.equal(w.store.histograms(series('h'))[0]?.schema, 0)
  })
  const wide = { ...NATIVE, schema: -4, positiveSpans: Int32Array.of(0, 1, 1, 1), positiveBuckets: Float64Array.of(4, 5) }
  const pages = protobuf(histogramFamily({ native: wide }), {
    name: 'x',
    type: 'gauge',
    help: '',
    unit: '',
    metrics: [{ kind: 'value', labels: [], value: 1 }],
  })
  await scraping({ nativeHistograms: true, bucketLimit: 1 }, pages, 1.1, async (w) => {
    assert.equal(error(w), 'histogram bucket limit exceeded')
    assert.deepEqual(names(w), [])
    assert.match(values(w.store, series('scrape_samples_scraped')), /^2/)
    assert.match(await w.env.metrics.metrics(), /prometheus_target_scrapes_exceeded_native_histogram_bucket_limit_total [1-9]/)
  })
  await scraping({ nativeHistograms: true, sampleLimit: 1 }, pages, 1.1, (w) => assert.equal(error(w), 'sample limit exceeded'))
})

test('a series of histograms is marked stale when it goes, and may become one of floats', async () => {
  await scraping({ nativeHistograms: true }, protobuf(histogramFamily()), 1.9, async (w) => {
    w.pages.set('a:1', protobuf({ name: 'h', type: 'gauge', help: '', unit: '', metrics: [{ kind: 'value', labels: [], value: 7 }] }))
    await w.env.clock.advance(1000)
    w.pages.set('a:1', 'other 1\n')
    await w.env.clock.advance(1000)
    assert.match(values(w.store, series('h')), /^12\.5( 12\.5)* 7 stale$/)
    assert.equal(w.store.histograms(series('h')).at(-2), undefined)
  })
})

test('exemplars are kept with the feature; those of histograms only with a time of their own', async () => {
  const at = 1_767_225_590
  const page = openMetrics(`# TYPE x counter\nx_total 1 # {trace_id="a"} 0.5 ${at}\n`)
  await scraping({}, page, 1.1, (w) => assert.deepEqual(w.store.exemplars(series('x_total')), []))
  const features = ['exemplar-storage']
  await scraping(
    {},
    page,
    2.1,
    (w) => {
      const [exemplar, ...more] = w.store.exemplars(series('x_total'))
      assert.equal(more.length, 0)
      assert.deepEqual([String(exemplar.labels), exemplar.value, exemplar.timestamp], ['{trace_id="a"}', 0.5, at * 1000])
    },
    { features },
  )
  const exemplars = [3, 1, undefined].map((timestamp, i) => ({ labels: [['id', `${i}`]] as const, value: i, timestamp }))
  await scraping(
    { nativeHistograms: true },
    protobuf(histogramFamily({ exemplars })),
    1.1,
    (w) => {
      assert.deepEqual(
        w.store.exemplars(series('h')).map(({ timestamp }) => timestamp),
        [1, 3],
      )
    },
    { features },
  )
})

test('exemplars all of which are late are counted, others are not', async () => {
  const page = (...ages: number[]) =>
    protobuf(histogramFamily({ exemplars: ages.map((age) => ({ labels: [], value: age, timestamp: 1_000_000 - age })) }))
  const late = async (w: World) => /exemplar_out_of_order_total (\d+)/.exec(await w.env.metrics.metrics())?.[1]
  await scraping(
    { nativeHistograms: true },
    page(5),
    1.9,
    async (w) => {
      w.pages.set('a:1', page(7, 3))
      await w.env.clock.advance(1000)
      assert.equal(await late(w), '0')
      w.pages.set('a:1', page(7, 6))
      await w.env.clock.advance(1000)
      assert.equal(await late(w), '2')
    },
    { features: ['exemplar-storage'] },
  )
})

test('counting begins at zero: one sample at each start time, before the first of the target', async () => {
  const start = 1_767_225_500
  const page = (startTime: number) => openMetrics(`# TYPE x counter\nx_total 5\nx_created ${startTime}\n`)
  const features = ['created-timestamp-zero-ingestion']
  await scraping(
    {},
    page(start),
    2.1,
    async (w) => {
      assert.match(w.store.text(series('x_total')), new RegExp(`^${start}000=0 (\\d+=5 ?){2,3}$`))
      assert.deepEqual(names(w), ['x_total'])
      // The target began anew between two scrapes.
      const began = (w.store.times(series('x_total')).at(-1)! + 100) / 1000
      w.pages.set('a:1', page(began))
      await w.env.clock.advance(1000)
      assert.match(w.store.text(series('x_total')), new RegExp(`=5 ${began * 1000}=0 \\d+=5$`))
      // And before that, which is too late to say.
      w.pages.set('a:1', page(start + 1))
      await w.env.clock.advance(2000)
      assert.equal(w.store.text(series('x_total')).split('=0').length, 3)
    },
    { features },
  )
  await scraping(
    { nativeHistograms: true },
    protobuf(histogramFamily({ startTime: start * 1000 })),
    1.1,
    (w) => {
      const [zero, first] = w.store.histograms(series('h'))
      assert.deepEqual([zero?.count, zero?.schema, zero?.counterResetHint, first?.count], [0, 3, CounterResetHint.reset, 10])
      assert.equal(w.store.times(series('h'))[0], start * 1000)
    },
    { features },
  )
  await scraping({}, page(start), 1.1, (w) => assert.deepEqual(names(w), ['x_created', 'x_total']))
})

test('start times are stored with the samples where that is asked for', async () => {
  const page = openMetrics('# TYPE x counter\nx_total 5\nx_created 1000\n')
  await scraping(
    {},
    page,
    2.1,
    (w) => {
      assert.deepEqual([...new Set(w.store.startTimes(series('x_total')))], [1_000_000])
      assert.deepEqual(names(w), ['x_total'])
    },
    { features: ['st-storage'] },
  )
})

test('metadata goes with the series, and again when it has changed', async () => {
  const page = (help: string) => `# HELP x ${help}\n# TYPE x counter\nx 1\nother 2\n`
  await scraping(
    {},
    page('one'),
    1.9,
    async (w) => {
      assert.deepEqual(w.store.metadata(series('x')), { name: 'x', type: 'counter', help: 'one', unit: '' })
      assert.equal(w.store.metadata(series('other')), undefined)
      assert.equal(w.store.metadata(series('up'))?.unit, 'targets')
      w.pages.set('a:1', page('two'))
      await w.env.clock.advance(1000)
      assert.equal(w.store.metadata(series('x'))?.help, 'two')
    },
    { features: ['metadata-wal-records'] },
  )
  await scraping({}, page('one'), 1.1, (w) => assert.equal(w.store.metadata(series('x')), undefined))
})

test('type and unit become labels with the feature', async () => {
  await scraping(
    {},
    openMetrics('# TYPE x_seconds counter\n# UNIT x_seconds seconds\nx_seconds_total 1\n'),
    1.9,
    async (w) => {
      assert.deepEqual(names(w), ['x_seconds_total{__type__="counter", __unit__="seconds"}'])
      w.pages.set('a:1', openMetrics('# TYPE x_seconds_total gauge\nx_seconds_total 1\n'))
      await w.env.clock.advance(2000)
      assert.deepEqual(names(w), ['x_seconds_total{__type__="counter", __unit__="seconds"}', 'x_seconds_total{__type__="gauge"}'])
    },
    { features: ['type-and-unit-labels'] },
  )
})

test('series with times of their own are marked stale where that is tracked', async () => {
  const page = 'x 1 1767225590000\n'
  for (const trackTimestampsStaleness of [false, true]) {
    await scraping({ trackTimestampsStaleness }, page, 1.9, async (w) => {
      w.pages.set('a:1', 'y 1\n')
      await w.env.clock.advance(1000)
      assert.match(w.store.text(series('x')), trackTimestampsStaleness ? /^1767225590000=1 \d+=stale$/ : /^1767225590000=1$/)
    })
  }
})

test('a series with times of its own whose samples come too late is stale as well', async () => {
  await scraping({ trackTimestampsStaleness: true }, 'x 1 1767225590000\n', 2.1, async (w) => {
    assert.equal(w.store.text(series('x')), '1767225590000=1')
    w.pages.set('a:1', 'x 2 1767225580000\n')
    await w.env.clock.advance(2000)
    assert.match(w.store.text(series('x')), /^1767225590000=1 \d+=stale$/)
  })
})

test('names of the old kind only, where the job says so', async () => {
  const check = (page: string, want: string) => scraping({ nameValidation: 'legacy' }, page, 1.1, (w) => assert.equal(error(w), want))
  await check('a:b_C1{l_2="ü"} 1\n', '')
  await check('{"a.b"} 1\n', 'invalid metric name or label names: {"a.b", instance="a:1", job="j"}')
  await check('a{"b.c"="d"} 1\n', 'invalid metric name or label names: a{"b.c"="d", instance="a:1", job="j"}')
})

test('timeout, limit and size are reported where the job or the feature asks for it', async () => {
  const report = ({ store }: World) =>
    ['scrape_timeout_seconds', 'scrape_sample_limit', 'scrape_body_size_bytes'].map((name) => values(store, series(name)).split(' ').at(-1))
  await scraping({}, 'x 1\n', 1.1, (w) => assert.deepEqual(report(w), ['', '', '']))
  const fields = { extraMetrics: true, scrapeTimeoutMs: 500, sampleLimit: 7, bodyBytesMax: 10 }
  await scraping(fields, 'x 1\n', 1.9, async (w) => {
    assert.deepEqual(report(w), ['0.5', '7', '4'])
    w.pages.set('a:1', 'x 12345678\n')
    await w.env.clock.advance(1000)
    assert.deepEqual(report(w), ['0.5', '7', '-1'])
    w.pages.set('a:1', 'broken\n')
    await w.env.clock.advance(1000)
    assert.deepEqual(report(w), ['0.5', '7', '7'])
  })
  await scraping({}, 'x 1\n', 1.1, (w) => assert.deepEqual(report(w), ['1', '0', '4']), { features: ['extra-scrape-metrics'] })
})
