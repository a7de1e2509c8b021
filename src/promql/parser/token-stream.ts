import type { PositionRange } from './ast.ts'
import { Lexer } from './lexer.ts'
import { FeatureError, ParseError } from './parse-error.ts'
import type { Token, TokenKind } from './token.ts'
import { describeToken } from './token.ts'

/** Tokens with one of lookahead, read from the lexer only when asked for, and the ways to complain about them. */
export class TokenStream {
  readonly query: string
  readonly #lexer: Lexer
  #ahead: Token | undefined

  constructor(query: string) {
    this.query = query
    this.#lexer = new Lexer(query)
  }

  peek(): Token {
    this.#ahead ??= this.#lexer.next()
    return this.#ahead
  }

  take(): Token {
    const token = this.peek()
    this.#ahead = undefined
    return token
  }

  /** Takes the next token when it is of this kind. */
  accept(kind: TokenKind): Token | undefined {
    return this.peek().kind === kind ? this.take() : undefined
  }

  /** `unexpected <token> in <context>, expected <expected>`; the last two may be empty. */
  unexpected(context: string, expected: string): ParseError {
    const token = this.peek()
    const where = context === '' ? '' : ` in ${context}`
    const wanted = expected === '' ? '' : `, expected ${expected}`
    return this.error(token, `unexpected ${describeToken(token)}${where}${wanted}`)
  }

  error({ start, end }: PositionRange, what: string, options?: ErrorOptions): ParseError {
    return new ParseError(this.query, { start, end }, what, options)
  }

  /** Says that something is behind a feature flag. */
  notEnabled({ start, end }: PositionRange, what: string, feature: string): FeatureError {
    return new FeatureError(this.query, { start, end }, what, feature)
  }
}
