import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryAppendable } from '../../test/support/memory-appendable.ts'
import {
  type HandHistogram,
  type HandMetadata,
  type HandSeries,
  messageV1,
  messageV2,
  snappyBlock,
  V1,
  V2,
} from '../../test/support/write-requests.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { CodedError } from '../base/errors.ts'
import { type Appendable, type Appender, AppendStatus, ExemplarStatus } from '../storage/appender.ts'
import type { WriteMessage } from './content-type.ts'
import { WriteReceiver } from './write-receiver.ts'

type Told = readonly [status: number, text: string | undefined, written?: string]

/** A receiver on a memory store; `patch` replaces answers of its appenders. */
function setUp(
  options: {
    acceptedMessages?: readonly WriteMessage[]
    zeroSamples?: boolean
    typeAndUnitLabels?: boolean
    patch?: Partial<Appender>
  } = {},
) {
  const env = virtualEnv()
  const store = new MemoryAppendable()
  const appendable: Appendable = { appender: () => ({ ...store.appender(), ...options.patch }) }
  const receiver = new WriteReceiver({ env, appendable, ...options })
  const send = async (body: Uint8Array, contentType: string | undefined, contentEncoding: string | undefined = 'snappy'): Promise<Told> => {
    const { status, text, headers } = await receiver.receive({ contentType, contentEncoding, body })
    const names = ['samples', 'histograms', 'exemplars'].map((kind) => headers[`x-prometheus-remote-write-${kind}-written`])
    return names[0] === undefined ? [status, text] : [status, text, names.join(' ')]
  }
  const v1 = (series: readonly HandSeries[], metadata: readonly HandMetadata[] = []) => send(snappyBlock(messageV1(series, metadata)), V1)
  const v2 = (...series: readonly HandSeries[]) => send(snappyBlock(messageV2(series)), V2)
  return { env, store, send, v1, v2, now: env.clock.now() }
}

test('a series that a budget refuses is named with the budget, and the rest of the request is stored', async () => {
  const reason = 'the series budget of job "a" is full: 5 of 5'
  for (const version of ['v1', 'v2'] as const) {
    const { store, now, v1, v2 } = setUp({ patch: { refusal: reason } })
    store.isShut = true
    store.refuses = (labels) => labels.get('job') === 'a'
    const series: readonly HandSeries[] = [
      { labels: labels('x job=a'), samples: [[now, 1]] },
      { labels: labels('x job=b'), samples: [[now, 2]] },
      { labels: labels('y job=a'), samples: [[now, 3]] },
    ]
    const send = () => (version === 'v1' ? v1(series) : v2(...series))
    const lines = [`${reason}: refused series {__name__="x", job="a"}`, `${reason}: refused series {__name__="y", job="a"}`]
    const want = version === 'v1' ? [400, lines[0]] : [400, lines.join('\n'), '1 0 0']
    assert.deepEqual(await send(), want)
    const calls = store.seriesCalls
    assert.deepEqual(await send(), want)
    assert.equal(store.seriesCalls, calls)
    assert.deepEqual(store.names(), ['x{job="b"}'])
    store.isShut = false
    assert.equal((await send())[0], 204)
    assert.deepEqual(store.names(), ['x{job="a"}', 'x{job="b"}', 'y{job="a"}'])
  }
})

/** The labels of a series: `a{b="c"}` written as `a b=c`. */
function labels(text: string): readonly (readonly [string, string])[] {
  const [name, ...pairs] = text.split(' ')
  return [['__name__', name], ...pairs.map((pair) => pair.split('=') as [string, string])]
}

const HISTOGRAM: HandHistogram = {
  count: 6,
  sum: 12.5,
  schema: 1,
  zeroThreshold: 0.001,
  zeroCount: 1,
  positiveSpans: [
    [0, 2],
    [3, 1],
  ],
  positive: [2, -1, 1],
  hint: 2,
}

