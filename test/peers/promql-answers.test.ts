import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { histogramText } from '../../src/api/json/histogram-text.ts'
import type { HistogramJson, MatrixElement } from '../../src/api/types/query.ts'
import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram, NO_BUCKETS, NO_SPANS } from '../../src/model/histogram.ts'
import { Labels } from '../../src/model/labels.ts'
import { SIGNATURES } from '../../src/promql/functions/signatures.ts'
import type { QueryEngine } from '../../src/promql/query-engine.ts'
import { almostEqual } from '../../src/promql/test-script/almost-equal.ts'
import type { MemorySeries } from '../../src/storage/memory-source.ts'
import { peer } from '../support/peers.ts'
import { freePort, Program } from '../support/program.ts'
import { engineOver } from '../support/promql-engine.ts'
import { expressions } from '../support/promql-generator.ts'
import { remoteWriteBody, type SentSeries, sendRemoteWrite } from '../support/remote-write-body.ts'

const START = 1_599_998_400
/** Functions that the peer has not, or only behind a flag. */
const NEWER: ReadonlySet<string> = new Set(['first_over_time'])
const INTERVAL = 15
const RANGE = { start: START + 1200, end: START + 1500, step: 30 }

/**
 * Changed since the peer (3.5), or with ties that each may break as it likes: histogram_quantile and _fraction of histograms with NaN
 * sums, info texts, and what `le` is when it is a float.
 */
const CHANGED = /topk|bottomk|count_values/

test('random queries are answered as Prometheus answers them', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-answers-'))
  writeFileSync(join(directory, 'prometheus.yml'), 'global: {}\n')
  const series = [...someSeries(), ...someHistograms()]
  const port = await freePort()
  const files = [`--config.file=${directory}/prometheus.yml`, `--storage.tsdb.path=${directory}/data`, '--storage.tsdb.retention.time=100y']
  const features = ['--web.enable-remote-write-receiver', '--enable-feature=native-histograms']
  const prometheus = new Program(binary, [...files, ...features, `--web.listen-address=127.0.0.1:${port}`], `http://127.0.0.1:${port}`)
  try {
    await prometheus.ready()
    const written = await sendRemoteWrite(prometheus.url, remoteWriteBody(series.map(toSent)))
    assert.equal(written.status, 204, await written.text())
    const engine = engineOver(series)
    const differences: string[] = []
    let [same, withSeries] = [0, 0]
    for (const query of queries()) {
      const theirs = await peerAnswer(prometheus.url, query)
      const ours = await answer(engine, query)
      const difference = differ(ours, theirs)
      if (difference === undefined) same++
      else differences.push(`${query}\n  ${difference}`)
      if (theirs instanceof Map && theirs.size > 0) withSeries++
    }
    t.diagnostic(`${same} equal answers, ${withSeries} of them with series`)
    assert.deepEqual(differences, [])
    assert.ok(withSeries > 200, `${withSeries} answers have series`)
  } finally {
    prometheus.child.kill('SIGKILL')
    await prometheus.exited
    rmSync(directory, { recursive: true, force: true })
  }
})

/** A point: a float, or what the API says of a histogram. */
type Point = number | HistogramJson

/** Series by their labels as one string; each a map from Unix seconds to the point. An error is its text. */
type Answer = ReadonlyMap<string, ReadonlyMap<number, Point>> | string

async function answer(engine: QueryEngine, query: string): Promise<Answer> {
  try {
    const { value } = await engine.range(query, RANGE.start * 1000, RANGE.end * 1000, RANGE.step * 1000, {
      signal: new AbortController().signal,
    })
    assert.ok(value.type === 'matrix')
    return new Map(
      value.series.map(({ labels, timestamps, values, histograms, length }) => [
        labels.toString(),
        new Map(
          Array.from({ length }, (_, i): [number, Point] => {
            const histogram = histograms?.[i]
            return [timestamps[i] / 1000, histogram === undefined ? values[i] : JSON.parse(histogramText(histogram))]
          }),
        ),
      ]),
    )
  } catch (error) {
    return (error as Error).message
  }
}

