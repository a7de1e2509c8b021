// Answer of /api/v1/parse_query. Durations and times are in ms.
// Source: Prometheus web/api/v1/translate_ast.go.

export interface MatcherJson {
  readonly name: string
  readonly type: '=' | '!=' | '=~' | '!~'
  readonly value: string
}

export interface SelectorJson {
  readonly matchers: readonly MatcherJson[]
  readonly name: string
  readonly offset: number
  readonly startOrEnd: 'start' | 'end' | null
  readonly timestamp: number | null
}

export interface MatchingJson {
  readonly card: string
  readonly include: readonly string[]
  readonly labels: readonly string[]
  readonly on: boolean
  /** Where there are any; NaN and infinities are null, as JSON knows none. */
  readonly fillValues?: { readonly lhs: number | null; readonly rhs: number | null }
}

export interface FunctionJson {
  readonly argTypes: readonly string[]
  readonly name: string
  readonly returnType: string
  /** 0: as many arguments as types; n: up to n more of the last or without it; -1: any number more. */
  readonly variadic: number
}

export type QueryTree =
  | { readonly type: 'numberLiteral'; readonly val: string }
  | { readonly type: 'stringLiteral'; readonly val: string }
  | ({ readonly type: 'vectorSelector' } & SelectorJson)
  | ({ readonly type: 'matrixSelector'; readonly range: number } & SelectorJson)
  | {
      readonly type: 'subquery'
      readonly expr: QueryTree
      readonly offset: number
      readonly range: number
      readonly startOrEnd: 'start' | 'end' | null
      readonly step: number
      readonly timestamp: number | null
    }
  | { readonly type: 'parenExpr'; readonly expr: QueryTree }
  | { readonly type: 'unaryExpr'; readonly expr: QueryTree; readonly op: string }
  | {
      readonly type: 'binaryExpr'
      readonly bool: boolean
      readonly lhs: QueryTree
      readonly matching: MatchingJson | null
      readonly op: string
      readonly rhs: QueryTree
    }
  | { readonly type: 'call'; readonly args: readonly QueryTree[]; readonly func: FunctionJson }
  | {
      readonly type: 'aggregation'
      readonly expr: QueryTree
      readonly grouping: readonly string[]
      readonly op: string
      readonly param: QueryTree | null
      readonly without: boolean
    }
