import type { MetricType } from '../model/metadata.ts'
import type { Timestamp } from '../model/time.ts'
import type { ExposedFamily, LabelPairs } from './exposed-family.ts'
import { formatFloatText } from './float.ts'
import { helpLine, labelPair, sampleLine, type TextMetricType, typeLine } from './text-writer.ts'

const TEXT_TYPES: Readonly<Partial<Record<MetricType, TextMetricType>>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  gaugehistogram: 'histogram',
  summary: 'summary',
}

/** One family in text format 0.0.4 or 1.0.0. Source: prometheus/common expfmt/text_create.go. */
export function textFamily(family: ExposedFamily): string {
  const { name, help, type } = family
  const lines = [help === '' ? '' : helpLine(name, help), typeLine(name, TEXT_TYPES[type] ?? 'untyped')]
  for (const metric of family.metrics) {
    const pairs = joinedPairs(metric.labels)
    const at = metric.timestamp
    switch (metric.kind) {
      case 'value':
        lines.push(sampleLine(name, pairs, metric.value, at))
        break
      case 'summary':
        for (const [quantile, value] of metric.quantiles) lines.push(sampleLine(name, withBound(pairs, 'quantile', quantile), value, at))
        lines.push(sampleLine(`${name}_sum`, pairs, metric.sum, at), sampleLine(`${name}_count`, pairs, metric.count, at))
        break
      case 'histogram': {
        const bucket = (bound: number, count: number, time: Timestamp | undefined) =>
          sampleLine(`${name}_bucket`, withBound(pairs, 'le', bound), count, time)
        for (const { upperBound, count } of metric.buckets) lines.push(bucket(upperBound, count, at))
        if (metric.buckets.at(-1)?.upperBound !== Infinity) lines.push(bucket(Infinity, metric.count, at))
        lines.push(sampleLine(`${name}_sum`, pairs, metric.sum, at), sampleLine(`${name}_count`, pairs, metric.count, at))
      }
    }
  }
  return lines.join('')
}

function joinedPairs(labels: LabelPairs): string {
  return labels.map(([name, value]) => labelPair(name, value)).join(',')
}

function withBound(pairs: string, name: string, bound: number): string {
  const own = `${name}="${formatFloatText(bound)}"`
  return pairs === '' ? own : `${pairs},${own}`
}