test('samples are stored and answered 204, by both versions', async () => {
  const { env, store, v1, v2, now } = setUp()
  const samples = [
    {
      labels: labels('a'),
      samples: [
        [now, 1],
        [now + 1, 2],
      ] as const,
    },
    { labels: labels('b c=d'), samples: [[now, 3]] as const },
  ]
  assert.deepEqual(await v1(samples), [204, undefined])
  assert.deepEqual(await v2({ labels: labels('a'), samples: [[now + 2, 'stale']] }, { labels: labels('e'), samples: [[now, 4]] }), [
    204,
    undefined,
    '2 0 0',
  ])
  assert.deepEqual(store.names(), ['a', 'b{c="d"}', 'e'])
  assert.equal(store.text('a'), `${now}=1 ${now + 1}=2 ${now + 2}=stale`)
  assert.deepEqual(await v1([]), [204, undefined])
  assert.deepEqual(await v2(), [204, undefined, '0 0 0'])
  const page = await env.metrics.metrics()
  assert.match(page, /promontory_remote_write_received_samples_total\{outcome="stored"\} 5\n/)
  assert.match(page, /prometheus_remote_storage_samples_in_total 5\n/)
  assert.match(page, /prometheus_api_remote_write_without_metadata_appended_samples_total 2\n/)
})

test('a series that comes again is not looked up again, until the storage has let go of it', async () => {
  const { store, v1, v2, now } = setUp()
  for (let i = 0; i < 5; i++) {
    await v1([{ labels: labels('a'), samples: [[now + i, i]] }])
    // The numbers of symbols differ from request to request.
    const others = Array.from({ length: i }, (_, other) => ({ labels: labels(`o${other} x${i}=y${i}`), samples: [[now, 1]] as const }))
    await v2(...others, { labels: labels('b j=k'), samples: [[now + i, i]] })
  }
  assert.equal(store.seriesCalls, 2 + 1 + 2 + 3 + 4)
  store.forgetRefs()
  assert.equal((await v1([{ labels: labels('a'), samples: [[now + 9, 9]] }]))[0], 204)
  assert.equal((await v2({ labels: labels('b j=k'), samples: [[now + 9, 9]] }))[0], 204)
  assert.equal((await v2({ labels: labels('b j=k'), samples: [[now + 10, 9]] }))[0], 204)
  assert.equal(store.seriesCalls, 12 + 2)
  assert.deepEqual([store.times('a').length, store.times('b{j="k"}').length], [6, 7])
})

test('labels that are swapped, or cut elsewhere, are other series', async () => {
  const { store, v2, now } = setUp()
  const texts = ['a b=c d=e', 'a b=e d=c', 'a b=d c=e', 'a bc= d=e', 'c b=a d=e', 'a b=c', 'a']
  await v2(...texts.map((text) => ({ labels: labels(text), samples: [[now, 1]] as const })))
  assert.equal(store.names().length, texts.length)
  await v2(...texts.map((text) => ({ labels: labels(text), samples: [[now + 1, 1]] as const })))
  for (const name of store.names()) assert.equal(store.times(name).length, 2, name)
})

test('histograms are stored with their counts spelled out, and end with the staleness marker', async () => {
  const { store, v1, v2, now } = setUp()
  assert.deepEqual(
    await v1([
      {
        labels: labels('h'),
        histograms: [
          { ...HISTOGRAM, t: now },
          { t: now + 1, sum: 'stale' },
        ],
      },
    ]),
    [204, undefined],
  )
  const float: HandHistogram = {
    t: now + 2,
    isFloat: true,
    count: 4.5,
    schema: -53,
    positiveSpans: [[1, 2]],
    positive: [1.5, 3],
    customValues: [1, 2.5],
    hint: 3,
    startTime: now - 5,
  }
  assert.deepEqual(await v2({ labels: labels('h'), histograms: [float] }), [204, undefined, '0 1 0'])
  const [int, end, last] = store.histograms('h')
  assert.deepEqual(int, {
    isFloat: false,
    counterResetHint: 2,
    schema: 1,
    zeroThreshold: 0.001,
    zeroCount: 1,
    count: 6,
    sum: 12.5,
    positiveSpans: Int32Array.of(0, 2, 3, 1),
    negativeSpans: new Int32Array(0),
    positiveBuckets: Float64Array.of(2, 1, 2),
    negativeBuckets: new Float64Array(0),
    customValues: new Float64Array(0),
  })
  assert.equal(end, undefined)
  assert.equal(store.text('h').split(' ')[1], `${now + 1}=stale`)
  assert.deepEqual([last?.isFloat, last?.schema, last?.counterResetHint], [true, -53, 3])
  assert.deepEqual([last?.positiveBuckets, last?.customValues], [Float64Array.of(1.5, 3), Float64Array.of(1, 2.5)])
  assert.deepEqual(store.startTimes('h'), [0, 0, now - 5])
})

