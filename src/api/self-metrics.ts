// The metrics of this server as JSON: what /metrics has, in the JSON form of its protobuf message. 64-bit integers are strings there,
// and numbers that JSON has not are "NaN", "Infinity" and "-Infinity".
// Source: prometheus/client_model metrics.proto; the ProtoJSON mapping; Prometheus 3.12, /api/v1/status/self_metrics.

import type { Answer } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { formatRfc3339 } from '../base/rfc3339.ts'
import type { ExposedExemplar, ExposedFamily, ExposedMetric, LabelPairs } from '../exposition/exposed-family.ts'
import { registryFamilies } from '../exposition/registry-families.ts'
import type { MetricType } from '../model/metadata.ts'
import { compileAnchoredRegex } from '../model/regex.ts'
import type { ApiDeps } from './deps.ts'
import { dataAnswer } from './json/envelope.ts'
import { parameter } from './parameters.ts'

type Json = Readonly<Record<string, unknown>>

/** /api/v1/status/self_metrics: families whose name is wholly matched by `metric_name_pattern`, or all. */
export async function selfMetrics({ env }: ApiDeps, { form }: RouteRequest): Promise<Answer> {
  const pattern = form.get('metric_name_pattern') ?? ''
  const regex = pattern === '' ? undefined : parameter('metric_name_pattern', () => compileAnchoredRegex(pattern))
  const families = await registryFamilies(env.metrics)
  return dataAnswer(families.filter(({ name }) => regex?.test(name) ?? true).map(familyJson))
}

function familyJson({ name, help, type, unit, metrics }: ExposedFamily): Json {
  const field = FIELDS[type] ?? 'untyped'
  return {
    name,
    help,
    type: field === 'untyped' ? 'UNTYPED' : type === 'gaugehistogram' ? 'GAUGE_HISTOGRAM' : type.toUpperCase(),
    metric: metrics.map((metric) => ({ ...labelJson(metric.labels), [field]: valueJson(metric, type) })),
    ...(unit === '' ? {} : { unit }),
  }
}

const FIELDS: Partial<Readonly<Record<MetricType, string>>> = {
  counter: 'counter',
  gauge: 'gauge',
  summary: 'summary',
  histogram: 'histogram',
  gaugehistogram: 'histogram',
}

function valueJson(metric: ExposedMetric, type: MetricType): Json {
  const created = metric.startTime === undefined ? {} : { createdTimestamp: formatRfc3339(metric.startTime) }
  if (metric.kind === 'value') {
    return { value: numberJson(metric.value), ...(type === 'counter' ? { ...exemplarJson(metric.exemplar), ...created } : {}) }
  }
  const totals = { sampleCount: String(metric.count), sampleSum: numberJson(metric.sum) }
  if (metric.kind === 'summary') {
    const quantile = metric.quantiles.map(([quantile, value]) => ({ quantile, value: numberJson(value) }))
    return { ...totals, ...(quantile.length === 0 ? {} : { quantile }), ...created }
  }
  const bucket = metric.buckets.map(({ upperBound, count, exemplar }) => ({
    cumulativeCount: String(count),
    upperBound: numberJson(upperBound),
    ...exemplarJson(exemplar),
  }))
  return { ...totals, ...(bucket.length === 0 ? {} : { bucket }), ...created }
}

function exemplarJson(exemplar: ExposedExemplar | undefined): Json {
  if (exemplar === undefined) return {}
  const { labels, value, timestamp } = exemplar
  const time = timestamp === undefined ? {} : { timestamp: formatRfc3339(timestamp) }
  return { exemplar: { ...labelJson(labels), value: numberJson(value), ...time } }
}

function labelJson(labels: LabelPairs): Json {
  return labels.length === 0 ? {} : { label: labels.map(([name, value]) => ({ name, value })) }
}

function numberJson(value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}
