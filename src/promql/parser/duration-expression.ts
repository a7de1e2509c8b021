import { CodedError } from '../../base/errors.ts'
import { formatDuration } from '../../model/duration.ts'
import { formatFloat } from '../../model/go-text.ts'
import type { PositionRange } from './ast.ts'
import { beginsNumber, DURATION_WANTED, parseNumberLiteral } from './literals.ts'
import type { Token, TokenKind } from './token.ts'
import type { TokenStream } from './token-stream.ts'

// Durations that are computed, for ranges, steps and offsets. They are known once the query's own range and step are.
// Source: Prometheus promql/parser/generated_parser.y, duration_expr; promql/durations.go.

export type DurationOperator = '+' | '-' | '*' | '/' | '%' | '^'

/** Its value is in seconds. */
export type DurationExpr =
  | { readonly kind: 'number'; readonly value: number; readonly duration: boolean; readonly range: PositionRange }
  | { readonly kind: 'step' | 'range'; readonly range: PositionRange }
  | { readonly kind: 'paren'; readonly expr: DurationExpr; readonly range: PositionRange }
  | { readonly kind: 'sign'; readonly operator: '+' | '-'; readonly expr: DurationExpr; readonly range: PositionRange }
  | {
      readonly kind: 'binary'
      readonly operator: DurationOperator
      readonly left: DurationExpr
      readonly right: DurationExpr
      readonly range: PositionRange
    }
  | { readonly kind: 'min_of' | 'max_of'; readonly left: DurationExpr; readonly right: DurationExpr; readonly range: PositionRange }

/** What a duration is computed from, in ms. */
export interface DurationContext {
  readonly start: number
  readonly end: number
  readonly stepMs: number
}

const DEPTH_MAX = 100

const PRECEDENCE: ReadonlyMap<TokenKind, number> = new Map([
  ['+', 1],
  ['-', 1],
  ['*', 2],
  ['/', 2],
  ['%', 2],
  ['^', 3],
])
const SIGN_PRECEDENCE = 2

/** A computed duration where nothing else may follow, as in brackets. */
export function parseDurationExpression(tokens: TokenStream, context: string, expected: string): DurationExpr {
  return new DurationParser(tokens, context, expected).binary(0)
}

/** The same behind `offset`: operators that follow are the query's, but for a sign before it. */
export function parseDurationOperand(tokens: TokenStream): DurationExpr {
  const parser = new DurationParser(tokens, 'offset', DURATION_WANTED)
  const sign = tokens.accept('+') ?? tokens.accept('-')
  const expr = parser.primary()
  return sign === undefined ? expr : signed(sign, expr)
}

/** Its value, where it needs nothing of the query and nothing is computed; undefined for all others. */
export function literalSeconds(expr: DurationExpr): number | undefined {
  if (expr.kind === 'number') return expr.value
  if (expr.kind !== 'sign') return undefined
  const value = literalSeconds(expr.expr)
  return value === undefined || expr.operator === '+' ? value : -value
}

class DurationParser {
  readonly #tokens: TokenStream
  readonly #context: string
  readonly #expected: string
  #depth = 0

  constructor(tokens: TokenStream, context: string, expected: string) {
    this.#tokens = tokens
    this.#context = context
    this.#expected = expected
  }

  binary(precedenceMin: number): DurationExpr {
    const first = this.#tokens.peek()
    if (++this.#depth > DEPTH_MAX) throw this.#tokens.error(first, `duration expression nests deeper than ${DEPTH_MAX} levels`)
    let left = this.#unary()
    let length = 0
    for (;;) {
      const operator = this.#tokens.peek()
      const precedence = PRECEDENCE.get(operator.kind) ?? 0
      if (precedence <= precedenceMin) break
      if (++length > DEPTH_MAX) throw this.#tokens.error(operator, `duration expression has more than ${DEPTH_MAX} operators in a row`)
      this.#tokens.take()
      const right = this.binary(operator.kind === '^' ? precedence - 1 : precedence)
      const range = { start: left.range.start, end: right.range.end }
      left = { kind: 'binary', operator: operator.kind as DurationOperator, left, right, range }
    }
    this.#depth--
    return left
  }

  #unary(): DurationExpr {
    const sign = this.#tokens.accept('+') ?? this.#tokens.accept('-')
    return sign === undefined ? this.primary() : signed(sign, this.binary(SIGN_PRECEDENCE))
  }