async function peerAnswer(url: string, query: string): Promise<Answer> {
  const body = new URLSearchParams({ query, start: String(RANGE.start), end: String(RANGE.end), step: String(RANGE.step) })
  const got = (await (await fetch(`${url}/api/v1/query_range`, { method: 'POST', body })).json()) as {
    error?: string
    data: { result: MatrixElement[] }
  }
  if (got.error !== undefined) return got.error
  return new Map(
    got.data.result.map(({ metric, values = [], histograms = [] }) => [
      Labels.of(metric).toString(),
      new Map<number, Point>([...values.map(([time, value]): [number, Point] => [time, toNumber(value)]), ...histograms]),
    ]),
  )
}

function toNumber(text: string): number {
  return Number(text.replace('Inf', 'Infinity'))
}

function differ(ours: Answer, theirs: Answer): string | undefined {
  if (typeof ours === 'string' || typeof theirs === 'string') {
    // Which of several clashing series an error names is not said.
    return typeof ours === typeof theirs ? undefined : `ours: ${short(ours)}, theirs: ${short(theirs)}`
  }
  for (const labels of new Set([...ours.keys(), ...theirs.keys()])) {
    const [mine, other] = [ours.get(labels), theirs.get(labels)]
    if (mine === undefined || other === undefined) return `${labels} is only in ${mine === undefined ? 'theirs' : 'ours'}`
    for (const time of new Set([...mine.keys(), ...other.keys()])) {
      const [a, b] = [mine.get(time), other.get(time)]
      if (a === undefined || b === undefined) return `${labels} at ${time}: ${a} and ${b}`
      if (!arePointsEqual(a, b)) return `${labels} at ${time}: ${JSON.stringify(a)} and ${JSON.stringify(b)}`
    }
  }
  return undefined
}

function arePointsEqual(a: Point, b: Point): boolean {
  if (typeof a === 'number' || typeof b === 'number') return typeof a === 'number' && typeof b === 'number' && areClose(a, b)
  const numbers = ({ count, sum, buckets = [] }: HistogramJson) => [count, sum, ...buckets.flat()].map((text) => toNumber(String(text)))
  const [x, y] = [numbers(populated(a)), numbers(populated(b))]
  return x.length === y.length && x.every((value, i) => areClose(value, y[i]))
}

/** Without buckets that only rounding has left something in. */
function populated(histogram: HistogramJson): HistogramJson {
  return { ...histogram, buckets: (histogram.buckets ?? []).filter(([, , , count]) => Math.abs(toNumber(count)) > 1e-9) }
}

function areClose(a: number, b: number): boolean {
  return almostEqual(a, b) || Math.abs(a - b) < 1e-9
}

function short(got: Answer): string {
  return typeof got === 'string' ? got : `${got.size} series`
}

function queries(): readonly string[] {
  const functions = [...SIGNATURES.values()].filter(({ name, experimental }) => !experimental && !NEWER.has(name)).map(({ name }) => name)
  const { vector, scalar } = expressions({
    depthMax: 3,
    metrics: ['a', 'b_total', 'sum', 'h_bucket', 'n_total', 'gauge', 'custom', 'mixed'],
    labels: { job: ['x', 'y'], inst: ['0', '1'], le: ['0.1', '+Inf'] },
    functions,
  })
  const sample = fc.sample(fc.oneof(vector, vector, vector, scalar), { numRuns: 2500, seed: 1 })
  return sample.filter((query) => !CHANGED.test(query) && query.length < 400)
}

