import type { Timestamp } from '../../model/time.ts'
import type { AtModifier, Expr, VectorSelector } from '../parser/ast.ts'
import { childrenOf } from '../parser/children.ts'

/**
 * Functions that look at the time of evaluation itself: fixing the selectors does not fix their result.
 * Source: Prometheus promql/functions.go, AtModifierUnsafeFunctions.
 */
const TIME_FUNCTIONS: ReadonlySet<string> = new Set([
  'days_in_month', 'day_of_month', 'day_of_week', 'day_of_year', 'hour', 'minute', 'month', 'year',
  'predict_linear', 'time', 'timestamp', 'start', 'end', 'range', 'step',
]) // biome-ignore format: a table

/**
 * The expression with every selector and outermost subquery fixed at `time`: it must then give the same at every time
 * of evaluation. Undefined where that does not hold.
 */
export function fixedAt(expr: Expr, time: Timestamp): Expr | undefined {
  return usesTime(expr) ? undefined : fix(expr, { kind: 'time', time })
}

function fix(expr: Expr, at: AtModifier): Expr {
  switch (expr.kind) {
    case 'vectorSelector':
      return fixSelector(expr, at)
    case 'matrixSelector':
      return { ...expr, selector: fixSelector(expr.selector, at) }
    case 'subquery':
      // What stands inside is evaluated at times that follow from the subquery's own.
      return expr.at?.kind === 'time' ? expr : { ...expr, at }
    case 'unary':
    case 'paren':
      return { ...expr, expr: fix(expr.expr, at) }
    case 'binary':
      return { ...expr, left: fix(expr.left, at), right: fix(expr.right, at) }
    case 'aggregate':
      return { ...expr, expr: fix(expr.expr, at), parameter: expr.parameter && fix(expr.parameter, at) }
    case 'call':
      return { ...expr, args: expr.args.map((arg) => fix(arg, at)) }
    case 'number':
    case 'string':
      return expr
  }
}

function fixSelector(selector: VectorSelector, at: AtModifier): VectorSelector {
  return selector.at?.kind === 'time' ? selector : { ...selector, at }
}

function usesTime(expr: Expr): boolean {
  return (expr.kind === 'call' && TIME_FUNCTIONS.has(expr.func)) || childrenOf(expr).some(usesTime)
}
