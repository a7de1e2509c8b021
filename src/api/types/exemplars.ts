// Answer of /api/v1/query_exemplars.
// Source: Prometheus docs/querying/api.md, "Querying exemplars".

import type { Metric } from './query.ts'

export interface ExemplarJson {
  readonly labels: Metric
  readonly value: string
  /** Unix seconds. */
  readonly timestamp: number
}

export interface SeriesExemplarsJson {
  readonly seriesLabels: Metric
  readonly exemplars: readonly ExemplarJson[]
}

/** An expression that selects no series is answered 204, without a body. */
export type ExemplarsData = readonly SeriesExemplarsJson[]
