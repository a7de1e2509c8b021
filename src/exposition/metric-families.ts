import { doAtOnce } from '../base/breather.ts'
import { quote } from '../base/go-quote.ts'
import { METRIC_NAME } from '../model/labels.ts'
import {
  BRACE_CLOSE,
  BRACE_OPEN,
  COMMA,
  END,
  EQUALS,
  FamilyScanner,
  HASH,
  isBlank,
  isLabelRest,
  isLabelStart,
  isMetricRest,
  isMetricStart,
  isNewline,
  isSpace,
  NEWLINE,
  QUOTE,
  quoteByte,
  UNEXPECTED_END,
} from './family-scanner.ts'
import { parseFloatText } from './float.ts'

// A page of the text format as families with their metrics, for tools that look at it whole. It is stricter than what a scrape takes (see
// text-parser.ts): a family has one HELP and one TYPE before its samples, names are of the old kind, the last line ends in a newline.
// What is refused, and in which words, is what upstream's tools refuse. Source: prometheus/common expfmt/text_parse.go, as of promtool 3.5.

export type FamilyType = 'counter' | 'gauge' | 'summary' | 'untyped' | 'histogram' | 'gauge_histogram'

const TYPES: Readonly<Record<string, FamilyType>> = {
  counter: 'counter',
  gauge: 'gauge',
  summary: 'summary',
  untyped: 'untyped',
  histogram: 'histogram',
  gauge_histogram: 'gauge_histogram',
  gaugehistogram: 'gauge_histogram',
}

/** Label names and values, in the order of the line. A summary and a histogram are one metric, without `quantile` and `le`. */
export interface Metric {
  readonly labels: readonly (readonly [name: string, value: string])[]
  /** Lines of a summary's quantiles, or of a histogram's buckets. */
  partCount: number
  /** Of a metric of one line. */
  value: number
  /** Unix ms; undefined: its lines have none. */
  timestamp: number | undefined
  /** Of a summary or histogram, with its quantiles or buckets in the order of the page. */
  count: number
  sum: number
  readonly parts: (readonly [bound: number, value: number])[]
}

export interface MetricFamily {
  readonly name: string
  readonly type: FamilyType
  /** undefined: no HELP. */
  readonly help: string | undefined
  readonly metrics: readonly Metric[]
}

interface OpenFamily {
  readonly name: string
  type: FamilyType | undefined
  help: string | undefined
  readonly metrics: Metric[]
  /** Of summaries and histograms, by their labels in order. */
  readonly byLabels: Map<string, Metric>
}

/** What a line of a summary or histogram is. */
type Part = 'count' | 'sum' | 'value'

const PARTS = { _count: 'count', _sum: 'sum', _bucket: 'value' } as const

/** Lines between two pauses. */
const TURN_LINES = 512

/** Families with at least one metric, in the order of the page. Throws a FamiliesError. */
export function parseMetricFamilies(page: Uint8Array): MetricFamily[] {
  return doAtOnce(parsingMetricFamilies(page))
}

/** The same, with pauses. */
export function* parsingMetricFamilies(page: Uint8Array): Generator<undefined, MetricFamily[]> {
  const families = yield* new FamiliesParser(page).parse()
  return families.filter(({ metrics }) => metrics.length > 0).map((family) => ({ ...family, type: family.type ?? 'untyped' }))
}

class FamiliesParser {
  readonly #scanner: FamilyScanner
  readonly #families = new Map<string, OpenFamily>()
  /** The family of the line before. Where labels stand before the name, upstream takes them for that one's. */
  #previous: OpenFamily | undefined

  constructor(page: Uint8Array) {
    this.#scanner = new FamilyScanner(page)
  }