/** Samples seven seconds off the steps: whether a range includes its left end, which has changed, then does not show. */
function someSeries(): readonly MemorySeries[] {
  let state = 12345
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const series: MemorySeries[] = []
  const add = (labels: Record<string, string>, next: (before: number) => number) => {
    const timestamps: number[] = []
    const values: number[] = []
    for (let i = 0, value = 0; i < 160; i++) {
      value = next(value)
      if (random(15) === 0) continue
      timestamps.push((START + i * INTERVAL + 7) * 1000)
      values.push(value)
    }
    series.push({ labels: Labels.of(labels), timestamps, values })
  }
  for (const job of ['x', 'y']) {
    for (const inst of ['0', '1', '2']) {
      add({ __name__: 'a', job, inst }, () => [0, 1, -1, 2.5, 100, Number.NaN, random(1000) / 7 - 50][random(7)])
      add({ __name__: 'b_total', job, inst }, (before) => (random(50) === 0 ? random(5) : before + random(20)))
      add({ __name__: 'sum', job, inst }, () => random(1000) / 8)
    }
    for (const [i, le] of ['0.1', '1', '10', '+Inf'].entries()) add({ __name__: 'h_bucket', job, le }, (before) => before + 3 * i + 1)
  }
  return series
}

/** Native histograms: a counter with resets and another resolution, a gauge, one with custom bounds, and one that was a float before. */
function someHistograms(): readonly MemorySeries[] {
  let state = 4321
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const all: MemorySeries[] = []
  const add = (labels: Record<string, string>, next: (before: Histogram | undefined, i: number) => Histogram | undefined) => {
    const timestamps: number[] = []
    const histograms: (Histogram | undefined)[] = []
    let before: Histogram | undefined
    for (let i = 0; i < 160; i++) {
      const histogram = next(before, i)
      before = histogram ?? before
      if (random(15) === 0) continue
      timestamps.push((START + i * INTERVAL + 7) * 1000)
      histograms.push(histogram)
    }
    all.push({ labels: Labels.of(labels), timestamps, values: histograms.map((histogram, i) => histogram?.sum ?? i), histograms })
  }
  const grown = (before: Histogram | undefined, schema: number, hint: CounterResetHint = CounterResetHint.unknown) => {
    const isNew = before === undefined || before.schema !== schema
    const custom = schema === CUSTOM_BUCKETS_SCHEMA
    const sides = (old: Float64Array | undefined, length: number) => Float64Array.from({ length }, (_, i) => (old?.[i] ?? 0) + random(4))
    const positiveBuckets = sides(isNew ? undefined : before.positiveBuckets, 4)
    const negativeBuckets = custom ? NO_BUCKETS : sides(isNew ? undefined : before.negativeBuckets, 2)
    const zeroCount = custom ? 0 : (isNew ? 0 : before.zeroCount) + random(2)
    const count = [...positiveBuckets, ...negativeBuckets].reduce((a, b) => a + b, zeroCount)
    return {
      isFloat: true,
      counterResetHint: hint,
      schema,
      zeroThreshold: custom ? 0 : 0.001,
      zeroCount,
      count,
      sum: (isNew ? 0 : before.sum) + random(100) / 4,
      positiveSpans: Int32Array.of(0, 2, custom ? 0 : 1, 2),
      positiveBuckets,
      negativeSpans: custom ? NO_SPANS : Int32Array.of(1, 2),
      negativeBuckets,
      customValues: custom ? Float64Array.of(1, 2.5, 10) : NO_BUCKETS,
    }
  }
  for (const job of ['x', 'y']) {
    for (const inst of ['0', '1']) {
      add({ __name__: 'n_total', job, inst }, (before, i) => grown(random(40) === 0 ? undefined : before, i < 80 ? 2 : 1))
      add({ __name__: 'gauge', job, inst }, () => grown(undefined, 0, CounterResetHint.gauge))
      add({ __name__: 'custom', job, inst }, (before) => grown(random(40) === 0 ? undefined : before, CUSTOM_BUCKETS_SCHEMA))
      add({ __name__: 'mixed', job, inst }, (before, i) => (i < 90 ? undefined : grown(before, 3)))
    }
  }
  return all
}

function toSent({ labels, timestamps, values, histograms }: MemorySeries): SentSeries {
  const { __name__: name, ...rest } = labels.toObject()
  const samples = Array.from(timestamps, (t, i) => ({ t, value: histograms?.[i] ?? values[i] }))
  return { name, labels: rest, isFloat: true, samples }
}
