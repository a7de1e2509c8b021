import { quote } from '../base/go-quote.ts'
import type { Token } from './lex.ts'
import { unquoteGo } from './quote.ts'
import { lineOf, type TemplateSource } from './template-source.ts'

/** A template that is none. The message is Go's: `template: NAME:LINE: what`. */
export class TemplateParseError extends Error {}

/** Branches and parentheses inside each other: deeper ones would run out of stack. */
const NESTING_MAX = 200

/** The tokens of a text, one after the other, and what is wrong with them. */
export class TokenStream {
  readonly source: TemplateSource
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0

  constructor(source: TemplateSource, tokens: readonly Token[]) {
    this.source = source
    this.#tokens = tokens
  }

  /** Parses what lies inside of something; `what` says that it lies too deep. */
  inside<T>(what: string, parse: () => T): T {
    if (++this.#depth > NESTING_MAX) this.fail(what)
    const parsed = parse()
    this.#depth--
    return parsed
  }

  /** To come back to with `reset`. */
  get mark(): number {
    return this.#next
  }

  reset(mark: number): void {
    this.#next = mark
  }

  keywordAfter(open: Token): string | undefined {
    let index = this.#tokens.indexOf(open, this.#next) + 1
    while (this.#tokens[index]?.kind === 'space') index++
    const token = this.#tokens[index]
    return token?.kind === 'keyword' ? token.text : undefined
  }

  take(): Token {
    const token = this.#tokens[this.#next] as Token
    if (token.kind !== 'end') this.#next++
    return token
  }

  takeNotSpace(): Token {
    this.skipSpace()
    return this.take()
  }

  skipSpace(): void {
    while (this.peek().kind === 'space') this.#next++
  }

  back(): void {
    this.#next--
  }

  peek(): Token {
    return this.#tokens[this.#next] as Token
  }

  peekNotSpace(): Token {
    this.skipSpace()
    return this.peek()
  }

  expect(kind: 'close', context: string): void {
    const token = this.takeNotSpace()
    if (token.kind !== kind) this.unexpected(token, context)
  }

  unexpected(token: Token, context: string): never {
    return this.fail(`unexpected ${describeToken(token)} in ${context}`)
  }

  fail(message: string): never {
    const last = this.#tokens[Math.max(0, this.#next - 1)] as Token
    throw new TemplateParseError(`template: ${this.source.name}:${lineOf(this.source.text, last.offset)}: ${message}`)
  }

  unquote(token: Token): string {
    const value = unquoteGo(token.text)
    return value ?? this.fail('invalid syntax')
  }
}

/** As Go prints a token: keywords in angle brackets, long texts cut, the rest quoted. */
function describeToken(token: Token): string {
  if (token.kind === 'end') return 'EOF'
  if (token.kind === 'keyword' || token.kind === 'dot' || token.kind === 'nil') return `<${token.text}>`
  if (token.text.length > 10) return `${quote(token.text.slice(0, 10))}...`
  return quote(token.text)
}
