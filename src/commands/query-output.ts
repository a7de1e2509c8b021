import { quote } from '../base/go-quote.ts'
import { formatFloatText } from '../exposition/float.ts'
import { formatFloat } from '../model/go-text.ts'
import { compareStrings, METRIC_NAME } from '../model/labels.ts'

// Answers of the HTTP API as text, byte for byte as promtool prints them.
// Source: Prometheus cmd/promtool/main.go, promqlPrinter and jsonPrinter; prometheus/common model/value.go, value_histogram.go, metric.go.

export const OUTPUT_FORMATS = ['promql', 'json'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

type LabelMap = Readonly<Record<string, string>>
/** Unix seconds and what was then. */
type Pair<V> = readonly [time: number, value: V]

interface Histogram {
  readonly count: string
  readonly sum: string
  readonly buckets?: readonly (readonly [boundaries: number, lower: string, upper: string, count: string])[]
}

interface Sample {
  readonly metric: LabelMap
  readonly value?: Pair<string>
  readonly histogram?: Pair<Histogram>
}

interface SampleStream {
  readonly metric: LabelMap
  readonly values?: readonly Pair<string>[]
  readonly histograms?: readonly Pair<Histogram>[]
}

export type QueryData =
  | { readonly resultType: 'vector'; readonly result: readonly Sample[] }
  | { readonly resultType: 'matrix'; readonly result: readonly SampleStream[] }
  | { readonly resultType: 'scalar'; readonly result: Pair<string> }
  | { readonly resultType: 'string'; readonly result: Pair<string> }

/** The answer to a query, lines without the last newline. */
export function queryText(data: QueryData, format: OutputFormat): string {
  return format === 'json' ? queryJson(data) : queryPromql(data)
}

/** Label sets, a line each; undefined where there is no line at all. */
export function seriesText(series: readonly LabelMap[], format: OutputFormat): string | undefined {
  if (format === 'json') return `[${series.map(labelsJson).join(',')}]`
  return linesOf(series.map(labelSetText))
}

export function labelValuesText(values: readonly string[], format: OutputFormat): string | undefined {
  return format === 'json' ? json(values) : linesOf(values)
}

function linesOf(lines: readonly string[]): string | undefined {
  return lines.length === 0 ? undefined : lines.join('\n')
}

function queryPromql(data: QueryData): string {
  switch (data.resultType) {
    case 'vector':
      return data.result.map(sampleText).join('\n')
    case 'matrix':
      return [...data.result]
        .sort((a, b) => compareMetrics(a.metric, b.metric))
        .map(streamText)
        .join('\n')
    case 'scalar':
      return `scalar: ${valueText(data.result[1])} @[${timeText(data.result[0])}]`
    case 'string':
      return data.result[1]
  }
}

function sampleText({ metric, value, histogram }: Sample): string {
  const [time, text] = histogram ? [histogram[0], histogramText(histogram[1])] : [value![0], valueText(value![1])]
  return `${metricText(metric)} => ${text} @[${timeText(time)}]`
}

function streamText({ metric, values = [], histograms = [] }: SampleStream): string {
  const lines = [
    ...values.map(([time, value]) => `${valueText(value)} @[${timeText(time)}]`),
    ...histograms.map(([time, histogram]) => `${histogramText(histogram)} @[${timeText(time)}]`),
  ]
  return `${metricText(metric)} =>\n${lines.join('\n')}`
}

function timeText(time: number): string {
  return formatFloat(Math.round(time * 1000) / 1000)
}

function valueText(value: string): string {
  return formatFloat(toNumber(value))
}

function toNumber(value: string): number {
  if (value === '+Inf') return Infinity
  return value === '-Inf' ? -Infinity : Number(value)
}

function histogramText({ count, sum, buckets = [] }: Histogram): string {
  const texts = buckets.map(([boundaries, lower, upper, inBucket]) => {
    const open = boundaries === 1 || boundaries === 3 ? '[' : '('
    const close = boundaries === 0 || boundaries === 3 ? ']' : ')'
    return `${open}${formatFloatText(toNumber(lower))},${formatFloatText(toNumber(upper))}${close}:${valueText(inBucket)}`
  })
  return `Count: ${fixedFloat(toNumber(count))}, Sum: ${fixedFloat(toNumber(sum))}, Buckets: [${texts.join(' ')}]`
}

/** Go's %f. */
function fixedFloat(value: number): string {
  if (!Number.isFinite(value)) return formatFloat(value)
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`
}

/** `name{a="b"}` */
function metricText(metric: LabelMap): string {
  const name = metric[METRIC_NAME]
  const labels = labelTexts(metric, (label) => label !== METRIC_NAME)
  if (labels.length === 0) return name ?? '{}'
  return `${name ?? ''}{${labels.join(', ')}}`
}

/** `{__name__="name", a="b"}` */
function labelSetText(labels: LabelMap): string {
  return `{${labelTexts(labels, () => true).join(', ')}}`
}

function labelTexts(labels: LabelMap, shows: (label: string) => boolean): string[] {
  const shown = Object.entries(labels).filter(([label]) => shows(label))
  return shown.sort(([a], [b]) => compareStrings(a, b)).map(([label, value]) => `${label}=${quote(value)}`)
}

/** Fewer labels first; then by the first label that differs, where it is missing before where it is there. */
function compareMetrics(a: LabelMap, b: LabelMap): number {
  const [aNames, bNames] = [Object.keys(a), Object.keys(b)]
  if (aNames.length !== bNames.length) return aNames.length - bNames.length
  for (const name of [...new Set([...aNames, ...bNames])].sort(compareStrings)) {
    if (!Object.hasOwn(a, name)) return -1
    if (!Object.hasOwn(b, name)) return 1
    const order = compareStrings(a[name], b[name])
    if (order !== 0) return order
  }
  return 0
}

function queryJson(data: QueryData): string {
  switch (data.resultType) {
    case 'vector':
      return `[${data.result
        .map(({ metric, value, histogram }) => {
          const pair = histogram ? `"histogram":${histogramPairJson(histogram)}` : `"value":${pairJson(value!)}`
          return `{"metric":${labelsJson(metric)},${pair}}`
        })
        .join(',')}]`
    case 'matrix':
      return `[${data.result.map(streamJson).join(',')}]`
    case 'scalar':
      return pairJson(data.result)
    case 'string':
      return `[${timeText(data.result[0])},${json(data.result[1])}]`
  }
}

function streamJson({ metric, values = [], histograms = [] }: SampleStream): string {
  const parts = [`"metric":${labelsJson(metric)}`]
  if (values.length > 0 || histograms.length === 0) parts.push(`"values":[${values.map(pairJson).join(',')}]`)
  if (histograms.length > 0) parts.push(`"histograms":[${histograms.map(histogramPairJson).join(',')}]`)
  return `{${parts.join(',')}}`
}

function pairJson([time, value]: Pair<string>): string {
  return `[${timeText(time)},"${valueText(value)}"]`
}

function histogramPairJson([time, { count, sum, buckets }]: Pair<Histogram>): string {
  const texts = buckets?.map(([boundaries, lower, upper, inBucket]) =>
    json([boundaries, valueText(lower), valueText(upper), valueText(inBucket)]),
  )
  const list = texts === undefined ? 'null' : `[${texts.join(',')}]`
  return `[${timeText(time)},{"count":"${valueText(count)}","sum":"${valueText(sum)}","buckets":${list}}]`
}

/** Written out, since JavaScript puts names that are numbers first. */
function labelsJson(labels: LabelMap): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => compareStrings(a, b))
  return `{${sorted.map(([name, value]) => `${json(name)}:${json(value)}`).join(',')}}`
}

/** As Go's encoder writes it, which takes care of HTML. */
function json(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