test('schemas finer than ours are brought down; too many buckets are refused', async () => {
  const { store, v2, now } = setUp()
  const fine: HandHistogram = { t: now, count: 10, schema: 10, positiveSpans: [[1, 5]], positive: [1, 0, 1, 0, 1] }
  assert.deepEqual(await v2({ labels: labels('h'), histograms: [fine] }), [204, undefined, '0 1 0'])
  const [stored] = store.histograms('h')
  assert.deepEqual([stored?.schema, stored?.positiveSpans, stored?.positiveBuckets], [8, Int32Array.of(1, 2), Float64Array.of(6, 3)])
  const wide: HandHistogram = { t: now + 1, schema: 8, positiveSpans: [[0, 70_000]], positive: new Array(70_000).fill(0) }
  const text = 'histogram has more than 65536 buckets for series {__name__="h"}'
  assert.deepEqual(await v2({ labels: labels('h'), histograms: [wide] }, { labels: labels('g'), samples: [[now, 1]] }), [
    400,
    text,
    '1 0 0',
  ])
})

test('a histogram that contradicts itself is refused with the words of the store', async () => {
  const refusal = 'spans need 5 buckets, have 1 buckets: histogram spans specify different number of buckets than provided'
  const { store, v1, v2, now } = setUp({ patch: { appendHistogram: () => AppendStatus.badHistogram, refusal } })
  const series = [
    { labels: labels('h'), histograms: [{ ...HISTOGRAM, t: now }] },
    { labels: labels('a'), samples: [[now, 1]] as const },
  ]
  assert.deepEqual(await v1(series), [400, refusal])
  assert.deepEqual(await v2(...series), [400, `${refusal} for series {__name__="h"}`, '1 0 0'])
  assert.equal(store.text('a'), `${now}=1`)
})

test('exemplars are stored beside their samples, also in an entry of their own', async () => {
  const { env, store, v1, v2, now } = setUp()
  const exemplar = { labels: [['trace_id', 'x']] as const, value: 7, t: now - 1 }
  assert.deepEqual(
    await v1([
      { labels: labels('a'), samples: [[now, 1]] },
      { labels: labels('a'), exemplars: [exemplar] },
    ]),
    [204, undefined],
  )
  // Nobody knows this one.
  assert.deepEqual(await v1([{ labels: labels('b'), exemplars: [exemplar] }]), [204, undefined])
  const later = { labels: [['trace_id', 'z']] as const, value: 8 }
  const both = {
    labels: labels('a'),
    samples: [[now + 1, 1]] as const,
    exemplars: [later, { ...exemplar, labels: [['trace_id', 'y']] as const, t: now }],
  }
  assert.deepEqual(await v2(both), [204, undefined, '1 0 2'])
  assert.deepEqual(await v2({ labels: labels('a'), exemplars: [{ ...later, t: now + 5 }] }), [204, undefined, '0 0 1'])
  assert.deepEqual(await v2({ labels: labels('b'), exemplars: [later] }), [204, undefined, '0 0 0'])
  assert.deepEqual(
    store.exemplars('a').map(({ labels: own, value, timestamp, hasTimestamp }) => [own.toString(), value, timestamp, hasTimestamp]),
    [
      ['{trace_id="x"}', 7, now - 1, true],
      ['{trace_id="y"}', 7, now, true],
      ['{trace_id="z"}', 8, now + 1, false],
    ],
  )
  assert.deepEqual(store.names(), ['a'])
  assert.match(await env.metrics.metrics(), /promontory_remote_write_received_exemplars_total\{outcome="unknown_series"\} 2\n/)
})

