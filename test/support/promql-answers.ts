// The same random queries over the same data, asked of a Prometheus and of our engine.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { histogramText } from '../../src/api/json/histogram-text.ts'
import type { HistogramJson, MatrixElement } from '../../src/api/types/query.ts'
import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram, NO_BUCKETS, NO_SPANS } from '../../src/model/histogram.ts'
import { Labels } from '../../src/model/labels.ts'
import type { QueryEngine } from '../../src/promql/query-engine.ts'
import { almostEqual } from '../../src/promql/test-script/almost-equal.ts'
import type { MemorySeries } from '../../src/storage/memory-source.ts'
import { freePort, Program } from './program.ts'
import { engineOver } from './promql-engine.ts'
import { EXPERIMENTAL_FEATURES, expressions } from './promql-generator.ts'
import { remoteWriteBody, type SentSeries, sendRemoteWrite } from './remote-write-body.ts'

const START = 1_599_998_400
const INTERVAL = 15
/** Seconds after a full minute at which samples are. */
const PHASE = 7
/** Ranges whose steps are at the times of samples, and some that are not. */
const RANGES = [
  { start: START + 1200 + PHASE, end: START + 1500 + PHASE, step: 30 },
  { start: START + 1200, end: START + 1500, step: 30 },
  { start: START + 1190, end: START + 1560, step: 37 },
]
type Range = (typeof RANGES)[number]

/** What was found; an answer is the same, explained by name, or a difference. */
export interface Comparison {
  readonly same: number
  /** Of these. */
  readonly withSeries: number
  /** What the peer does not parse is no query for it. */
  readonly refused: number
  readonly explained: ReadonlyMap<string, number>
  readonly differences: readonly string[]
}

