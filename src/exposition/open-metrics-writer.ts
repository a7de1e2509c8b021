// Families in OpenMetrics text. Source: OpenMetrics 1.0; prometheus/common expfmt/openmetrics_create.go.

import { isLegacyMetricName } from '../model/labels.ts'
import type { Timestamp } from '../model/time.ts'
import type { ExposedExemplar, ExposedFamily, ExposedMetric, LabelPairs } from './exposed-family.ts'
import { formatBucketBound, formatFloatText } from './float.ts'
import { labelPair, quoted, shownName } from './text-writer.ts'

/** The last line of a page: without it a reader must not take it for whole. */
export const OPEN_METRICS_END = '# EOF\n'

const TOTAL = '_total'

export interface OpenMetricsOptions {
  /** Write `_created` lines. Readers that know nothing of them take them for series. */
  readonly created: boolean
}

/** One family. A counter whose name lacks `_total` is of unknown type here: OpenMetrics has no other counters. */
export function openMetricsFamily(family: ExposedFamily, { created }: OpenMetricsOptions): string {
  const { name, help, unit } = family
  const isCounter = family.type === 'counter' && name.endsWith(TOTAL)
  const type = family.type === 'counter' && !isCounter ? 'unknown' : family.type
  const shortName = isCounter ? name.slice(0, -TOTAL.length) : name
  const shown = shownName(shortName)
  const lines: string[] = []
  if (help !== '') lines.push(`# HELP ${shown} ${quoted(help).slice(1, -1)}\n`)
  lines.push(`# TYPE ${shown} ${type}\n`)
  if (unit !== '' && shortName.endsWith(`_${unit}`)) lines.push(`# UNIT ${shown} ${unit}\n`)
  for (const metric of family.metrics) {
    writeMetric(lines, name, type === 'gaugehistogram', metric)
    const isCounting = type === 'counter' || type === 'histogram' || type === 'summary'
    if (created && isCounting && metric.startTime !== undefined) {
      lines.push(`${series(`${shortName}_created`, metric.labels)} ${seconds(metric.startTime)}\n`)
    }
  }
  return lines.join('')
}

function writeMetric(lines: string[], name: string, isGauge: boolean, metric: ExposedMetric): void {
  const time = metric.timestamp === undefined ? '' : ` ${seconds(metric.timestamp)}`
  const line = (suffix: string, labels: LabelPairs, value: string, exemplar?: ExposedExemplar) =>
    lines.push(`${series(name + suffix, labels)} ${value}${time}${exemplar === undefined ? '' : shownExemplar(exemplar)}\n`)
  switch (metric.kind) {
    case 'value':
      line('', metric.labels, formatBucketBound(metric.value), metric.exemplar)
      return
    case 'summary':
      for (const [quantile, value] of metric.quantiles) {
        line('', [...metric.labels, ['quantile', formatBucketBound(quantile)]], formatBucketBound(value))
      }
      line('_sum', metric.labels, formatBucketBound(metric.sum))
      line('_count', metric.labels, countText(metric.count))
      return
    case 'histogram': {
      const bucket = (bound: number, count: number, exemplar: ExposedExemplar | undefined) =>
        line('_bucket', [...metric.labels, ['le', formatBucketBound(bound)]], countText(count), exemplar)
      for (const { upperBound, count, exemplar } of metric.buckets) bucket(upperBound, count, exemplar)
      if (metric.buckets.at(-1)?.upperBound !== Infinity) bucket(Infinity, metric.count, undefined)
      line(isGauge ? '_gsum' : '_sum', metric.labels, formatBucketBound(metric.sum))
      line(isGauge ? '_gcount' : '_count', metric.labels, countText(metric.count))
    }
  }
}

function series(name: string, labels: LabelPairs): string {
  const pairs = labels.map(([label, value]) => labelPair(label, value))
  if (!isLegacyMetricName(name)) return `{${[quoted(name), ...pairs].join(',')}}`
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
}

function shownExemplar({ labels, value, timestamp }: ExposedExemplar): string {
  const pairs = labels.map(([label, text]) => labelPair(label, text)).join(',')
  return ` # {${pairs}} ${formatBucketBound(value)}${timestamp === undefined ? '' : ` ${seconds(timestamp)}`}`
}

/** Counts are whole numbers, written as such, unless they are not. */
function countText(count: number): string {
  return Number.isSafeInteger(count) ? String(count) : formatFloatText(count)
}

function seconds(time: Timestamp): string {
  return formatBucketBound(time / 1000)
}
