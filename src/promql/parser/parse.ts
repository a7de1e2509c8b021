import { CodedError } from '../../base/errors.ts'
import { parseDuration } from '../../model/duration.ts'
import { quote } from '../../model/labels.ts'
import type { Matcher } from '../../model/matcher.ts'
import { SIGNATURES } from '../functions/signatures.ts'
import type { AggregateOperator, AtModifier, BinaryOperator, Expr, NumberLiteral, PositionRange, VectorMatching } from './ast.ts'
import { Checker } from './check.ts'
import { parseNumber, unquote } from './go-text.ts'
import { parseSelector, selectorOfName } from './selector.ts'
import type { Token, TokenKind } from './token.ts'
import { isAggregator, isLabelName, isMetricName } from './token.ts'
import { TokenStream } from './token-stream.ts'

/** What upstream has behind a flag and this parser can be told to take. Everything else behind a flag is refused by name. */
export type ParseFeature = 'promql-experimental-functions'

export interface ParseOptions {
  readonly features?: ReadonlySet<ParseFeature>
}

/** How deep an expression may nest. Whoever walks a tree by recursion needs no more stack than this. */
export const EXPRESSION_DEPTH_MAX = 1000

/**
 * A PromQL expression, type-checked. Throws a ParseError (`bad_data`) with upstream's text and position; a FeatureError
 * where the expression needs a feature that is not enabled.
 */
export function parseExpr(text: string, options: ParseOptions = {}): Expr {
  const tokens = new TokenStream(text)
  if (tokens.peek().kind === 'eof') throw tokens.error({ start: 0, end: 0 }, 'no expression found in input')
  const expr = new ExpressionParser(tokens, options.features ?? new Set()).parse()
  if (tokens.peek().kind !== 'eof') throw tokens.unexpected('', '')
  new Checker(text).check(expr)
  return expr
}

/**
 * The matchers of a series selector, as `match[]` takes it; that of a name before the braces comes last. Throws as `parseExpr`.
 * As upstream, a selector that matches everything is not refused here.
 */
export function parseMetricSelector(text: string): readonly Matcher[] {
  const tokens = new TokenStream(text)
  const selector = parseSelector(tokens)
  if (selector === undefined || tokens.peek().kind !== 'eof') throw tokens.unexpected('', '')
  return selector.matchers
}

/** Precedence of the binary operators, weakest first. All bind to the left but `^`. */
const PRECEDENCE: ReadonlyMap<TokenKind, number> = new Map([
  ['or', 1],
  ['and', 2],
  ['unless', 2],
  ...(['==', '!=', '<', '>', '<=', '>=', '</', '>/'] as const).map((operator) => [operator, 3] as const),
  ['+', 4],
  ['-', 4],
  ['*', 5],
  ['/', 5],
  ['%', 5],
  ['atan2', 5],
  ['^', 6],
])
const UNARY_PRECEDENCE = 5
const POWER_PRECEDENCE = 6

const PARAMETER_AGGREGATORS: ReadonlySet<string> = new Set(['topk', 'bottomk', 'count_values', 'quantile', 'limitk', 'limit_ratio'])
const EXPERIMENTAL_AGGREGATORS: ReadonlySet<string> = new Set(['limitk', 'limit_ratio'])

const DURATION_FEATURE = 'promql-duration-expr'
const DURATION_WANTED = 'number, duration, step(), or range()'
const NANOSECONDS_MAX = 2 ** 63

interface Grouping {
  readonly labels: readonly string[]
  readonly end: number
}

/**
 * A Pratt parser. It throws at the first mistake, which is the one upstream shows, so it must meet mistakes in the order
 * in which upstream's generated parser does: what upstream checks on reducing a rule is checked here before the next token is read,
 * unless the rule needs that token.
 * Source: Prometheus promql/parser/generated_parser.y and parse.go.
 */
class ExpressionParser {
  readonly #tokens: TokenStream
  readonly #features: ReadonlySet<ParseFeature>
  #depth = 0
  /** Height of the tree that was returned last: long chains such as `a + a + a …` are deep without recursion. */
  #height = 0
  /** Inside how many aggregations: upstream names the aggregation in errors anywhere inside it. */
  #aggregations = 0

  constructor(tokens: TokenStream, features: ReadonlySet<ParseFeature>) {
    this.#tokens = tokens
    this.#features = features
  }

  parse(): Expr {
    return this.#binary(0)
  }

