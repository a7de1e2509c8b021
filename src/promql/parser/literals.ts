import { CodedError } from '../../base/errors.ts'
import { parseDuration } from '../../model/duration.ts'
import type { NumberLiteral, PositionRange } from './ast.ts'
import { parseNumber } from './go-text.ts'
import type { FeatureError, ParseError } from './parse-error.ts'
import type { Token, TokenKind } from './token.ts'
import type { TokenStream } from './token-stream.ts'

export const DURATION_WANTED = 'number, duration, step(), or range()'

/** Seconds that upstream's durations reach: 2^63 ns. */
const DURATION_SECONDS_MAX = 2 ** 63 / 1e9

const DURATION_WORDS: ReadonlySet<TokenKind> = new Set(['step', 'range', 'min_of', 'max_of'])
const DURATION_OPERATORS: ReadonlySet<TokenKind> = new Set(['+', '-', '*', '/', '%', '^'])

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

/** The duration of a range or step, in ms; above zero. */
export function parsePositiveDuration(tokens: TokenStream, context: string, expected: string): number {
  const first = tokens.peek()
  let factor = 1
  while (tokens.peek().kind === '+' || tokens.peek().kind === '-') if (tokens.take().kind === '-') factor = -factor
  if (!beginsNumber(tokens.peek().kind)) throw durationExpressionError(tokens) ?? tokens.unexpected(context, expected)
  const literal = durationLiteral(tokens, first)
  const range = { start: first.start, end: literal.range.end }
  if (DURATION_OPERATORS.has(tokens.peek().kind)) throw notEnabled(tokens, range)
  if (factor * literal.value <= 0) throw tokens.error(range, 'duration must be greater than 0')
  return toMilliseconds(literal.value)
}

/** The duration behind `offset`, in ms, and where it ends. */
export function parseOffsetDuration(tokens: TokenStream): { offsetMs: number; end: number } {
  const sign = tokens.accept('+') ?? tokens.accept('-')
  if (!beginsNumber(tokens.peek().kind)) throw durationExpressionError(tokens) ?? tokens.unexpected('offset', DURATION_WANTED)
  const { value, range } = durationLiteral(tokens, sign ?? tokens.peek())
  return { offsetMs: toMilliseconds(sign?.kind === '-' ? -value : value), end: range.end }
}

function durationLiteral(tokens: TokenStream, first: Token): NumberLiteral {
  const literal = parseNumberLiteral(tokens)
  if (!(Math.abs(literal.value) <= DURATION_SECONDS_MAX)) throw tokens.error(first, 'duration out of range')
  return literal
}

/** What is wrong with a duration that begins with a parenthesis or a call such as `step()`; undefined when it does not. */
function durationExpressionError(tokens: TokenStream): FeatureError | undefined {
  const first = tokens.peek()
  if (first.kind === '(') return notEnabled(tokens, first)
  if (!DURATION_WORDS.has(first.kind)) return undefined
  tokens.take()
  return tokens.peek().kind === '(' ? notEnabled(tokens, first) : undefined
}

function notEnabled(tokens: TokenStream, range: PositionRange): FeatureError {
  return tokens.notEnabled(range, 'experimental duration expression is not enabled', 'promql-duration-expr')
}

/** Whole nanoseconds first, then cut, as upstream does. */
function toMilliseconds(seconds: number): number {
  return Math.trunc(roundHalfAway(seconds * 1e9) / 1e6) + 0
}

/** Go's math.Round. */
export function roundHalfAway(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value))
}
