import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Histogram } from '../../model/histogram.ts'
import { Labels } from '../../model/labels.ts'
import type { QueryResult, QueryValue } from '../../promql/value.ts'
import { encodeQuery } from './encode-query.ts'

function encoded(value: QueryValue, more: Partial<QueryResult> = {}, stats = false): string {
  const result: QueryResult = {
    value,
    warnings: [],
    infos: [],
    stats: { samplesTotal: 7, samplesRead: 5, samplesPeak: 3, timings: { evalTotalTime: 0.5, execTotalTime: 0.75 } },
    ...more,
  }
  return Buffer.concat([...encodeQuery(result, { stats })]).toString('utf8')
}

// Golden: what Prometheus 3.5 answered, byte for byte.
test('answers as upstream writes them', () => {
  const check = (value: QueryValue, want: string) => assert.equal(encoded(value), `{"status":"success","data":{${want}}}`)
  check({ type: 'scalar', t: 1500, v: 1e-7 }, '"resultType":"scalar","result":[1.5,"0.0000001"]')
  check({ type: 'scalar', t: 1005, v: 1 }, '"resultType":"scalar","result":[1.005,"1"]')
  check({ type: 'string', t: -500, v: 'a<b>&' }, '"resultType":"string","result":[-0.5,"a\\u003cb\\u003e\\u0026"]')
  check({ type: 'vector', samples: [] }, '"resultType":"vector","result":[]')
  check(
    { type: 'vector', samples: [{ labels: Labels.empty, t: 1500, v: 1e21 }] },
    '"resultType":"vector","result":[{"metric":{},"value":[1.500,"1e+21"]}]',
  )
  check(
    {
      type: 'vector',
      samples: [
        { labels: Labels.of({ __name__: 'up', job: '<&>\u2028\u0001\t"\\é😀' }), t: 1000, v: 1 },
        { labels: Labels.of({ a: 'b' }), t: 1000, v: 0 },
      ],
    },
    '"resultType":"vector","result":[{"metric":{"__name__":"up","job":"<&>\u2028\\u0001\\t\\"\\\\é😀"},"value":[1,"1"]},{"metric":{"a":"b"},"value":[1,"0"]}]',
  )
  check(
    {
      type: 'matrix',
      series: [
        { labels: Labels.empty, timestamps: Float64Array.of(1000, 2000, 0), values: Float64Array.of(1, 2, 9), length: 2 },
        { labels: Labels.of({ a: 'b' }), timestamps: Float64Array.of(1500), values: Float64Array.of(Number.NaN), length: 1 },
      ],
    },
    '"resultType":"matrix","result":[{"metric":{},"values":[[1,"1"],[2,"2"]]},{"metric":{"a":"b"},"values":[[1.500,"NaN"]]}]',
  )
})

test('a value that comes again is the same text, and 0 is not -0', () => {
  const values = Float64Array.of(
    0.1,
    0.1,
    0,
    -0,
    -0,
    0,
    Number.NaN,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    1e21,
    1e21,
    2,
  )
  const timestamps = Float64Array.from(values, (_, i) => i * 1000)
  const { data } = JSON.parse(encoded({ type: 'matrix', series: [{ labels: Labels.empty, timestamps, values, length: values.length }] }))
  assert.deepEqual(
    data.result[0].values.map(([, text]: [number, string]) => text),
    ['0.1', '0.1', '0', '-0', '-0', '0', 'NaN', 'NaN', '+Inf', '+Inf', '1e+21', '1e+21', '2'],
  )
})

test('native histograms stand beside floats', () => {
  const histogram: Histogram = {
    isFloat: true,
    counterResetHint: 0,
    schema: 0,
    zeroThreshold: 0.001,
    zeroCount: 1,
    count: 7.5,
    sum: -2,
    positiveSpans: Int32Array.of(0, 1, 1, 1),
    positiveBuckets: Float64Array.of(2, 0),
    negativeSpans: Int32Array.of(1, 2),
    negativeBuckets: Float64Array.of(1.5, 3),
    customValues: new Float64Array(0),
  }
  const custom = { ...histogram, schema: -53, customValues: Float64Array.of(5), zeroCount: 0, negativeSpans: new Int32Array(0) }
  const infinite = {
    ...custom,
    negativeBuckets: new Float64Array(0),
    positiveSpans: Int32Array.of(0, 2),
    positiveBuckets: Float64Array.of(1, 2),
  }
  const check = (value: QueryValue, want: string) => assert.equal(encoded(value), `{"status":"success","data":{${want}}}`)
  const text = '{"count":"7.5","sum":"-2","buckets":[[1,"-4","-2","3"],[1,"-2","-1","1.5"],[3,"-0.001","0.001","1"],[0,"0.5","1","2"]]}'
  const customText = '{"count":"7.5","sum":"-2","buckets":[[3,"-Inf","5","1"],[0,"5","+Inf","2"]]}'
  check(
    {
      type: 'vector',
      samples: [
        { labels: Labels.of({ a: 'b' }), t: 1500, v: 0, h: histogram },
        { labels: Labels.empty, t: 1000, v: 1 },
        { labels: Labels.empty, t: 1000, v: 0, h: infinite },
      ],
    },
    `"resultType":"vector","result":[{"metric":{"a":"b"},"histogram":[1.500,${text}]},{"metric":{},"value":[1,"1"]},{"metric":{},"histogram":[1,${customText}]}]`,
  )
  const timestamps = Float64Array.of(1000, 2000, 3000)
  const values = Float64Array.of(4, 5, 6)
  const empty = { ...histogram, zeroCount: 0, positiveBuckets: new Float64Array(2), negativeBuckets: new Float64Array(2) }
  check(
    {
      type: 'matrix',
      series: [
        { labels: Labels.empty, timestamps, values, histograms: [undefined, histogram, undefined], length: 3 },
        { labels: Labels.empty, timestamps, values, histograms: [empty], length: 1 },
      ],
    },
    `"resultType":"matrix","result":[{"metric":{},"values":[[1,"4"],[3,"6"]],"histograms":[[2,${text}]]},{"metric":{},"histograms":[[1,{"count":"7.5","sum":"-2"}]]}]`,
  )
})

