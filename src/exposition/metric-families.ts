import { doAtOnce } from '../base/breather.ts'
import { quote } from '../base/go-quote.ts'
import { METRIC_NAME } from '../model/labels.ts'
import { textOfBytes } from './byte-text.ts'
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

/** What is wrong with a page. The message is upstream's. */
export class FamiliesError extends Error {
  constructor(line: number, what: string) {
    super(`text format parsing error in line ${line}: ${what}`)
    this.name = 'FamiliesError'
  }
}

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

const NEWLINE = 10
const END = -1

class FamiliesParser {
  readonly #page: Buffer
  #position = 0
  #line = 0
  readonly #families = new Map<string, OpenFamily>()
  /** The family of the line before. Where labels stand before the name, upstream takes them for that one's. */
  #previous: OpenFamily | undefined

  constructor(page: Uint8Array) {
    this.#page = Buffer.from(page.buffer, page.byteOffset, page.length)
  }

  *parse(): Generator<undefined, OpenFamily[]> {
    for (;;) {
      this.#line++
      if (this.#line % TURN_LINES === 0) yield
      this.#skipBlanks()
      const c = this.#peek()
      if (c === END) return [...this.#families.values()]
      if (c === NEWLINE) this.#position++
      else if (c === HASH) this.#comment()
      else this.#sample()
    }
  }

  #comment(): void {
    this.#position++
    this.#skipBlanks()
    const keyword = this.#until(isSpace)
    if (this.#atLineEnd()) return
    if (keyword !== 'HELP' && keyword !== 'TYPE') {
      this.#until(isNewline)
      this.#position++
      return
    }
    this.#skipBlanks()
    const name = this.#name(isMetricStart, isMetricRest, 'metric name')
    if (this.#atLineEnd()) return
    if (!isBlank(this.#peek())) throw this.#error('invalid metric name in comment')
    const { family } = this.#family(name)
    this.#skipBlanks()
    if (this.#atLineEnd()) return
    if (keyword === 'HELP') this.#help(family)
    else this.#type(family)
    this.#position++
  }

  #help(family: OpenFamily): void {
    if (family.help !== undefined) throw this.#error(`second HELP line for metric name ${quote(family.name)}`)
    const bytes: number[] = []
    for (let c = this.#read(); c !== NEWLINE; c = this.#read()) bytes.push(c === BACKSLASH ? this.#escaped(this.#read()) : c)
    this.#position--
    family.help = textOfBytes(Buffer.from(bytes))
  }

  #type(family: OpenFamily): void {
    if (family.type !== undefined)
      throw this.#error(`second TYPE line for metric name ${quote(family.name)}, or TYPE reported after samples`)
    const text = this.#until(isNewline)
    const type = TYPES[text.toLowerCase()]
    if (type === undefined) throw this.#error(`unknown metric type ${quote(text)}`)
    family.type = type
  }

  #sample(): void {
    let open: { family: OpenFamily; part: Part } | undefined
    if (this.#peek() !== BRACE_OPEN) {
      const name = this.#name(isMetricStart, isMetricRest, 'metric name')
      if (name === '') throw this.#error('invalid metric name')
      open = this.#family(name)
      open.family.type ??= 'untyped'
      this.#skipBlanks()
    }
    const labels: (readonly [string, string])[] = []
    const sample: { bound: number | undefined } = { bound: undefined }
    const insideBraces = open === undefined
    if (this.#peek() === BRACE_OPEN) {
      this.#position++
      for (;;) {
        this.#skipBlanks()
        if (this.#peek() === BRACE_CLOSE) break
        const name = this.#name(isLabelStart, isLabelRest, 'label name')
        const family = open?.family ?? this.#previous
        if (name === '') throw this.#error(`invalid label name for metric ${quote(family?.name ?? '')}`)
        this.#skipBlanks()
        const c = this.#peek()
        if (c !== EQUALS) {
          if (!insideBraces) throw this.#error(`expected '=' after label name, found ${quoteByte(this.#read())}`)
          if (c !== COMMA && c !== BRACE_CLOSE) throw this.#error(`unexpected end of metric name ${quoteByte(this.#read())}`)
          if (open !== undefined) throw this.#error(`multiple metric names for metric ${quote(open.family.name)}`)
          open = this.#family(name)
          open.family.type ??= 'untyped'
          if (c === COMMA) this.#position++
          continue
        }
        this.#position++
        this.#label(name, family, labels, sample)
        this.#skipBlanks()
        if (this.#peek() === COMMA) this.#position++
        else if (this.#peek() === END) throw this.#error(UNEXPECTED_END)
        else if (this.#peek() !== BRACE_CLOSE) throw this.#error(`unexpected end of label value ${quote(this.#lastValue)}`)
      }
      this.#position++
      this.#skipBlanks()
    }
    if (open === undefined) throw this.#error('invalid metric name')
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
      if (open.part === 'count') throw this.#error(`negative count for histogram ${quote(open.family.name)}`)
      if (isPart) throw this.#error(`negative bucket population for histogram ${quote(open.family.name)}`)
    }
    if (!this.#atLineEnd()) metric.timestamp = this.#timestamp()
  }

  #lastValue = ''

  #label(name: string, family: OpenFamily | undefined, labels: (readonly [string, string])[], sample: { bound: number | undefined }): void {
    if (name === METRIC_NAME) throw this.#error(`label name ${quote(METRIC_NAME)} is reserved`)
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) throw this.#error(`invalid label name ${quote(name)}`)
    const boundName = family?.type === 'summary' ? 'quantile' : isHistogram(family?.type) ? 'le' : undefined
    const isBound = name === boundName
    if (!isBound && labels.some(([known]) => known === name))
      throw this.#error(`duplicate label names for metric ${quote(family?.name ?? '')}`)
    this.#skipBlanks()
    const c = this.#read()
    if (c !== QUOTE) throw this.#error(`expected '"' at start of label value, found ${quoteByte(c)}`)
    const value = textOfBytes(this.#plainValue() ?? this.#escapedValue())
    // A lone surrogate stands for a byte that is none of UTF-8.
    if (!value.isWellFormed()) throw this.#error(`invalid label value ${quote(value)}`)
    this.#lastValue = value
    if (!isBound) labels.push([name, value])
    else {
      sample.bound = parseFloatText(value)
      if (sample.bound === undefined) throw this.#error(`expected float as value for '${name}' label, got ${quote(value)}`)
    }
  }

  /** What is before the closing quote; undefined, and nothing is read, where there is more to it than bytes. */
  #plainValue(): Buffer | undefined {
    const page = this.#page
    const start = this.#position
    let end = start
    while (end < page.length && page[end] !== QUOTE && page[end] !== BACKSLASH && page[end] !== NEWLINE) end++
    if (page[end] !== QUOTE) return undefined
    this.#position = end + 1
    return page.subarray(start, end)
  }

  #escapedValue(): Buffer {
    const bytes: number[] = []
    for (let c = this.#read(); c !== QUOTE; c = this.#read()) {
      if (c === NEWLINE) throw this.#error(`label value ${quote(textOfBytes(Buffer.from(bytes)))} contains unescaped new-line`)
      bytes.push(c === BACKSLASH ? this.#escaped(this.#read()) : c)
    }
    return Buffer.from(bytes)
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
    const text = this.#until(isSpace)
    const value = parseFloatText(text)
    if (value === undefined) throw this.#error(`expected float as value, got ${quote(text)}`)
    return value
  }

  #timestamp(): number {
    this.#skipBlanks()
    const timestamp = this.#until(isSpace)
    if (!isInt64(timestamp)) throw this.#error(`expected integer as timestamp, got ${quote(timestamp)}`)
    const rest = this.#until(isNewline)
    if (rest !== '') throw this.#error(`spurious string after timestamp: ${quote(rest)}`)
    this.#position++
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
    if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) throw this.#error(`invalid metric name ${quote(name)}`)
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

  /** A name, plain or quoted, or, as upstream reads it, plain with a quoted end; empty where there is none. */
  #name(isStart: (c: number) => boolean, isRest: (c: number) => boolean, what: string): string {
    const start = this.#position
    if (isStart(this.#peek())) while (isRest(this.#peek())) this.#position++
    const plain = this.#page.toString('latin1', start, this.#position)
    const quoted = this.#peek() === QUOTE ? this.#quotedName(what) : ''
    if (this.#peek() === END && this.#position > start) throw this.#error(UNEXPECTED_END)
    return plain + quoted
  }

  #quotedName(what: string): string {
    const bytes: number[] = []
    this.#position++
    for (let c = this.#read(); c !== QUOTE; c = this.#read()) {
      if (c === NEWLINE) throw this.#error(`${what} ${quote(textOfBytes(Buffer.from(bytes)))} contains unescaped new-line`)
      if (c !== BACKSLASH) bytes.push(c)
      else {
        const escaped = this.#escaped(this.#read())
        // Upstream keeps the backslash before a quote in a name.
        bytes.push(...(escaped === QUOTE ? [BACKSLASH, QUOTE] : [escaped]))
      }
    }
    return textOfBytes(Buffer.from(bytes))
  }

  #escaped(c: number): number {
    if (c === BACKSLASH || c === QUOTE) return c
    if (c === 110) return NEWLINE
    throw this.#error(`invalid escape sequence '\\${String.fromCharCode(c)}'`)
  }

  /** The byte here; END where the page ends. */
  #peek(): number {
    return this.#position < this.#page.length ? this.#page[this.#position] : END
  }

  /** The byte here, which there must be. */
  #read(): number {
    if (this.#position >= this.#page.length) throw this.#error(UNEXPECTED_END)
    return this.#page[this.#position++]
  }

  #skipBlanks(): void {
    while (isBlank(this.#peek())) this.#position++
  }

  /** Up to a byte that ends it, which there must be and which stays. */
  #until(isEnd: (c: number) => boolean): string {
    const start = this.#position
    while (!isEnd(this.#read()));
    this.#position--
    return textOfBytes(this.#page.subarray(start, this.#position))
  }

  /** Moves on to the next line when this one has nothing more. */
  #atLineEnd(): boolean {
    if (this.#peek() === END) throw this.#error(UNEXPECTED_END)
    if (this.#peek() !== NEWLINE) return false
    this.#position++
    return true
  }

  #error(what: string): FamiliesError {
    return new FamiliesError(this.#line, what)
  }
}

const UNEXPECTED_END = 'unexpected end of input stream'
const QUOTE = 34
const HASH = 35
const COMMA = 44
const EQUALS = 61
const BACKSLASH = 92
const BRACE_OPEN = 123
const BRACE_CLOSE = 125

function isBlank(c: number): boolean {
  return c === 32 || c === 9
}

function isNewline(c: number): boolean {
  return c === NEWLINE
}

function isSpace(c: number): boolean {
  return isBlank(c) || c === NEWLINE
}

function isLabelStart(c: number): boolean {
  return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95
}

function isLabelRest(c: number): boolean {
  return isLabelStart(c) || (c >= 48 && c <= 57)
}

function isMetricStart(c: number): boolean {
  return isLabelStart(c) || c === 58
}

function isMetricRest(c: number): boolean {
  return isLabelRest(c) || c === 58
}

function isHistogram(type: FamilyType | undefined): boolean {
  return type === 'histogram' || type === 'gauge_histogram'
}

function isInt64(text: string): boolean {
  if (!/^[+-]?\d+$/.test(text)) return false
  const value = BigInt(text.replace(/^\+/, ''))
  return value >= -(1n << 63n) && value < 1n << 63n
}

/** Go's %q of a byte. */
function quoteByte(c: number): string {
  if (c === 39) return "'\\''"
  if (c === QUOTE) return "'\"'"
  return `'${quote(String.fromCharCode(c)).slice(1, -1)}'`
}