  /** Operators that bind tighter than `precedenceMin`, or as tight when they are `^`. */
  #binary(precedenceMin: number): Expr {
    const start = this.#tokens.peek()
    if (++this.#depth > EXPRESSION_DEPTH_MAX) throw this.#tooDeep(start)
    let left = this.#unary()
    let height = this.#height
    for (;;) {
      const operator = this.#tokens.peek()
      const precedence = PRECEDENCE.get(operator.kind) ?? 0
      if (precedence <= precedenceMin) break
      this.#tokens.take()
      const modifiers = this.#binaryModifiers()
      const right = this.#binary(precedence === POWER_PRECEDENCE ? precedence - 1 : precedence)
      height = Math.max(height, this.#height) + 1
      if (height > EXPRESSION_DEPTH_MAX) throw this.#tooDeep(operator)
      const range = { start: left.range.start, end: right.range.end }
      if (operator.kind === '</' || operator.kind === '>/') {
        throw this.#tokens.notEnabled(
          operator,
          `operator ${quote(operator.kind)} works on native histograms, which are not supported`,
          'native-histograms',
        )
      }
      if (modifiers.filled)
        throw this.#tokens.notEnabled(range, 'binop fill modifiers are experimental and not enabled', 'promql-binop-fill-modifiers')
      const { returnBool, matching } = modifiers
      left = { kind: 'binary', operator: operator.kind as BinaryOperator, left, right, returnBool, matching, range }
    }
    this.#depth--
    this.#height = height
    return left
  }

  #binaryModifiers(): { returnBool: boolean; matching: VectorMatching; filled: boolean } {
    const returnBool = this.#tokens.accept('bool') !== undefined
    let matching: VectorMatching = { cardinality: 'one-to-one', on: false, labels: [], include: [] }
    const on = this.#tokens.accept('on') ?? this.#tokens.accept('ignoring')
    if (on !== undefined) {
      matching = { ...matching, on: on.kind === 'on', labels: this.#groupingLabels().labels }
      const group = this.#tokens.accept('group_left') ?? this.#tokens.accept('group_right')
      if (group !== undefined) {
        const include = this.#tokens.peek().kind === '(' ? this.#groupingLabels().labels : []
        matching = { ...matching, cardinality: group.kind === 'group_left' ? 'many-to-one' : 'one-to-many', include }
      }
    }
    let filled = false
    while (this.#tokens.accept('fill') ?? this.#tokens.accept('fill_left') ?? this.#tokens.accept('fill_right')) {
      filled = true
      this.#expect('(')
      this.#signedNumber(() => this.#unexpected())
      this.#expect(')')
    }
    return { returnBool, matching, filled }
  }