  primary(): DurationExpr {
    const token = this.#tokens.peek()
    if (beginsNumber(token.kind)) return parseNumberLiteral(this.#tokens)
    switch (token.kind) {
      case '(': {
        this.#tokens.take()
        const expr = this.binary(0)
        return { kind: 'paren', expr, range: { start: token.start, end: this.#expect(')').end } }
      }
      case 'step':
      case 'range':
        this.#tokens.take()
        this.#expect('(')
        return { kind: token.kind, range: { start: token.start, end: this.#expect(')').end } }
      case 'min_of':
      case 'max_of': {
        this.#tokens.take()
        this.#expect('(')
        const left = this.binary(0)
        this.#expect(',')
        const right = this.binary(0)
        return { kind: token.kind, left, right, range: { start: token.start, end: this.#expect(')').end } }
      }
      default:
        throw this.#tokens.unexpected(this.#context, this.#expected)
    }
  }

  #expect(kind: TokenKind): Token {
    const token = this.#tokens.accept(kind)
    if (token === undefined) throw this.#tokens.unexpected(this.#context, `"${kind}"`)
    return token
  }
}

function signed(sign: Token, expr: DurationExpr): DurationExpr {
  return { kind: 'sign', operator: sign.kind as '+' | '-', expr, range: { start: sign.start, end: expr.range.end } }
}

export function printDurationExpr(expr: DurationExpr): string {
  switch (expr.kind) {
    case 'number':
      return expr.duration ? formatDuration(expr.value * 1000) : formatFloat(expr.value)
    case 'step':
    case 'range':
      return `${expr.kind}()`
    case 'paren':
      return `(${printDurationExpr(expr.expr)})`
    case 'sign':
      return `${expr.operator}${printDurationExpr(expr.expr)}`
    case 'binary':
      return `${printDurationExpr(expr.left)} ${expr.operator} ${printDurationExpr(expr.right)}`
    default:
      return `${expr.kind}(${printDurationExpr(expr.left)}, ${printDurationExpr(expr.right)})`
  }
}

/** In ms. Throws `bad_data` for one that must be above zero and is not, and for what has no value. */
export function resolveDuration(expr: DurationExpr, context: DurationContext, mustBePositive: boolean): number {
  const seconds = evaluate(expr, context)
  const { start, end } = expr.range
  if (mustBePositive && !(seconds > 0)) throw new CodedError('bad_data', `${start}:${end}: duration must be greater than 0`)
  if (!(Math.abs(seconds) <= 2 ** 63 / 1e9)) throw new CodedError('bad_data', `${start}:${end}: duration is out of range`)
  return Math.trunc(seconds * 1000) + 0
}

function evaluate(expr: DurationExpr, context: DurationContext): number {
  switch (expr.kind) {
    case 'number':
      return expr.value
    case 'step':
      return context.stepMs / 1000
    case 'range':
      return (context.end - context.start) / 1000
    case 'paren':
      return evaluate(expr.expr, context)
    case 'sign':
      return expr.operator === '-' ? -evaluate(expr.expr, context) : evaluate(expr.expr, context)
    case 'min_of':
      return Math.min(evaluate(expr.left, context), evaluate(expr.right, context))
    case 'max_of':
      return Math.max(evaluate(expr.left, context), evaluate(expr.right, context))
    case 'binary':
      return compute(expr.operator, evaluate(expr.left, context), evaluate(expr.right, context), expr.range)
  }
}

function compute(operator: DurationOperator, left: number, right: number, { start, end }: PositionRange): number {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      if (right === 0) throw new CodedError('bad_data', `${start}:${end}: division by zero`)
      return left / right
    case '%':
      if (right === 0) throw new CodedError('bad_data', `${start}:${end}: modulo by zero`)
      return left % right
    case '^':
      return left ** right
  }
}
