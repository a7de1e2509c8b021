import type { Expr } from './ast.ts'

/** The direct parts of an expression; the selector of a range is one. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'matrixSelector':
      return [expr.selector]
    case 'subquery':
    case 'unary':
    case 'paren':
      return [expr.expr]
    case 'binary':
      return [expr.left, expr.right]
    case 'aggregate':
      return expr.parameter === undefined ? [expr.expr] : [expr.parameter, expr.expr]
    case 'call':
      return expr.args
    default:
      return []
  }
}
