import type { MetadataData } from '../../../../src/api/types/metadata.ts'

export interface ListedMetric {
  readonly name: string
  /** Empty where no target says it. */
  readonly type: string
  readonly help: string
  /** An expression that a first look at such a metric begins with. */
  readonly expr: string
}

const parts = ['_bucket', '_count', '_sum', '_total', '_created']

/** Metrics with what their targets say; every word of `text` must occur in the name or the help, those in the name first. */
export function listMetrics(names: readonly string[], metadata: MetadataData, text: string): readonly ListedMetric[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const inName: ListedMetric[] = []
  const inHelp: ListedMetric[] = []
  for (const name of names) {
    const said = metadata[name]?.[0] ?? ofFamily(name, metadata)
    const metric = { name, type: said?.type ?? '', help: said?.help ?? '', expr: expressionOf(name, said?.type ?? '') }
    const lower = name.toLowerCase()
    if (words.every((word) => lower.includes(word))) inName.push(metric)
    else if (words.every((word) => lower.includes(word) || metric.help.toLowerCase().includes(word))) inHelp.push(metric)
  }
  return [...inName, ...inHelp]
}

/** What is said of `a` holds for `a_bucket`. */
function ofFamily(name: string, metadata: MetadataData) {
  const part = parts.find((suffix) => name.endsWith(suffix))
  return part === undefined ? undefined : metadata[name.slice(0, -part.length)]?.[0]
}

function expressionOf(name: string, type: string): string {
  const selector = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name) ? name : `{${JSON.stringify(name)}}`
  if (type === 'histogram' && name.endsWith('_bucket')) return `histogram_quantile(0.9, sum by (le) (rate(${selector}[5m])))`
  const counts = type === 'counter' || ((type === 'histogram' || type === 'summary') && /_(count|sum)$/.test(name))
  return counts ? `rate(${selector}[5m])` : selector
}
