import type { Histogram } from '../model/histogram.ts'
import type { Labels } from '../model/labels.ts'
import type { Timestamp } from '../model/time.ts'

export interface VectorSample {
  readonly labels: Labels
  readonly t: Timestamp
  /** Means nothing where there is a histogram. */
  readonly v: number
  readonly h?: Histogram | undefined
}

/** One series of a matrix: `length` points, in time order, in arrays that may be longer. */
export interface MatrixSeries {
  readonly labels: Labels
  readonly timestamps: Float64Array
  readonly values: Float64Array
  /** Where a place has a histogram, that is the point, and the value means nothing. Undefined: all points are floats. */
  readonly histograms?: readonly (Histogram | undefined)[] | undefined
  readonly length: number
}

export type QueryValue =
  | { readonly type: 'scalar'; readonly t: Timestamp; readonly v: number }
  | { readonly type: 'string'; readonly t: Timestamp; readonly v: string }
  | { readonly type: 'vector'; readonly samples: readonly VectorSample[] }
  | { readonly type: 'matrix'; readonly series: readonly MatrixSeries[] }

/** Samples that were looked at, and read, at each step: see SampleTally. */
export interface SamplesPerStep {
  readonly start: Timestamp
  readonly stepMs: number
  readonly totals: Float64Array
  readonly reads: Float64Array
}

/** What a node of a plan cost, itself and not those below it, unless it says so. */
export interface PlanCost {
  /** Wall time; while it waits for the event loop as well. */
  readonly timeMs: number
  /** What it answered: series, and points in all of them. */
  readonly series: number
  readonly samples: number
  /** Samples of the storage that it and those below looked at, each once. */
  readonly samplesRead: number
  /** Most bytes that the query held while it worked, beyond those held when it began. */
  readonly bytes: number
}

/** A node of a plan that has run. */
export interface PlanReport {
  readonly operation: string
  /** Undefined for scalars, and for a place that is told the answer of another. */
  readonly cost: PlanCost | undefined
  readonly inputs: readonly PlanReport[]
}

export interface QueryStats {
  readonly samplesTotal: number
  readonly samplesRead: number
  readonly samplesPeak: number
  /** Only when asked for. */
  readonly perStep?: SamplesPerStep | undefined
  /** Only when asked for. */
  readonly plan?: PlanReport | undefined
  /** Wall time in seconds by phase, upstream's names: evalTotalTime, queryPreparationTime, innerEvalTime, execQueueTime, execTotalTime. */
  readonly timings: Readonly<Record<string, number>>
}

export interface QueryResult {
  readonly value: QueryValue
  /** Upstream's texts, without duplicates. */
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
  readonly stats: QueryStats
}
