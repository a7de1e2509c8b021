import { quote } from '../../model/labels.ts'
import { nameRune, quoteRune } from './go-text.ts'
import { ParseError } from './parse-error.ts'
import type { Token, TokenKind } from './token.ts'
import { keywordKind } from './token.ts'

// 1. Tokens are read one at a time, when the parser asks: a mistake of grammar is reported before a mistake of spelling behind it.
// 2. The texts and positions of errors are upstream's.
// Source: Prometheus promql/parser/lex.go.

const DECIMAL = '0123456789'
const HEXADECIMAL = '0123456789abcdefABCDEF'
const SINGLE: ReadonlySet<string> = new Set(['*', '/', '%', '+', '-', '^', ',', '@'])
const BRACKET_WORDS: ReadonlySet<string> = new Set(['step', 'range', 'min_of', 'max_of'])

/** Splits a query into tokens; comments are left out. */
export class Lexer {
  readonly #text: string
  readonly #byteOffsets: Uint32Array | undefined
  #position = 0
  #start = 0
  #parenDepth = 0
  #braceOpen = false
  #bracketOpen = false
  #colonSeen = false
  /** Inside brackets, before the first number: only durations are expected. */
  #durationExpected = false

  constructor(text: string) {
    this.#text = text
    this.#byteOffsets = byteOffsets(text)
  }

  /** The next token; at the end `eof`, again and again. Throws a ParseError. */
  next(): Token {
    for (;;) {
      this.#start = this.#position
      if (this.#braceOpen) {
        const token = this.#insideBraces()
        if (token !== undefined) return token
      } else if (this.#durationExpected) {
        const token = this.#durationExpression()
        if (token !== undefined) return token
      } else {
        const token = this.#statement()
        if (token !== undefined) return token
      }
    }
  }