test('exemplars never fail a request of 1.0; one out of order is told to 2.0', async () => {
  const { store, v1, v2, now } = setUp()
  const series = (t: number, exemplarT: number): HandSeries => ({
    labels: labels('a'),
    samples: [[t, 1]],
    exemplars: [{ labels: [['trace_id', `at ${exemplarT}`]], value: 1, t: exemplarT }],
  })
  assert.deepEqual(await v1([series(now, now)]), [204, undefined])
  assert.deepEqual(await v1([series(now + 1, now - 1)]), [204, undefined])
  assert.deepEqual(await v2(series(now + 2, now - 1)), [400, 'out of order exemplar for series {__name__="a"}', '1 0 0'])
  assert.deepEqual(await v2(series(now + 3, now + 600_001)), [204, undefined, '1 0 0'])
  const long = { labels: [['trace_id', 'x'.repeat(8000)]] as const, value: 1 }
  assert.deepEqual(await v1([{ labels: labels('a'), samples: [[now + 4, 1]], exemplars: [long] }]), [204, undefined])
  assert.deepEqual(await v2({ labels: labels('a'), samples: [[now + 5, 1]], exemplars: [long] }), [204, undefined, '1 0 0'])
  assert.equal(store.exemplars('a').length, 1)
  const disabled = setUp({ patch: { appendExemplar: () => ExemplarStatus.disabled } })
  assert.deepEqual(await disabled.v2(series(now, now)), [204, undefined, '1 0 1'])
})

test('what cannot be stored is answered 400 with upstream’s words, what can is stored', async () => {
  const { env, store, v1, v2, now } = setUp()
  await v1([{ labels: labels('a'), samples: [[now, 1]] }])
  let good = 0
  const check = async (series: HandSeries, text: string, textV2: string = `${text} for series {__name__="a"}`) => {
    for (const version of [1, 2]) {
      const all = [series, { labels: labels(`good${good}`), samples: [[now, 1]] as const }]
      assert.deepEqual(version === 1 ? await v1(all) : await v2(...all), version === 1 ? [400, text] : [400, textV2, '1 0 0'])
      assert.equal(store.text(`good${good++}`), `${now}=1`)
    }
  }
  const name = [['__name__', 'a']] as const
  await check({ labels: name, samples: [[now - 1, 1]] }, 'out of order sample')
  await check({ labels: name, samples: [[now, 2]] }, `duplicate sample for timestamp ${now}; overrides not allowed: new value 2`)
  await check({ labels: name, samples: [[now + 600_001, 2]] }, 'out of bounds: timestamp is too far in the future')
  await check({ labels: name, histograms: [{ ...HISTOGRAM, t: now + 600_001 }] }, 'out of bounds: timestamp is too far in the future')
  const nameless = 'invalid metric name or labels, got {foo="a"}'
  await check({ labels: [['foo', 'a']], samples: [[now, 2]] }, nameless, nameless)
  const twice = 'invalid labels for series, labels {__name__="a", b="1", b="2"}, duplicated label b'
  await check({ labels: labels('a b=1 b=2'), samples: [[now, 2]] }, twice, twice)
  const long = 'labels have 1048590 bytes, want at most 1048576'
  await check({ labels: labels(`a b=${'x'.repeat(2 ** 20 + 4)}`), samples: [[now, 2]] }, long.replace('590', '606'), long)
  assert.equal(store.text('a'), `${now}=1`)
  assert.equal((await v1([{ labels: labels('a'), samples: [[now + 600_000, 2]] }]))[0], 204)
  const page = await env.metrics.metrics()
  assert.match(page, /promontory_remote_write_received_samples_total\{outcome="too_far_ahead"\} 4\n/)
  assert.match(page, /prometheus_api_remote_write_invalid_labels_samples_total 6\n/)
  // One line in ten seconds, not one a sample.
  assert.deepEqual(
    env.lines.map(({ message, fields }) => [message, fields['first'], fields['series'], fields['samples']]),
    [['remote write refused in part', 'out of order sample', '{__name__="a"}', 'out_of_order=1']],
  )
})

