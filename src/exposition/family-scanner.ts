// The words of a page of the text format as tools read it: names, numbers, texts, blanks between them. In which words what is wrong is told
// follows upstream's. Source: prometheus/common expfmt/text_parse.go, as of promtool 3.5.

import { quote } from '../base/go-quote.ts'
import { textOfBytes } from './byte-text.ts'

/** What is wrong with a page. The message is upstream's. */
export class FamiliesError extends Error {
  constructor(line: number, what: string) {
    super(`text format parsing error in line ${line}: ${what}`)
    this.name = 'FamiliesError'
  }
}

export const NEWLINE = 10
/** Behind the last byte. */
export const END = -1
export const UNEXPECTED_END = 'unexpected end of input stream'
export const QUOTE = 34
export const HASH = 35
export const COMMA = 44
export const EQUALS = 61
const BACKSLASH = 92
export const BRACE_OPEN = 123
export const BRACE_CLOSE = 125

export function isBlank(c: number): boolean {
  return c === 32 || c === 9
}

export function isNewline(c: number): boolean {
  return c === NEWLINE
}

export function isSpace(c: number): boolean {
  return isBlank(c) || c === NEWLINE
}

export function isLabelStart(c: number): boolean {
  return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95
}

export function isLabelRest(c: number): boolean {
  return isLabelStart(c) || (c >= 48 && c <= 57)
}

export function isMetricStart(c: number): boolean {
  return isLabelStart(c) || c === 58
}

export function isMetricRest(c: number): boolean {
  return isLabelRest(c) || c === 58
}

/** Goes through a page byte by byte, and never back. */
export class FamilyScanner {
  readonly #page: Buffer
  #position = 0
  /** The line that errors name. */
  line = 0

  constructor(page: Uint8Array) {
    this.#page = Buffer.from(page.buffer, page.byteOffset, page.length)
  }

  /** Moves over the byte that was looked at. */
  step(): void {
    this.#position++
  }

  /** A name, plain or quoted, or, as upstream reads it, plain with a quoted end; empty where there is none. */
  name(isStart: (c: number) => boolean, isRest: (c: number) => boolean, what: string): string {
    const start = this.#position
    if (isStart(this.peek())) while (isRest(this.peek())) this.#position++
    const plain = this.#page.toString('latin1', start, this.#position)
    const quoted = this.peek() === QUOTE ? this.#quotedName(what) : ''
    if (this.peek() === END && this.#position > start) throw this.error(UNEXPECTED_END)
    return plain + quoted
  }

  #quotedName(what: string): string {
    const bytes: number[] = []
    this.#position++
    for (let c = this.read(); c !== QUOTE; c = this.read()) {
      if (c === NEWLINE) throw this.error(`${what} ${quote(textOfBytes(Buffer.from(bytes)))} contains unescaped new-line`)
      if (c !== BACKSLASH) bytes.push(c)
      else {
        const escaped = this.#escaped(this.read())
        // Upstream keeps the backslash before a quote in a name.
        bytes.push(...(escaped === QUOTE ? [BACKSLASH, QUOTE] : [escaped]))
      }
    }
    return textOfBytes(Buffer.from(bytes))
  }

  /** What a backslash and this byte mean. */
  #escaped(c: number): number {
    if (c === BACKSLASH || c === QUOTE) return c
    if (c === 110) return NEWLINE
    throw this.error(`invalid escape sequence '\\${String.fromCharCode(c)}'`)
  }

  /** The byte here; END where the page ends. */
  peek(): number {
    return this.#position < this.#page.length ? this.#page[this.#position] : END
  }

  /** The byte here, which there must be. */
  read(): number {
    if (this.#position >= this.#page.length) throw this.error(UNEXPECTED_END)
    return this.#page[this.#position++]
  }

  skipBlanks(): void {
    while (isBlank(this.peek())) this.#position++
  }

  /** Up to a byte that ends it, which there must be and which stays. */
  until(isEnd: (c: number) => boolean): string {
    const start = this.#position
    while (!isEnd(this.read()));
    this.#position--
    return textOfBytes(this.#page.subarray(start, this.#position))
  }

  /** Moves on to the next line when this one has nothing more. */
  atLineEnd(): boolean {
    if (this.peek() === END) throw this.error(UNEXPECTED_END)
    if (this.peek() !== NEWLINE) return false
    this.#position++
    return true
  }

  /** What stands in quotes, after the opening one. */
  quotedValue(): string {
    return textOfBytes(this.#plainValue() ?? this.#escapedValue())
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
    for (let c = this.read(); c !== QUOTE; c = this.read()) {
      if (c === NEWLINE) throw this.error(`label value ${quote(textOfBytes(Buffer.from(bytes)))} contains unescaped new-line`)
      bytes.push(c === BACKSLASH ? this.#escaped(this.read()) : c)
    }
    return Buffer.from(bytes)
  }

  /** What a HELP line says, up to the end of the line, which stays. */
  helpText(): string {
    const bytes: number[] = []
    for (let c = this.read(); c !== NEWLINE; c = this.read()) bytes.push(c === BACKSLASH ? this.#escaped(this.read()) : c)
    this.#position--
    return textOfBytes(Buffer.from(bytes))
  }

  error(what: string): FamiliesError {
    return new FamiliesError(this.line, what)
  }
}

/** Go's %q of a byte. */
export function quoteByte(c: number): string {
  if (c === 39) return "'\\''"
  if (c === QUOTE) return "'\"'"
  return `'${quote(String.fromCharCode(c)).slice(1, -1)}'`
}
