// OpenMetrics text, versions 0.0.1 and 1.0.0, read from bytes in place.
//
// 1. What is accepted and refused is what upstream accepts and refuses, and the error is upstream's text, cut where it would quote
//    more than a little of the page. That is less than the standard asks for: families may be mixed, counters need no `_total`, names
//    may be repeated.
// 2. Not as upstream: `{name}` without quotes is no metric name (upstream cuts its first and last byte off, and breaks down where it has
//    but one); series larger than SERIES_BYTES_MAX or with more than LABELS_MAX labels are refused; escapes in exemplars are resolved
//    as in series.
// 3. A `_created` line is a series like any other, unless `skipCreated` is set: then it only tells the start times of its family.
// Source: OpenMetrics 1.0; Prometheus model/textparse/openmetricsparse.go.

import { isUtf8 } from 'node:buffer'
import type { Exemplar } from '../model/exemplar.ts'
import type { Histogram } from '../model/histogram.ts'
import { Labels, METRIC_NAME } from '../model/labels.ts'
import { METRIC_TYPES, type MetricType } from '../model/metadata.ts'
import type { Timestamp } from '../model/time.ts'
import { quotedBytes } from './byte-text.ts'
import { readDecimal } from './decimal.ts'
import { ExpositionError } from './exposition-error.ts'
import { floatFault, parseFloatText } from './float.ts'
import { hasHighBit } from './line-bytes.ts'
import { CreatedLines, type CreatedScout, countsFromStart, isCreatedName } from './open-metrics-created.ts'
import { OpenMetricsLexer, TOKEN_NAMES, Token } from './open-metrics-lexer.ts'
import { Entry, LABELS_MAX, SERIES_BYTES_MAX } from './page-parser.ts'
import { pageText, unescaped } from './page-text.ts'
import { seriesLabels } from './series-labels.ts'

const NO_EXEMPLARS: readonly Exemplar[] = []
const NEWLINE = 10
const SPACE = 32
const QUOTE = 34
const HASH = 35
const UNDERSCORE = 95

export interface OpenMetricsOptions {
  /** Leave `_created` lines out of the series. Source: Prometheus' feature created-timestamp-zero-ingestion. */
  readonly skipCreated: boolean
}

export class OpenMetricsParser implements CreatedScout {
  readonly #options: OpenMetricsOptions
  readonly #lexer = new OpenMetricsLexer()
  #bytes: Uint8Array = new Uint8Array(1)
  #buffer = Buffer.from(this.#bytes.buffer)
  #length = 0
  /** Where the entry begins that is being read. */
  #start = 0
  #type: MetricType = 'unknown'
  #familyNameLength = 0
  #nameStart = -1
  #nameEnd = -1
  /** Four positions a label: name and value, each from and to, without quotes. */
  readonly #labelAt: number[] = []
  readonly #exemplarLabelAt: number[] = []
  /** 0: value, 1: timestamp of the exemplar, Unix ms. */
  readonly #exemplarNumbers = new Float64Array(2)
  #hasExemplar = false
  #hasExemplarTime = false
  readonly #scratch = new Float64Array(1)
  #created: CreatedLines | undefined
  seriesStart = 0
  seriesEnd = 0
  readonly numbers = new Float64Array(2)
  hasTimestamp = false
  isPlain = true
  readonly isHistogram = false
  commentStart = 0
  commentEnd = 0

  constructor(options: OpenMetricsOptions) {
    this.#options = options
  }

  reset(bytes: Uint8Array, length: number): void {
    if (bytes.length <= length) throw new RangeError(`page of ${length} bytes in a buffer of ${bytes.length}: want room for one more`)
    bytes[length] = NEWLINE
    this.#bytes = bytes
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#length = length
    this.#type = 'unknown'
    this.#familyNameLength = 0
    this.#lexer.reset(bytes, length)
    this.#created?.reset(bytes, length)
  }