/** Asks both until the peer has parsed `count` queries. */
export async function compareAnswers(binary: string, { count, seed }: { count: number; seed: number }): Promise<Comparison> {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-answers-'))
  writeFileSync(join(directory, 'prometheus.yml'), 'global: {}\n')
  const series = [...someSeries(), ...someHistograms()]
  const port = await freePort()
  const files = [`--config.file=${directory}/prometheus.yml`, `--storage.tsdb.path=${directory}/data`, '--storage.tsdb.retention.time=100y']
  const features = ['--web.enable-remote-write-receiver', `--enable-feature=native-histograms,${[...EXPERIMENTAL_FEATURES].join(',')}`]
  const prometheus = new Program(binary, [...files, ...features, `--web.listen-address=127.0.0.1:${port}`], `http://127.0.0.1:${port}`)
  try {
    await prometheus.ready()
    const written = await sendRemoteWrite(prometheus.url, remoteWriteBody(series.map(toSent)))
    assert.equal(written.status, 204, await written.text())
    const engine = engineOver(series, { features: EXPERIMENTAL_FEATURES })
    const explained = new Map<string, number>()
    const differences: string[] = []
    let [same, withSeries, refused, parsed] = [0, 0, 0, 0]
    for (const query of queries(seed)) {
      if (parsed === count) break
      const range = RANGES[parsed % RANGES.length]
      const theirs = await peerAnswer(prometheus.url, query, range)
      if (typeof theirs === 'string' && PARSE_ERROR.test(theirs)) {
        refused++
        continue
      }
      parsed++
      const difference = differ(await answer(engine, query, range), theirs)
      const reason = difference === undefined ? undefined : REASONS.find(({ explains }) => explains(query, difference))?.name
      if (difference === undefined) same++
      else if (reason !== undefined) explained.set(reason, (explained.get(reason) ?? 0) + 1)
      else differences.push(`${query}\n  from ${range.start} to ${range.end} every ${range.step}: ${difference}`)
      if (difference === undefined && theirs instanceof Map && theirs.size > 0) withSeries++
    }
    return { same, withSeries, refused, explained, differences }
  } finally {
    await prometheus.stop('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
}

const PARSE_ERROR = /parse error|unknown function|not enabled/

/** Why Prometheus 3.5 answers something else. */
const REASONS: readonly { readonly name: string; explains(query: string, difference: string): boolean }[] = [
  {
    name: 'a parameter of topk, limitk or limit_ratio that is no number of series is refused also where there are no series',
    explains: (_query, difference) => /^ours: (Scalar value|Parameter value is|Ratio value is) .*, theirs: \d+ series$/.test(difference),
  },
  {
    name: 'a date of NaN is what a conversion makes of it on the processor at hand; here it is NaN',
    explains: (query, difference) => DATE.test(query) && /: (null|NaN|undefined) and -?\d+(\.\d+)?$/.test(difference),
  },
  {
    name: 'of several matches a comparison leaves one, which 3.5 takes for the only one',
    explains: (_query, difference) => /^ours: multiple matches for labels: .*, theirs: \d+ series$/.test(difference),
  },
  { name: 'mad_over_time of a NaN', explains: (query) => query.includes('mad_over_time') },
  {
    name: 'which series limitk takes, and of equal ones topk and bottomk, follows from the order in which the storage has them',
    explains: (query, difference) => /limitk|topk|bottomk/.test(query) && !/^ours: /.test(difference),
  },
  {
    name: 'rate and increase of histograms do not reach back to before their count would be zero',
    explains: (query, difference) => /\b(rate|increase)\(/.test(query) && difference.includes('{"count"'),
  },
  {
    name: 'labels that absent is asked for with = and with !=: the index of 3.5 brings matchers into another order',
    explains: (query, difference) => /\babsent(_over_time)?\(.*!/.test(query) && / is only in ours$/.test(difference),
  },
  {
    name: 'the sine of a power is a matter of the last digits of the power',
    explains: (query) => /\b(sin|cos|tan)\(/.test(query) && /\b(exp|sinh|cosh)\(|\^/.test(query),
  },
  {
    name: 'info() that names the info metric keeps series that have no info',
    explains: (query, difference) => /\binfo\(.*__name__/.test(query) && / is only in ours$/.test(difference),
  },
  {
    name: 'the mean of histograms of which some are infinite is infinite: it is a sum that is divided',
    explains: (query, difference) => /\bavg\b|avg_over_time/.test(query) && /"count":"[+-]Inf".* and \{"count":"NaN"/.test(difference),
  },
]
const DATE = /\b(day_of_week|day_of_month|day_of_year|days_in_month|hour|minute|month|year)\(/

/** Not too long to be read. */
const LENGTH_MAX = 400

function* queries(seed: number): Iterable<string> {
  const { vector, scalar } = expressions({
    depthMax: 3,
    experimental: true,
    metrics: ['a', 'b_total', 'sum', 'h_bucket', 'n_total', 'gauge', 'custom', 'mixed'],
    labels: { job: ['x', 'y'], inst: ['0', '1'], le: ['0.1', '+Inf'] },
  })
  const arbitrary = fc.oneof(vector, vector, vector, scalar).filter((query) => query.length < LENGTH_MAX)
  for (let round = 0; ; round++) yield* fc.sample(arbitrary, { numRuns: 500, seed: seed + round })
}

/** A point: a float, or what the API says of a histogram. */
type Point = number | HistogramJson

/** Series by their labels as one string; each a map from Unix seconds to the point. An error is its text. */
type Answer = ReadonlyMap<string, ReadonlyMap<number, Point>> | string

async function answer(engine: QueryEngine, query: string, range: Range): Promise<Answer> {
  try {
    const { value } = await engine.range(query, range.start * 1000, range.end * 1000, range.step * 1000, {
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

async function peerAnswer(url: string, query: string, range: Range): Promise<Answer> {
  const body = new URLSearchParams({ query, start: String(range.start), end: String(range.end), step: String(range.step) })
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

/** Where labels are numbers: those of ours that differ from theirs in their last digits are called as theirs are. */
function calledAlike(ours: Answer, theirs: Answer): Answer {
  if (typeof ours === 'string' || typeof theirs === 'string') return ours
  const strangers = [...theirs.keys()].filter((labels) => !ours.has(labels))
  if (strangers.length === 0) return ours
  const renamed = [...ours].map(([labels, points]): [string, ReadonlyMap<number, Point>] => {
    const twin = theirs.has(labels) ? undefined : strangers.find((other) => areNumbersClose(labels, other))
    return [twin ?? labels, points]
  })
  return new Map(renamed)
}

const NUMBER = /\d+(\.\d+)?/g

function areNumbersClose(a: string, b: string): boolean {
  if (a.replace(NUMBER, '#') !== b.replace(NUMBER, '#')) return false
  const others = b.match(NUMBER) ?? []
  return (a.match(NUMBER) ?? []).every((digits, i) => almostEqual(Number(digits), Number(others[i])))
}

function differ(mine: Answer, theirs: Answer): string | undefined {
  const ours = calledAlike(mine, theirs)
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
      timestamps.push((START + i * INTERVAL + PHASE) * 1000)
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
      timestamps.push((START + i * INTERVAL + PHASE) * 1000)
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
