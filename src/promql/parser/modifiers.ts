import type { AtModifier, Expr, ExtendedModifier, MatrixSelector, Subquery, VectorSelector } from './ast.ts'
import { type ParsedDuration, parseOffsetDuration, parsePositiveDuration } from './durations.ts'
import { DURATION_WANTED, parseSignedNumber, roundHalfAway } from './literals.ts'
import type { TokenStream } from './token-stream.ts'

/** `[5m]` or `[5m:1m]` behind `expr`; the bracket is the next token. */
export function parseRange(tokens: TokenStream, features: ReadonlySet<string>, expr: Expr): MatrixSelector | Subquery {
  const open = tokens.take()
  const { ms: rangeMs, expr: rangeExpr } = parsePositiveDuration(tokens, features, 'subquery or range selector', DURATION_WANTED)
  const start = expr.range.start
  const close = tokens.accept(']')
  if (close !== undefined) {
    const brackets = { start: open.start, end: close.end }
    if (expr.kind !== 'vectorSelector') throw tokens.error(brackets, 'ranges only allowed for vector selectors')
    if (hasOffset(expr)) throw tokens.error(brackets, 'no offset modifiers allowed before range')
    if (expr.at !== undefined) throw tokens.error(brackets, 'no @ modifiers allowed before range')
    return { kind: 'matrixSelector', selector: expr, rangeMs, rangeExpr, range: { start, end: close.end } }
  }
  if (tokens.accept(':') === undefined) throw tokens.unexpected('subquery or range', '":" or "]"')
  let step: ParsedDuration = { ms: 0, expr: undefined }
  if (tokens.peek().kind !== ']') {
    step = parsePositiveDuration(tokens, features, 'subquery selector', 'number, duration, step(), range(), or "]"')
    if (tokens.peek().kind !== ']') throw tokens.unexpected('subquery selector', '"]"')
  }
  return {
    kind: 'subquery',
    expr,
    rangeMs,
    rangeExpr,
    stepMs: step.ms,
    stepExpr: step.expr,
    offsetMs: 0,
    at: undefined,
    range: { start, end: tokens.take().end },
  }
}

/** `offset 5m` behind `expr`; the word is the next token. */
export function parseOffset(tokens: TokenStream, features: ReadonlySet<string>, expr: Expr): Expr {
  tokens.take()
  const { ms: offsetMs, expr: offsetExpr, end } = parseOffsetDuration(tokens, features)
  const inner = modified(expr)
  if (inner === undefined) throw tokens.error(expr.range, `offset modifier must be preceded by ${MODIFIABLE}`)
  if (hasOffset(inner)) throw tokens.error(expr.range, 'offset may not be set multiple times')
  const range = { start: expr.range.start, end }
  if (expr.kind === 'matrixSelector') return { ...expr, selector: { ...expr.selector, offsetMs, offsetExpr }, range }
  return { ...inner, offsetMs, offsetExpr, range }
}

function hasOffset({ offsetMs, offsetExpr }: VectorSelector | Subquery): boolean {
  return offsetMs !== 0 || offsetExpr !== undefined
}

/** `@ 123`, `@ start()` or `@ end()` behind `expr`; the sign is the next token. */
export function parseAt(tokens: TokenStream, expr: Expr): Expr {
  tokens.take()
  const { at, end } = parseAtTime(tokens, expr)
  const inner = modified(expr)
  if (inner === undefined) throw tokens.error(expr.range, `@ modifier must be preceded by ${MODIFIABLE}`)
  if (inner.at !== undefined) throw tokens.error(expr.range, '@ <timestamp> may not be set multiple times')
  const range = { start: expr.range.start, end }
  if (expr.kind === 'matrixSelector') return { ...expr, selector: { ...expr.selector, at }, range }
  return { ...inner, at, range }
}

/** `anchored` or `smoothed` behind `expr`; the word is the next token. */
export function parseExtended(tokens: TokenStream, expr: Expr): Expr {
  const word = tokens.take()
  const extended = word.kind as ExtendedModifier
  if (expr.kind === 'subquery') throw tokens.error(expr.range, `${extended} modifier is not supported for subqueries`)
  const selector = expr.kind === 'matrixSelector' ? expr.selector : expr
  if (selector.kind !== 'vectorSelector') throw tokens.error(expr.range, `${extended} modifier not implemented`)
  if (selector.extended !== undefined && selector.extended !== extended) {
    throw tokens.error(expr.range, 'anchored and smoothed modifiers cannot be used together')
  }
  const range = { start: expr.range.start, end: word.end }
  if (expr.kind === 'matrixSelector') return { ...expr, selector: { ...selector, extended }, range }
  return { ...selector, extended, range }
}

function parseAtTime(tokens: TokenStream, expr: Expr): { at: AtModifier; end: number } {
  const fail = () => tokens.unexpected('@', 'timestamp')
  const preprocessor = tokens.accept('start') ?? tokens.accept('end')
  if (preprocessor !== undefined) {
    if (tokens.accept('(') === undefined || tokens.peek().kind !== ')') throw fail()
    return { at: { kind: preprocessor.kind as 'start' | 'end' }, end: tokens.take().end }
  }
  const { value, range } = parseSignedNumber(tokens, fail)
  if (!(Math.abs(value) < 2 ** 63)) throw tokens.error(expr.range, `timestamp out of bounds for @ modifier: ${formatFixed(value)}`)
  return { at: { kind: 'time', time: roundHalfAway(value * 1000) }, end: range.end }
}

const MODIFIABLE = 'an instant vector selector or range vector selector or a subquery'

/** What carries the modifiers of an expression, if it can have any. */
function modified(expr: Expr): VectorSelector | Subquery | undefined {
  if (expr.kind === 'matrixSelector') return expr.selector
  return expr.kind === 'vectorSelector' || expr.kind === 'subquery' ? expr : undefined
}

/** Go's `%f` of what is no time: NaN, infinite, or so large that it is whole. */
function formatFixed(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return `${BigInt(value)}.000000`
}
