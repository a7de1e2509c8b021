import type { ExposedFamily, ExposedMetric } from '../exposition/exposed-family.ts'
import { type FamilyType, type Metric, type MetricFamily, parsingMetricFamilies } from '../exposition/metric-families.ts'
import { readingProtobufFamilies } from '../exposition/protobuf-families.ts'
import type { MetricType } from '../model/metadata.ts'

/**
 * The families of a pushed body, by name; a name that comes twice in protobuf is what came last. Throws FamiliesError or ExpositionError. Yields
 * where it can pause.
 */
export function* readPushBody(body: Uint8Array, contentType: string | undefined): Generator<undefined, ReadonlyMap<string, ExposedFamily>> {
  const families = isDelimitedProtobuf(contentType ?? '')
    ? yield* readingProtobufFamilies(body)
    : yield* exposedFamilies(yield* parsingMetricFamilies(body))
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

function* exposedFamilies(families: readonly MetricFamily[]): Generator<undefined, ExposedFamily[]> {
  const exposed: ExposedFamily[] = []
  for (const { name, type, help = '', metrics } of families) {
    exposed.push({ name, type: TYPES[type], help, unit: '', metrics: metrics.map((metric) => exposedMetric(metric, type)) })
    yield
  }
  return exposed
}

function exposedMetric({ labels, timestamp, value, count, sum, parts }: Metric, type: FamilyType): ExposedMetric {
  if (type === 'summary') return { kind: 'summary', labels, timestamp, count, sum, quantiles: parts }
  if (type !== 'histogram' && type !== 'gauge_histogram') return { kind: 'value', labels, timestamp, value }
  const buckets = parts.map(([upperBound, total]) => ({ upperBound, count: Math.trunc(total), exemplar: undefined }))
  return { kind: 'histogram', labels, timestamp, count, sum, buckets }
}
