import type { NumberLiteral, PositionRange } from './ast.ts'
import { type DurationExpr, literalSeconds, parseDurationExpression, parseDurationOperand } from './duration-expression.ts'
import { beginsNumber, DURATION_WANTED, parseNumberLiteral, roundHalfAway } from './literals.ts'
import type { FeatureError } from './parse-error.ts'
import type { Token, TokenKind } from './token.ts'
import type { TokenStream } from './token-stream.ts'

const DURATION_EXPRESSIONS = 'promql-duration-expr'
/** Seconds that upstream's durations reach: 2^63 ns. */
const DURATION_SECONDS_MAX = 2 ** 63 / 1e9
const DURATION_WORDS: ReadonlySet<TokenKind> = new Set(['step', 'range', 'min_of', 'max_of'])
const DURATION_OPERATORS: ReadonlySet<TokenKind> = new Set(['+', '-', '*', '/', '%', '^'])

/** A duration in ms, or how it is computed; one of both means nothing. */
export interface ParsedDuration {
  readonly ms: number
  readonly expr: DurationExpr | undefined
}

/** The duration of a range or step, above zero unless it is computed. */
export function parsePositiveDuration(
  tokens: TokenStream,
  features: ReadonlySet<string>,
  context: string,
  expected: string,
): ParsedDuration {
  if (!features.has(DURATION_EXPRESSIONS)) return { ms: positiveLiteral(tokens, context, expected), expr: undefined }
  const expr = parseDurationExpression(tokens, context, expected)
  const seconds = literalSeconds(expr)
  if (seconds === undefined) return { ms: 0, expr }
  checkDuration(tokens, seconds, expr.range)
  if (seconds <= 0) throw tokens.error(expr.range, 'duration must be greater than 0')
  return { ms: toMilliseconds(seconds), expr: undefined }
}

function positiveLiteral(tokens: TokenStream, context: string, expected: string): number {
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

/** The duration behind `offset`, and where it ends. */
export function parseOffsetDuration(tokens: TokenStream, features: ReadonlySet<string>): ParsedDuration & { readonly end: number } {
  if (!features.has(DURATION_EXPRESSIONS)) {
    const sign = tokens.accept('+') ?? tokens.accept('-')
    if (!beginsNumber(tokens.peek().kind)) throw durationExpressionError(tokens) ?? tokens.unexpected('offset', DURATION_WANTED)
    const { value, range } = durationLiteral(tokens, sign ?? tokens.peek())
    return { ms: toMilliseconds(sign?.kind === '-' ? -value : value), expr: undefined, end: range.end }
  }
  const expr = parseDurationOperand(tokens)
  const { end } = expr.range
  const seconds = literalSeconds(expr)
  if (seconds === undefined) return { ms: 0, expr, end }
  checkDuration(tokens, seconds, expr.range)
  return { ms: toMilliseconds(seconds), expr: undefined, end }
}

function durationLiteral(tokens: TokenStream, first: Token): NumberLiteral {
  const literal = parseNumberLiteral(tokens)
  checkDuration(tokens, literal.value, first)
  return literal
}

function checkDuration(tokens: TokenStream, seconds: number, range: PositionRange): void {
  if (!(Math.abs(seconds) <= DURATION_SECONDS_MAX)) throw tokens.error(range, 'duration out of range')
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
  return tokens.notEnabled(range, 'experimental duration expression is not enabled', DURATION_EXPRESSIONS)
}

/** Whole nanoseconds first, then cut, as upstream does. */
function toMilliseconds(seconds: number): number {
  return Math.trunc(roundHalfAway(seconds * 1e9) / 1e6) + 0
}
