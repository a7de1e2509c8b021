// Answers of /api/v1/metadata and /api/v1/targets/metadata.
// Source: Prometheus docs/querying/api.md, "Querying target metadata", "Querying metric metadata".

import type { Metric } from './query.ts'

/** Empty text: the page did not say. */
export interface MetadataJson {
  readonly type: string
  readonly unit: string
  readonly help: string
}

/** What targets say about a metric, each different thing once. */
export type MetadataData = Readonly<Record<string, readonly MetadataJson[]>>

export interface TargetMetadataJson {
  readonly target: Metric
  /** Left out when one metric was asked for. */
  readonly metric?: string
  readonly type: string
  readonly help: string
  readonly unit: string
}
