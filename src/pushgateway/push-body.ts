import type { ExposedFamily, ExposedMetric } from '../exposition/exposed-family.ts'
import { type FamilyType, type Metric, parseMetricFamilies } from '../exposition/metric-families.ts'
import { protobufFamilies } from '../exposition/protobuf-families.ts'
import type { MetricType } from '../model/metadata.ts'

/** The families of a pushed body, by name; a name that comes twice in protobuf is what came last. Throws FamiliesError or ExpositionError. */
export function readPushBody(body: Uint8Array, contentType: string | undefined): ReadonlyMap<string, ExposedFamily> {
  const families = isDelimitedProtobuf(contentType ?? '') ? protobufFamilies(body) : parseMetricFamilies(body).map(exposedFamily)
  return new Map(families.map((family) => [family.name, family]))
}

/** Everything else is taken for text, as upstream does. */
function isDelimitedProtobuf(contentType: string): boolean {
  const [type, ...parameters] = contentType.split(';').map((part) => part.trim())
  const has = (name: string, value: string) =>
    parameters.some((text) => {
      const [key, given = ''] = text.split('=')
      return key.trim().toLowerCase() === name && given.trim().replace(/^"(.*)"$/, '$1') === value
    })
  return (
    type.toLowerCase() === 'application/vnd.google.protobuf' &&
    has('encoding', 'delimited') &&
    has('proto', 'io.prometheus.client.MetricFamily')
  )
}

const TYPES: Readonly<Record<FamilyType, MetricType>> = {
  counter: 'counter',
  gauge: 'gauge',
  summary: 'summary',
  untyped: 'unknown',
  histogram: 'histogram',
  gauge_histogram: 'gaugehistogram',
}

function exposedFamily({ name, type, help = '', metrics }: ReturnType<typeof parseMetricFamilies>[number]): ExposedFamily {
  return { name, type: TYPES[type], help, unit: '', metrics: metrics.map((metric) => exposedMetric(metric, type)) }
}

function exposedMetric({ labels, timestamp, value, count, sum, parts }: Metric, type: FamilyType): ExposedMetric {
  if (type === 'summary') return { kind: 'summary', labels, timestamp, count, sum, quantiles: parts }
  if (type !== 'histogram' && type !== 'gauge_histogram') return { kind: 'value', labels, timestamp, value }
  const buckets = parts.map(([upperBound, total]) => ({ upperBound, count: Math.trunc(total), exemplar: undefined }))
  return { kind: 'histogram', labels, timestamp, count, sum, buckets }
}
