/** Types a metric can have. Source: prometheus/common model/metadata.go. */
export const METRIC_TYPES = ['counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset', 'unknown'] as const
export type MetricType = (typeof METRIC_TYPES)[number]

/** What is said about a metric. Empty text: nothing. */
export interface Metadata {
  readonly type: MetricType
  readonly unit: string
  readonly help: string
}
