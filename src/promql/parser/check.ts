import { quote } from '../../base/go-quote.ts'
import { METRIC_NAME } from '../../model/labels.ts'
import { SIGNATURES } from '../functions/signatures.ts'
import type { AggregateExpr, BinaryExpr, CallExpr, Expr, PositionRange, ValueType, VectorMatching, VectorSelector } from './ast.ts'
import { ParseError } from './parse-error.ts'

// Checks run in upstream's order: of several mistakes the same one is reported.
// Source: Prometheus promql/parser/parse.go, checkAST.

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '>', '<=', '>='])
const SET_OPERATORS: ReadonlySet<string> = new Set(['and', 'or', 'unless'])

/** The type of a checked expression. */
export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar'
    case 'string':
      return 'string'
    case 'vectorSelector':
    case 'aggregate':
      return 'vector'
    case 'matrixSelector':
    case 'subquery':
      return 'matrix'
    case 'unary':
    case 'paren':
      return typeOf(expr.expr)
    case 'binary':
      return expr.matching === undefined && typeOf(expr.left) === 'scalar' && typeOf(expr.right) === 'scalar' ? 'scalar' : 'vector'
    case 'call':
      return SIGNATURES.get(expr.func)?.returns ?? 'none'
  }
}

/** The type as the documentation and the messages name it. */
function documentedType(type: ValueType): string {
  return type === 'vector' ? 'instant vector' : type === 'matrix' ? 'range vector' : type
}

/** The cardinality and matching of a binary expression once it is known to be right: none unless both sides are vectors. */
function settleMatching(operator: string, left: ValueType, right: ValueType, matching: VectorMatching): VectorMatching | undefined {
  if (left !== 'vector' || right !== 'vector') return undefined
  return SET_OPERATORS.has(operator) && matching.cardinality === 'one-to-one' ? { ...matching, cardinality: 'many-to-many' } : matching
}

/** Checks types and arguments of a whole tree whose binary expressions still carry the matching as written; settles it. */
export class Checker {
  readonly #query: string

  constructor(query: string) {
    this.#query = query
  }