  *parse(): Generator<undefined, OpenFamily[]> {
    for (;;) {
      this.#scanner.line++
      if (this.#scanner.line % TURN_LINES === 0) yield
      this.#scanner.skipBlanks()
      const c = this.#scanner.peek()
      if (c === END) return [...this.#families.values()]
      if (c === NEWLINE) this.#scanner.step()
      else if (c === HASH) this.#comment()
      else this.#sample()
    }
  }

  #comment(): void {
    this.#scanner.step()
    this.#scanner.skipBlanks()
    const keyword = this.#scanner.until(isSpace)
    if (this.#scanner.atLineEnd()) return
    if (keyword !== 'HELP' && keyword !== 'TYPE') {
      this.#scanner.until(isNewline)
      this.#scanner.step()
      return
    }
    this.#scanner.skipBlanks()
    const name = this.#scanner.name(isMetricStart, isMetricRest, 'metric name')
    if (this.#scanner.atLineEnd()) return
    if (!isBlank(this.#scanner.peek())) throw this.#scanner.error('invalid metric name in comment')
    const { family } = this.#family(name)
    this.#scanner.skipBlanks()
    if (this.#scanner.atLineEnd()) return
    if (keyword === 'HELP') this.#help(family)
    else this.#type(family)
    this.#scanner.step()
  }

  #help(family: OpenFamily): void {
    if (family.help !== undefined) throw this.#scanner.error(`second HELP line for metric name ${quote(family.name)}`)
    family.help = this.#scanner.helpText()
  }

  #type(family: OpenFamily): void {
    if (family.type !== undefined)
      throw this.#scanner.error(`second TYPE line for metric name ${quote(family.name)}, or TYPE reported after samples`)
    const text = this.#scanner.until(isNewline)
    const type = TYPES[text.toLowerCase()]
    if (type === undefined) throw this.#scanner.error(`unknown metric type ${quote(text)}`)
    family.type = type
  }

  #sample(): void {
    let open: { family: OpenFamily; part: Part } | undefined
    if (this.#scanner.peek() !== BRACE_OPEN) {
      const name = this.#scanner.name(isMetricStart, isMetricRest, 'metric name')
      if (name === '') throw this.#scanner.error('invalid metric name')
      open = this.#family(name)
      open.family.type ??= 'untyped'
      this.#scanner.skipBlanks()
    }
    const labels: (readonly [string, string])[] = []
    const sample: { bound: number | undefined } = { bound: undefined }
    const insideBraces = open === undefined
    if (this.#scanner.peek() === BRACE_OPEN) {
      this.#scanner.step()
      for (;;) {
        this.#scanner.skipBlanks()
        if (this.#scanner.peek() === BRACE_CLOSE) break
        const name = this.#scanner.name(isLabelStart, isLabelRest, 'label name')
        const family = open?.family ?? this.#previous
        if (name === '') throw this.#scanner.error(`invalid label name for metric ${quote(family?.name ?? '')}`)
        this.#scanner.skipBlanks()
        const c = this.#scanner.peek()
        if (c !== EQUALS) {
          if (!insideBraces) throw this.#scanner.error(`expected '=' after label name, found ${quoteByte(this.#scanner.read())}`)
          if (c !== COMMA && c !== BRACE_CLOSE)
            throw this.#scanner.error(`unexpected end of metric name ${quoteByte(this.#scanner.read())}`)
          if (open !== undefined) throw this.#scanner.error(`multiple metric names for metric ${quote(open.family.name)}`)
          open = this.#family(name)
          open.family.type ??= 'untyped'
          if (c === COMMA) this.#scanner.step()
          continue
        }
        this.#scanner.step()
        this.#label(name, family, labels, sample)
        this.#scanner.skipBlanks()
        if (this.#scanner.peek() === COMMA) this.#scanner.step()
        else if (this.#scanner.peek() === END) throw this.#scanner.error(UNEXPECTED_END)
        else if (this.#scanner.peek() !== BRACE_CLOSE) throw this.#scanner.error(`unexpected end of label value ${quote(this.#lastValue)}`)
      }
      this.#scanner.step()
      this.#scanner.skipBlanks()
    }
    if (open === undefined) throw this.#scanner.error('invalid metric name')
    const metric = this.#metricOf(open.family, labels)
    const value = this.#value()
    const isPart = open.part === 'value' && sample.bound !== undefined && !Number.isNaN(sample.bound)
    if (isPart) {
      metric.partCount++
      metric.parts.push([sample.bound!, value])
    } else if (open.part === 'count') metric.count = Math.trunc(value)
    else if (open.part === 'sum') metric.sum = value
    else metric.value = value
    if (value < 0 && isHistogram(open.family.type)) {
      if (open.part === 'count') throw this.#scanner.error(`negative count for histogram ${quote(open.family.name)}`)
      if (isPart) throw this.#scanner.error(`negative bucket population for histogram ${quote(open.family.name)}`)
    }
    if (!this.#scanner.atLineEnd()) metric.timestamp = this.#timestamp()
  }

  #lastValue = ''

  #label(name: string, family: OpenFamily | undefined, labels: (readonly [string, string])[], sample: { bound: number | undefined }): void {
    if (name === METRIC_NAME) throw this.#scanner.error(`label name ${quote(METRIC_NAME)} is reserved`)
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) throw this.#scanner.error(`invalid label name ${quote(name)}`)
    const boundName = family?.type === 'summary' ? 'quantile' : isHistogram(family?.type) ? 'le' : undefined
    const isBound = name === boundName
    if (!isBound && labels.some(([known]) => known === name))
      throw this.#scanner.error(`duplicate label names for metric ${quote(family?.name ?? '')}`)
    this.#scanner.skipBlanks()
    const c = this.#scanner.read()
    if (c !== QUOTE) throw this.#scanner.error(`expected '"' at start of label value, found ${quoteByte(c)}`)
    const value = this.#scanner.quotedValue()
    // A lone surrogate stands for a byte that is none of UTF-8.
    if (!value.isWellFormed()) throw this.#scanner.error(`invalid label value ${quote(value)}`)
    this.#lastValue = value
    if (!isBound) labels.push([name, value])
    else {
      sample.bound = parseFloatText(value)
      if (sample.bound === undefined) throw this.#scanner.error(`expected float as value for '${name}' label, got ${quote(value)}`)
    }
  }

  #metricOf(family: OpenFamily, labels: readonly (readonly [string, string])[]): Metric {
    const grouped = family.type === 'summary' || isHistogram(family.type)
    const key = grouped ? JSON.stringify([...labels].sort(([a], [b]) => (a < b ? -1 : 1))) : ''
    const known = grouped ? family.byLabels.get(key) : undefined
    if (known !== undefined) return known
    const metric: Metric = { labels, partCount: 0, value: 0, timestamp: undefined, count: 0, sum: 0, parts: [] }
    family.metrics.push(metric)
    if (grouped) family.byLabels.set(key, metric)
    return metric
  }

  #value(): number {
    const text = this.#scanner.until(isSpace)
    const value = parseFloatText(text)
    if (value === undefined) throw this.#scanner.error(`expected float as value, got ${quote(text)}`)
    return value
  }

  #timestamp(): number {
    this.#scanner.skipBlanks()
    const timestamp = this.#scanner.until(isSpace)
    if (!isInt64(timestamp)) throw this.#scanner.error(`expected integer as timestamp, got ${quote(timestamp)}`)
    const rest = this.#scanner.until(isNewline)
    if (rest !== '') throw this.#scanner.error(`spurious string after timestamp: ${quote(rest)}`)
    this.#scanner.step()
    return Number(timestamp)
  }

  /** The family of a name: that of a summary or histogram, where its suffixes make it a part of one. */
  #family(name: string): { family: OpenFamily; part: Part } {
    const found = this.#findFamily(name)
    this.#previous = found.family
    return found
  }

  #findFamily(name: string): { family: OpenFamily; part: Part } {
    const own = this.#families.get(name)
    if (own !== undefined) return { family: own, part: 'value' }
    if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) throw this.#scanner.error(`invalid metric name ${quote(name)}`)
    for (const suffix of ['_count', '_sum', '_bucket'] as const) {
      if (!name.endsWith(suffix) || name.length === suffix.length) continue
      const family = this.#families.get(name.slice(0, -suffix.length))
      if (isHistogram(family?.type)) return { family: family!, part: PARTS[suffix] }
      if (family?.type === 'summary' && suffix !== '_bucket') return { family, part: PARTS[suffix] }
    }
    const family: OpenFamily = { name, type: undefined, help: undefined, metrics: [], byLabels: new Map() }
    this.#families.set(name, family)
    return { family, part: 'value' }
  }
}

function isHistogram(type: FamilyType | undefined): boolean {
  return type === 'histogram' || type === 'gauge_histogram'
}

function isInt64(text: string): boolean {
  if (!/^[+-]?\d+$/.test(text)) return false
  const value = BigInt(text.replace(/^\+/, ''))
  return value >= -(1n << 63n) && value < 1n << 63n
}
