import { quote } from '../../base/go-quote.ts'
import { quoteRune } from '../../model/go-text.ts'
import { Cursor, isAlpha, isAlphaNumeric, isDigit, isSpace } from './cursor.ts'
import { scanDurationRest, scanNumber } from './scan-number.ts'
import { scanString } from './scan-string.ts'
import type { Token, TokenKind } from './token.ts'
import { keywordKind } from './token.ts'

// 1. Tokens are read one at a time, when the parser asks: a mistake of grammar is reported before a mistake of spelling behind it.
// 2. The texts and positions of errors are upstream's.
// Source: Prometheus promql/parser/lex.go.

const SINGLE: ReadonlySet<string> = new Set(['*', '/', '%', '+', '-', '^', ',', '@'])
const BRACKET_WORDS: ReadonlySet<string> = new Set(['step', 'range', 'min_of', 'max_of'])

/** Splits a query into tokens; comments are left out. */
export class Lexer {
  readonly #cursor: Cursor
  #parenDepth = 0
  #braceOpen = false
  #bracketOpen = false
  #colonSeen = false
  /** Inside brackets, before the first number: only durations are expected. */
  #durationExpected = false

  constructor(text: string) {
    this.#cursor = new Cursor(text)
  }

  /** The next token; at the end `eof`, again and again. Throws a ParseError. */
  next(): Token {
    for (;;) {
      this.#cursor.start = this.#cursor.position
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
    const char = this.#cursor.advance()
    if (char === undefined) {
      if (this.#parenDepth !== 0) throw this.#cursor.error('unclosed left parenthesis')
      if (this.#bracketOpen) throw this.#cursor.error('unclosed left bracket')
      return this.#emit('eof')
    }
    if (char === '#') return this.#comment()
    if (isSpace(char)) return undefined
    if (SINGLE.has(char)) return this.#emit(char as TokenKind)
    if (isDigit(char) || (char === '.' && this.#cursor.is(isDigit))) {
      this.#cursor.position = this.#cursor.start
      return this.#numberOrDuration()
    }
    if (isAlpha(char) || char === ':') return this.#bracketOpen ? this.#bracketWord(char) : this.#word()
    switch (char) {
      case '=':
        if (this.#cursor.accept('=')) return this.#emit('==')
        if (this.#cursor.peek() === '~') throw this.#cursor.error(`unexpected character after '=': ${quoteRune('~')}`)
        return this.#emit('=')
      case '!': {
        const after = this.#cursor.advance()
        if (after !== '=') throw this.#cursor.error(`unexpected character after '!': ${quoteRune(after)}`)
        return this.#emit('!=')
      }
      case '<':
        return this.#emit(this.#cursor.accept('=') ? '<=' : this.#cursor.accept('/') ? '</' : '<')
      case '>':
        return this.#emit(this.#cursor.accept('=') ? '>=' : this.#cursor.accept('/') ? '>/' : '>')
      case '"':
      case "'":
      case '`':
        scanString(this.#cursor, char)
        return this.#emit('string')
      case '(':
        this.#parenDepth++
        return this.#emit('(')
      case ')':
        return this.#closeParen()
      case '{':
        this.#braceOpen = true
        return this.#emit('{')
      case '[':
        if (this.#bracketOpen) throw this.#cursor.error(`unexpected left bracket ${quoteRune(char)}`)
        this.#bracketOpen = true
        this.#colonSeen = false
        this.#durationExpected = true
        return this.#emit('[')
      case ']':
        if (!this.#bracketOpen) throw this.#cursor.error(`unexpected right bracket ${quoteRune(char)}`)
        this.#bracketOpen = false
        return this.#emit(']')
      default:
        throw this.#cursor.error(`unexpected character: ${quoteRune(char)}`)
    }
  }

  /** Behind `[`, up to the first number. */
  #durationExpression(): Token | undefined {
    const char = this.#cursor.advance()
    if (char === undefined) throw this.#cursor.error('unexpected end of input in duration expression')
    if (isSpace(char)) return undefined
    if (SINGLE.has(char) && char !== '@') return this.#emit(char as TokenKind)
    if (isDigit(char) || (char === '.' && this.#cursor.is(isDigit))) {
      this.#cursor.position = this.#cursor.start
      this.#durationExpected = false
      return this.#numberOrDuration()
    }
    switch (char) {
      case ']':
        this.#bracketOpen = false
        this.#durationExpected = false
        return this.#emit(']')
      case ':':
        this.#cursor.start = this.#cursor.position
        throw this.#cursor.error('unexpected colon before duration in duration expression')
      case '(':
        this.#parenDepth++
        return this.#emit('(')
      case ')':
        return this.#closeParen()
    }
    const keyword = 'sSmMrR'.includes(char) ? this.#bracketKeyword() : undefined
    if (keyword === undefined) throw this.#cursor.error(`unexpected character in duration expression: ${quoteRune(char)}`)
    return keyword
  }

  /** A letter or colon between brackets, behind a number. */
  #bracketWord(char: string): Token {
    if (char === ':') {
      if (this.#colonSeen) throw this.#cursor.error(`unexpected colon ${quoteRune(char)}`)
      this.#colonSeen = true
      return this.#emit(':')
    }
    const keyword = 'sSmMrR'.includes(char) ? this.#bracketKeyword() : undefined
    if (keyword === undefined) throw this.#cursor.error(`unexpected character: ${quoteRune(char)}, expected ':'`)
    return keyword
  }

  #bracketKeyword(): Token | undefined {
    while (this.#cursor.is(isAlpha)) this.#cursor.position++
    const word = this.#cursor.taken().toLowerCase()
    return BRACKET_WORDS.has(word) ? this.#emit(word as TokenKind) : undefined
  }

  #insideBraces(): Token | undefined {
    const char = this.#cursor.advance()
    if (char === undefined) throw this.#cursor.error('unexpected end of input inside braces')
    if (char === '#') return this.#comment()
    if (isSpace(char)) return undefined
    if (isAlpha(char)) {
      while (this.#cursor.is(isAlphaNumeric)) this.#cursor.position++
      return this.#emit('identifier')
    }
    switch (char) {
      case ',':
        return this.#emit(',')
      case '"':
      case "'":
      case '`':
        scanString(this.#cursor, char)
        return this.#emit('string')
      case '=':
        return this.#emit(this.#cursor.accept('~') ? '=~' : '=')
      case '!': {
        const after = this.#cursor.advance()
        if (after === '~') return this.#emit('!~')
        if (after === '=') return this.#emit('!=')
        throw this.#cursor.error(`unexpected character after '!' inside braces: ${quoteRune(after)}`)
      }
      case '{':
        throw this.#cursor.error(`unexpected left brace ${quoteRune(char)}`)
      case '}':
        this.#braceOpen = false
        return this.#emit('}')
      default:
        throw this.#cursor.error(`unexpected character inside braces: ${quoteRune(char)}`)
    }
  }

  #closeParen(): Token {
    this.#parenDepth--
    if (this.#parenDepth >= 0) return this.#emit(')')
    this.#cursor.start = this.#cursor.position
    throw this.#cursor.error("unexpected right parenthesis ')'")
  }

  #comment(): undefined {
    for (let char = this.#cursor.peek(); char !== undefined && char !== '\n' && char !== '\r'; char = this.#cursor.peek())
      this.#cursor.advance()
    return undefined
  }

  #word(): Token {
    while (this.#cursor.is(isAlphaNumeric) || this.#cursor.peek() === ':') this.#cursor.position++
    const word = this.#cursor.taken()
    const kind = keywordKind(word)
    if (kind === undefined) return this.#emit(word.includes(':') ? 'metric identifier' : 'identifier')
    // The fill modifiers are words of the language only before a parenthesis, so that metrics of these names stay usable.
    if (kind.startsWith('fill') && !/^[ \t\n\r]*\(/.test(this.#cursor.text.slice(this.#cursor.position, this.#cursor.position + 1000))) {
      return this.#emit('identifier')
    }
    return this.#emit(kind)
  }

  #numberOrDuration(): Token {
    if (scanNumber(this.#cursor)) return this.#emit('number')
    if (scanDurationRest(this.#cursor)) return this.#emit('duration')
    throw this.#cursor.error(`bad number or duration syntax: ${quote(this.#cursor.taken())}`)
  }

  #emit(kind: TokenKind): Token {
    const { start, end } = this.#cursor.range()
    return { kind, start, end, text: this.#cursor.taken() }
  }
}
