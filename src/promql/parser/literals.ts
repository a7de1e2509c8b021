import { CodedError } from '../../base/errors.ts'
import { parseDuration } from '../../model/duration.ts'
import { parseNumber } from '../../model/go-text.ts'
import type { NumberLiteral } from './ast.ts'
import type { ParseError } from './parse-error.ts'
import type { TokenKind } from './token.ts'
import type { TokenStream } from './token-stream.ts'

export const DURATION_WANTED = 'number, duration, step(), or range()'

export function beginsNumber(kind: TokenKind): boolean {
  return kind === 'number' || kind === 'duration'
}

/** A number, or a duration in seconds; the next token must be one of them. */
export function parseNumberLiteral(tokens: TokenStream): NumberLiteral {
  const token = tokens.take()
  const range = { start: token.start, end: token.end }
  if (token.kind === 'number') {
    const value = parseNumber(token.text)
    if (typeof value === 'string') throw tokens.error(token, `error parsing number: ${value}`)
    return { kind: 'number', value, duration: false, range }
  }
  try {
    return { kind: 'number', value: parseDuration(token.text) / 1000, duration: true, range }
  } catch (cause) {
    if (!(cause instanceof CodedError)) throw cause
    throw tokens.error(token, cause.message, { cause })
  }
}

/** The same behind at most one sign; `fail` says what is wrong with any other token. */
export function parseSignedNumber(tokens: TokenStream, fail: () => ParseError): NumberLiteral {
  const sign = tokens.accept('+') ?? tokens.accept('-')
  if (!beginsNumber(tokens.peek().kind)) throw fail()
  const literal = parseNumberLiteral(tokens)
  return sign?.kind === '-' ? { ...literal, value: -literal.value } : literal
}

/** Go's math.Round. */
export function roundHalfAway(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value))
}
