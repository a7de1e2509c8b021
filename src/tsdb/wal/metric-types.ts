import type { MetricType } from '../../model/metadata.ts'

/** Metric types as the log numbers them. */
export const METRIC_TYPES_BY_NUMBER: readonly (MetricType | undefined)[] = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
]

export const METRIC_TYPE_NUMBERS = Object.fromEntries(METRIC_TYPES_BY_NUMBER.map((type, number) => [type, number])) as Readonly<
  Record<MetricType, number>
>
