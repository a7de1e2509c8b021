// The Prometheus text format 0.0.4, read from bytes in place.
//
// 1. Nothing is copied and nothing is allocated for a series that is recognised by its bytes.
// 2. The byte after the page belongs to the parser: it is a newline while a page is read, so inner loops need no bounds check.
// 3. What is accepted and refused is what upstream accepts and refuses, quoted names (`{"a.b", "c.d"="e"}`) included, but for
//    these: a NUL byte outside of a label value is an error (upstream silently ends the page there); blanks before a name are no
//    part of it; a timestamp may be negative, as the format's own description has it; a series may not be larger than
//    SERIES_BYTES_MAX or carry more than LABELS_MAX labels.
// Source: Prometheus docs/instrumenting/exposition_formats.md; model/textparse promlex.l and promparse.go.

import { isUtf8 } from 'node:buffer'
import { quote } from '../base/go-quote.ts'
import type { Exemplar } from '../model/exemplar.ts'
import type { Histogram } from '../model/histogram.ts'
import { type Labels, METRIC_NAME } from '../model/labels.ts'
import type { MetricType } from '../model/metadata.ts'
import type { Timestamp } from '../model/time.ts'
import { readDecimal } from './decimal.ts'
import { type ExpositionError, expositionErrorAt } from './exposition-error.ts'
import { parseFloatText } from './float.ts'
import { hasHighBit, linePart, startsWith } from './line-bytes.ts'
import { NAME_CLASSES as classes, LABEL_REST, LABEL_START, METRIC_REST, METRIC_START } from './name-bytes.ts'
import { Entry, LABELS_MAX, type PageParser, SERIES_BYTES_MAX } from './page-parser.ts'
import { pageText, unescaped } from './page-text.ts'
import { seriesLabels } from './series-labels.ts'

const NO_EXEMPLARS: readonly Exemplar[] = []

const NEWLINE = 10
const TAB = 9
const SPACE = 32
const QUOTE = 34
const HASH = 35
const COMMA = 44
const MINUS = 45
const EQUALS = 61
const BACKSLASH = 92
const BRACE_OPEN = 123
const BRACE_CLOSE = 125

export class TextParser implements PageParser {
  #bytes: Uint8Array = new Uint8Array(1)
  /** The same bytes, for making strings. */
  #buffer = Buffer.from(this.#bytes.buffer)
  #length = 0
  #position = 0
  #type: MetricType = 'unknown'
  seriesStart = 0
  seriesEnd = 0
  /** In an array of floats so that storing them allocates nothing. */
  readonly numbers = new Float64Array(2)
  hasTimestamp = false
  readonly isPlain = true
  readonly isHistogram = false
  commentStart = 0
  commentEnd = 0

  reset(bytes: Uint8Array, length: number): void {
    if (bytes.length <= length) throw new RangeError(`page of ${length} bytes in a buffer of ${bytes.length}: want room for one more`)
    bytes[length] = NEWLINE
    this.#bytes = bytes
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#length = length
    this.#position = 0
    this.#type = 'unknown'
  }

  get type(): MetricType {
    return this.#type
  }

  get position(): number {
    return this.#position
  }

  get seriesBytes(): Uint8Array {
    return this.#bytes
  }

  get commentBytes(): Uint8Array {
    return this.#bytes
  }

