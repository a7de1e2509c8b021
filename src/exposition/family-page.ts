import type { EscapingScheme } from '../model/name-escaping.ts'
import { escapeName } from '../model/name-escaping.ts'
import type { ExposedFamily } from './exposed-family.ts'
import type { NegotiatedFormat } from './negotiate.ts'
import { OPEN_METRICS_END, openMetricsFamily } from './open-metrics-writer.ts'
import { protobufFamily } from './protobuf-writer.ts'
import { textFamily } from './text-family.ts'

/** A page of families, part by part. */
export function* familyPage(families: Iterable<ExposedFamily>, { kind, escaping }: NegotiatedFormat): Generator<Uint8Array> {
  for (const family of families) {
    const escaped = escapeFamily(family, escaping)
    switch (kind) {
      case 'text':
        for (const lines of textFamily(escaped)) yield Buffer.from(lines)
        break
      case 'openmetrics':
        // As client_golang: without `_created`, which servers that know nothing of it store as series.
        yield Buffer.from(openMetricsFamily(escaped, { created: false }))
        break
      case 'protobuf':
        yield protobufFamily(escaped)
    }
  }
  if (kind === 'openmetrics') yield Buffer.from(OPEN_METRICS_END)
}

/** The family with its names as the reader takes them. Source: prometheus/common model/metric.go, EscapeMetricFamily. */
function escapeFamily(family: ExposedFamily, scheme: EscapingScheme): ExposedFamily {
  if (scheme === 'allow-utf-8') return family
  const metrics = family.metrics.map((metric) => ({
    ...metric,
    labels: metric.labels.map(([name, value]) => [escapeName(name, scheme), value] as const),
  }))
  return { ...family, name: escapeName(family.name, scheme), metrics }
}