test('2.0 is told a line for each refusal, and how much was written beside them', async () => {
  const { v2, now } = setUp()
  await v2({ labels: labels('a'), samples: [[now, 1]] })
  const told = await v2(
    {
      labels: labels('a'),
      samples: [
        [now - 2, 1],
        [now - 1, 1],
        [now + 1, 1],
      ],
    },
    { labels: [], refs: [1, 2, 3], samples: [[now, 1]] },
    { labels: [], refs: [1, 999], samples: [[now, 1]] },
    { labels: labels('b'), samples: [[now, 1]], helpRef: 77 },
    { labels: labels('c') },
    { labels: labels('h'), histograms: [{ ...HISTOGRAM, t: now }] },
  )
  assert.deepEqual(told, [
    400,
    [
      'out of order sample for series {__name__="a"}',
      'out of order sample for series {__name__="a"}',
      'parsing labels for series [1 2 3]: invalid labelRefs length 3',
      'parsing labels for series [1 999]: labelRefs 1 (name) = 999 (value) outside of symbols table (size 6)',
      'parsing metadata for series [1 3]: help_ref 77 outside of symbols table (size 6)',
      'TimeSeries must contain at least one sample or histogram for series {__name__="c"}',
    ].join('\n'),
    '1 1 0',
  ])
  const all = Array.from({ length: 5000 }, (_, i) => ({ labels: [['i', `${i} ${'x'.repeat(90)}`] as const], samples: [[now, 1] as const] }))
  const [status, text] = await v2(...all)
  assert.equal(status, 400)
  assert.ok(text!.length < 2 ** 17 && /\n… and \d+ more$/.test(text!), text!.slice(-200))
})

test('few symbols that are named very often cost no more than a large request', async () => {
  const { store, v2, now } = setUp()
  const long = 'x'.repeat(900_000)
  const [status, text, written] = await v2(
    ...Array.from({ length: 60 }, (_, i) => ({
      labels: [['__name__', `n${i}`] as const, ['l', long] as const],
      samples: [[now, 1] as const],
    })),
  )
  assert.equal(status, 400)
  assert.match(text!, /^labels of new series have more than 33554432 bytes in one request\n/)
  assert.deepEqual([written, store.names().length], ['37 0 0', 37])
})

test('metadata of 2.0 is handed on once, and again when it changes', async () => {
  let calls = 0
  const { env, store, v2, now } = setUp()
  const told = async (help: string, t: number) =>
    (await v2({ labels: labels('a'), samples: [[t, 1]], metadata: { type: 1, help, unit: 'bytes' } }))[0]
  assert.equal(await told('Counts.', now), 204)
  assert.deepEqual(store.metadata('a'), { type: 'counter', help: 'Counts.', unit: 'bytes' })
  const counting = setUp({
    patch: {
      setMetadata: () => {
        calls++
      },
    },
  })
  for (const help of ['x', 'x', 'x', 'y', 'y']) {
    await counting.v2({ labels: labels('a'), samples: [[now, 1]], metadata: { type: 2, help } })
  }
  assert.equal(calls, 2)
  assert.equal(await told('Counts more.', now + 1), 204)
  assert.equal(store.metadata('a')?.help, 'Counts more.')
  assert.match(await env.metrics.metrics(), /prometheus_api_remote_write_without_metadata_appended_samples_total 0\n/)
})

test('metadata of 1.0 reaches series that are there and series that come, by the name of their metric', async () => {
  const { env, store, v1, now } = setUp()
  const send = (t: number) =>
    v1([
      { labels: labels('a_bucket le=1'), samples: [[t, 1]] },
      { labels: labels('b_total'), samples: [[t, 1]] },
    ])
  await send(now)
  assert.equal(store.metadata('b_total'), undefined)
  const metadata = [
    { type: 3, name: 'a', help: 'Sizes.', unit: 'bytes' },
    { type: 1, name: 'b_total', help: 'Counts.' },
  ]
  assert.deepEqual(await v1([], metadata), [204, undefined])
  await send(now + 1)
  assert.deepEqual(store.metadata('a_bucket{le="1"}'), { type: 'histogram', help: 'Sizes.', unit: 'bytes' })
  assert.deepEqual(store.metadata('b_total'), { type: 'counter', help: 'Counts.', unit: '' })
  // The same again, or others, cost no look-ups; new ones do, at most once a minute.
  const calls = store.seriesCalls
  await v1([], metadata)
  await v1([], [{ type: 1, name: 'c', help: '' }])
  await send(now + 2)
  assert.equal(store.seriesCalls, calls)
  await env.clock.advance(60_000)
  await v1([])
  await send(now + 3)
  assert.equal(store.seriesCalls, calls + 2)
})

