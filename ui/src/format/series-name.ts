import type { Metric } from '../../../src/api/types/query.ts'

const plainName = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const plainMetric = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/

/** A series as PromQL would select it: `up{instance="a:9090",job="x"}`. Labels in order of name; no labels is `{}`. */
export function formatSeries(metric: Metric): string {
  const name = metric['__name__']
  const pairs = labelPairs(metric)
  if (name !== undefined && plainMetric.test(name)) return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
  // Names outside the classic alphabet stand quoted inside the braces.
  const quoted = name === undefined ? pairs : [JSON.stringify(name), ...pairs]
  return `{${quoted.join(',')}}`
}

/** Label pairs `name="value"` without the metric name, in order of name. */
export function labelPairs(metric: Metric): string[] {
  return labelNames(metric).map((name) => `${quoteName(name)}=${JSON.stringify(metric[name])}`)
}

/** Label names without the metric name, sorted. */
export function labelNames(metric: Metric): string[] {
  return Object.keys(metric)
    .filter((name) => name !== '__name__')
    .sort()
}

/** The labels all of these series carry with the same value, the metric name included; none for fewer than two series. */
export function commonLabels(metrics: readonly Metric[]): Metric {
  if (metrics.length < 2) return {}
  const common: Record<string, string> = { ...metrics[0] }
  for (const metric of metrics) {
    for (const name of Object.keys(common)) if (metric[name] !== common[name]) delete common[name]
  }
  return common
}

/** The labels of `metric` that are not among `common`. */
export function withoutLabels(metric: Metric, common: Metric): Metric {
  return Object.fromEntries(Object.entries(metric).filter(([name]) => common[name] === undefined))
}

function quoteName(name: string): string {
  return plainName.test(name) ? name : JSON.stringify(name)
}
