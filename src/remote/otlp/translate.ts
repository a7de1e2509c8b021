// From metrics to series. Source: Prometheus storage/remote/otlptranslator/prometheusremotewrite: metrics_to_prw.go, helper.go,
// number_data_points.go and histograms.go.

import { EXEMPLAR_LABELS_LENGTH_MAX, type Exemplar } from '../../model/exemplar.ts'
import { Labels, type LabelsBuilder, METRIC_NAME, quote } from '../../model/labels.ts'
import type { Metadata, MetricType } from '../../model/metadata.ts'
import { STALE_MARKER } from '../../model/staleness.ts'
import type { Timestamp } from '../../model/time.ts'
import { attributeText } from './attribute-value.ts'
import { metricName, unitName } from './metric-name.ts'
import {
  type ExponentialPoint,
  type HistogramPoint,
  type Metric,
  type MetricData,
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
  /** How far back a query looks for a sample. */
  readonly lookbackMs: number
}

/** Hands all samples of a request to `batch`, and what cannot be translated. May be left for a while between any two steps, a metric each. */
export function* translate(request: readonly ResourceMetrics[], batch: OtlpBatch, options: TranslateOptions): Iterable<void> {
  const translation = new Translation(batch, options)
  for (const resource of request) yield* translation.resource(resource)
}

class Translation {
  readonly #batch: OtlpBatch
  readonly #options: TranslateOptions
  readonly #labels: SeriesLabels
  /** Times of the points of the resource at hand. */
  #minTime: Timestamp = Infinity
  #maxTime: Timestamp = -Infinity

  constructor(batch: OtlpBatch, options: TranslateOptions) {
    this.#batch = batch
    this.#options = options
    this.#labels = new SeriesLabels(options)
  }

  *resource(resource: ResourceMetrics): Iterable<void> {
    this.#minTime = Infinity
    this.#maxTime = -Infinity
    const isNamed = this.#attempt(countOf(resource), () => this.#labels.openResource(resource.attributes))
    if (!isNamed) return
    for (const scope of resource.scopes) {
      const points = scope.metrics.reduce((sum, { data }) => sum + (data?.points.length ?? 0), 0)
      if (!this.#attempt(points, () => this.#labels.openScope(scope))) continue
      for (const metric of scope.metrics) {
        this.#metric(metric)
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

  #metric(metric: Metric): void {
    const { data } = metric
    if (data === undefined) {
      this.#batch.refuse('invalid', 0, () => 'unsupported metric type')
      return
    }
    for (const { time } of data.points) {
      this.#minTime = Math.min(this.#minTime, time)
      this.#maxTime = Math.max(this.#maxTime, time)
    }
    if (data.points.length === 0) return
    const { nativeDeltas, config } = this.#options
    if ('temporality' in data && data.temporality !== Temporality.cumulative) {
      if (!nativeDeltas || data.temporality !== Temporality.delta) {
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
      this.#batch.refuse('invalid', data.points.length, () => named.fault)
      return
    }
    const metadata: Metadata = { type: typeOf(data), unit: unitName(metric.unit), help: metric.description }
    for (const point of data.points) this.#attempt(1, () => this.#point(data, point, named.name, metadata))
  }

  #point(data: MetricData, point: Point, name: string, metadata: Metadata): void {
    const labels = this.#labels.ofPoint(point.attributes, metadata)
    this.#batch.open(metadata, point)
    switch (data.kind) {
      case 'gauge':
        this.#sample(labels, name, recorded(point, (point as NumberPoint).value))
        return
      case 'sum': {
        const { value, exemplars } = point as NumberPoint
        this.#sample(labels, name, recorded(point, value))
        this.#batch.exemplars(toExemplars(exemplars))
        return
      }
      case 'histogram': {
        const histogram = point as HistogramPoint
        if (!this.#options.config.customBuckets) this.#classicHistogram(labels, name, histogram)
        else this.#native(labels, name, histogram, () => customBucketsHistogram(histogram, data.temporality))
        return
      }
      case 'exponential': {
        const histogram = point as ExponentialPoint
        this.#native(labels, name, histogram, () => nativeHistogram(histogram, data.temporality))
        return
      }
      case 'summary':
        this.#summary(labels, name, point as SummaryPoint)
    }
  }

  #sample(labels: LabelsBuilder, name: string, value: number): void {
    this.#batch.sample(labels.set(METRIC_NAME, name).labels(), value)
  }

  #native(
    labels: LabelsBuilder,
    name: string,
    point: HistogramPoint | ExponentialPoint,
    make: () => ReturnType<typeof nativeHistogram>,
  ): void {
    const histogram = make()
    const series = labels.set(METRIC_NAME, name).labels()
    if (point.isStale) this.#batch.sample(series, STALE_MARKER)
    else this.#batch.histogram(series, histogram)
    this.#batch.exemplars(toExemplars(point.exemplars))
  }

  #classicHistogram(labels: LabelsBuilder, name: string, point: HistogramPoint): void {
    const { sum, count, bounds, bucketCounts } = point
    if (sum !== undefined) this.#sample(labels, `${name}_sum`, recorded(point, sum))
    this.#sample(labels, `${name}_count`, recorded(point, count))
    const exemplars = toExemplars(point.exemplars).sort((a, b) => a.value - b.value)
    const buckets = Math.min(bounds.length, bucketCounts.length)
    labels.set(METRIC_NAME, `${name}_bucket`)
    let [cumulative, next] = [0, 0]
    for (let i = 0; i <= buckets; i++) {
      const isLast = i === buckets
      const bound = isLast ? Infinity : bounds[i]
      if (!isLast) cumulative += bucketCounts[i]
      this.#batch.sample(labels.set('le', fixedText(bound)).labels(), recorded(point, isLast ? count : cumulative))
      const first = next
      while (next < exemplars.length && exemplars[next].value <= bound) next++
      if (next > first) this.#batch.exemplars(exemplars.slice(first, next))
    }
  }

  #summary(labels: LabelsBuilder, name: string, point: SummaryPoint): void {
    this.#sample(labels, `${name}_sum`, recorded(point, point.sum))
    this.#sample(labels, `${name}_count`, recorded(point, point.count))
    const { quantiles } = point
    for (let i = 0; i < quantiles.length; i += 2)
      this.#sample(labels.set('quantile', fixedText(quantiles[i])), name, recorded(point, quantiles[i + 1]))
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
