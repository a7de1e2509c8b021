import type { MetricType } from '../model/metadata.ts'
import type { ExposedFamily, ExposedMetric, LabelPairs } from './exposed-family.ts'
import { formatFloatText } from './float.ts'
import { helpLine, labelPair, sampleLine, type TextMetricType, typeLine } from './text-writer.ts'

const TEXT_TYPES: Readonly<Partial<Record<MetricType, TextMetricType>>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  gaugehistogram: 'histogram',
  summary: 'summary',
}

/** Metrics whose lines are made at a time. */
const PART_METRICS = 256

/** One family in text format 0.0.4 or 1.0.0, part by part. Source: prometheus/common expfmt/text_create.go. */
export function* textFamily(family: ExposedFamily): Generator<string> {
  const { name, help, type, metrics } = family
  let lines = (help === '' ? '' : helpLine(name, help)) + typeLine(name, TEXT_TYPES[type] ?? 'untyped')
  for (let i = 0; i < metrics.length; i++) {
    lines += metricLines(name, metrics[i])
    if (i % PART_METRICS !== PART_METRICS - 1) continue
    yield lines
    lines = ''
  }
  yield lines
}

function metricLines(name: string, metric: ExposedMetric): string {
  const pairs = joinedPairs(metric.labels)
  const at = metric.timestamp
  switch (metric.kind) {
    case 'value':
      return sampleLine(name, pairs, metric.value, at)
    case 'summary': {
      const quantiles = metric.quantiles.map(([quantile, value]) => sampleLine(name, withBound(pairs, 'quantile', quantile), value, at))
      return quantiles.join('') + sampleLine(`${name}_sum`, pairs, metric.sum, at) + sampleLine(`${name}_count`, pairs, metric.count, at)
    }
    case 'histogram': {
      const bucket = (bound: number, count: number) => sampleLine(`${name}_bucket`, withBound(pairs, 'le', bound), count, at)
      const buckets = metric.buckets.map(({ upperBound, count }) => bucket(upperBound, count))
      if (metric.buckets.at(-1)?.upperBound !== Infinity) buckets.push(bucket(Infinity, metric.count))
      return buckets.join('') + sampleLine(`${name}_sum`, pairs, metric.sum, at) + sampleLine(`${name}_count`, pairs, metric.count, at)
    }
  }
}

function joinedPairs(labels: LabelPairs): string {
  return labels.map(([name, value]) => labelPair(name, value)).join(',')
}

function withBound(pairs: string, name: string, bound: number): string {
  const own = `${name}="${formatFloatText(bound)}"`
  return pairs === '' ? own : `${pairs},${own}`
}
