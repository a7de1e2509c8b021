// A request as the decoders hand it on, whichever of the two forms it had.
// Source: opentelemetry-proto, metrics/v1/metrics.proto and common/v1/common.proto.

import type { Timestamp } from '../../model/time.ts'
import type { KeyValues } from './attribute-value.ts'

export interface ResourceMetrics {
  readonly attributes: KeyValues
  readonly scopes: readonly ScopeMetrics[]
}

export interface ScopeMetrics {
  readonly name: string
  readonly version: string
  readonly schemaUrl: string
  readonly attributes: KeyValues
  readonly metrics: readonly Metric[]
}

export interface Metric {
  readonly name: string
  readonly description: string
  readonly unit: string
  /** Undefined: of a kind that nobody knows. */
  readonly data: MetricData | undefined
}

export type MetricData =
  | { readonly kind: 'gauge'; readonly points: Points<NumberPoint> }
  | { readonly kind: 'sum'; readonly points: Points<NumberPoint>; readonly temporality: number; readonly isMonotonic: boolean }
  | { readonly kind: 'histogram'; readonly points: Points<HistogramPoint>; readonly temporality: number }
  | { readonly kind: 'exponential'; readonly points: Points<ExponentialPoint>; readonly temporality: number }
  | { readonly kind: 'summary'; readonly points: Points<SummaryPoint> }

/** Points in their order. Those of Protocol Buffers are read when they are asked for, each time, which throws RequestFault where they are none. */
export interface Points<P> extends Iterable<P> {
  readonly length: number
}

/** A part of a request's bytes. */
export interface ByteRun {
  readonly view: DataView
  readonly start: number
  readonly end: number
}

/** Any other number is as good as none. */
export const Temporality = { unspecified: 0, delta: 1, cumulative: 2 } as const

export interface PointAttributes {
  /** They may be read when they are asked for, which throws RequestFault where they are none. */
  all(): KeyValues
  /** What they are read from, where it stands in one run of bytes. */
  readonly bytes: ByteRun | undefined
}

export interface Point {
  readonly attributes: PointAttributes
  /** When counting began; 0: not known. */
  readonly startTime: Timestamp
  readonly time: Timestamp
  /** The series went stale: what the point counts means nothing. */
  readonly isStale: boolean
}

export interface NumberPoint extends Point {
  readonly value: number
  readonly exemplars: readonly OtlpExemplar[]
}

export interface HistogramPoint extends Point {
  readonly count: number
  readonly sum: number | undefined
  readonly bucketCounts: Float64Array
  /** Upper bounds, without +Inf. */
  readonly bounds: Float64Array
  readonly exemplars: readonly OtlpExemplar[]
}

/** Buckets of one side: `counts[i]` is of the bucket with index `offset + i`. */
export interface ExponentialBuckets {
  readonly offset: number
  readonly counts: Float64Array
}

export interface ExponentialPoint extends Point {
  readonly count: number
  readonly sum: number | undefined
  readonly scale: number
  readonly zeroCount: number
  readonly positive: ExponentialBuckets
  readonly negative: ExponentialBuckets
  readonly exemplars: readonly OtlpExemplar[]
}

export interface SummaryPoint extends Point {
  readonly count: number
  readonly sum: number
  /** Pairs of numbers: quantile, value. */
  readonly quantiles: Float64Array
}

export interface OtlpExemplar {
  readonly attributes: KeyValues
  readonly time: Timestamp
  /** Undefined: it has none. */
  readonly value: number | undefined
  /** In hexadecimal digits; empty: none. */
  readonly traceId: string
  readonly spanId: string
}

/** Of a repeated field that a point does not have. */
export const NO_NUMBERS = new Float64Array(0)
export const NO_EXPONENTIAL_BUCKETS: ExponentialBuckets = { offset: 0, counts: NO_NUMBERS }
