/**
 * Types a metric can have, in the order of the numbers that remote write and the write-ahead log give them.
 * Source: prometheus/common model/metadata.go; Prometheus prompb/types.proto, MetricMetadata; tsdb/record/record.go, MetricType.
 */
export const METRIC_TYPES = ['unknown', 'counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset'] as const
export type MetricType = (typeof METRIC_TYPES)[number]

/** What is said about a metric. Empty text: nothing. */
export interface Metadata {
  readonly type: MetricType
  readonly unit: string
  readonly help: string
}
