// An expression over several lines, for people: what does not fit a line is broken at its outermost operator or call.
// Source: Prometheus promql/parser/prettier.go, its oddities included: a subquery that fits is not indented, the space
// before the bracket of `sum by (a) (` stays.

import type { Expr } from './ast.ts'
import { printExpr, printGrouping, printMatching, printSubqueryRange } from './print.ts'

/** A node whose one-line form is at most this long, in bytes of UTF-8, stays on its line. */
const LINE_LENGTH_MAX = 100

/** Parses to the same tree as the expression. */
export function prettifyExpr(expr: Expr): string {
  return pretty(expr, 0)
}

function pretty(expr: Expr, level: number): string {
  const indent = '  '.repeat(level)
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'vectorSelector':
    case 'matrixSelector':
      return indent + printExpr(expr)
    case 'unary':
      return `${indent}${expr.operator}${pretty(expr.expr, level).trim()}`
  }
  const line = printExpr(expr)
  if (Buffer.byteLength(line) <= LINE_LENGTH_MAX) return expr.kind === 'subquery' ? line : indent + line
  switch (expr.kind) {
    case 'subquery':
      return `${pretty(expr.expr, level)}${printSubqueryRange(expr)}`
    case 'paren':
      return `${indent}(\n${pretty(expr.expr, level + 1)}\n${indent})`
    case 'call':
      return `${indent}${expr.func}(\n${expr.args.map((arg) => pretty(arg, level + 1)).join(',\n')}\n${indent})`
    case 'aggregate': {
      const parameter = expr.parameter === undefined ? '' : `${pretty(expr.parameter, level + 1)},\n`
      return `${indent}${expr.operator}${printGrouping(expr)}(\n${parameter}${pretty(expr.expr, level + 1)}\n${indent})`
    }
    case 'binary': {
      const operator = `${expr.operator}${expr.returnBool ? ' bool' : ''}${printMatching(expr.matching)}`
      return `${pretty(expr.left, level + 1)}\n${indent}${operator}\n${pretty(expr.right, level + 1)}`
    }
  }
}
