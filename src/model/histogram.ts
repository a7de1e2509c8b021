// Native histograms. Counts are absolute in memory, whatever a chunk or a wire has (integer histograms travel as differences of
// neighbours): a reader of buckets never asks how they came. Counts of integer histograms are exact up to 2^53.
// Source: Prometheus model/histogram/histogram.go and float_histogram.go; the native histograms specification.

/** What is known about a counter reset between a histogram and the one before it. Numbers as upstream's chunks have them. */
export const CounterResetHint = { unknown: 0, reset: 1, notReset: 2, gauge: 3 } as const
export type CounterResetHint = (typeof CounterResetHint)[keyof typeof CounterResetHint]

/** Schema of histograms with custom bucket bounds. */
export const CUSTOM_BUCKETS_SCHEMA = -53
/** Schemas of exponential buckets: bounds are powers of 2^(2^-schema). */
export const EXPONENTIAL_SCHEMA_MIN = -4
export const EXPONENTIAL_SCHEMA_MAX = 8

/** Spans as pairs of numbers: offset to the end of the span before (the first: bucket index), length. */
export type Spans = Int32Array

/**
 * One sample of a native histogram. Not changed once it is made: what changes one makes another.
 * Staleness is not a histogram: a series of histograms goes stale by the float staleness marker.
 */
export interface Histogram {
  /** Counts may have fractions. Integer histograms are what targets expose, float ones what queries and rules yield. */
  readonly isFloat: boolean
  readonly counterResetHint: CounterResetHint
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly count: number
  readonly sum: number
  readonly positiveSpans: Spans
  readonly negativeSpans: Spans
  /** Count of each bucket of the spans, one after the other. */
  readonly positiveBuckets: Float64Array
  readonly negativeBuckets: Float64Array
  /** Upper bounds of custom buckets, rising, without +Inf; empty for exponential buckets. */
  readonly customValues: Float64Array
}

/** Most buckets of one side of a histogram that anybody may send. Exponential ones of schema 0 over all numbers are 2,048. */
export const HISTOGRAM_BUCKETS_MAX = 65_536

export const NO_SPANS: Spans = new Int32Array(0)
export const NO_BUCKETS: Float64Array = new Float64Array(0)
