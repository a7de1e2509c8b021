import type { MetadataData } from '../../../../src/api/types/metadata.ts'

export interface ListedMetric {
  readonly name: string
  /** Empty where no target says it; `native histogram` where the series themselves are histograms. */
  readonly type: string
  readonly unit: string
  readonly help: string
  /** An expression that a first look at such a metric begins with. */
  readonly expr: string
}

const parts = ['_bucket', '_count', '_sum', '_total', '_created']

/** Metrics with what their targets say; every word of `text` must occur in the name, type, unit or help; those in the name first. */
export function listMetrics(names: readonly string[], metadata: MetadataData, text: string): readonly ListedMetric[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const inName: ListedMetric[] = []
  const inRest: ListedMetric[] = []
  for (const name of names) {
    const { type, unit, help } = metadata[name]?.[0] ?? ofFamily(name, metadata) ?? unsaid
    // The series of a classic histogram all have a suffix: one that bears the family's own name is a native histogram.
    const native = isHistogram(type) && metadata[name] !== undefined
    const metric = { name, type: native ? `native ${type}` : type, unit, help, expr: expressionOf(name, type, native) }
    const lower = name.toLowerCase()
    const rest = `${metric.type} ${unit} ${help}`.toLowerCase()
    if (words.every((word) => lower.includes(word))) inName.push(metric)
    else if (words.every((word) => lower.includes(word) || rest.includes(word))) inRest.push(metric)
  }
  return [...inName, ...inRest]
}

const unsaid = { type: '', unit: '', help: '' }

function isHistogram(type: string): boolean {
  return type === 'histogram' || type === 'gaugehistogram'
}

/** What is said of `a` holds for `a_bucket`. */
function ofFamily(name: string, metadata: MetadataData) {
  const part = parts.find((suffix) => name.endsWith(suffix))
  return part === undefined ? undefined : metadata[name.slice(0, -part.length)]?.[0]
}

function expressionOf(name: string, type: string, native: boolean): string {
  const selector = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name) ? name : `{${JSON.stringify(name)}}`
  if (native) return `histogram_quantile(0.9, sum(${type === 'histogram' ? `rate(${selector}[5m])` : selector}))`
  if (type === 'histogram' && name.endsWith('_bucket')) return `histogram_quantile(0.9, sum by (le) (rate(${selector}[5m])))`
  const counts = type === 'counter' || ((type === 'histogram' || type === 'summary') && /_(count|sum)$/.test(name))
  return counts ? `rate(${selector}[5m])` : selector
}
