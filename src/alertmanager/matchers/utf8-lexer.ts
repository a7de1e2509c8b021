import { CodedError } from '../../base/errors.ts'
import { RESERVED } from '../label-matcher.ts'

export type TokenKind = '{' | '}' | ',' | '=' | '!=' | '=~' | '!~' | 'quoted' | 'unquoted' | 'end'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  /** In characters, from 0; the end is exclusive. */
  readonly start: number
  readonly end: number
}

/** Source of the tokens and of the errors: Alertmanager matcher/parse/lexer.go. */
export class Utf8Lexer {
  readonly #chars: readonly string[]
  #position = 0
  /** Where the last token ends, white space after it left out. */
  #tokenEnd = 0
  #peeked: Token | undefined

  constructor(text: string) {
    this.#chars = [...text]
  }

  /** Where the last token that was looked at ends. */
  get position(): number {
    return this.#tokenEnd
  }

  /** The next token, which stays. Throws `bad_data`, every time. */
  peek(): Token {
    this.#peeked ??= this.#scan()
    return this.#peeked
  }

  next(): Token {
    const token = this.peek()
    this.#peeked = undefined
    return token
  }

  #scan(): Token {
    const chars = this.#chars
    while (this.#position < chars.length && isSpace(chars[this.#position])) this.#position++
    const start = this.#position
    const char = chars[start]
    if (char === undefined) return { kind: 'end', text: '', start, end: start }
    if (char === '{' || char === '}' || char === ',') return this.#token(char, start, start + 1)
    if (char === '=') return chars[start + 1] === '~' ? this.#token('=~', start, start + 2) : this.#token('=', start, start + 1)
    if (char === '!') {
      const second = chars[start + 1]
      if (second === '=' || second === '~') return this.#token(`!${second}`, start, start + 2)
      const problem = second === undefined ? "unexpected end of input, expected one of '=~'" : "!: expected one of '=~'"
      throw new CodedError('bad_data', `${start}:${start + 1}: ${problem}`)
    }
    if (char === '"') return this.#quoted(start)
    if (RESERVED.test(char)) throw new CodedError('bad_data', `${start}:${start + 1}: ${char}: invalid input`)
    let end = start + 1
    while (end < chars.length && !RESERVED.test(chars[end])) end++
    return this.#token('unquoted', start, end)
  }

  #quoted(start: number): Token {
    const chars = this.#chars
    for (let end = start + 1; end < chars.length; end++) {
      if (chars[end] === '\\') end++
      else if (chars[end] === '"') return this.#token('quoted', start, end + 1)
    }
    throw new CodedError('bad_data', `${start}:${chars.length}: ${chars.slice(start).join('')}: missing end "`)
  }

  #token(kind: TokenKind, start: number, end: number): Token {
    this.#position = end
    this.#tokenEnd = end
    return { kind, text: this.#chars.slice(start, end).join(''), start, end }
  }
}

function isSpace(char: string): boolean {
  return RESERVED.test(char) && !/[{}!=~,\\"'`]/.test(char)
}