  #unary(): Expr {
    const sign = this.#tokens.accept('+') ?? this.#tokens.accept('-')
    if (sign === undefined) return this.#postfix()
    const expr = this.#binary(UNARY_PRECEDENCE)
    const range = { start: sign.start, end: expr.range.end }
    if (expr.kind === 'number') return { ...expr, value: sign.kind === '-' ? -expr.value : expr.value, range }
    this.#height++
    return { kind: 'unary', operator: sign.kind as '+' | '-', expr, range }
  }

  /** An operand with what may stand behind it: ranges, `offset`, `@`. */
  #postfix(): Expr {
    let expr = this.#primary()
    for (;;) {
      const { kind, start, end } = this.#tokens.peek()
      if (kind === '[') expr = this.#range(expr)
      else if (kind === 'offset') expr = this.#offset(expr)
      else if (kind === '@') expr = this.#at(expr)
      else if (kind === 'anchored' || kind === 'smoothed') {
        throw this.#tokens.notEnabled(
          { start: expr.range.start, end: end ?? start },
          `${kind} modifier is experimental and not enabled`,
          'promql-extended-range-selectors',
        )
      } else return expr
    }
  }

  #primary(): Expr {
    const token = this.#tokens.peek()
    this.#height = 1
    switch (token.kind) {
      case 'number':
      case 'duration':
        return this.#number()
      case 'string':
        this.#tokens.take()
        return { kind: 'string', value: unquote(token.text), range: rangeOf(token) }
      case '(': {
        this.#tokens.take()
        const expr = this.#binary(0)
        this.#height++
        const close = this.#expect(')')
        return { kind: 'paren', expr, range: { start: token.start, end: close.end } }
      }
      case '{':
        return parseSelector(this.#tokens)!
    }
    if (!isMetricName(token.kind)) throw this.#unexpected()
    this.#tokens.take()
    const next = this.#tokens.peek().kind
    if (isAggregator(token.kind) && (next === '(' || next === 'by' || next === 'without')) return this.#aggregation(token)
    if (next === '(' && (token.kind === 'identifier' || CALLABLE_WORDS.has(token.kind))) return this.#call(token)
    return selectorOfName(this.#tokens, token)
  }

  #call(name: Token): Expr {
    const { args, end } = this.#arguments()
    const signature = SIGNATURES.get(CALLABLE_WORDS.has(name.kind) ? name.kind : name.text)
    if (signature === undefined) throw this.#tokens.error(name, `unknown function with name ${quote(name.text)}`)
    if (signature.experimental && !this.#features.has('promql-experimental-functions')) {
      throw this.#tokens.notEnabled(name, `function ${quote(name.text)} is not enabled`, 'promql-experimental-functions')
    }
    return { kind: 'call', func: signature.name, args, range: { start: name.start, end } }
  }

  #arguments(): { args: Expr[]; end: number } {
    this.#expect('(')
    const args: Expr[] = []
    let height = 0
    let comma: Token | undefined
    for (;;) {
      if (comma === undefined && this.#tokens.peek().kind === ')') break
      if (comma !== undefined && !beginsExpression(this.#tokens.peek().kind)) {
        throw this.#tokens.error(comma, 'trailing commas not allowed in function call args')
      }
      args.push(this.#binary(0))
      height = Math.max(height, this.#height)
      comma = this.#tokens.accept(',')
      if (comma === undefined) break
    }
    this.#height = height + 1
    return { args, end: this.#expect(')').end }
  }

  #aggregation(name: Token): Expr {
    this.#aggregations++
    const operator = name.kind as AggregateOperator
    let grouping = this.#aggregationGrouping()
    const { args, end } = this.#arguments()
    this.#aggregations--
    let range = { start: name.start, end }
    if (grouping === undefined) {
      grouping = this.#aggregationGrouping()
      if (grouping !== undefined) range = { start: name.start, end: grouping.end }
    }
    if (args.length === 0) throw this.#tokens.error(range, 'no arguments for aggregate expression provided')
    if (EXPERIMENTAL_AGGREGATORS.has(operator) && !this.#features.has('promql-experimental-functions')) {
      const feature = 'promql-experimental-functions'
      throw this.#tokens.notEnabled(range, `${operator}() is experimental and must be enabled with --enable-feature=${feature}`, feature)
    }
    const wanted = PARAMETER_AGGREGATORS.has(operator) ? 2 : 1
    if (args.length !== wanted) {
      throw this.#tokens.error(range, `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`)
    }
    return {
      kind: 'aggregate',
      operator,
      expr: args[wanted - 1],
      parameter: wanted === 2 ? args[0] : undefined,
      grouping: grouping?.labels ?? [],
      without: grouping?.without ?? false,
      range,
    }
  }

  #aggregationGrouping(): (Grouping & { without: boolean }) | undefined {
    const word = this.#tokens.accept('by') ?? this.#tokens.accept('without')
    return word === undefined ? undefined : { ...this.#groupingLabels(), without: word.kind === 'without' }
  }

  #groupingLabels(): Grouping {
    if (this.#tokens.accept('(') === undefined) throw this.#tokens.unexpected('grouping opts', '"("')
    const labels: string[] = []
    while (this.#tokens.peek().kind !== ')' || labels.length === 0) {
      const token = this.#tokens.peek()
      if (token.kind === ')') break
      if (token.kind !== 'string' && !isLabelName(token.kind)) throw this.#tokens.unexpected('grouping opts', 'label')
      this.#tokens.take()
      const label = token.kind === 'string' ? unquote(token.text) : token.text
      if (label === '') throw this.#tokens.error(token, `invalid label name for grouping: ${quote(label)}`)
      labels.push(label)
      if (this.#tokens.accept(',') !== undefined) continue
      if (this.#tokens.peek().kind !== ')') throw this.#tokens.unexpected('grouping opts', '"," or ")"')
    }
    return { labels, end: this.#tokens.take().end }
  }

  /** `[5m]` or `[5m:1m]`. */
  #range(expr: Expr): Expr {
    const open = this.#tokens.take()
    const rangeMs = this.#positiveDuration('subquery or range selector', DURATION_WANTED)
    const start = expr.range.start
    const close = this.#tokens.accept(']')
    if (close !== undefined) {
      const brackets = { start: open.start, end: close.end }
      if (expr.kind !== 'vectorSelector') throw this.#tokens.error(brackets, 'ranges only allowed for vector selectors')
      if (expr.offsetMs !== 0) throw this.#tokens.error(brackets, 'no offset modifiers allowed before range')
      if (expr.at !== undefined) throw this.#tokens.error(brackets, 'no @ modifiers allowed before range')
      this.#height++
      return { kind: 'matrixSelector', selector: expr, rangeMs, range: { start, end: close.end } }
    }
    if (this.#tokens.accept(':') === undefined) throw this.#tokens.unexpected('subquery or range', '":" or "]"')
    let stepMs = 0
    if (this.#tokens.peek().kind !== ']') {
      stepMs = this.#positiveDuration('subquery selector', 'number, duration, step(), range(), or "]"')
      if (this.#tokens.peek().kind !== ']') throw this.#tokens.unexpected('subquery selector', '"]"')
    }
    if (++this.#height > EXPRESSION_DEPTH_MAX) throw this.#tooDeep(open)
    return { kind: 'subquery', expr, rangeMs, stepMs, offsetMs: 0, at: undefined, range: { start, end: this.#tokens.take().end } }
  }

  /** A duration in brackets, in ms. */
  #positiveDuration(context: string, expected: string): number {
    const { kind } = this.#tokens.peek()
    if (kind === 'number' || kind === 'duration') {
      const literal = this.#durationLiteral()
      const after = this.#tokens.peek()
      if (DURATION_OPERATORS.has(after.kind)) throw this.#noDurationExpression(literal.range)
      if (literal.value <= 0) throw this.#tokens.error(literal.range, 'duration must be greater than 0')
      return toMilliseconds(literal.value)
    }
    if (kind === '+' || kind === '-') {
      const sign = this.#tokens.take()
      const after = this.#tokens.peek()
      if (after.kind !== 'number' && after.kind !== 'duration') throw this.#noDurationExpression(sign)
      const literal = this.#durationLiteral()
      const range = { start: sign.start, end: literal.range.end }
      if (DURATION_OPERATORS.has(this.#tokens.peek().kind)) throw this.#noDurationExpression(range)
      if (sign.kind === '-' || literal.value <= 0) throw this.#tokens.error(range, 'duration must be greater than 0')
      return toMilliseconds(literal.value)
    }
    throw this.#durationWord() ?? this.#tokens.unexpected(context, expected)
  }

  /** What is wrong with a duration that begins with a parenthesis or a call such as `step()`; undefined when it does not. */
  #durationWord(): Error | undefined {
    const { kind, start, end } = this.#tokens.peek()
    if (kind === '(') return this.#noDurationExpression({ start, end })
    if (!DURATION_WORDS.has(kind)) return undefined
    this.#tokens.take()
    return this.#tokens.peek().kind === '(' ? this.#noDurationExpression({ start, end }) : undefined
  }

  #offset(expr: Expr): Expr {
    this.#tokens.take()
    const sign = this.#tokens.accept('+') ?? this.#tokens.accept('-')
    const { kind } = this.#tokens.peek()
    if (kind !== 'number' && kind !== 'duration') throw this.#durationWord() ?? this.#tokens.unexpected('offset', DURATION_WANTED)
    const literal = this.#durationLiteral(sign)
    const offsetMs = toMilliseconds(sign?.kind === '-' ? -literal.value : literal.value)
    const inner = expr.kind === 'matrixSelector' ? expr.selector : expr
    if (inner.kind !== 'vectorSelector' && inner.kind !== 'subquery') {
      throw this.#tokens.error(
        expr.range,
        'offset modifier must be preceded by an instant vector selector or range vector selector or a subquery',
      )
    }
    if (inner.offsetMs !== 0) throw this.#tokens.error(expr.range, 'offset may not be set multiple times')
    const range = { start: expr.range.start, end: literal.range.end }
    if (expr.kind === 'matrixSelector') return { ...expr, selector: { ...expr.selector, offsetMs }, range }
    return { ...inner, offsetMs, range }
  }

  #at(expr: Expr): Expr {
    this.#tokens.take()
    const fail = () => this.#tokens.unexpected('@', 'timestamp')
    const preprocessor = this.#tokens.accept('start') ?? this.#tokens.accept('end')
    let at: AtModifier
    let end: number
    if (preprocessor !== undefined) {
      if (this.#tokens.accept('(') === undefined || this.#tokens.peek().kind !== ')') throw fail()
      end = this.#tokens.take().end
      at = { kind: preprocessor.kind as 'start' | 'end' }
    } else {
      const seconds = this.#signedNumber(fail)
      end = seconds.range.end
      if (!(Math.abs(seconds.value) < 2 ** 63)) {
        throw this.#tokens.error(expr.range, `timestamp out of bounds for @ modifier: ${formatFixed(seconds.value)}`)
      }
      at = { kind: 'time', time: roundHalfAway(seconds.value * 1000) }
    }
    const inner = expr.kind === 'matrixSelector' ? expr.selector : expr
    if (inner.kind !== 'vectorSelector' && inner.kind !== 'subquery') {
      throw this.#tokens.error(
        expr.range,
        '@ modifier must be preceded by an instant vector selector or range vector selector or a subquery',
      )
    }
    if (inner.at !== undefined) throw this.#tokens.error(expr.range, '@ <timestamp> may not be set multiple times')
    const range = { start: expr.range.start, end }
    if (expr.kind === 'matrixSelector') return { ...expr, selector: { ...expr.selector, at }, range }
    return { ...inner, at, range }
  }

  #signedNumber(fail: () => Error): NumberLiteral {
    const sign = this.#tokens.accept('+') ?? this.#tokens.accept('-')
    const { kind } = this.#tokens.peek()
    if (kind !== 'number' && kind !== 'duration') throw fail()
    const literal = this.#number()
    return sign?.kind === '-' ? { ...literal, value: -literal.value } : literal
  }

  #number(): NumberLiteral {
    const token = this.#tokens.take()
    if (token.kind === 'duration') {
      try {
        return { kind: 'number', value: parseDuration(token.text) / 1000, duration: true, range: rangeOf(token) }
      } catch (cause) {
        if (!(cause instanceof CodedError)) throw cause
        throw this.#tokens.error(token, cause.message, { cause })
      }
    }
    const value = parseNumber(token.text)
    if (typeof value === 'string') throw this.#tokens.error(token, `error parsing number: ${value}`)
    return { kind: 'number', value, duration: false, range: rangeOf(token) }
  }

  /** Seconds that fit upstream's durations. */
  #durationLiteral(sign?: Token): NumberLiteral {
    const literal = this.#number()
    if (!(Math.abs(literal.value) * 1e9 <= NANOSECONDS_MAX)) throw this.#tokens.error(sign ?? literal.range, 'duration out of range')
    return literal
  }

  #expect(kind: TokenKind): Token {
    const token = this.#tokens.accept(kind)
    if (token === undefined) throw this.#unexpected()
    return token
  }

  #unexpected(): Error {
    return this.#tokens.unexpected(this.#aggregations > 0 ? 'aggregation' : '', '')
  }

  #noDurationExpression(range: PositionRange): Error {
    return this.#tokens.notEnabled(range, 'experimental duration expression is not enabled', DURATION_FEATURE)
  }

  #tooDeep(token: Token): Error {
    return this.#tokens.error(token, `expression nests deeper than ${EXPRESSION_DEPTH_MAX} levels`)
  }
}

/** Words of the language that name functions too. */
const CALLABLE_WORDS: ReadonlySet<TokenKind> = new Set(['start', 'end', 'step', 'range', 'min_of', 'max_of'])
const DURATION_WORDS: ReadonlySet<TokenKind> = new Set(['step', 'range', 'min_of', 'max_of'])
const DURATION_OPERATORS: ReadonlySet<TokenKind> = new Set(['+', '-', '*', '/', '%', '^'])

function beginsExpression(kind: TokenKind): boolean {
  return isMetricName(kind) || ['+', '-', '(', '{', 'number', 'duration', 'string'].includes(kind)
}

function rangeOf({ start, end }: Token): PositionRange {
  return { start, end }
}

/** Seconds to ms: whole nanoseconds first, then cut, as upstream does. */
function toMilliseconds(seconds: number): number {
  return Math.trunc(roundHalfAway(seconds * 1e9) / 1e6) + 0
}

function roundHalfAway(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value))
}

/** Go's `%f`. */
function formatFixed(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return `${BigInt(value)}.000000`
}
