// Deltas added up, with `otlp-deltatocumulative`. Source: OpenTelemetry collector, processor/deltatocumulativeprocessor; the OpenTelemetry
// specification, "Sums: Delta-to-Cumulative".

import type { Clock } from '../../base/env.ts'
import { compareStrings } from '../../model/labels.ts'
import { attributeText, KeyValues } from './attribute-value.ts'
import {
  type ExponentialBuckets,
  type ExponentialPoint,
  type HistogramPoint,
  type Metric,
  type NumberPoint,
  type Point,
  type Points,
  type ResourceMetrics,
  Temporality,
} from './metrics-data.ts'

const STREAMS_MAX = 500_000
/** Characters of what tells streams apart. */
const KEYS_LENGTH_MAX = 256 * 1024 * 1024
/** A stream that nobody wrote to for so long is forgotten. Source: the processor's default of max_stale. */
const STALE_MS = 5 * 60_000
const SWEEP_MS = 60_000
/** A side of an exponential histogram has so many buckets at most: beyond that its resolution is halved. Source: the same, data/add.go. */
const BUCKETS_MAX = 160

interface Stream {
  sum: Point
  touchedAt: number
}

/** The sums of all streams of deltas, in memory. */
export class DeltaSums {
  readonly #clock: Clock
  readonly #streams = new Map<string, Stream>()
  #keysLength = 0
  #sweptAt: number
  /** Points that were not added, by reason. */
  readonly dropped = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
    this.#sweptAt = clock.monotonic()
  }

  get size(): number {
    return this.#streams.size
  }

  /** The same request with sums in place of deltas. Points that do not follow on are left out. */
  cumulative(request: readonly ResourceMetrics[]): readonly ResourceMetrics[] {
    this.#sweep()
    if (!request.some(({ scopes }) => scopes.some(({ metrics }) => metrics.some(isDelta)))) return request
    return request.map((resource) => ({
      ...resource,
      scopes: resource.scopes.map((scope) => ({ ...scope, metrics: scope.metrics.map((metric) => this.#metric(resource, scope, metric)) })),
    }))
  }

  #metric(resource: ResourceMetrics, scope: ResourceMetrics['scopes'][number], metric: Metric): Metric {
    const { data } = metric
    if (data === undefined || !('temporality' in data) || data.temporality !== Temporality.delta) return metric
    const identity = JSON.stringify([
      attributesKey(resource.attributes),
      scope.name,
      scope.version,
      attributesKey(scope.attributes),
      metric.name,
      metric.unit,
      data.kind,
      data.kind === 'sum' && data.isMonotonic,
    ])
    const sums = <P extends Point>(points: Points<P>, add: (sum: P, point: P) => P): P[] => {
      const out: P[] = []
      for (const point of points) {
        const sum = this.#add(`${identity}${attributesKey(point.attributes.all())}`, point, add)
        if (sum !== undefined) out.push(sum)
      }
      return out
    }
    const { cumulative: temporality } = Temporality
    switch (data.kind) {
      case 'sum':
        return { ...metric, data: { ...data, points: sums(data.points, addedNumber), temporality } }
      case 'histogram':
        return { ...metric, data: { ...data, points: sums(data.points, addedHistogram), temporality } }
      case 'exponential':
        return { ...metric, data: { ...data, points: sums(data.points, addedExponential), temporality } }
    }
  }

  #add<P extends Point>(key: string, point: P, add: (sum: P, point: P) => P): P | undefined {
    const now = this.#clock.monotonic()
    const stream = this.#streams.get(key)
    if (stream === undefined) {
      if (this.#streams.size >= STREAMS_MAX || this.#keysLength + key.length > KEYS_LENGTH_MAX) return this.#drop('limit')
      this.#streams.set(key, { sum: kept(point), touchedAt: now })
      this.#keysLength += key.length
      return point
    }
    // The kind of a metric is part of the key.
    const sum = stream.sum as P
    if (point.startTime < sum.startTime) return this.#drop('older_start')
    if (point.time <= sum.time) return this.#drop('out_of_order')
    stream.touchedAt = now
    const { startTime } = sum
    if (point.isStale) return { ...point, startTime }
    const next = { ...add(sum, point), startTime }
    stream.sum = kept(next)
    return next
  }

  #drop(reason: string): undefined {
    this.dropped.set(reason, (this.dropped.get(reason) ?? 0) + 1)
    return undefined
  }

  #sweep(): void {
    const now = this.#clock.monotonic()
    if (now - this.#sweptAt < SWEEP_MS) return
    this.#sweptAt = now
    for (const [key, { touchedAt }] of this.#streams) {
      if (now - touchedAt <= STALE_MS) continue
      this.#streams.delete(key)
      this.#keysLength -= key.length
    }
  }
}

/** What the next point is added to: without what only the point itself has. */
function kept<P extends Point>(point: P): P {
  return { ...point, attributes: KeyValues.empty, ...('exemplars' in point ? { exemplars: [] } : {}) }
}

function isDelta({ data }: Metric): boolean {
  return data !== undefined && 'temporality' in data && data.temporality === Temporality.delta
}

/** The same for the same attributes in another order. */
function attributesKey(attributes: KeyValues): string {
  const pairs = attributes.keys.map((key, index) => JSON.stringify([key, attributeText(attributes.values[index])]))
  return pairs.sort(compareStrings).join()
}

function addedNumber(sum: NumberPoint, point: NumberPoint): NumberPoint {
  return { ...point, value: sum.value + point.value }
}

/** With other bounds the sum begins anew. */
function addedHistogram(sum: HistogramPoint, point: HistogramPoint): HistogramPoint {
  if (sum.bounds.length !== point.bounds.length || sum.bounds.some((bound, index) => bound !== point.bounds[index])) return point
  return {
    ...point,
    count: sum.count + point.count,
    sum: both(sum.sum, point.sum),
    bucketCounts: sum.bucketCounts.map((count, index) => count + (point.bucketCounts[index] ?? 0)),
  }
}

function addedExponential(sum: ExponentialPoint, point: ExponentialPoint): ExponentialPoint {
  let scale = Math.min(sum.scale, point.scale)
  const sides = () => ({
    positive: merged(scaled(sum.positive, sum.scale - scale), scaled(point.positive, point.scale - scale)),
    negative: merged(scaled(sum.negative, sum.scale - scale), scaled(point.negative, point.scale - scale)),
  })
  // Widths first: two buckets may lie as far apart as 32 bits go.
  const widthMax = () => Math.max(width(sum.positive, point.positive), width(sum.negative, point.negative))
  const width = (a: ExponentialBuckets, b: ExponentialBuckets) => span(range(a, sum.scale - scale), range(b, point.scale - scale))
  while (widthMax() > BUCKETS_MAX) scale--
  return {
    ...point,
    scale,
    count: sum.count + point.count,
    sum: both(sum.sum, point.sum),
    zeroCount: sum.zeroCount + point.zeroCount,
    ...sides(),
  }
}

function both(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b
}

/** First and last index with a count, at a resolution of so many scales less; undefined: nothing is counted. */
function range({ offset, counts }: ExponentialBuckets, scaleDown: number): readonly [number, number] | undefined {
  const first = counts.findIndex((count) => count !== 0)
  if (first < 0) return undefined
  const last = counts.findLastIndex((count) => count !== 0)
  return [Math.floor((offset + first) / 2 ** scaleDown), Math.floor((offset + last) / 2 ** scaleDown)]
}

function span(a: readonly [number, number] | undefined, b: readonly [number, number] | undefined): number {
  if (a === undefined || b === undefined) {
    const one = a ?? b
    return one === undefined ? 0 : one[1] - one[0] + 1
  }
  return Math.max(a[1], b[1]) - Math.min(a[0], b[0]) + 1
}

function scaled(buckets: ExponentialBuckets, scaleDown: number): ExponentialBuckets {
  const found = range(buckets, scaleDown)
  if (found === undefined) return { offset: 0, counts: new Float64Array(0) }
  const counts = new Float64Array(found[1] - found[0] + 1)
  for (let i = 0; i < buckets.counts.length; i++) {
    if (buckets.counts[i] !== 0) counts[Math.floor((buckets.offset + i) / 2 ** scaleDown) - found[0]] += buckets.counts[i]
  }
  return { offset: found[0], counts }
}

function merged(a: ExponentialBuckets, b: ExponentialBuckets): ExponentialBuckets {
  if (a.counts.length === 0) return b
  if (b.counts.length === 0) return a
  const offset = Math.min(a.offset, b.offset)
  const end = Math.max(a.offset + a.counts.length, b.offset + b.counts.length)
  const counts = new Float64Array(end - offset)
  for (const side of [a, b]) for (let i = 0; i < side.counts.length; i++) counts[side.offset - offset + i] += side.counts[i]
  return { offset, counts }
}