  #statement(): Token | undefined {
    const char = this.#advance()
    if (char === undefined) {
      if (this.#parenDepth !== 0) throw this.#error('unclosed left parenthesis')
      if (this.#bracketOpen) throw this.#error('unclosed left bracket')
      return this.#emit('eof')
    }
    if (char === '#') return this.#comment()
    if (isSpace(char)) return undefined
    if (SINGLE.has(char)) return this.#emit(char as TokenKind)
    if (isDigit(char) || (char === '.' && isDigit(this.#peek()))) {
      this.#position = this.#start
      return this.#numberOrDuration()
    }
    if (isAlpha(char) || char === ':') return this.#bracketOpen ? this.#bracketWord(char) : this.#word()
    switch (char) {
      case '=':
        if (this.#accept('=')) return this.#emit('==')
        if (this.#peek() === '~') throw this.#error(`unexpected character after '=': ${quoteRune('~')}`)
        return this.#emit('=')
      case '!': {
        const after = this.#advance()
        if (after !== '=') throw this.#error(`unexpected character after '!': ${quoteRune(after)}`)
        return this.#emit('!=')
      }
      case '<':
        return this.#emit(this.#accept('=') ? '<=' : this.#accept('/') ? '</' : '<')
      case '>':
        return this.#emit(this.#accept('=') ? '>=' : this.#accept('/') ? '>/' : '>')
      case '"':
      case "'":
      case '`':
        return this.#string(char)
      case '(':
        this.#parenDepth++
        return this.#emit('(')
      case ')':
        return this.#closeParen()
      case '{':
        this.#braceOpen = true
        return this.#emit('{')
      case '[':
        if (this.#bracketOpen) throw this.#error(`unexpected left bracket ${quoteRune(char)}`)
        this.#bracketOpen = true
        this.#colonSeen = false
        this.#durationExpected = true
        return this.#emit('[')
      case ']':
        if (!this.#bracketOpen) throw this.#error(`unexpected right bracket ${quoteRune(char)}`)
        this.#bracketOpen = false
        return this.#emit(']')
      default:
        throw this.#error(`unexpected character: ${quoteRune(char)}`)
    }
  }

  /** Behind `[`, up to the first number. */
  #durationExpression(): Token | undefined {
    const char = this.#advance()
    if (char === undefined) throw this.#error('unexpected end of input in duration expression')
    if (isSpace(char)) return undefined
    if (SINGLE.has(char) && char !== '@') return this.#emit(char as TokenKind)
    if (isDigit(char) || (char === '.' && isDigit(this.#peek()))) {
      this.#position = this.#start
      this.#durationExpected = false
      return this.#numberOrDuration()
    }
    switch (char) {
      case ']':
        this.#bracketOpen = false
        this.#durationExpected = false
        return this.#emit(']')
      case ':':
        this.#start = this.#position
        throw this.#error('unexpected colon before duration in duration expression')
      case '(':
        this.#parenDepth++
        return this.#emit('(')
      case ')':
        return this.#closeParen()
    }
    const keyword = 'sSmMrR'.includes(char) ? this.#bracketKeyword() : undefined
    if (keyword === undefined) throw this.#error(`unexpected character in duration expression: ${quoteRune(char)}`)
    return keyword
  }

  /** A letter or colon between brackets, behind a number. */
  #bracketWord(char: string): Token {
    if (char === ':') {
      if (this.#colonSeen) throw this.#error(`unexpected colon ${quoteRune(char)}`)
      this.#colonSeen = true
      return this.#emit(':')
    }
    const keyword = 'sSmMrR'.includes(char) ? this.#bracketKeyword() : undefined
    if (keyword === undefined) throw this.#error(`unexpected character: ${quoteRune(char)}, expected ':'`)
    return keyword
  }

  #bracketKeyword(): Token | undefined {
    while (isAlpha(this.#peek())) this.#position++
    const word = this.#text.slice(this.#start, this.#position).toLowerCase()
    return BRACKET_WORDS.has(word) ? this.#emit(word as TokenKind) : undefined
  }

  #insideBraces(): Token | undefined {
    const char = this.#advance()
    if (char === undefined) throw this.#error('unexpected end of input inside braces')
    if (char === '#') return this.#comment()
    if (isSpace(char)) return undefined
    if (isAlpha(char)) {
      while (isAlphaNumeric(this.#peek())) this.#position++
      return this.#emit('identifier')
    }
    switch (char) {
      case ',':
        return this.#emit(',')
      case '"':
      case "'":
      case '`':
        return this.#string(char)
      case '=':
        return this.#emit(this.#accept('~') ? '=~' : '=')
      case '!': {
        const after = this.#advance()
        if (after === '~') return this.#emit('!~')
        if (after === '=') return this.#emit('!=')
        throw this.#error(`unexpected character after '!' inside braces: ${quoteRune(after)}`)
      }
      case '{':
        throw this.#error(`unexpected left brace ${quoteRune(char)}`)
      case '}':
        this.#braceOpen = false
        return this.#emit('}')
      default:
        throw this.#error(`unexpected character inside braces: ${quoteRune(char)}`)
    }
  }

  #closeParen(): Token {
    this.#parenDepth--
    if (this.#parenDepth >= 0) return this.#emit(')')
    this.#start = this.#position
    throw this.#error("unexpected right parenthesis ')'")
  }

  #comment(): undefined {
    for (let char = this.#peek(); char !== undefined && char !== '\n' && char !== '\r'; char = this.#peek()) this.#advance()
    return undefined
  }

  #word(): Token {
    while (isAlphaNumeric(this.#peek()) || this.#peek() === ':') this.#position++
    const word = this.#text.slice(this.#start, this.#position)
    const kind = keywordKind(word)
    if (kind === undefined) return this.#emit(word.includes(':') ? 'metric identifier' : 'identifier')
    // The fill modifiers are words of the language only before a parenthesis, so that metrics of these names stay usable.
    if (kind.startsWith('fill') && !/^[ \t\n\r]*\(/.test(this.#text.slice(this.#position, this.#position + 1000))) {
      return this.#emit('identifier')
    }
    return this.#emit(kind)
  }

  #numberOrDuration(): Token {
    if (this.#scanNumber()) return this.#emit('number')
    if (this.#scanDurationRest()) return this.#emit('duration')
    throw this.#error(`bad number or duration syntax: ${quote(this.#text.slice(this.#start, this.#position))}`)
  }

  /** Takes what can belong to a number; false where it is none, with the position behind what was looked at. */
  #scanNumber(): boolean {
    let digits = DECIMAL
    if (this.#accept('0') && this.#accept('xX')) {
      this.#accept('_')
      digits = HEXADECIMAL
    }
    this.#accept('.')
    this.#accept(digits)
    let dotSeen = false
    let exponentSeen = false
    for (;;) {
      const char = this.#peek()
      if (char === undefined) break
      if (char === '.') {
        this.#position++
        if (dotSeen || this.#accept('_.') || digits === HEXADECIMAL) return false
        dotSeen = true
      } else if (char === 'e' || char === 'E') {
        this.#position++
        if (exponentSeen) return false
        exponentSeen = true
        this.#accept('+-')
        if (this.#accept('._eE') || this.#peek() === undefined) return false
      } else if (char === '_') {
        this.#position++
        if (this.#accept('._eE') || this.#peek() === undefined) return false
      } else if (digits.includes(char)) {
        while (this.#accept(digits));
      } else break
    }
    return this.#position !== this.#start && !isAlphaNumeric(this.#peek())
  }

  /** Behind the first digits of a duration. Order and names of the units are checked when it is parsed. */
  #scanDurationRest(): boolean {
    if (!this.#accept('smhdwy')) return false
    this.#accept('s')
    while (this.#accept(DECIMAL)) {
      while (this.#accept(DECIMAL));
      if (!this.#accept('smhdw')) return false
      this.#accept('s')
    }
    if (!isAlphaNumeric(this.#peek())) return true
    this.#position++
    return false
  }

  #string(open: string): Token {
    for (;;) {
      const char = this.#advance()
      if (char === '\ufffd' || (char !== undefined && /^[\ud800-\udfff]$/.test(char))) throw this.#error('invalid UTF-8 rune')
      if (char === undefined) throw this.#error(open === '`' ? 'unterminated raw string' : 'unterminated quoted string')
      if (char === open) return this.#emit('string')
      if (open === '`') continue
      if (char === '\n') throw this.#error('unterminated quoted string')
      if (char === '\\') this.#escape(open)
    }
  }

  /** Behind a backslash. */
  #escape(open: string): void {
    const char = this.#advance()
    if (char === undefined) throw this.#error('escape sequence not terminated')
    if ('abfnrtv\\'.includes(char) || char === open) return
    let digits: [count: number, base: number, max: number]
    if (/[0-7]/.test(char)) {
      digits = [3, 8, 255]
      this.#position--
    } else if (char === 'x') digits = [2, 16, 255]
    else if (char === 'u') digits = [4, 16, 0x10ffff]
    else if (char === 'U') digits = [8, 16, 0x10ffff]
    else throw this.#error(`unknown escape sequence ${nameRune(char)}`)
    const [count, base, max] = digits
    let code = 0
    for (let i = 0; i < count; i++) {
      const digit = this.#advance()
      if (digit === undefined) throw this.#error('escape sequence not terminated')
      const value = /^[\da-fA-F]$/.test(digit) ? Number.parseInt(digit, 16) : 16
      if (value >= base) throw this.#error(`illegal character ${nameRune(digit)} in escape sequence`)
      code = code * base + value
    }
    if (code > max || (code >= 0xd800 && code < 0xe000)) throw this.#error('escape sequence is an invalid Unicode code point')
  }

  /** Takes one character (code point); undefined at the end. */
  #advance(): string | undefined {
    const char = this.#peek()
    if (char !== undefined) this.#position += char.length
    return char
  }

  #peek(): string | undefined {
    const code = this.#text.codePointAt(this.#position)
    return code === undefined ? undefined : String.fromCodePoint(code)
  }

  /** Takes the next character when it is one of `chars`. */
  #accept(chars: string): boolean {
    const char = this.#peek()
    if (char === undefined || !chars.includes(char)) return false
    this.#position += char.length
    return true
  }

  #emit(kind: TokenKind): Token {
    return {
      kind,
      start: this.#byteOffset(this.#start),
      end: this.#byteOffset(this.#position),
      text: this.#text.slice(this.#start, this.#position),
    }
  }

  #error(what: string): ParseError {
    return new ParseError(this.#text, { start: this.#byteOffset(this.#start), end: this.#byteOffset(this.#text.length) }, what)
  }

  #byteOffset(index: number): number {
    return this.#byteOffsets === undefined ? index : this.#byteOffsets[index]
  }
}

/** Where each UTF-16 unit begins in the UTF-8 form; undefined for ASCII, where both are the same. */
function byteOffsets(text: string): Uint32Array | undefined {
  if (/^[\x00-\x7f]*$/.test(text)) return undefined
  const offsets = new Uint32Array(text.length + 1)
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    offsets[i] = bytes
    const code = text.codePointAt(i)!
    if (code > 0xffff) offsets[++i] = bytes
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  offsets[text.length] = bytes
  return offsets
}

function isSpace(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\n' || char === '\r'
}

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= '0' && char <= '9' && char.length === 1
}

function isAlpha(char: string | undefined): boolean {
  return char !== undefined && char.length === 1 && ((char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z') || char === '_')
}

function isAlphaNumeric(char: string | undefined): boolean {
  return isAlpha(char) || isDigit(char)
}
