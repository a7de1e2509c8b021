import type { Registry } from 'prom-client'
import { compareStrings } from '../model/labels.ts'
import type { MetricType } from '../model/metadata.ts'
import type { ExposedBucket, ExposedExemplar, ExposedFamily, ExposedMetric, LabelPairs } from './exposed-family.ts'

/** What the library that counts for us says of a metric. Its own type leaves out half of it. */
interface RegistryMetric {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly values: readonly RegistryValue[]
}

interface RegistryValue {
  readonly value: number
  readonly metricName?: string
  readonly labels?: Readonly<Record<string, string | number>>
  readonly sharedLabels?: Readonly<Record<string, string | number>>
  readonly exemplar?: { readonly labelSet: Readonly<Record<string, string>>; readonly value: number; readonly timestamp: number } | null
}

/** The families of a registry of our own, by name. */
export async function registryFamilies(registry: Registry): Promise<readonly ExposedFamily[]> {
  const metrics = (await registry.getMetricsAsJSON()) as unknown as readonly RegistryMetric[]
  return metrics.map(familyOf).sort((a, b) => compareStrings(a.name, b.name))
}

function familyOf({ name, help, type, values }: RegistryMetric): ExposedFamily {
  const known: MetricType = type === 'counter' || type === 'gauge' || type === 'histogram' || type === 'summary' ? type : 'unknown'
  const metrics =
    known === 'histogram' || known === 'summary'
      ? [...groups(values).values()].map((parts) => (known === 'histogram' ? histogramOf(name, parts) : summaryOf(name, parts)))
      : values.map((value): ExposedMetric => ({ kind: 'value', labels: labelsOf(value), value: value.value, exemplar: exemplarOf(value) }))
  return { name, type: known, help, unit: '', metrics }
}

/** The values of each metric: those that share all labels but bound or quantile. */
function groups(values: readonly RegistryValue[]): Map<string, RegistryValue[]> {
  const found = new Map<string, RegistryValue[]>()
  for (const value of values) {
    const key = JSON.stringify(labelsOf(value))
    const parts = found.get(key)
    if (parts === undefined) found.set(key, [value])
    else parts.push(value)
  }
  return found
}

function histogramOf(name: string, parts: readonly RegistryValue[]): ExposedMetric {
  const buckets: ExposedBucket[] = []
  for (const part of parts) {
    const bound = part.labels?.le
    if (part.metricName !== `${name}_bucket` || bound === undefined) continue
    buckets.push({ upperBound: bound === '+Inf' ? Infinity : Number(bound), count: part.value, exemplar: exemplarOf(part) })
  }
  buckets.sort((a, b) => a.upperBound - b.upperBound)
  return {
    kind: 'histogram',
    labels: labelsOf(parts[0]),
    buckets,
    count: partValue(parts, `${name}_count`),
    sum: partValue(parts, `${name}_sum`),
  }
}

function summaryOf(name: string, parts: readonly RegistryValue[]): ExposedMetric {
  const quantiles = parts
    .filter(({ labels }) => labels?.quantile !== undefined)
    .map(({ labels, value }) => [Number(labels!.quantile), value] as const)
  return {
    kind: 'summary',
    labels: labelsOf(parts[0]),
    quantiles,
    count: partValue(parts, `${name}_count`),
    sum: partValue(parts, `${name}_sum`),
  }
}

function partValue(parts: readonly RegistryValue[], name: string): number {
  return parts.find(({ metricName }) => metricName === name)?.value ?? 0
}

function labelsOf({ labels = {}, sharedLabels = {} }: RegistryValue): LabelPairs {
  return Object.entries({ ...labels, ...sharedLabels })
    .filter(([name]) => name !== 'le' && name !== 'quantile')
    .map(([name, value]) => [name, String(value)] as const)
    .sort(([a], [b]) => compareStrings(a, b))
}

function exemplarOf({ exemplar }: RegistryValue): ExposedExemplar | undefined {
  if (exemplar === undefined || exemplar === null) return undefined
  return { labels: Object.entries(exemplar.labelSet), value: exemplar.value, timestamp: Math.round(exemplar.timestamp * 1000) }
}