  /** Throws a ParseError. */
  check(expr: Expr): ValueType {
    switch (expr.kind) {
      case 'number':
        return 'scalar'
      case 'string':
        return 'string'
      case 'vectorSelector':
        this.#selector(expr)
        return 'vector'
      case 'matrixSelector':
        this.#selector(expr.selector)
        return 'matrix'
      case 'paren':
        return this.check(expr.expr)
      case 'unary': {
        const type = this.check(expr.expr)
        if (type !== 'scalar' && type !== 'vector') {
          this.#fail(
            expr.range,
            `unary expression only allowed on expressions of type scalar or instant vector, got "${documentedType(type)}"`,
          )
        }
        return type
      }
      case 'subquery': {
        const type = this.check(expr.expr)
        if (type !== 'vector') this.#fail(expr.range, `subquery is only allowed on instant vector, got ${type} instead`)
        return 'matrix'
      }
      case 'aggregate':
        this.#aggregate(expr)
        return 'vector'
      case 'binary':
        return this.#binary(expr)
      case 'call':
        return this.#call(expr)
    }
  }

  #aggregate(node: AggregateExpr): void {
    this.#expect(node.expr, 'vector', 'aggregation expression')
    if (node.parameter === undefined) return
    this.#expect(node.parameter, node.operator === 'count_values' ? 'string' : 'scalar', 'aggregation parameter')
  }

  #expect(expr: Expr, want: ValueType, context: string): void {
    const got = this.check(expr)
    if (got !== want) this.#fail(expr.range, `expected type ${documentedType(want)} in ${context}, got ${documentedType(got)}`)
  }

  #binary(node: BinaryExpr): ValueType {
    const left = this.check(node.left)
    const right = this.check(node.right)
    const { operator, returnBool, range } = node
    const matching = node.matching!
    const isSet = SET_OPERATORS.has(operator)
    const isComparison = COMPARISONS.has(operator)
    if (returnBool && !isComparison) this.#fail(this.#operatorRange(node), 'bool modifier can only be used on comparison operators')
    if (isComparison && !returnBool && left === 'scalar' && right === 'scalar') {
      this.#fail(this.#operatorRange(node), 'comparisons between scalars must use BOOL modifier')
    }
    const twice = matching.on ? matching.labels.find((label) => matching.include.includes(label)) : undefined
    if (twice !== undefined) this.#fail(this.#operatorRange(node), `label ${quote(twice)} must not occur in ON and GROUP clause at once`)
    for (const [type, side] of [
      [left, node.left],
      [right, node.right],
    ] as const) {
      if (type === 'scalar' || type === 'vector') continue
      this.#fail(side.range, 'binary expression must contain only scalar and instant vector types')
    }
    if (left !== 'vector' || right !== 'vector') {
      if (matching.labels.length > 0) this.#fail(range, 'vector matching only allowed between instant vectors')
    } else if (isSet && matching.cardinality !== 'one-to-one') this.#fail(range, `no grouping allowed for "${operator}" operation`)
    if (isSet && (left === 'scalar' || right === 'scalar')) {
      this.#fail(range, `set operator "${operator}" not allowed in binary scalar expression`)
    }
    // The tree belongs to the parser until it returns it, so this is still construction.
    ;(node as { matching: VectorMatching | undefined }).matching = settleMatching(operator, left, right, matching)
    return left === 'scalar' && right === 'scalar' ? 'scalar' : 'vector'
  }

  #call(node: CallExpr): ValueType {
    const { name, argTypes, variadic, returns } = SIGNATURES.get(node.func)!
    const [want, got] = [argTypes.length, node.args.length]
    if (variadic === 0) {
      if (want !== got) this.#fail(node.range, `expected ${want} argument(s) in call to "${name}", got ${got}`)
    } else if (got < want - 1) {
      this.#fail(node.range, `expected at least ${want - 1} argument(s) in call to "${name}", got ${got}`)
    } else if (variadic > 0 && got > want - 1 + variadic) {
      this.#fail(node.range, `expected at most ${want - 1 + variadic} argument(s) in call to "${name}", got ${got}`)
    }
    for (let i = 0; i < got; i++) {
      const arg = node.args[i]
      const wantType = argTypes[Math.min(i, want - 1)]
      // The second argument of info picks labels; it need not name a series.
      const gotType = name === 'info' && i === 1 && arg.kind === 'vectorSelector' ? 'vector' : this.check(arg)
      if (gotType !== wantType) {
        this.#fail(arg.range, `expected type ${documentedType(wantType)} in call to function "${name}", got ${documentedType(gotType)}`)
      }
      if (name === 'info' && i === 1 && arg.kind !== 'vectorSelector') this.#fail(arg.range, 'expected label selectors only')
      if (name === 'info' && i === 1 && arg.kind === 'vectorSelector' && arg.name !== '') {
        this.#fail(arg.range, 'expected label selectors only, got vector selector instead')
      }
    }
    return returns
  }

  #selector(node: VectorSelector): void {
    if (node.name !== '') {
      const second = node.matchers.slice(0, -1).find((matcher) => matcher.name === METRIC_NAME)
      if (second === undefined) return
      this.#fail(node.range, `metric name must not be set twice: ${quote(node.name)} or ${quote(second.value)}`)
    }
    if (node.matchers.every((matcher) => matcher.matchesEmpty)) {
      this.#fail(node.range, 'vector selector must contain at least one non-empty matcher')
    }
  }

  /** The operator with its modifiers: what stands between the sides. */
  #operatorRange({ left, right }: BinaryExpr): PositionRange {
    const bytes = Buffer.from(this.#query)
    const isSpace = (byte: number) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
    let start = left.range.end
    while (isSpace(bytes[start])) start++
    let end = right.range.start - 1
    while (isSpace(bytes[end])) end--
    return { start, end }
  }

  #fail(range: PositionRange, what: string): never {
    throw new ParseError(this.#query, range, what)
  }
}