test('with zero samples, what is counted begins at zero where it began', async () => {
  const { store, v1, v2, now } = setUp({ zeroSamples: true })
  const write = async (series: HandSeries, want: string) => assert.deepEqual(await v2(series), [204, undefined, want])
  await write(
    {
      labels: labels('a'),
      samples: [
        [now, 5, now - 100],
        [now + 10, 6, now - 100],
      ],
    },
    '2 0 0',
  )
  await write({ labels: labels('a'), samples: [[now + 20, 7, now - 100]] }, '1 0 0')
  await write({ labels: labels('a'), samples: [[now + 40, 1, now + 30]] }, '1 0 0')
  // Later than the sample, or before what is there already: not stored.
  await write({ labels: labels('a'), samples: [[now + 50, 2, now + 60]] }, '1 0 0')
  await write({ labels: labels('a'), samples: [[now + 70, 3, now + 45]] }, '1 0 0')
  const offsets = (name: string) => store.text(name).replaceAll(/\d{13}/g, (t) => String(Number(t) - now))
  assert.equal(offsets('a'), '-100=0 0=5 10=6 20=7 30=0 40=1 50=2 70=3')
  await write({ labels: labels('b'), samples: [[now, 5]], createdTime: now - 50 }, '1 0 0')
  assert.equal(offsets('b'), '-50=0 0=5')
  await write({ labels: labels('h'), histograms: [{ ...HISTOGRAM, t: now, startTime: now - 50 }] }, '0 1 0')
  assert.deepEqual(
    store.histograms('h').map((histogram) => [histogram?.count, histogram?.schema, histogram?.counterResetHint]),
    [
      [0, 1, 1],
      [6, 1, 2],
    ],
  )
  await v1([{ labels: labels('c'), samples: [[now, 5]] }])
  assert.equal(offsets('c'), '0=5')
})

test('start times are stored with their samples', async () => {
  const { store, v2, now } = setUp()
  await v2({
    labels: labels('a'),
    samples: [
      [now, 5, now - 7],
      [now + 1, 6],
    ],
    createdTime: now - 9,
  })
  assert.deepEqual(store.startTimes('a'), [now - 7, now - 9])
  assert.equal(store.times('a').length, 2)
})

test('bodies that are no request store nothing', async () => {
  const { send, store, now } = setUp()
  const check = async (body: Buffer, want: RegExp, version: 1 | 2 = 1) => {
    const [status, text, written] = await send(body, version === 1 ? V1 : V2)
    assert.deepEqual([status, written], [400, version === 1 || text!.startsWith('snappy') ? undefined : '0 0 0'])
    assert.match(text!, want)
  }
  for (const version of [1, 2] as const) {
    await check(Buffer.from('x'), /^snappy: corrupt input$/, version)
    await check(Buffer.alloc(0), /^snappy: corrupt input$/, version)
    await check(Buffer.from('808080808080aa', 'hex'), /^snappy: corrupt input$/, version)
    await check(Buffer.from('8180801000', 'hex'), /^snappy: decoded block is too large: 33554433 bytes, want at most 33554432$/, version)
  }
  await check(snappyBlock(Buffer.from('0a0501', 'hex')), /^unexpected EOF$/)
  await check(snappyBlock(Buffer.from('2a0501', 'hex')), /^unexpected EOF$/, 2)
  // A part whose inside is cut, behind a sample that could be stored.
  const whole = { labels: labels('a'), samples: [[now, 1]] as const, histograms: [{ t: now }] }
  const cut = (message: Buffer) => {
    const at = message.indexOf(Buffer.from([25, 0, 0, 0, 0, 0, 0, 0, 0]))
    message[at] = 2 * 8 + 2
    return message
  }
  await check(snappyBlock(cut(messageV1([whole]))), /^proto: wrong wireType = 2 for field CountFloat$/)
  await check(snappyBlock(cut(messageV2([whole]))), /^proto: wrong wireType = 2 for field CountFloat$/, 2)
  assert.deepEqual(store.names(), [])
})

test('a log that cannot be written is a 500, so that the sender tries again', async () => {
  const { store, v1, v2, now } = setUp()
  const series = { labels: labels('a'), samples: [[now, 1]] as const }
  store.failure = new Error('write wal segment 3: no space left on device')
  assert.deepEqual(await v1([series]), [500, 'write wal segment 3: no space left on device'])
  assert.deepEqual(await v2(series), [500, 'write wal segment 3: no space left on device', '0 0 0'])
  store.failure = undefined
  assert.equal((await v1([series]))[0], 204)
  assert.equal(store.text('a'), `${now}=1`)
})

