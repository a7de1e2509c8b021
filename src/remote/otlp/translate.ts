// From metrics to series. Source: Prometheus storage/remote/otlptranslator/prometheusremotewrite: metrics_to_prw.go, helper.go,
// number_data_points.go and histograms.go.

import { quote } from '../../base/go-quote.ts'
import { EXEMPLAR_LABELS_LENGTH_MAX, type Exemplar } from '../../model/exemplar.ts'
import { Labels, type LabelsBuilder, METRIC_NAME } from '../../model/labels.ts'
import type { Metadata, MetricType } from '../../model/metadata.ts'
import { STALE_MARKER } from '../../model/staleness.ts'
import type { Timestamp } from '../../model/time.ts'
import type { LabelRefCache } from '../label-ref-cache.ts'
import { attributeText } from './attribute-value.ts'
import { KnownSeries } from './known-series.ts'
import { metricName, unitName } from './metric-name.ts'
import {
  type ExponentialPoint,
  type HistogramPoint,
  type Metric,
  type MetricData,
  NO_NUMBERS,
  type NumberPoint,
  type OtlpExemplar,
  type Point,
  type ResourceMetrics,
  type SummaryPoint,
  Temporality,
} from './metrics-data.ts'
import { customBucketsHistogram, nativeHistogram } from './native-histograms.ts'
import type { OtlpBatch } from './otlp-batch.ts'
import type { OtlpConfig } from './otlp-schema.ts'
import { Untranslatable } from './request-fault.ts'
import { SeriesLabels } from './series-labels.ts'

const TARGET_INFO: Metadata = { type: 'gauge', unit: '', help: 'Target metadata' }
/** Samples of `target_info` for one resource: at half of the usual look-back those of a month. */
const TARGET_INFO_SAMPLES_MAX = 20_000

export interface TranslateOptions {
  readonly config: OtlpConfig
  /** Whether deltas are taken as they are. */
  readonly nativeDeltas: boolean
  readonly typeAndUnitLabels: boolean
  /** Series that came before. */
  readonly series: LabelRefCache
  /** What of the server makes labels other ones: differs when its configuration does. */
  readonly context: string
  /** How far back a query looks for a sample. */
  readonly lookbackMs: number
}

/** Hands all samples of a request to `batch`, and what cannot be translated. May be left for a while between any two steps. */
export function* translate(request: readonly ResourceMetrics[], batch: OtlpBatch, options: TranslateOptions): Iterable<void> {
  const translation = new Translation(batch, options)
  for (const resource of request) yield* translation.resource(resource)
}

/** Points between two pauses. */
const TURN_POINTS = 256

/** What tells the series of a point apart, by what is behind its name; a bucket or quantile is told by its number among those that the point has. */
const PARTS: Readonly<Record<string, number>> = { '': 0, _sum: 1, _count: 2, _bucket: 3 }
const PARTS_FIXED = 4

type BoundLabel = readonly [name: 'le' | 'quantile', bound: number]

/** The labels of the series of a point, which are made when they are asked for. */
class PointSeries {
  readonly #name: string
  readonly #make: () => LabelsBuilder
  #builder: LabelsBuilder | undefined

  constructor(name: string, make: () => LabelsBuilder) {
    this.#name = name
    this.#make = make
  }

  /** Those with a bound come last. */
  labels(suffix: string, bound?: BoundLabel): Labels {
    this.#builder ??= this.#make()
    this.#builder.set(METRIC_NAME, this.#name + suffix)
    if (bound !== undefined) this.#builder.set(bound[0], fixedText(bound[1]))
    return this.#builder.labels()
  }
}

/** The bounds of which a point's series have labels. */
function boundsOf({ kind }: MetricData, point: Point): Float64Array {
  if (kind === 'histogram') return (point as HistogramPoint).bounds
  return kind === 'summary' ? (point as SummaryPoint).quantiles.filter((_, i) => i % 2 === 0) : NO_NUMBERS
}

class Translation {
  readonly #batch: OtlpBatch
  readonly #options: TranslateOptions
  readonly #labels: SeriesLabels
  readonly #known: KnownSeries
  /** Of the metric at hand. */
  #name = ''
  /** Times of the points of the resource at hand. */
  #minTime: Timestamp = Infinity
  #maxTime: Timestamp = -Infinity

  constructor(batch: OtlpBatch, options: TranslateOptions) {
    this.#batch = batch
    this.#options = options
    this.#labels = new SeriesLabels(options)
    this.#known = new KnownSeries(options.series)
  }

