// The test scripts' side of a server: what scripts load is sent by remote write, what they evaluate is asked over the HTTP API.
import assert from 'node:assert/strict'
import { histogramText } from '../../src/api/json/histogram-text.ts'
import type { HistogramJson, MatrixElement, QueryData, SampleJson } from '../../src/api/types/query.ts'
import { type Histogram, NO_BUCKETS, NO_SPANS } from '../../src/model/histogram.ts'
import { Labels } from '../../src/model/labels.ts'
import { isStaleMarker } from '../../src/model/staleness.ts'
import type { QueryEngine, QueryOptions } from '../../src/promql/query-engine.ts'
import { almostEqual } from '../../src/promql/test-script/almost-equal.ts'
import type { MatrixSeries, QueryResult, QueryValue } from '../../src/promql/value.ts'
import type { MemorySeries } from '../../src/storage/memory-source.ts'
import { type HandHistogram, type HandSeries, messageV2, snappyBlock, V2 } from './write-requests.ts'

/** Sends samples, those of each series in order of time. Throws what the server refuses. */
export async function sendSamples(url: string, series: readonly MemorySeries[]): Promise<void> {
  const body = snappyBlock(messageV2(series.flatMap(toSent)))
  const headers = { 'content-type': V2, 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '2.0.0' }
  const response = await fetch(`${url}/api/v1/write`, { method: 'POST', headers, body: new Uint8Array(body) })
  assert.equal(response.status, 204, await response.text())
}

/** Entries of a request: a new one wherever floats and histograms take turns, since an entry has first the ones and then the others. */
function toSent({ labels, timestamps, values, histograms, startTimes }: MemorySeries): readonly HandSeries[] {
  const entries: { labels: [string, string][]; samples: [number, number | 'stale', number][]; histograms: HandHistogram[] }[] = []
  for (let i = 0; i < timestamps.length; i++) {
    const histogram = histograms?.[i]
    let entry = entries.at(-1)
    if (entry === undefined || entry.histograms.length > 0 !== (histogram !== undefined)) {
      entry = { labels: [...labels], samples: [], histograms: [] }
      entries.push(entry)
    }
    const startTime = startTimes?.[i] ?? 0
    if (histogram !== undefined) entry.histograms.push(toSentHistogram(histogram, timestamps[i], startTime))
    else entry.samples.push([timestamps[i], isStaleMarker(values[i]) ? 'stale' : values[i], startTime])
  }
  return entries
}

function toSentHistogram(histogram: Histogram, t: number, startTime: number): HandHistogram {
  const spans = (flat: Int32Array) => Array.from({ length: flat.length / 2 }, (_, i): [number, number] => [flat[2 * i], flat[2 * i + 1]])
  return {
    t,
    startTime,
    isFloat: true,
    count: histogram.count,
    sum: histogram.sum,
    schema: histogram.schema,
    zeroThreshold: histogram.zeroThreshold,
    zeroCount: histogram.zeroCount,
    positiveSpans: spans(histogram.positiveSpans),
    positive: [...histogram.positiveBuckets],
    negativeSpans: spans(histogram.negativeSpans),
    negative: [...histogram.negativeBuckets],
    hint: histogram.counterResetHint,
    ...(histogram.customValues.length > 0 ? { customValues: [...histogram.customValues] } : {}),
  }
}

interface ApiAnswer {
  readonly status: 'success' | 'error'
  readonly data: QueryData
  readonly error?: string
  readonly warnings?: readonly string[]
  readonly infos?: readonly string[]
}

/** A server as an engine. Its histograms are as the API shows them: `isSameShown` compares them. */
export class HttpEngine implements QueryEngine {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  instant(query: string, time: number, options: QueryOptions): Promise<QueryResult> {
    return this.#ask('query', { query, time: seconds(time) }, options)
  }

  range(query: string, start: number, end: number, stepMs: number, options: QueryOptions): Promise<QueryResult> {
    return this.#ask('query_range', { query, start: seconds(start), end: seconds(end), step: seconds(stepMs) }, options)
  }

  async #ask(path: string, parameters: Record<string, string>, { signal }: QueryOptions): Promise<QueryResult> {
    const response = await fetch(`${this.#url}/api/v1/${path}`, { method: 'POST', body: new URLSearchParams(parameters), signal })
    const { status, error, data, warnings = [], infos = [] } = (await response.json()) as ApiAnswer
    // What is wrong with a query is said of the parameter; scripts expect what the engine says.
    if (status !== 'success') throw new Error((error ?? 'no error').replace(/^invalid parameter "query": /, ''))
    const stats = { samplesTotal: 0, samplesRead: 0, samplesPeak: 0, timings: {} }
    return { value: toValue(data), warnings, infos, stats }
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}

function toValue(data: QueryData): QueryValue {
  switch (data.resultType) {
    case 'string':
      return { type: 'string', t: data.result[0] * 1000, v: data.result[1] }
    case 'scalar':
      return { type: 'scalar', t: data.result[0] * 1000, v: numberOf(data.result[1]) }
    case 'vector': {
      const samples = data.result.map(({ metric, value, histogram }) => ({
        labels: Labels.of(metric),
        t: (value ?? histogram)![0] * 1000,
        v: value === undefined ? 0 : numberOf(value[1]),
        h: histogram && shown(histogram[1]),
      }))
      return { type: 'vector', samples }
    }
    case 'matrix':
      return { type: 'matrix', series: data.result.map(seriesOf) }
  }
}

function seriesOf({ metric, values = [], histograms = [] }: MatrixElement): MatrixSeries {
  const points = [
    ...values.map(([time, text]: SampleJson) => ({ t: Math.round(time * 1000), v: numberOf(text), h: undefined })),
    ...histograms.map(([time, histogram]) => ({ t: Math.round(time * 1000), v: 0, h: shown(histogram) })),
  ].sort((a, b) => a.t - b.t)
  return {
    labels: Labels.of(metric),
    timestamps: Float64Array.from(points, ({ t }) => t),
    values: Float64Array.from(points, ({ v }) => v),
    histograms: histograms.length === 0 ? undefined : points.map(({ h }) => h),
    length: points.length,
  }
}

function numberOf(text: string): number {
  return Number(text.replace('Inf', 'Infinity'))
}

/**
 * What the API tells of a histogram: count, sum, and of each populated bucket its count, its bounds and which of them belong to it, one
 * after the other in place of bounds. Its schema, bounds of empty buckets and counter resets are not told.
 */
function shown({ count, sum, buckets = [] }: HistogramJson): Histogram {
  return {
    isFloat: true,
    counterResetHint: 0,
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    count: numberOf(count),
    sum: numberOf(sum),
    positiveSpans: NO_SPANS,
    positiveBuckets: Float64Array.from(buckets, ([, , , inBucket]) => numberOf(inBucket)),
    negativeSpans: NO_SPANS,
    negativeBuckets: NO_BUCKETS,
    customValues: Float64Array.from(buckets.flatMap(([boundaries, lower, upper]) => [boundaries, numberOf(lower), numberOf(upper)])),
  }
}

/** Whether an expected histogram would be told as this one was. */
export function isSameShown(want: Histogram, got: Histogram): boolean {
  const wanted = shown(JSON.parse(histogramText(want)))
  const areSame = (a: Float64Array, b: Float64Array) => a.length === b.length && a.every((value, i) => almostEqual(value, b[i]))
  return (
    almostEqual(wanted.count, got.count) &&
    almostEqual(wanted.sum, got.sum) &&
    areSame(wanted.positiveBuckets, got.positiveBuckets) &&
    areSame(wanted.customValues, got.customValues)
  )
}
