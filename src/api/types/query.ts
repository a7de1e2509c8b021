// Answers of /api/v1/query and /api/v1/query_range.
// Source: Prometheus docs/querying/api.md, "Expression query result formats"; web/api/v1/api.go, QueryData.

/** Label values by name; empty for a result without labels. */
export type Metric = Readonly<Record<string, string>>

/** `[Unix seconds, value as text]`; text because JSON knows neither NaN nor infinities. */
export type SampleJson = readonly [number, string]

/** Numbers as text. A bucket: which bounds belong to it (0 the upper, 1 the lower, 2 neither, 3 both), lower, upper, count. */
export interface HistogramJson {
  readonly count: string
  readonly sum: string
  readonly buckets?: readonly (readonly [number, string, string, string])[]
}

export type HistogramSampleJson = readonly [number, HistogramJson]

/** One of `value` and `histogram`. */
export interface VectorElement {
  readonly metric: Metric
  readonly value?: SampleJson
  readonly histogram?: HistogramSampleJson
}

/** `values` and `histograms` where there are such points. */
export interface MatrixElement {
  readonly metric: Metric
  readonly values?: readonly SampleJson[]
  readonly histograms?: readonly HistogramSampleJson[]
}

export type QueryData = (
  | { readonly resultType: 'vector'; readonly result: readonly VectorElement[] }
  | { readonly resultType: 'matrix'; readonly result: readonly MatrixElement[] }
  | { readonly resultType: 'scalar' | 'string'; readonly result: SampleJson }
) & {
  /** Only when asked for with `stats`. */
  readonly stats?: QueryStatsJson
}

export type StepStatJson = readonly [number, number]

/** A node of the plan that was run. Numbers are of the node itself, but for `samplesRead`; a scalar has none. */
export interface PlanNodeJson {
  readonly operation: string
  readonly timeMs?: number
  readonly series?: number
  readonly samples?: number
  /** Samples of the storage that it and those below looked at. */
  readonly samplesRead?: number
  readonly bytes?: number
  readonly inputs: readonly PlanNodeJson[]
}

/** Times in seconds. */
export interface QueryStatsJson {
  readonly timings: {
    readonly evalTotalTime: number
    readonly resultSortTime: number
    readonly queryPreparationTime: number
    readonly innerEvalTime: number
    readonly execQueueTime: number
    readonly execTotalTime: number
  }
  readonly samples: {
    /** `[Unix seconds, samples]` a step, with `stats=all` and the feature promql-per-step-stats. */
    readonly totalQueryableSamplesPerStep?: readonly StepStatJson[]
    readonly totalQueryableSamples: number
    readonly samplesReadPerStep?: readonly StepStatJson[]
    readonly samplesRead: number
    readonly peakSamples: number
  } /** With `stats=plan`; ours. */
  readonly plan?: PlanNodeJson
}
