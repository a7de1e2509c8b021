// A metric family as it is exposed, whatever the format. Source: prometheus/client_model, metrics.proto.

import type { Histogram } from '../model/histogram.ts'
import type { MetricType } from '../model/metadata.ts'
import type { Timestamp } from '../model/time.ts'

export type LabelPairs = readonly (readonly [name: string, value: string])[]

export interface ExposedExemplar {
  readonly labels: LabelPairs
  readonly value: number
  /** Unix ms. */
  readonly timestamp: Timestamp | undefined
}

/** Cumulative: `count` is of all observations up to `upperBound`. */
export interface ExposedBucket {
  readonly upperBound: number
  readonly count: number
  readonly exemplar: ExposedExemplar | undefined
}

interface Common {
  /** In the order in which they are written; the metric's name is not among them. */
  readonly labels: LabelPairs
  /** Unix ms. */
  readonly timestamp?: Timestamp | undefined
  /** When the counting began, Unix ms. */
  readonly startTime?: Timestamp | undefined
}

export interface ExposedValue extends Common {
  readonly kind: 'value'
  readonly value: number
  readonly exemplar?: ExposedExemplar | undefined
}

export interface ExposedSummary extends Common {
  readonly kind: 'summary'
  readonly count: number
  readonly sum: number
  readonly quantiles: readonly (readonly [quantile: number, value: number])[]
}

export interface ExposedHistogram extends Common {
  readonly kind: 'histogram'
  readonly count: number
  readonly sum: number
  readonly buckets: readonly ExposedBucket[]
  /** Only protobuf has it, and it has no custom buckets. */
  readonly native?: Histogram | undefined
  /** Of the native histogram. */
  readonly exemplars?: readonly ExposedExemplar[]
}

export type ExposedMetric = ExposedValue | ExposedSummary | ExposedHistogram

/** All metrics are of the kind that the type asks for: summaries, histograms (gauge histograms too), else values. */
export interface ExposedFamily {
  /** As series have it: of a counter with its `_total`. */
  readonly name: string
  readonly type: MetricType
  readonly help: string
  readonly unit: string
  readonly metrics: readonly ExposedMetric[]
}
