import { formatFloat } from '../model/go-text.ts'
import type { Matcher } from '../model/matcher.ts'
import { SIGNATURES } from '../promql/functions/signatures.ts'
import type { AtModifier, Expr, VectorMatching, VectorSelector } from '../promql/parser/ast.ts'
import type { MatcherJson, MatchingJson, QueryTree, SelectorJson } from './types/query-tree.ts'

/**
 * An expression as /api/v1/parse_query shows it. Fields stand in the order of their names, as upstream's encoder puts them.
 * Source: Prometheus web/api/v1/translate_ast.go.
 */
export function queryTree(expr: Expr): QueryTree {
  switch (expr.kind) {
    case 'number':
      return { type: 'numberLiteral', val: formatFloat(expr.value) }
    case 'string':
      return { type: 'stringLiteral', val: expr.value }
    case 'vectorSelector':
      return { ...selector(expr), type: 'vectorSelector' }
    case 'matrixSelector': {
      const { matchers, name, offset, startOrEnd, timestamp } = selector(expr.selector)
      return { matchers, name, offset, range: expr.rangeMs, startOrEnd, timestamp, type: 'matrixSelector' }
    }
    case 'subquery':
      return {
        expr: queryTree(expr.expr),
        offset: expr.offsetMs,
        range: expr.rangeMs,
        startOrEnd: startOrEnd(expr.at),
        step: expr.stepMs,
        timestamp: timestamp(expr.at),
        type: 'subquery',
      }
    case 'paren':
      return { expr: queryTree(expr.expr), type: 'parenExpr' }
    case 'unary':
      return { expr: queryTree(expr.expr), op: expr.operator, type: 'unaryExpr' }
    case 'binary':
      return {
        bool: expr.returnBool,
        lhs: queryTree(expr.left),
        matching: expr.matching === undefined ? null : matching(expr.matching),
        op: expr.operator,
        rhs: queryTree(expr.right),
        type: 'binaryExpr',
      }
    case 'call': {
      const { argTypes, name, returns, variadic } = SIGNATURES.get(expr.func)!
      return { args: expr.args.map(queryTree), func: { argTypes, name, returnType: returns, variadic }, type: 'call' }
    }
    case 'aggregate':
      return {
        expr: queryTree(expr.expr),
        grouping: expr.grouping,
        op: expr.operator,
        param: expr.parameter === undefined ? null : queryTree(expr.parameter),
        type: 'aggregation',
        without: expr.without,
      }
  }
}

function selector({ matchers, name, offsetMs, at }: VectorSelector): SelectorJson {
  return { matchers: matchers.map(matcher), name, offset: offsetMs, startOrEnd: startOrEnd(at), timestamp: timestamp(at) }
}

function matcher({ name, operator, value }: Matcher): MatcherJson {
  return { name, type: operator, value }
}

function matching({ cardinality, include, labels, on, fillLeft, fillRight }: VectorMatching): MatchingJson {
  const plain = { card: cardinality, include, labels, on }
  // Upstream up to 3.9 has no such field; newer ones always.
  if (fillLeft === undefined && fillRight === undefined) return plain
  return { ...plain, fillValues: { lhs: fillLeft ?? null, rhs: fillRight ?? null } }
}

function startOrEnd(at: AtModifier | undefined): 'start' | 'end' | null {
  return at === undefined || at.kind === 'time' ? null : at.kind
}

function timestamp(at: AtModifier | undefined): number | null {
  return at?.kind === 'time' ? at.time : null
}