test('remarks follow the data, at most ten of a kind', () => {
  const warnings = Array.from({ length: 12 }, (_, i) => `w${i}`)
  const envelope = JSON.parse(encoded({ type: 'vector', samples: [] }, { warnings, infos: ['i'] }))
  assert.deepEqual(envelope.warnings, [...warnings.slice(0, 10), '2 more warning annotations omitted'])
  assert.deepEqual(envelope.infos, ['i'])
})

test('stats when asked for, every phase named', () => {
  const { stats } = JSON.parse(encoded({ type: 'vector', samples: [] }, {}, true)).data
  assert.deepEqual(stats, {
    timings: { evalTotalTime: 0.5, resultSortTime: 0, queryPreparationTime: 0, innerEvalTime: 0, execQueueTime: 0, execTotalTime: 0.75 },
    samples: { totalQueryableSamples: 7, samplesRead: 5, peakSamples: 3 },
  })
})

test('the plan when asked for, scalars without numbers', () => {
  const cost = { timeMs: 1.23456789, series: 1, samples: 2, samplesRead: 3, bytes: 4 }
  const plan = { operation: '* {a="é€😀"}', cost, inputs: [{ operation: '2', cost: undefined, inputs: [] }] }
  const stats = { samplesTotal: 7, samplesRead: 5, samplesPeak: 3, timings: {}, plan }
  assert.deepEqual(JSON.parse(encoded({ type: 'vector', samples: [] }, { stats }, true)).data.stats.plan, {
    operation: '* {a="é€😀"}',
    timeMs: 1.234568,
    series: 1,
    samples: 2,
    samplesRead: 3,
    bytes: 4,
    inputs: [{ operation: '2', inputs: [] }],
  })
})

test('stats of each step', () => {
  const perStep = { start: 1500, stepMs: 250, totals: Float64Array.of(4, 3), reads: Float64Array.of(4, 1) }
  const stats = { samplesTotal: 7, samplesRead: 5, samplesPeak: 3, timings: {}, perStep }
  const { samples } = JSON.parse(encoded({ type: 'vector', samples: [] }, { stats }, true)).data.stats
  assert.equal(
    JSON.stringify(samples),
    '{"totalQueryableSamplesPerStep":[[1.5,4],[1.75,3]],"totalQueryableSamples":7,"samplesReadPerStep":[[1.5,4],[1.75,1]],"samplesRead":5,"peakSamples":3}',
  )
})

test('a large matrix comes in many small chunks that make one JSON text', () => {
  const length = 3000
  const series = Array.from({ length: 10 }, (_, s) => ({
    labels: Labels.of({ __name__: 'm', s: String(s) }),
    timestamps: Float64Array.from({ length }, (_, i) => 1_700_000_000_000 + i * 15_001),
    values: Float64Array.from({ length }, (_, i) => Math.sin(i) * (s + 1)),
    length,
  }))
  const result: QueryResult = {
    value: { type: 'matrix', series },
    warnings: [],
    infos: [],
    stats: { samplesTotal: 0, samplesRead: 0, samplesPeak: 0, timings: {} },
  }
  const chunks = [...encodeQuery(result, { stats: false })]
  assert.ok(chunks.length > 10)
  assert.ok(chunks.every((chunk) => chunk.length <= 64 * 1024))
  const { data } = JSON.parse(Buffer.concat(chunks).toString())
  assert.equal(data.result.length, 10)
  for (const [s, { values }] of data.result.entries()) {
    assert.equal(values.length, length)
    for (const [i, [t, v]] of values.entries())
      assert.ok(Math.round(t * 1000) === series[s].timestamps[i] && Number(v) === series[s].values[i])
  }
})
