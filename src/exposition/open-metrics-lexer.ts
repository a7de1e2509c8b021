// Tokens of OpenMetrics text, as upstream's lexer cuts them: one state, one table of what may follow, no way back. Where nothing fits
// it stops at the byte that did not, and both are part of the error that a user sees.
// NUL bytes in a label value or behind a comment's name are no part of the token's shape; elsewhere they fit nothing.
// Source: Prometheus model/textparse/openmetricslex.l and openmetricsparse.go, openMetricsLexer.

import { NAME_CLASSES as classes, LABEL_REST, LABEL_START, METRIC_REST, METRIC_START } from './name-bytes.ts'

export const Token = {
  invalid: 0,
  eof: 1,
  linebreak: 2,
  help: 3,
  type: 4,
  unit: 5,
  eofWord: 6,
  text: 7,
  comment: 8,
  metricName: 9,
  quotedName: 10,
  braceOpen: 11,
  braceClose: 12,
  labelName: 13,
  labelValue: 14,
  comma: 15,
  equal: 16,
  timestamp: 17,
  value: 18,
} as const
export type Token = (typeof Token)[keyof typeof Token]

/** As upstream's errors name them, by number. */
export const TOKEN_NAMES: readonly string[] = [
  'INVALID',
  'EOF',
  'LINEBREAK',
  'HELP',
  'TYPE',
  'UNIT',
  'EOFWORD',
  'TEXT',
  'COMMENT',
  'MNAME',
  'QSTRING',
  'BOPEN',
  'BCLOSE',
  'LNAME',
  'LVALUE',
  'COMMA',
  'EQUAL',
  'TIMESTAMP',
  'VALUE',
]

const State = {
  init: 0,
  comment: 1,
  meta1: 2,
  meta2: 3,
  labels: 4,
  labelValue: 5,
  value: 6,
  timestamp: 7,
  exemplar: 8,
  exemplarValue: 9,
  exemplarTimestamp: 10,
} as const
type State = (typeof State)[keyof typeof State]

const NEWLINE = 10
const SPACE = 32
const QUOTE = 34
const HASH = 35
const COMMA = 44
const EQUALS = 61
const BACKSLASH = 92
const BRACE_OPEN = 123
const BRACE_CLOSE = 125

const WORDS = { help: Buffer.from('HELP '), type: Buffer.from('TYPE '), unit: Buffer.from('UNIT '), eof: Buffer.from('EOF') }

export class OpenMetricsLexer {
  #bytes: Uint8Array = new Uint8Array(1)
  #length = 0
  #state: State = State.init
  /** Where the last token begins and ends. */
  start = 0
  end = 0

  /** The first `length` bytes; the one after them must be a newline. */
  reset(bytes: Uint8Array, length: number): void {
    this.#bytes = bytes
    this.#length = length
    this.#state = State.init
    this.start = 0
    this.end = 0
  }

  /** Goes on at `position`, behind a series. */
  resumeAtValue(position: number): void {
    this.#state = State.value
    this.start = position
    this.end = position
  }

  /** Goes on at the beginning of a line. */
  resumeAtLine(position: number): void {
    this.#state = State.init
    this.start = position
    this.end = position
  }

  next(): Token {
    // The end has no place of its own: an error shows the token before it.
    if (this.end >= this.#length) return Token.eof
    this.start = this.end
    const c = this.#bytes[this.end]
    switch (this.#state) {
      case State.init:
        return this.#lineStart(c)
      case State.comment:
        return this.#keyword(c)
      case State.meta1:
        if (c === QUOTE) return this.#quoted(Token.metricName, State.meta2, true)
        if ((classes[c] & METRIC_START) === 0) return Token.invalid
        return this.#name(METRIC_REST, Token.metricName, State.meta2)
      case State.meta2:
        return this.#text(c)
      case State.labels:
        if ((classes[c] & LABEL_START) !== 0) return this.#name(LABEL_REST, Token.labelName, State.labels)
        if (c === QUOTE) return this.#quoted(Token.quotedName, State.labels, true)
        if (c === EQUALS) return this.#one(Token.equal, State.labelValue)
        if (c === COMMA) return this.#one(Token.comma, State.labels)
        return c === BRACE_CLOSE ? this.#one(Token.braceClose, State.value) : Token.invalid
      case State.labelValue:
        return c === QUOTE ? this.#quoted(Token.labelValue, State.labels, false) : Token.invalid
      case State.value:
        if (c === BRACE_OPEN) return this.#one(Token.braceOpen, State.labels)
        return c === SPACE ? this.#word(Token.value, State.timestamp) : Token.invalid
      case State.timestamp:
        if (c === NEWLINE) return this.#one(Token.linebreak, State.init)
        return c === SPACE ? this.#timestampOrExemplar() : Token.invalid
      case State.exemplar:
        if ((classes[c] & LABEL_START) !== 0) return this.#name(LABEL_REST, Token.labelName, State.exemplar)
        if (c === QUOTE) return this.#quoted(Token.quotedName, State.exemplar, false)
        if (c === EQUALS) return this.#one(Token.equal, State.exemplarValue)
        if (c === COMMA) return this.#one(Token.comma, State.exemplar)
        return c === BRACE_CLOSE ? this.#one(Token.braceClose, State.exemplarValue) : Token.invalid
      case State.exemplarValue:
        if (c === QUOTE) return this.#quoted(Token.labelValue, State.exemplar, false)
        return c === SPACE ? this.#word(Token.value, State.exemplarTimestamp) : Token.invalid
      case State.exemplarTimestamp:
        if (c === NEWLINE) return this.#one(Token.linebreak, State.init)
        return c === SPACE ? this.#word(Token.timestamp, State.exemplarTimestamp) : Token.invalid
    }
  }

  #one(token: Token, state: State): Token {
    this.end++
    this.#state = state
    return token
  }