  *resource(resource: ResourceMetrics): Iterable<void> {
    this.#minTime = Infinity
    this.#maxTime = -Infinity
    const isNamed = this.#attempt(countOf(resource), () => this.#labels.openResource(resource.attributes))
    if (!isNamed) return
    for (const scope of resource.scopes) {
      const points = scope.metrics.reduce((sum, { data }) => sum + (data?.points.length ?? 0), 0)
      if (!this.#attempt(points, () => this.#labels.openScope(scope))) continue
      this.#known.openScope(JSON.stringify([this.#options.context, this.#labels.context]))
      for (const metric of scope.metrics) {
        yield* this.#metric(metric)
        yield
      }
    }
    if (this.#minTime <= this.#maxTime) this.#attempt(1, () => this.#targetInfo())
  }

  /** What has no translation is refused, and counts for so many points. Whether it has one. */
  #attempt(points: number, run: () => void): boolean {
    try {
      run()
      return true
    } catch (error) {
      if (!(error instanceof Untranslatable)) throw error
      this.#batch.refuse('invalid', points, () => error.message)
      return false
    }
  }

  *#metric(metric: Metric): Iterable<void> {
    const { data } = metric
    if (data === undefined) {
      this.#batch.refuse('invalid', 0, () => 'unsupported metric type')
      return
    }
    if (data.points.length === 0) return
    const { nativeDeltas, config } = this.#options
    if ('temporality' in data && data.temporality !== Temporality.cumulative) {
      if (!nativeDeltas || data.temporality !== Temporality.delta) {
        for (const { time } of data.points) this.#span(time)
        this.#batch.refuse(
          'temporality',
          data.points.length,
          () => `invalid temporality and type combination for metric ${quote(metric.name)}`,
        )
        return
      }
    }
    const isMonotonicSum = data.kind === 'sum' && data.isMonotonic
    const named = metricName({ name: metric.name, unit: metric.unit, isGauge: data.kind === 'gauge', isMonotonicSum }, config.strategy)
    if ('fault' in named) {
      for (const { time } of data.points) this.#span(time)
      this.#batch.refuse('invalid', data.points.length, () => named.fault)
      return
    }
    const metadata: Metadata = { type: typeOf(data), unit: unitName(metric.unit), help: metric.description }
    this.#name = named.name
    this.#known.openMetric(JSON.stringify([named.name, data.kind, metadata]))
    let count = 0
    for (const point of data.points) {
      this.#span(point.time)
      this.#attempt(1, () => this.#point(data, point, metadata))
      if (++count % TURN_POINTS === 0) yield
    }
  }

  #span(time: Timestamp): void {
    this.#minTime = Math.min(this.#minTime, time)
    this.#maxTime = Math.max(this.#maxTime, time)
  }

  #point(data: MetricData, point: Point, metadata: Metadata): void {
    const series = new PointSeries(this.#name, () => this.#labels.ofPoint(point.attributes.all(), metadata))
    this.#known.openPoint(point, boundsOf(data, point))
    this.#batch.open(metadata, point)
    switch (data.kind) {
      case 'gauge':
        this.#sample(series, '', recorded(point, (point as NumberPoint).value))
        return
      case 'sum': {
        const { value, exemplars } = point as NumberPoint
        this.#sample(series, '', recorded(point, value))
        this.#batch.exemplars(toExemplars(exemplars))
        return
      }
      case 'histogram': {
        const histogram = point as HistogramPoint
        if (!this.#options.config.customBuckets) this.#classicHistogram(series, histogram)
        else this.#native(series, histogram, () => customBucketsHistogram(histogram, data.temporality))
        return
      }
      case 'exponential': {
        const histogram = point as ExponentialPoint
        this.#native(series, histogram, () => nativeHistogram(histogram, data.temporality))
        return
      }
      case 'summary':
        this.#summary(series, point as SummaryPoint)
    }
  }

  #sample(series: PointSeries, suffix: string, value: number, part = PARTS[suffix], bound?: BoundLabel): void {
    const ref = this.#known.find(part)
    if (ref >= 0 && this.#batch.knownSample(ref, value)) return
    this.#batch.sample(series.labels(suffix, bound), value)
    if (this.#batch.ref >= 0) this.#known.remember(this.#batch.ref)
  }

  #native(series: PointSeries, point: HistogramPoint | ExponentialPoint, make: () => ReturnType<typeof nativeHistogram>): void {
    const histogram = make()
    if (point.isStale) this.#sample(series, '', STALE_MARKER)
    else {
      const ref = this.#known.find(PARTS[''])
      if (ref < 0 || !this.#batch.knownHistogram(ref, histogram)) {
        this.#batch.histogram(series.labels(''), histogram)
        if (this.#batch.ref >= 0) this.#known.remember(this.#batch.ref)
      }
    }
    this.#batch.exemplars(toExemplars(point.exemplars))
  }

  #classicHistogram(series: PointSeries, point: HistogramPoint): void {
    const { sum, count, bounds, bucketCounts } = point
    if (sum !== undefined) this.#sample(series, '_sum', recorded(point, sum))
    this.#sample(series, '_count', recorded(point, count))
    const exemplars = toExemplars(point.exemplars).sort((a, b) => a.value - b.value)
    const buckets = Math.min(bounds.length, bucketCounts.length)
    let [cumulative, next] = [0, 0]
    for (let i = 0; i <= buckets; i++) {
      const isLast = i === buckets
      const bound = isLast ? Infinity : bounds[i]
      if (!isLast) cumulative += bucketCounts[i]
      const part = isLast ? PARTS['_bucket'] : PARTS_FIXED + i
      this.#sample(series, '_bucket', recorded(point, isLast ? count : cumulative), part, ['le', bound])
      const first = next
      while (next < exemplars.length && exemplars[next].value <= bound) next++
      if (next > first) this.#batch.exemplars(exemplars.slice(first, next))
    }
  }

  #summary(series: PointSeries, point: SummaryPoint): void {
    this.#sample(series, '_sum', recorded(point, point.sum))
    this.#sample(series, '_count', recorded(point, point.count))
    const { quantiles } = point
    for (let i = 0; i < quantiles.length; i += 2)
      this.#sample(series, '', recorded(point, quantiles[i + 1]), PARTS_FIXED + i / 2, ['quantile', quantiles[i]])
  }

  /** A sample at each half of the look-back, so that a query finds it at all times between. */
  #targetInfo(): void {
    const labels = this.#labels.ofTargetInfo()
    if (labels === undefined) return
    const maxTime = this.#maxTime
    const stepMs = this.#options.lookbackMs / 2
    // A point without a time would else make samples since 1970, of which no storage takes one.
    const minTime = Math.max(this.#minTime, maxTime - stepMs * TARGET_INFO_SAMPLES_MAX)
    this.#batch.targetInfo(labels, TARGET_INFO, targetInfoTimes(minTime, maxTime, stepMs))
  }
}

