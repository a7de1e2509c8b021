import { formatRfc3339 } from '../base/rfc3339.ts'
import type { ExposedMetric } from '../exposition/exposed-family.ts'
import { formatFloatText } from '../exposition/float.ts'
import type { MetricType } from '../model/metadata.ts'
import { PUSH_FAILURE_TIME, PUSH_TIME, type PushedGroup, type PushStore } from './push-store.ts'

// What was pushed, as JSON. Source: prometheus/pushgateway README.md, "Query API"; api/v1/api.go.

type Json = Readonly<Record<string, unknown>>

/** Groups in order of their labels. */
export function pushedJson(store: PushStore): readonly Json[] {
  return store.groups.map((group) => ({
    ...Object.fromEntries(
      [...group.families].map(([name, { family, time }]) => [
        name,
        {
          time_stamp: formatRfc3339(time),
          type: TYPES[family.type] ?? 'UNTYPED',
          ...(family.help === '' ? {} : { help: family.help }),
          metrics: family.metrics.map(metricJson),
        },
      ]),
    ),
    labels: Object.fromEntries(group.labels),
    last_push_successful: wasLastSuccessful(group),
  }))
}

const TYPES: Readonly<Partial<Record<MetricType, string>>> = {
  counter: 'COUNTER',
  gauge: 'GAUGE',
  summary: 'SUMMARY',
  histogram: 'HISTOGRAM',
  gaugehistogram: 'GAUGE_HISTOGRAM',
}

function wasLastSuccessful({ families }: PushedGroup): boolean {
  const timeOf = (name: string) => {
    const metric = families.get(name)?.family.metrics[0]
    return metric?.kind === 'value' ? metric.value : 0
  }
  return timeOf(PUSH_TIME) > timeOf(PUSH_FAILURE_TIME)
}

function metricJson(metric: ExposedMetric): Json {
  const labels = Object.fromEntries(metric.labels)
  if (metric.kind === 'value') return { labels, value: formatFloatText(metric.value) }
  const totals = { count: String(metric.count), sum: formatFloatText(metric.sum) }
  if (metric.kind === 'summary') {
    const quantiles = metric.quantiles.map(([quantile, value]) => [formatFloatText(quantile), formatFloatText(value)])
    return { labels, ...totals, quantiles: Object.fromEntries(quantiles) }
  }
  const buckets = metric.buckets.map(({ upperBound, count }) => [formatFloatText(upperBound), String(count)])
  return { labels, ...totals, buckets: Object.fromEntries(buckets) }
}