  #name(rest: number, token: Token, state: State): Token {
    const bytes = this.#bytes
    let p = this.end + 1
    // The newline behind the page ends every name.
    while ((classes[bytes[p]] & rest) !== 0) p++
    this.end = p
    this.#state = state
    return token
  }

  #lineStart(c: number): Token {
    if ((classes[c] & METRIC_START) !== 0) return this.#name(METRIC_REST, Token.metricName, State.value)
    if (c === BRACE_OPEN) return this.#one(Token.braceOpen, State.labels)
    if (c !== HASH) return Token.invalid
    this.end++
    if (this.#at(this.end) !== SPACE) return Token.invalid
    this.end++
    this.#state = State.comment
    return this.#keyword(this.#at(this.end))
  }

  #keyword(c: number): Token {
    switch (c) {
      case WORDS.help[0]:
        return this.#keywordOf(WORDS.help, Token.help, State.meta1)
      case WORDS.type[0]:
        return this.#keywordOf(WORDS.type, Token.type, State.meta1)
      case WORDS.unit[0]:
        return this.#keywordOf(WORDS.unit, Token.unit, State.meta1)
      case WORDS.eof[0]: {
        const token = this.#keywordOf(WORDS.eof, Token.eofWord, State.init)
        if (token === Token.eofWord && this.#at(this.end) === NEWLINE) this.end = this.#behindNuls(this.end + 1)
        return token
      }
      default:
        return Token.invalid
    }
  }

  #keywordOf(word: Uint8Array, token: Token, state: State): Token {
    for (let i = 0; i < word.length; i++) {
      if (this.#at(this.end) !== word[i]) return Token.invalid
      this.end = this.#behindNuls(this.end + 1)
    }
    this.#state = state
    return token
  }

  /** The rest of a comment line with its line break. */
  #text(c: number): Token {
    if (c !== SPACE) return Token.invalid
    const newline = this.#bytes.indexOf(NEWLINE, this.end)
    if (newline >= this.#length) {
      this.end = this.#length
      return Token.invalid
    }
    this.end = this.#behindNuls(newline + 1)
    this.#state = State.init
    return Token.text
  }

  #quoted(token: Token, state: State, withNewlines: boolean): Token {
    const bytes = this.#bytes
    const length = this.#length
    const skipsNuls = this.#state === State.labelValue
    let p = this.end + 1
    for (; p < length; p++) {
      let c = bytes[p]
      if (c === QUOTE) {
        p++
        this.end = skipsNuls ? this.#behindNuls(p) : p
        this.#state = state
        return token
      }
      if (c === BACKSLASH) {
        p++
        if (skipsNuls) p = this.#behindNuls(p)
        c = p < length ? bytes[p] : 0
        if (c === NEWLINE || c === 0) break
      } else if (c === NEWLINE && !withNewlines) break
      else if (c === 0 && !skipsNuls) break
    }
    this.end = p
    return Token.invalid
  }

  /** A blank and what follows up to the next blank or the end of the line. */
  #word(token: Token, state: State): Token {
    const bytes = this.#bytes
    let p = this.end + 1
    while (bytes[p] !== SPACE && bytes[p] !== NEWLINE && bytes[p] !== 0) p++
    const isEmpty = p === this.end + 1
    this.end = p
    if (isEmpty) return Token.invalid
    this.#state = state
    return token
  }

  /** ` # {` begins an exemplar; anything else that looks like it at first is lost. */
  #timestampOrExemplar(): Token {
    const at = this.end
    if (this.#at(at + 1) !== HASH || this.#at(at + 2) !== SPACE) return this.#word(Token.timestamp, State.timestamp)
    this.end = at + 3
    return this.#at(this.end) === BRACE_OPEN ? this.#one(Token.comment, State.exemplar) : Token.invalid
  }

  /** The byte, 0 behind the end. */
  #at(position: number): number {
    return position < this.#length ? this.#bytes[position] : 0
  }

  #behindNuls(position: number): number {
    let p = position
    while (p < this.#length && this.#bytes[p] === 0) p++
    return p
  }
}
