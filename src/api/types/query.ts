// Answers of /api/v1/query and /api/v1/query_range.
// Source: Prometheus docs/querying/api.md, "Expression query result formats"; web/api/v1/api.go, QueryData.

/** Label values by name; empty for a result without labels. */
export type Metric = Readonly<Record<string, string>>

/** `[Unix seconds, value as text]`; text because JSON knows neither NaN nor infinities. */
export type SampleJson = readonly [number, string]

export interface VectorElement {
  readonly metric: Metric
  readonly value: SampleJson
}

export interface MatrixElement {
  readonly metric: Metric
  readonly values: readonly SampleJson[]
}

export type QueryData = (
  | { readonly resultType: 'vector'; readonly result: readonly VectorElement[] }
  | { readonly resultType: 'matrix'; readonly result: readonly MatrixElement[] }
  | { readonly resultType: 'scalar' | 'string'; readonly result: SampleJson }
) & {
  /** Only when asked for with `stats`. */
  readonly stats?: QueryStatsJson
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
    readonly totalQueryableSamples: number
    readonly peakSamples: number
  }
}