  resumeAt(position: number, type: MetricType): void {
    this.#lexer.resumeAtLine(position)
    this.#type = type
  }

  get type(): MetricType {
    return this.#type
  }

  get position(): number {
    return this.#lexer.end
  }

  get seriesBytes(): Uint8Array {
    return this.#bytes
  }

  get commentBytes(): Uint8Array {
    return this.#bytes
  }

  /** Hot: once a line. */
  takeExpected(expected: Uint8Array, from: number, to: number): boolean {
    for (;;) {
      if (this.#isExpected(expected, from, to)) {
        const start = this.#lexer.end
        const end = start + to - from
        this.#beginEntry()
        this.seriesStart = start
        this.seriesEnd = end
        // The labels are read when they are asked for.
        this.#nameStart = -1
        this.#lexer.resumeAtValue(end)
        this.#readEndOfLine(this.#lexer.next())
        return true
      }
      if (!this.#skipCreatedLine()) return false
    }
  }

  #isExpected(expected: Uint8Array, from: number, to: number): boolean {
    const bytes = this.#bytes
    const end = this.#lexer.end + to - from
    if (end >= this.#length || bytes[end] !== SPACE) return false
    for (let i = to - 1, p = end - 1; i >= from; i--, p--) if (bytes[p] !== expected[i]) return false
    return true
  }

  /** Moves over the next line if it is one that is left out: it must not stand between what is expected and what comes. */
  #skipCreatedLine(): boolean {
    if (!this.#options.skipCreated || !countsFromStart(this.#type)) return false
    const start = this.#lexer.end
    if (start >= this.#length || this.#bytes[start] === HASH) return false
    this.#readEntry()
    if (isCreatedName(this.#bytes, this.#nameStart, this.#nameEnd)) return true
    this.#lexer.resumeAtLine(start)
    return false
  }

  takeExpectedComment(expected: Uint8Array, from: number, to: number): boolean {
    const bytes = this.#bytes
    for (;;) {
      const end = this.#lexer.end + to - from
      let i = to - 1
      for (let p = end - 1; i >= from && bytes[p] === expected[i]; i--) p--
      if (i < from && end <= this.#length) {
        this.next()
        return true
      }
      if (!this.#skipCreatedLine()) return false
    }
  }

  next(): Entry {
    for (;;) {
      const entry = this.#readEntry()
      if (entry !== Entry.series || !this.#options.skipCreated || !countsFromStart(this.#type)) return entry
      if (!isCreatedName(this.#bytes, this.#nameStart, this.#nameEnd)) return entry
    }
  }

  #beginEntry(): void {
    this.#start = this.#lexer.end
    this.#hasExemplar = false
    this.isPlain = true
  }

  #readEntry(): Entry {
    this.#beginEntry()
    const lexer = this.#lexer
    const token = lexer.next()
    switch (token) {
      case Token.metricName:
      case Token.braceOpen:
        this.#readSeries(token)
        return Entry.series
      case Token.help:
      case Token.type:
      case Token.unit:
        return this.#readComment(token)
      case Token.eofWord:
        if (lexer.next() !== Token.eof) throw new ExpositionError('unexpected data after # EOF')
        return Entry.end
      case Token.eof:
        throw new ExpositionError('data does not end with # EOF')
      default:
        throw this.#unexpected('expected a valid start token', token)
    }
  }

  #readComment(keyword: typeof Token.help | typeof Token.type | typeof Token.unit): Entry {
    const lexer = this.#lexer
    const bytes = this.#bytes
    const token = lexer.next()
    if (token !== Token.metricName) throw this.#unexpected(`expected metric name after ${TOKEN_NAMES[keyword]}`, token)
    const isQuoted = bytes[lexer.start] === QUOTE
    const nameStart = isQuoted ? lexer.start + 1 : lexer.start
    const nameEnd = isQuoted ? lexer.end - 1 : lexer.end
    this.#familyNameLength = nameEnd - nameStart
    if (lexer.next() !== Token.text) throw new ExpositionError(`expected text in ${TOKEN_NAMES[keyword]}`)
    this.commentStart = this.#start
    this.commentEnd = lexer.end
    const textStart = lexer.start + 1
    const textEnd = lexer.end - 1
    switch (keyword) {
      case Token.type: {
        const text = this.#buffer.toString('latin1', textStart, textEnd) as MetricType
        if (!METRIC_TYPES.includes(text)) {
          throw new ExpositionError(`invalid metric type ${quotedBytes(bytes, textStart, textEnd)}`)
        }
        this.#type = text
        return Entry.type
      }
      case Token.help:
        if (hasHighBit(bytes, textStart, textEnd) && !isUtf8(bytes.subarray(textStart, textEnd))) {
          throw new ExpositionError(`help text ${quotedBytes(bytes, textStart, textEnd)} is not a valid utf8 string`)
        }
        return Entry.help
      default: {
        const size = textEnd - textStart
        const isSuffix = nameEnd - nameStart > size && bytes[nameEnd - size - 1] === UNDERSCORE
        if (size > 0 && (!isSuffix || this.#buffer.compare(this.#buffer, textStart, textEnd, nameEnd - size, nameEnd) !== 0)) {
          throw new ExpositionError(
            `unit ${quotedBytes(bytes, textStart, textEnd)} not a suffix of metric ${quotedBytes(bytes, nameStart, nameEnd)}`,
          )
        }
        return Entry.unit
      }
    }
  }

  #readSeries(first: Token): void {
    const lexer = this.#lexer
    const isNamed = first === Token.metricName
    this.#nameStart = isNamed ? lexer.start : -1
    this.#nameEnd = isNamed ? lexer.end : -1
    this.#labelAt.length = 0
    this.seriesStart = this.#start
    let token: Token = first
    if (isNamed) {
      this.seriesEnd = lexer.end
      token = lexer.next()
    }
    if (token === Token.braceOpen) {
      this.#readLabels(this.#labelAt, false)
      this.seriesEnd = lexer.end
      token = lexer.next()
    }
    if (this.#nameStart === -1) throw new ExpositionError(`metric name not set while parsing: ${this.#quotedEntry(lexer.end)}`)
    const size = this.seriesEnd - this.seriesStart
    if (size > SERIES_BYTES_MAX) throw new ExpositionError(`series of ${size} bytes, at most ${SERIES_BYTES_MAX}`)
    this.#readEndOfLine(token)
  }

  /** What stands between braces, after the opening one. */
  #readLabels(at: number[], isExemplar: boolean): void {
    const lexer = this.#lexer
    const bytes = this.#bytes
    let token = lexer.next()
    for (;;) {
      if (token === Token.braceClose) return
      if (token !== Token.labelName && token !== Token.quotedName) throw this.#unexpected('expected label name', token)
      const isQuoted = token === Token.quotedName
      const nameStart = isQuoted ? lexer.start + 1 : lexer.start
      const nameEnd = isQuoted ? lexer.end - 1 : lexer.end
      token = lexer.next()
      if (token === Token.comma || token === Token.braceClose) {
        if (isExemplar) throw this.#unexpected('expected label name', token)
        if (!isQuoted) throw this.#unexpected('expected equal', token)
        if (this.#nameStart !== -1) throw new ExpositionError(`metric name already set while parsing: ${this.#quotedEntry(lexer.end)}`)
        this.#nameStart = nameStart
        this.#nameEnd = nameEnd
        if (token === Token.braceClose) return
        token = lexer.next()
        continue
      }
      if (token !== Token.equal) throw this.#unexpected('expected equal', token)
      token = lexer.next()
      if (token !== Token.labelValue) throw this.#unexpected('expected label value', token)
      if (hasHighBit(bytes, lexer.start, lexer.end) && !isUtf8(bytes.subarray(lexer.start, lexer.end))) {
        throw new ExpositionError(`invalid UTF-8 label value: ${quotedBytes(bytes, lexer.start, lexer.end)}`)
      }
      if (at.length >= LABELS_MAX * 4) throw new ExpositionError(`series with more than ${LABELS_MAX} labels`)
      at.push(nameStart, nameEnd, lexer.start + 1, lexer.end - 1)
      token = lexer.next()
      if (token === Token.comma) token = lexer.next()
      else if (token !== Token.braceClose) throw this.#unexpected('expected comma or brace close', token)
    }
  }

  /** Value, timestamp and exemplar. Hot: once a line. */
  #readEndOfLine(first: Token): void {
    const lexer = this.#lexer
    this.#readFloat(first, 'metric', this.numbers)
    this.hasTimestamp = false
    let token = lexer.next()
    if (token === Token.linebreak) return
    if (token === Token.timestamp) {
      this.numbers[1] = this.#readTime('timestamp')
      this.hasTimestamp = true
      token = lexer.next()
      if (token === Token.linebreak) return
      if (token !== Token.comment) throw this.#unexpected('expected next entry after timestamp', token)
    }
    if (token === Token.comment) this.#readExemplar()
    else if (token === Token.eof) throw new ExpositionError('data does not end with # EOF')
    // Upstream lets anything else pass here and stumbles over it when it looks for the next line.
    else {
      this.#start = lexer.end
      throw this.#unexpected('expected a valid start token', lexer.next())
    }
  }

  #readExemplar(): void {
    const lexer = this.#lexer
    this.#exemplarLabelAt.length = 0
    this.#readLabels(this.#exemplarLabelAt, true)
    this.#readFloat(lexer.next(), 'exemplar labels', this.#exemplarNumbers)
    this.#hasExemplar = true
    this.isPlain = false
    this.#hasExemplarTime = false
    let token = lexer.next()
    if (token === Token.linebreak) return
    if (token === Token.eof) throw new ExpositionError('data does not end with # EOF')
    if (token !== Token.timestamp) throw this.#unexpected('expected timestamp or comment', token)
    this.#exemplarNumbers[1] = this.#readTime('exemplar timestamp')
    this.#hasExemplarTime = true
    token = lexer.next()
    if (token !== Token.linebreak) throw this.#unexpected('expected next entry after exemplar timestamp', token)
  }

  #readFloat(token: Token, after: string, out: Float64Array): void {
    if (token !== Token.value) throw this.#unexpected(`expected value after ${after}`, token)
    const { start, end } = this.#lexer
    if (readDecimal(this.#bytes, start + 1, out) === end) return
    out[0] = this.#oddFloat(start + 1, end)
  }

  /** The token's time, seconds with a fraction, as Unix ms. */
  #readTime(what: string): Timestamp {
    const { start, end } = this.#lexer
    const scratch = this.#scratch
    if (readDecimal(this.#bytes, start + 1, scratch) !== end) scratch[0] = this.#oddFloat(start + 1, end)
    const seconds = scratch[0]
    if (!Number.isFinite(seconds)) {
      throw new ExpositionError(`invalid ${what} ${Number.isNaN(seconds) ? 'NaN' : seconds > 0 ? '+Inf' : '-Inf'}`)
    }
    const time = Math.trunc(seconds * 1000)
    // As upstream, where it becomes the lowest of numbers: not taken, for being too old.
    return Number.isSafeInteger(time) ? time : Number.MIN_SAFE_INTEGER
  }

  #oddFloat(start: number, end: number): number {
    const value = parseFloatText(this.#buffer.toString('latin1', start, end))
    if (value !== undefined) return value
    throw new ExpositionError(`${floatFault(quotedBytes(this.#bytes, start, end))} while parsing: ${this.#quotedEntry(end)}`)
  }

  labels(): Labels {
    const pairs: string[] = []
    this.#collectPairs(pairs)
    return seriesLabels(pairs, this.#type, (what) => new ExpositionError(what))
  }

  emptyLabelNames(): readonly string[] {
    const pairs: string[] = []
    this.#collectPairs(pairs)
    return pairs.filter((_, i) => i % 2 === 0 && pairs[i + 1] === '')
  }

  #collectPairs(pairs: string[]): void {
    this.#locateLabels()
    pairs.push(METRIC_NAME, this.#unescaped(this.#nameStart, this.#nameEnd))
    this.#collectFrom(this.#labelAt, pairs)
  }

  #collectFrom(at: readonly number[], pairs: string[]): void {
    for (let i = 0; i < at.length; i += 4) {
      const name = this.#unescaped(at[i], at[i + 1])
      pairs.push(name, this.#unescaped(at[i + 2], at[i + 3]))
    }
  }

  /** After a series that was only compared: finds its parts. It was read before, on this page or another. */
  #locateLabels(): void {
    if (this.#nameStart !== -1) return
    const lexer = this.#lexer
    const after = lexer.end
    this.#labelAt.length = 0
    lexer.resumeAtLine(this.seriesStart)
    if (lexer.next() === Token.metricName) {
      this.#nameStart = lexer.start
      this.#nameEnd = lexer.end
      if (lexer.end < this.seriesEnd) lexer.next()
    }
    if (lexer.end < this.seriesEnd) this.#readLabels(this.#labelAt, false)
    lexer.resumeAtLine(after)
  }

  #unescaped(start: number, end: number): string {
    const text = pageText(this.#buffer, start, end)
    if (text === undefined) throw new ExpositionError(`invalid UTF-8 ${quotedBytes(this.#buffer, start, end)}`)
    return unescaped(text)
  }

  histogram(): Histogram {
    throw new Error('OpenMetrics text has no native histograms')
  }

  exemplars(sampleTime: Timestamp): readonly Exemplar[] {
    if (!this.#hasExemplar) return NO_EXEMPLARS
    const pairs: string[] = []
    this.#collectFrom(this.#exemplarLabelAt, pairs)
    const labels = new Map<string, string>()
    for (let i = 0; i < pairs.length; i += 2) labels.set(pairs[i], pairs[i + 1])
    const hasTimestamp = this.#hasExemplarTime
    return [
      {
        labels: Labels.of(labels),
        value: this.#exemplarNumbers[0],
        timestamp: hasTimestamp ? this.#exemplarNumbers[1] : sampleTime,
        hasTimestamp,
      },
    ]
  }

  startTime(): Timestamp {
    if (!countsFromStart(this.#type)) return 0
    this.#created ??= new CreatedLines(new OpenMetricsParser({ skipCreated: false }), this.#bytes, this.#length)
    return this.#created.startTime(this.createdKey(this.#familyNameLength), this.#lexer.end, this.#type)
  }

  createdKey(nameLength: number): string {
    this.#locateLabels()
    const buffer = this.#buffer
    const at = this.#labelAt
    const boundName = this.#type === 'summary' ? 'quantile' : this.#type === 'histogram' ? 'le' : ''
    let key = buffer.toString('latin1', this.#nameStart, Math.min(this.#nameEnd, this.#nameStart + nameLength))
    for (let i = 0; i < at.length; i += 4) {
      const name = buffer.toString('latin1', at[i], at[i + 1])
      if (name !== boundName) key += `\n${name}\n${buffer.toString('latin1', at[i + 2], at[i + 3])}`
    }
    return key
  }

  get nameStart(): number {
    return this.#nameStart
  }

  get nameEnd(): number {
    return this.#nameEnd
  }

  #unexpected(wanted: string, token: Token): ExpositionError {
    const { start, end } = this.#lexer
    const stop = Math.min(end + 1, this.#length)
    const found = quotedBytes(this.#bytes, start, stop)
    return new ExpositionError(`${wanted}, got ${found} ("${TOKEN_NAMES[token]}") while parsing: ${this.#quotedEntry(stop)}`)
  }

  #quotedEntry(end: number): string {
    return quotedBytes(this.#bytes, this.#start, end)
  }
}