test('a series that the store cannot hold is refused alone', async () => {
  const store = new MemoryAppendable()
  const env = virtualEnv()
  const appendable = {
    appender: () => {
      const appender = store.appender()
      return {
        ...appender,
        series: (set: Parameters<Appender['series']>[0]) => {
          if (set.has('long')) throw new CodedError('bad_data', 'labels of a series have too many characters')
          return appender.series(set)
        },
      }
    },
  }
  const receiver = new WriteReceiver({ env, appendable })
  const now = env.clock.now()
  const message = messageV1([
    { labels: labels('a long=x'), samples: [[now, 1]] },
    { labels: labels('b'), samples: [[now, 1]] },
  ])
  const { status, text } = await receiver.receive({ contentType: V1, contentEncoding: 'snappy', body: snappyBlock(message) })
  assert.deepEqual([status, text], [400, 'labels of a series have too many characters'])
  assert.deepEqual(store.names(), ['b'])
})

test('content types', async () => {
  const { send } = setUp()
  const body = snappyBlock(messageV1([]))
  const check = async (contentType: string | undefined, contentEncoding: string | undefined, want: string | undefined) =>
    assert.deepEqual(await send(body, contentType, contentEncoding), [want === undefined ? 204 : 415, want])
  await check(undefined, '', undefined)
  await check('application/x-protobuf', 'Snappy', undefined)
  await check('application/x-protobuf;proto=prometheus.WriteRequest', 'snappy', undefined)
  await check('application/x-protobuf;charset=x;proto=prometheus.WriteRequest', 'snappy', undefined)
  assert.deepEqual(await send(body, 'application/x-protobuf; proto=io.prometheus.write.v2.Request'), [204, undefined, '0 0 0'])
  await check('text/plain', 'snappy', 'expected application/x-protobuf as the first (media) part, got text/plain content-type')
  await check(
    'application/x-protobuf;x',
    'snappy',
    'as per https://www.rfc-editor.org/rfc/rfc9110#parameter expected parameters to be key-values, got x in application/x-protobuf;x content-type',
  )
  await check(
    'application/x-protobuf;proto=zz',
    'snappy',
    'got application/x-protobuf;proto=zz content type; unknown type for remote write protobuf message zz, supported: prometheus.WriteRequest, io.prometheus.write.v2.Request',
  )
  await check('application/x-protobuf', 'gzip', 'gzip encoding (compression) is not accepted by this server; only snappy is acceptable')
  const only2 = setUp({ acceptedMessages: ['io.prometheus.write.v2.Request'] })
  assert.deepEqual(await only2.send(body, 'application/x-protobuf'), [
    415,
    'prometheus.WriteRequest protobuf message is not accepted by this server; only accepts io.prometheus.write.v2.Request',
  ])
  assert.deepEqual((await only2.v2())[0], 204)
})

test('with type and unit labels, they are what 2.0 says of the metric', async () => {
  const { store, v1, v2, now } = setUp({ typeAndUnitLabels: true })
  const series = (t: number, type: number, unit: string): HandSeries => ({
    labels: labels('a __type__=mine x=y'),
    samples: [[t, 1]],
    metadata: { type, unit },
  })
  await v2(series(now, 1, 'bytes'), series(now, 2, ''), series(now, 0, ''), series(now, 0, 'seconds'))
  const names = [
    'a{__type__="counter", __unit__="bytes", x="y"}',
    'a{__type__="gauge", x="y"}',
    'a{__type__="mine", x="y"}',
    'a{__unit__="seconds", x="y"}',
  ]
  assert.deepEqual(store.names(), names)
  await v2(series(now + 1, 0, 'seconds'), series(now + 1, 1, 'bytes'), series(now + 1, 2, ''), series(now + 1, 0, ''))
  assert.deepEqual(
    names.map((name) => store.times(name).length),
    [2, 2, 2, 2],
  )
  await v1([{ labels: labels('b'), samples: [[now, 1]] }], [{ type: 1, name: 'b', help: '' }])
  assert.ok(store.names().includes('b'))
})
