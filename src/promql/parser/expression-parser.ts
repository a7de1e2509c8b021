import { quote } from '../../base/go-quote.ts'
import { unquote } from '../../model/go-text.ts'
import { SIGNATURES } from '../functions/signatures.ts'
import type { AggregateOperator, BinaryOperator, Expr, PositionRange, VectorMatching } from './ast.ts'
import { parseGrouping, parseMatching } from './grouping.ts'
import { beginsNumber, parseNumberLiteral, parseSignedNumber } from './literals.ts'
import { parseAt, parseExtended, parseOffset, parseRange } from './modifiers.ts'
import type { ParseError } from './parse-error.ts'
import { parseSelector, selectorOfName } from './selector.ts'
import type { Token, TokenKind } from './token.ts'
import { isAggregator, isMetricName } from './token.ts'
import type { TokenStream } from './token-stream.ts'

const EXPERIMENTAL_FUNCTIONS = 'promql-experimental-functions'
const EXTENDED_SELECTORS = 'promql-extended-range-selectors'
const FILL_MODIFIERS = 'promql-binop-fill-modifiers'

/** How deep an expression may nest. Whoever walks a tree by recursion needs no more stack than this. */
export const EXPRESSION_DEPTH_MAX = 1000

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

/** Words of the language that name functions too. */
const CALLABLE_WORDS: ReadonlySet<TokenKind> = new Set(['start', 'end', 'step', 'range', 'min_of', 'max_of'])

/**
 * A Pratt parser. It throws at the first mistake, which is the one upstream shows, so it must meet mistakes in the order
 * in which upstream's generated parser does: what upstream checks on reducing a rule is checked here before the next token is read,
 * unless the rule needs that token.
 * Source: Prometheus promql/parser/generated_parser.y and parse.go.
 */
export class ExpressionParser {
  readonly #tokens: TokenStream
  readonly #features: ReadonlySet<string>
  #depth = 0
  /** Height of the tree that was returned last: long chains such as `a + a + a …` are deep without recursion. */
  #height = 0
  /** Inside how many aggregations: upstream names the aggregation in errors anywhere inside it. */
  #aggregations = 0

  constructor(tokens: TokenStream, features: ReadonlySet<string>) {
    this.#tokens = tokens
    this.#features = features
  }

  /** One expression, not yet type-checked; its binary expressions carry the matching as written. */
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
      const isFilled = modifiers.matching.fillLeft !== undefined || modifiers.matching.fillRight !== undefined
      if (isFilled && !this.#features.has(FILL_MODIFIERS)) {
        throw this.#tokens.notEnabled(range, 'binop fill modifiers are experimental and not enabled', FILL_MODIFIERS)
      }
      const { returnBool, matching } = modifiers
      left = { kind: 'binary', operator: operator.kind as BinaryOperator, left, right, returnBool, matching, range }
    }
    this.#depth--
    this.#height = height
    return left
  }

  #binaryModifiers(): { returnBool: boolean; matching: VectorMatching } {
    const returnBool = this.#tokens.accept('bool') !== undefined
    let matching = parseMatching(this.#tokens)
    for (;;) {
      const word = this.#tokens.accept('fill') ?? this.#tokens.accept('fill_left') ?? this.#tokens.accept('fill_right')
      if (word === undefined) return { returnBool, matching }
      this.#expect('(')
      const { value } = parseSignedNumber(this.#tokens, () => this.#unexpected())
      this.#expect(')')
      if (word.kind !== 'fill_right') matching = { ...matching, fillLeft: value }
      if (word.kind !== 'fill_left') matching = { ...matching, fillRight: value }
    }
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
      const token = this.#tokens.peek()
      if (token.kind === '[') {
        expr = parseRange(this.#tokens, this.#features, expr)
        if (++this.#height > EXPRESSION_DEPTH_MAX) throw this.#tooDeep(token)
      } else if (token.kind === 'offset') expr = parseOffset(this.#tokens, this.#features, expr)
      else if (token.kind === '@') expr = parseAt(this.#tokens, expr)
      else if (token.kind === 'anchored' || token.kind === 'smoothed') {
        if (!this.#features.has(EXTENDED_SELECTORS)) {
          throw this.#tokens.notEnabled(expr.range, `${token.kind} modifier is experimental and not enabled`, EXTENDED_SELECTORS)
        }
        expr = parseExtended(this.#tokens, expr)
      } else return expr
    }
  }

  #primary(): Expr {
    const token = this.#tokens.peek()
    this.#height = 1
    if (beginsNumber(token.kind)) return parseNumberLiteral(this.#tokens)
    switch (token.kind) {
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
    if (signature.experimental && !this.#features.has(EXPERIMENTAL_FUNCTIONS)) {
      throw this.#tokens.notEnabled(name, `function ${quote(name.text)} is not enabled`, EXPERIMENTAL_FUNCTIONS)
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
    let grouping = parseGrouping(this.#tokens)
    const { args, end } = this.#arguments()
    this.#aggregations--
    let range = { start: name.start, end }
    if (grouping === undefined) {
      grouping = parseGrouping(this.#tokens)
      if (grouping !== undefined) range = { start: name.start, end: grouping.end }
    }
    if (args.length === 0) throw this.#tokens.error(range, 'no arguments for aggregate expression provided')
    if (EXPERIMENTAL_AGGREGATORS.has(operator) && !this.#features.has(EXPERIMENTAL_FUNCTIONS)) {
      const what = `${operator}() is experimental and must be enabled with --enable-feature=${EXPERIMENTAL_FUNCTIONS}`
      throw this.#tokens.notEnabled(range, what, EXPERIMENTAL_FUNCTIONS)
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

  #expect(kind: TokenKind): Token {
    const token = this.#tokens.accept(kind)
    if (token === undefined) throw this.#unexpected()
    return token
  }

  #unexpected(): ParseError {
    return this.#tokens.unexpected(this.#aggregations > 0 ? 'aggregation' : '', '')
  }

  #tooDeep(token: Token): ParseError {
    return this.#tokens.error(token, `expression nests deeper than ${EXPRESSION_DEPTH_MAX} levels`)
  }
}

function beginsExpression(kind: TokenKind): boolean {
  return isMetricName(kind) || ['+', '-', '(', '{', 'number', 'duration', 'string'].includes(kind)
}

function rangeOf({ start, end }: Token): PositionRange {
  return { start, end }
}
