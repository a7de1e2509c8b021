import { METRIC_NAME } from '../model/labels.ts'
import type { MetricType } from '../model/metadata.ts'
import type { ExposedBucket, ExposedFamily, ExposedMetric, LabelPairs } from './exposed-family.ts'
import { parseFloatText } from './float.ts'
import { Entry } from './page-parser.ts'
import { TextParser } from './text-parser.ts'

interface OpenFamily {
  readonly name: string
  type: MetricType
  help: string
  readonly metrics: ExposedMetric[]
  /** Of summaries and histograms, by their labels. */
  readonly open: Map<string, OpenMetric>
}

interface OpenMetric {
  readonly labels: LabelPairs
  readonly timestamp: number | undefined
  count: number
  sum: number
  readonly parts: [bound: number, value: number][]
}

const COMMENT = /#[ \t]+(?:TYPE|HELP)[ \t]+("(?:[^"\\]|\\.)*"|[^ \t\n]+)(.*)/

/**
 * The families of a page in text format that is our own, to write it in another one. Throws ExpositionError.
 * Samples of a family stand together, after its TYPE line.
 */
export function textFamilies(page: string): ExposedFamily[] {
  const content = Buffer.from(page)
  const bytes = Buffer.concat([content, Buffer.alloc(1)])
  const parser = new TextParser()
  parser.reset(bytes, content.length)
  const families = new Map<string, OpenFamily>()
  let current: OpenFamily | undefined
  for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) {
    if (entry === Entry.help || entry === Entry.type) {
      const [, written, rest] = COMMENT.exec(bytes.toString('utf8', parser.commentStart, parser.commentEnd))!
      current = familyOf(families, written.startsWith('"') ? unescaped(written.slice(1, -1)) : written)
      if (entry === Entry.type) current.type = parser.type
      else current.help = unescaped(rest.slice(1))
    } else if (entry === Entry.series) current = addSample(families, current, parser)
  }
  return [...families.values()].map(({ name, type, help, metrics, open }) => {
    const whole = [...open.values()].map((metric) => (type === 'summary' ? summaryOf(metric) : histogramOf(metric)))
    return { name, type, help, unit: '', metrics: [...metrics, ...whole] }
  })
}

function familyOf(families: Map<string, OpenFamily>, name: string): OpenFamily {
  let family = families.get(name)
  if (family === undefined) families.set(name, (family = { name, type: 'unknown', help: '', metrics: [], open: new Map() }))
  return family
}

/** Answers the family to which the sample belongs. */
function addSample(families: Map<string, OpenFamily>, current: OpenFamily | undefined, parser: TextParser): OpenFamily {
  const labels = parser.labels()
  const name = labels.get(METRIC_NAME)
  const value = parser.numbers[0]
  const timestamp = parser.hasTimestamp ? parser.numbers[1] : undefined
  const isWhole = current !== undefined && (current.type === 'histogram' || current.type === 'summary')
  if (isWhole && name.startsWith(current!.name)) {
    const family = current!
    const suffix = name.slice(family.name.length)
    const boundName = family.type === 'summary' ? 'quantile' : 'le'
    const bound = parseFloatText(labels.get(boundName))
    const isPart = suffix === (family.type === 'summary' ? '' : '_bucket') && bound !== undefined
    if (isPart || suffix === '_count' || suffix === '_sum') {
      const own = [...labels.without(METRIC_NAME, ...(isPart ? [boundName] : []))]
      const key = JSON.stringify(own)
      let metric = family.open.get(key)
      if (metric === undefined) family.open.set(key, (metric = { labels: own, timestamp, count: 0, sum: 0, parts: [] }))
      if (isPart) metric.parts.push([bound, value])
      else if (suffix === '_count') metric.count = value
      else metric.sum = value
      return family
    }
  }
  const family = familyOf(families, name)
  family.metrics.push({ kind: 'value', labels: [...labels.without(METRIC_NAME)], timestamp, value })
  return family
}

function summaryOf({ labels, timestamp, count, sum, parts }: OpenMetric): ExposedMetric {
  return { kind: 'summary', labels, timestamp, count, sum, quantiles: parts }
}

function histogramOf({ labels, timestamp, count, sum, parts }: OpenMetric): ExposedMetric {
  const buckets = parts.map(([upperBound, total]): ExposedBucket => ({ upperBound, count: total, exemplar: undefined }))
  return { kind: 'histogram', labels, timestamp, count, sum, buckets }
}

function unescaped(text: string): string {
  return text.replace(/\\([\\n"])/g, (_, char: string) => (char === 'n' ? '\n' : char))
}