function targetInfoTimes(minTime: Timestamp, maxTime: Timestamp, stepMs: number): Float64Array {
  if (minTime === maxTime) return Float64Array.of(maxTime)
  const times: number[] = []
  for (let t = minTime; t < maxTime; t += stepMs) times.push(Math.floor(t))
  times.push(maxTime)
  return Float64Array.from(times)
}

function countOf({ scopes }: ResourceMetrics): number {
  let points = 0
  for (const { metrics } of scopes) for (const { data } of metrics) points += data?.points.length ?? 0
  return points
}

function recorded({ isStale }: Point, value: number): number {
  return isStale ? STALE_MARKER : value
}

/** There is no type for deltas yet. */
function typeOf(data: MetricData): MetricType {
  switch (data.kind) {
    case 'gauge':
      return 'gauge'
    case 'sum':
      return data.temporality === Temporality.delta ? 'unknown' : data.isMonotonic ? 'counter' : 'gauge'
    case 'summary':
      return 'summary'
    default:
      return data.temporality === Temporality.delta ? 'unknown' : 'histogram'
  }
}

/** Those that have a value. */
function toExemplars(exemplars: readonly OtlpExemplar[]): Exemplar[] {
  const out: Exemplar[] = []
  for (const exemplar of exemplars) if (exemplar.value !== undefined) out.push(toExemplar(exemplar, exemplar.value))
  return out
}

/** Its attributes are left out where they would make its labels too long; its ids never are. */
function toExemplar({ attributes, time, traceId, spanId }: OtlpExemplar, value: number): Exemplar {
  const labels = new Map<string, string>()
  for (let i = 0; i < attributes.size; i++) labels.set(attributes.keys[i], attributeText(attributes.values[i]))
  if (traceId !== '') labels.set('trace_id', traceId)
  if (spanId !== '') labels.set('span_id', spanId)
  let length = 0
  for (const [name, text] of labels) length += [...name].length + [...text].length
  if (length > EXEMPLAR_LABELS_LENGTH_MAX)
    for (const name of [...labels.keys()]) if (name !== 'trace_id' && name !== 'span_id') labels.delete(name)
  labels.delete('')
  return { labels: Labels.of(labels), value, timestamp: time, hasTimestamp: time !== 0 }
}

/** Without an exponent, whatever the size. Source: Go strconv.FormatFloat(v, 'f', -1, 64). */
export function fixedText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const text = String(value)
  const parts = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text)
  if (parts === null) return text
  const [, sign, first, rest = '', exponent] = parts
  const digits = first + rest
  const point = 1 + Number(exponent)
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  // From 1e21 on a float has no digits behind the point.
  return `${sign}${digits.padEnd(point, '0')}`
}
