import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiClient, apiDeps, NOW } from '../../test/support/api-deps.ts'
import { formatFloatText } from '../exposition/float.ts'
import { Entry } from '../exposition/page-parser.ts'
import { ProtobufParser } from '../exposition/protobuf-parser.ts'
import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram, NO_BUCKETS, NO_SPANS } from '../model/histogram.ts'
import { Labels } from '../model/labels.ts'
import { STALE_MARKER } from '../model/staleness.ts'
import { MemorySource } from '../storage/memory-source.ts'
import { overlay } from '../storage/series-source.ts'

const federate = (deps: ReturnType<typeof apiDeps>, ...selectors: string[]) =>
  apiClient(deps)(`/federate?${selectors.map((selector) => `match[]=${encodeURIComponent(selector)}`).join('&')}`)

test('the newest sample of each series, with external labels, by name', async () => {
  const { status, body, headers } = await federate(apiDeps(), '{__name__=~".+"}')
  assert.equal(status, 200)
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores')
  assert.equal(
    body,
    [
      '# TYPE big untyped',
      `big{a_b="x\\"y\\\\z\\n",job="node",instance="",region="eu",replica="a"} 1.5e+06 ${NOW - 1000}`,
      '# TYPE my_metric untyped',
      `my_metric{Zone="z",instance="",region="eu",replica="a"} NaN ${NOW}`,
      '# TYPE up untyped',
      `up{instance="a",job="node",region="eu",replica="a"} 1 ${NOW - 5000}`,
      '',
    ].join('\n'),
  )
})

test('names outside the old alphabet go to those who take them', async () => {
  const { body, headers } = await apiClient(apiDeps())({
    url: '/federate?match[]={"my.metric"}',
    headers: { accept: 'text/plain;version=0.0.4;escaping=allow-utf-8' },
  })
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8')
  assert.equal(body, `# TYPE "my.metric" untyped\n{"my.metric",Zone="z",instance="",region="eu",replica="a"} NaN ${NOW}\n`)
})

test('selectors that overlap find a series once; own labels win over external ones', async () => {
  const source = new MemorySource([
    { labels: Labels.of({ __name__: 'm', region: 'us', instance: 'i' }), timestamps: [NOW - 1], values: [1] },
  ])
  const { body } = await federate(apiDeps({ source }), 'm', '{region="us"}')
  assert.equal(body, `# TYPE m untyped\nm{instance="i",region="us",replica="a"} 1 ${NOW - 1}\n`)
})

test('zero has no sign', async () => {
  const source = new MemorySource([{ labels: Labels.of({ __name__: 'm', instance: 'i' }), timestamps: [NOW - 1], values: [-0] }])
  assert.match((await federate(apiDeps({ source }), 'm')).body, /\} 0 \d+\n$/)
})

test('no selector, nothing found, a bad one, a source that fails', async () => {
  const deps = apiDeps()
  const check = async (answer: Promise<{ status: number; body: string }>, status: number, want: string) => {
    const { status: got, body } = await answer
    assert.deepEqual([got, body], [status, want])
  }
  await check(federate(deps), 200, '')
  await check(federate(apiDeps(), 'nothing'), 200, '')
  await check(federate(apiDeps(), 'up{'), 400, '1:4: parse error: unexpected end of input inside braces\n')
  const broken = overlay(deps.source, {
    // biome-ignore lint/correctness/useYield: it fails before it has anything.
    async *select() {
      throw new Error('read block: input/output error')
    },
  })
  const failing = apiDeps({ source: broken })
  await check(federate(failing, 'up'), 500, 'read block: input/output error\n')
  assert.match(await failing.env.metrics.metrics(), /prometheus_web_federation_errors_total 1\n/)
})

test('histograms go to those who take protobuf', async () => {
  const histogram = (hint: CounterResetHint, schema = 1): Histogram => ({
    isFloat: false,
    counterResetHint: hint,
    schema,
    zeroThreshold: 0.001,
    zeroCount: 1,
    count: 3,
    sum: 4.5,
    positiveSpans: Int32Array.of(0, 1),
    negativeSpans: NO_SPANS,
    positiveBuckets: Float64Array.of(2),
    negativeBuckets: NO_BUCKETS,
    customValues: NO_BUCKETS,
  })
  const one = (instance: string, found: Histogram | undefined) => ({
    labels: Labels.of({ __name__: 'm', instance }),
    timestamps: [NOW - 1],
    values: [4.5],
    histograms: [found],
  })
  const source = new MemorySource([
    one('a', histogram(CounterResetHint.unknown)),
    one('b', histogram(CounterResetHint.gauge)),
    one('c', undefined),
    one('d', histogram(CounterResetHint.unknown, CUSTOM_BUCKETS_SCHEMA)),
    { ...one('e', undefined), values: [-0] },
  ])
  const call = apiClient(apiDeps({ source }))
  const text = await call('/federate?match[]=m')
  assert.equal(
    text.body,
    `# TYPE m untyped\nm{instance="c",region="eu",replica="a"} 4.5 ${NOW - 1}\nm{instance="e",region="eu",replica="a"} 0 ${NOW - 1}\n`,
  )
  const answer = await call({
    url: '/federate?match[]=m',
    headers: { accept: 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited' },
  })
  const page = new Uint8Array([...answer.bytes, 0])
  const parser = new ProtobufParser({ ignoreNative: false, keepClassic: true })
  parser.reset(page, page.length - 1)
  const rows: string[] = []
  for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) {
    if (entry !== Entry.series) continue
    const { isFloat, counterResetHint, count } = parser.isHistogram ? parser.histogram() : histogram(CounterResetHint.unknown)
    rows.push(
      `${parser.labels()} ${parser.isHistogram ? `${isFloat} ${counterResetHint} ${count}` : formatFloatText(parser.numbers[0])} ${parser.numbers[1] - NOW}`,
    )
  }
  assert.deepEqual(rows, [
    'm{instance="a", region="eu", replica="a"} true 0 3 -1',
    'm{instance="b", region="eu", replica="a"} true 3 3 -1',
    'm{instance="c", region="eu", replica="a"} 4.5 -1',
    'm{instance="e", region="eu", replica="a"} -0 -1',
  ])
})

test('a page written while series come is the page of all of them', async () => {
  const series = Array.from({ length: 500 }, (_, i) => ({
    labels: Labels.of({
      __name__: `m${i % 7}`,
      i: String(i),
      text: i % 3 === 0 ? 'a"b\\c\nd' : 'ü',
      ...(i % 5 === 0 ? { region: 'us' } : {}),
    }),
    timestamps: [NOW - 2000, NOW - (i % 10)],
    values: Float64Array.of(1, i % 11 === 0 ? STALE_MARKER : i / 8),
  }))
  const source = new MemorySource(series)
  const selector = '{__name__=~"m.*"}'
  const [one, twice] = [await federate(apiDeps({ source }), selector), await federate(apiDeps({ source }), selector, selector)]
  assert.equal(one.status, 200)
  assert.equal(one.body.split('\n').length, 500 - 46 + 7 + 1)
  assert.equal(one.body, twice.body)
})
