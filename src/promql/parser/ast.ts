import type { Matcher } from '../../model/matcher.ts'
import type { DurationExpr } from './duration-expression.ts'

/** Where a node stands in the query, in bytes of UTF-8 as upstream counts: `start` inclusive, `end` exclusive. */
export interface PositionRange {
  readonly start: number
  readonly end: number
}

export type ValueType = 'none' | 'scalar' | 'vector' | 'matrix' | 'string'

export type BinaryOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '^'
  | 'atan2'
  | '=='
  | '!='
  | '<'
  | '>'
  | '<='
  | '>='
  | '</'
  | '>/'
  | 'and'
  | 'or'
  | 'unless'

export type AggregateOperator =
  | 'sum'
  | 'avg'
  | 'count'
  | 'min'
  | 'max'
  | 'group'
  | 'stddev'
  | 'stdvar'
  | 'topk'
  | 'bottomk'
  | 'count_values'
  | 'quantile'
  | 'limitk'
  | 'limit_ratio'

/** `@ start()`, `@ end()` or a time. */
export type AtModifier = { readonly kind: 'start' | 'end' } | { readonly kind: 'time'; readonly time: number }

export interface NumberLiteral {
  readonly kind: 'number'
  readonly value: number
  /** Written as a duration (`5m`): printed back so. */
  readonly duration: boolean
  readonly range: PositionRange
}

export interface StringLiteral {
  readonly kind: 'string'
  readonly value: string
  readonly range: PositionRange
}

export interface VectorSelector {
  readonly kind: 'vectorSelector'
  /** What stands before the braces; empty when the name stands in them or nowhere. */
  readonly name: string
  /** All matchers in the order written; that of a name before the braces (`__name__`) comes last, as upstream has it. */
  readonly matchers: readonly Matcher[]
  readonly offsetMs: number
  /** Where the offset is computed; `offsetMs` then is 0. */
  readonly offsetExpr?: DurationExpr | undefined
  readonly at: AtModifier | undefined
  /** Looks beyond its range, or the time it is evaluated at: `anchored`, `smoothed`. */
  readonly extended?: ExtendedModifier | undefined
  readonly range: PositionRange
}

export type ExtendedModifier = 'anchored' | 'smoothed'

export interface MatrixSelector {
  readonly kind: 'matrixSelector'
  /** Holds offset and @ of the whole. */
  readonly selector: VectorSelector
  readonly rangeMs: number
  /** Where the range is computed; `rangeMs` then is 0. */
  readonly rangeExpr?: DurationExpr | undefined
  readonly range: PositionRange
}

export interface Subquery {
  readonly kind: 'subquery'
  readonly expr: Expr
  readonly rangeMs: number
  /** 0: the engine's default step. */
  readonly stepMs: number
  readonly offsetMs: number
  /** Where they are computed; the number then is 0. */
  readonly rangeExpr?: DurationExpr | undefined
  readonly stepExpr?: DurationExpr | undefined
  readonly offsetExpr?: DurationExpr | undefined
  readonly at: AtModifier | undefined
  readonly range: PositionRange
}

export interface UnaryExpr {
  readonly kind: 'unary'
  readonly operator: '+' | '-'
  readonly expr: Expr
  readonly range: PositionRange
}

export interface ParenExpr {
  readonly kind: 'paren'
  readonly expr: Expr
  readonly range: PositionRange
}

export type MatchCardinality = 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many'

export interface VectorMatching {
  readonly cardinality: MatchCardinality
  /** True: `on (labels)`, false: `ignoring (labels)`. */
  readonly on: boolean
  readonly labels: readonly string[]
  /** Labels of group_left / group_right. */
  readonly include: readonly string[]
  /** What stands for a sample that one side lacks: `fill`, `fill_left` and `fill_right`. Undefined: then there is no result. */
  readonly fillLeft: number | undefined
  readonly fillRight: number | undefined
}

export interface BinaryExpr {
  readonly kind: 'binary'
  readonly operator: BinaryOperator
  readonly left: Expr
  readonly right: Expr
  readonly returnBool: boolean
  /** Undefined unless both sides are vectors. */
  readonly matching: VectorMatching | undefined
  readonly range: PositionRange
}

export interface AggregateExpr {
  readonly kind: 'aggregate'
  readonly operator: AggregateOperator
  readonly expr: Expr
  /** Of topk, quantile, count_values …. */
  readonly parameter: Expr | undefined
  readonly grouping: readonly string[]
  /** `without (grouping)`; false: `by (grouping)`, which with an empty grouping means: all into one. */
  readonly without: boolean
  readonly range: PositionRange
}

export interface CallExpr {
  readonly kind: 'call'
  readonly func: string
  readonly args: readonly Expr[]
  readonly range: PositionRange
}

export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | UnaryExpr
  | ParenExpr
  | BinaryExpr
  | AggregateExpr
  | CallExpr