  /** Hot: once a line; compares backwards, since neighbours share their beginnings. Earned by text-parser.bench.ts. */
  takeExpected(expected: Uint8Array, from: number, to: number): boolean {
    const bytes = this.#bytes
    const start = this.#position
    const end = start + to - from
    if (end >= this.#length) return false
    const after = bytes[end]
    if (after !== SPACE && after !== TAB) return false
    for (let i = to - 1, p = end - 1; i >= from; i--, p--) if (bytes[p] !== expected[i]) return false
    let p = end + 1
    while (bytes[p] === SPACE || bytes[p] === TAB) p++
    // A bare name matched, but labels follow it after the space: another series.
    if (bytes[p] === BRACE_OPEN) return false
    this.seriesStart = start
    this.seriesEnd = end
    this.#readSuffix(p)
    return true
  }

  takeExpectedComment(expected: Uint8Array, from: number, to: number, type: MetricType | undefined): boolean {
    const bytes = this.#bytes
    const start = this.#position
    const end = start + to - from
    // The line break after the page counts: it is there when the last line has none.
    if (end > this.#length + 1) return false
    for (let i = to - 1, p = end - 1; i >= from; i--, p--) if (bytes[p] !== expected[i]) return false
    if (type !== undefined) this.#type = type
    this.commentStart = start
    this.commentEnd = end
    this.#position = end
    return true
  }

  next(): Entry {
    const bytes = this.#bytes
    this.commentStart = this.#position
    for (;;) {
      if (this.#position >= this.#length) return Entry.end
      let p = this.#position
      while (bytes[p] === SPACE || bytes[p] === TAB) p++
      const c = bytes[p]
      if (c === NEWLINE) {
        this.#position = p + 1
        continue
      }
      if (c === HASH) return this.#readComment(p)
      if (c !== BRACE_OPEN && (classes[c] & METRIC_START) === 0) throw this.#error(p, 'expected a valid start token')
      this.#readSeries(p)
      return Entry.series
    }
  }

  labels(): Labels {
    const pairs: string[] = []
    this.#collectLabels(pairs)
    return seriesLabels(pairs, this.#type, (what) => this.#error(this.seriesStart, what))
  }

  emptyLabelNames(): readonly string[] {
    const pairs: string[] = []
    this.#collectLabels(pairs)
    return pairs.filter((_, i) => i % 2 === 0 && pairs[i + 1] === '')
  }

  histogram(): Histogram {
    throw new Error('the text format has no native histograms')
  }

  exemplars(): readonly Exemplar[] {
    return NO_EXEMPLARS
  }

  startTime(): Timestamp {
    return 0
  }

  #readSeries(start: number): void {
    const bytes = this.#bytes
    let p = start
    while ((classes[bytes[p]] & METRIC_REST) !== 0) p++
    this.seriesStart = start
    this.seriesEnd = p
    const named = p > start
    while (bytes[p] === SPACE || bytes[p] === TAB) p++
    if (bytes[p] === BRACE_OPEN) {
      p = this.#skipLabels(p + 1, named)
      this.seriesEnd = p
      while (bytes[p] === SPACE || bytes[p] === TAB) p++
    }
    if (this.seriesEnd - start > SERIES_BYTES_MAX) {
      throw this.#error(start, `series of ${this.seriesEnd - start} bytes, at most ${SERIES_BYTES_MAX}`)
    }
    this.#readSuffix(p)
  }

  /** Checks what stands between the braces; answers the position after the closing one. */
  #skipLabels(p: number, named: boolean): number {
    const bytes = this.#bytes
    let labelCount = 0
    for (;;) {
      p = this.#skipBlank(p)
      if (bytes[p] === BRACE_CLOSE) break
      const nameStart = p
      const quoted = bytes[p] === QUOTE
      if (quoted) p = this.#skipQuoted(p, 'label name')
      else {
        if ((classes[bytes[p]] & LABEL_START) === 0) throw this.#error(p, 'expected label name')
        while ((classes[bytes[p]] & LABEL_REST) !== 0) p++
      }
      p = this.#skipBlank(p)
      if (quoted && (bytes[p] === COMMA || bytes[p] === BRACE_CLOSE)) {
        if (named) throw this.#error(nameStart, 'metric name already set')
        named = true
        if (bytes[p] === BRACE_CLOSE) break
        p++
        continue
      }
      if (bytes[p] !== EQUALS) throw this.#error(p, 'expected equal')
      p = this.#skipBlank(p + 1)
      if (bytes[p] !== QUOTE) throw this.#error(p, 'expected label value')
      p = this.#skipQuoted(p, 'label value')
      if (++labelCount > LABELS_MAX) throw this.#error(nameStart, `series with more than ${LABELS_MAX} labels`)
      p = this.#skipBlank(p)
      if (bytes[p] === COMMA) p++
    }
    if (!named) throw this.#error(p, 'metric name not set')
    return p + 1
  }

  #skipBlank(p: number): number {
    const bytes = this.#bytes
    while (bytes[p] === SPACE || bytes[p] === TAB) p++
    return p
  }

  /** From an opening quote to behind the closing one. */
  #skipQuoted(start: number, what: string): number {
    const bytes = this.#bytes
    const length = this.#length
    for (let p = start + 1; p < length; p++) {
      const c = bytes[p]
      if (c === QUOTE) return p + 1
      if (c === BACKSLASH && bytes[++p] === NEWLINE) throw this.#error(p, `expected ${what}, found a backslash before a line break`)
    }
    throw this.#error(start, `expected ${what}, found a quote that is not closed`)
  }

