import { isLegacyLabelName, isLegacyMetricName, type Labels, METRIC_NAME } from '../model/labels.ts'
import { formatFloatText } from './float.ts'
import type { MetricType } from './text-parser.ts'

/** The Content-Type of what `writeText` writes. */
export const TEXT_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export interface WrittenSample {
  /** The series, `__name__` included. */
  readonly labels: Labels
  readonly value: number
  /** Unix ms; undefined leaves it to the reader. */
  readonly timestamp?: number
}

export interface MetricFamily {
  readonly name: string
  readonly help?: string
  readonly type?: MetricType
  readonly samples: readonly WrittenSample[]
}

/** Metric families as text format 0.0.4. Names outside of the classic characters are quoted, as Prometheus 3 reads them. */
export function writeText(families: Iterable<MetricFamily>): string {
  let out = ''
  for (const family of families) out += writeFamily(family)
  return out
}

/** One family; for pages that are sent piece by piece. */
export function writeFamily(family: MetricFamily): string {
  const name = isLegacyMetricName(family.name) ? family.name : quoted(family.name)
  let out = ''
  if (family.help !== undefined) out += `# HELP ${name} ${family.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`
  if (family.type !== undefined) out += `# TYPE ${name} ${family.type}\n`
  for (const { labels, value, timestamp } of family.samples) {
    out += `${writeSeries(labels)} ${formatFloatText(value)}${timestamp === undefined ? '' : ` ${timestamp}`}\n`
  }
  return out
}

function writeSeries(labels: Labels): string {
  const pairs = labels.pairs
  let name = ''
  let inner = ''
  for (let i = 0; i < pairs.length; i += 2) {
    if (pairs[i] === METRIC_NAME) name = pairs[i + 1]
    else inner += `${inner === '' ? '' : ','}${isLegacyLabelName(pairs[i]) ? pairs[i] : quoted(pairs[i])}=${quoted(pairs[i + 1])}`
  }
  if (!isLegacyMetricName(name)) return `{${quoted(name)}${inner === '' ? '' : `,${inner}`}}`
  return inner === '' ? name : `${name}{${inner}}`
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}
