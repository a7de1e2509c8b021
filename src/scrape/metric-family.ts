import { type Labels, METRIC_NAME } from '../model/labels.ts'
import type { Metadata, MetricType } from '../model/metadata.ts'

/** What a page says about a metric. */
export interface MetricFamily extends Metadata {
  readonly name: string
}

const SUFFIXES: Partial<Record<MetricType, readonly string[]>> = {
  counter: ['_total'],
  histogram: ['_bucket', '_sum', '_count'],
  gaugehistogram: ['_bucket', '_gsum', '_gcount'],
  summary: ['_sum', '_count'],
  info: ['_info'],
}

/**
 * Whether a series of this name is one of the metric: a page may well put others below its comment lines.
 * Source: Prometheus scrape/scrape.go, isSeriesPartOfFamily.
 */
export function isOfFamily(seriesName: string, { name, type }: MetricFamily): boolean {
  if (!seriesName.startsWith(name)) return false
  const suffixes = SUFFIXES[type] ?? []
  const suffix = suffixes.find((end) => seriesName.endsWith(end))
  const base = suffix === undefined ? seriesName : seriesName.slice(0, -suffix.length)
  // In the text format these types have their suffix in the name of the metric already.
  const own = type === 'counter' || type === 'info' ? suffixes.find((end) => name.endsWith(end)) : undefined
  return base === (own === undefined ? name : name.slice(0, -own.length))
}

/**
 * The labels with what is said about the metric as labels of their own. What is not known has no label, even if the page gives one.
 * Source: Prometheus schema/labels.go, Metadata.AddToLabels; proposals/0039-metadata-type-unit-labels.
 */
export function withTypeAndUnit(labels: Labels, family: MetricFamily | undefined): Labels {
  const isKnown = family !== undefined && isOfFamily(labels.get(METRIC_NAME), family)
  const type = isKnown && family.type !== 'unknown' ? family.type : ''
  return labels.with({ __type__: type, __unit__: isKnown ? family.unit : '' })
}