  /** Value, timestamp and end of line. Hot: once a line; decimal numbers that fit are read exactly without making a string. */
  #readSuffix(start: number): void {
    const bytes = this.#bytes
    let p = readDecimal(bytes, start, this.numbers)
    let c = p < 0 ? 0 : bytes[p]
    if (c !== NEWLINE && c !== SPACE && c !== TAB) {
      p = this.#readOddValue(start)
      c = bytes[p]
    }
    while (c === SPACE || c === TAB) c = bytes[++p]
    this.hasTimestamp = c !== NEWLINE
    if (c !== NEWLINE) p = this.#readTimestamp(p)
    this.#position = p + 1
  }

  /** A value that is not a short decimal number; answers the position after it. */
  #readOddValue(start: number): number {
    const bytes = this.#bytes
    let p = start
    while (bytes[p] !== NEWLINE && bytes[p] !== SPACE && bytes[p] !== TAB && bytes[p] !== BRACE_OPEN) p++
    if (p === start) throw this.#error(start, 'expected value after metric')
    const text = this.#text(start, p)
    const value = parseFloatText(text)
    if (value === undefined) throw this.#error(start, `expected a float, found ${quote(text.slice(0, 50))}`)
    this.numbers[0] = value
    return p
  }

  #readTimestamp(start: number): number {
    const bytes = this.#bytes
    let p = start
    const negative = bytes[p] === MINUS
    if (negative) p++
    const digits = p
    let timestamp = 0
    while (bytes[p] >= 48 && bytes[p] <= 57) timestamp = timestamp * 10 + (bytes[p++] - 48)
    if (p === digits) throw this.#error(start, 'expected timestamp or new record')
    if (!Number.isSafeInteger(timestamp)) throw this.#error(start, `timestamp ${this.#text(start, p).slice(0, 50)} is out of range`)
    this.numbers[1] = negative ? -timestamp : timestamp
    while (bytes[p] === SPACE || bytes[p] === TAB) p++
    if (bytes[p] !== NEWLINE) throw this.#error(p, 'expected next entry after timestamp')
    return p
  }

  /** `# TYPE`, `# HELP` and other comments. */
  #readComment(start: number): Entry {
    const bytes = this.#bytes
    let end = bytes.indexOf(NEWLINE, start)
    this.#position = end + 1
    this.commentEnd = end + 1
    let p = start + 1
    if (bytes[p] !== SPACE && bytes[p] !== TAB) return Entry.comment
    p = this.#skipBlank(p)
    const isType = startsWith(bytes, p, 'TYPE')
    if (!isType && !startsWith(bytes, p, 'HELP')) return Entry.comment
    if (bytes[p + 4] !== SPACE && bytes[p + 4] !== TAB) return Entry.comment
    const nameStart = this.#skipBlank(p + 4)
    p = nameStart
    if (bytes[p] === QUOTE) {
      p = this.#skipQuoted(p, 'metric name')
      // A quoted name may go over lines.
      end = bytes.indexOf(NEWLINE, p)
      this.#position = end + 1
      this.commentEnd = end + 1
    } else if ((classes[bytes[p]] & METRIC_START) !== 0) while ((classes[bytes[p]] & METRIC_REST) !== 0) p++
    if (p === nameStart) throw this.#error(nameStart, `expected metric name after ${isType ? 'TYPE' : 'HELP'}`)
    // One byte ends the name, whatever it is; the rest of the line, further blanks included, is the text.
    if (!isType) {
      if (hasHighBit(bytes, p + 1, end) && !isUtf8(bytes.subarray(p + 1, end))) throw this.#error(p, 'help text is not a valid utf8 string')
      return Entry.help
    }
    while (bytes[p] === SPACE || bytes[p] === TAB) p++
    this.#type = this.#metricType(p, end)
    return Entry.type
  }

  #metricType(start: number, end: number): MetricType {
    const text = this.#text(start, end)
    switch (text) {
      case 'counter':
      case 'gauge':
      case 'histogram':
      case 'summary':
        return text
      case 'untyped':
        return 'unknown'
      default:
        throw this.#error(start, `invalid metric type ${quote(text.slice(0, 50))}`)
    }
  }

  /** Names and values in the order of the line, the metric name as `__name__`. The syntax was checked when the line was read. */
  #collectLabels(pairs: string[]): void {
    const bytes = this.#bytes
    let p = this.seriesStart
    while ((classes[bytes[p]] & METRIC_REST) !== 0) p++
    if (p > this.seriesStart) {
      pairs.push(METRIC_NAME, this.#text(this.seriesStart, p))
    }
    p = this.#skipBlank(p)
    if (p >= this.seriesEnd || bytes[p] !== BRACE_OPEN) return
    p++
    for (;;) {
      p = this.#skipBlank(p)
      if (bytes[p] === BRACE_CLOSE) return
      const nameStart = p
      const quoted = bytes[p] === QUOTE
      if (quoted) p = this.#skipQuoted(p, 'label name')
      else while ((classes[bytes[p]] & LABEL_REST) !== 0) p++
      const name = quoted ? this.#unescaped(nameStart + 1, p - 1) : this.#text(nameStart, p)
      p = this.#skipBlank(p)
      if (bytes[p] === EQUALS) {
        const valueStart = this.#skipBlank(p + 1)
        p = this.#skipQuoted(valueStart, 'label value')
        if (name === '') throw this.#error(nameStart, 'label name is empty')
        pairs.push(name, this.#unescaped(valueStart + 1, p - 1))
      } else pairs.push(METRIC_NAME, name)
      p = this.#skipBlank(p)
      if (bytes[p] === COMMA) p++
    }
  }

  #unescaped(start: number, end: number): string {
    return unescaped(this.#text(start, end))
  }

  #text(start: number, end: number): string {
    const text = pageText(this.#buffer, start, end)
    if (text !== undefined) return text
    throw this.#error(start, `invalid UTF-8 ${quote(this.#buffer.toString('latin1', start, Math.min(end, start + 50)))}`)
  }

  #error(position: number, what: string): ExpositionError {
    const bytes = this.#bytes
    let line = 1
    let lineStart = 0
    for (let i = bytes.indexOf(NEWLINE); i >= 0 && i < position; i = bytes.indexOf(NEWLINE, i + 1)) {
      line++
      lineStart = i + 1
    }
    const found = position >= this.#length ? 'the end' : quote(linePart(bytes, position, Math.min(position + 20, this.#length)))
    const text = what.includes('expected') && !what.includes('found') ? `${what}, found ${found}` : what
    return expositionErrorAt(line, position - lineStart + 1, text)
  }
}
