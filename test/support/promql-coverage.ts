// Which parts of the language expressions use, by name.
import type { AtModifier, Expr, VectorMatching, VectorSelector } from '../../src/promql/parser/ast.ts'
import { childrenOf } from '../../src/promql/parser/children.ts'
import type { DurationExpr } from '../../src/promql/parser/duration-expression.ts'

/** Adds the name of each part: `rate()`, `sum aggregation`, `+ operator`, `offset`, `=~ matcher`, …. */
export function addParts(expr: Expr, parts: Set<string>): void {
  switch (expr.kind) {
    case 'call':
      parts.add(`${expr.func}()`)
      break
    case 'aggregate':
      parts.add(`${expr.operator} aggregation`)
      if (expr.grouping.length > 0 || expr.without) parts.add(expr.without ? 'without' : 'by')
      break
    case 'unary':
      parts.add(`unary ${expr.operator}`)
      break
    case 'binary':
      parts.add(`${expr.operator} operator`)
      if (expr.returnBool) parts.add('bool')
      if (expr.matching !== undefined) addMatching(expr.matching, parts)
      break
    case 'vectorSelector':
      addSelector(expr, parts)
      break
    case 'matrixSelector':
      parts.add('range')
      addSelector(expr.selector, parts)
      addDuration('range', expr.rangeExpr, parts)
      break
    case 'subquery':
      parts.add(expr.stepMs === 0 && expr.stepExpr === undefined ? 'subquery' : 'subquery with a step')
      addTimes(expr, parts)
      addDuration('range', expr.rangeExpr, parts)
      addDuration('step', expr.stepExpr, parts)
      break
    case 'number':
      if (expr.duration) parts.add('number as a duration')
      break
  }
  for (const child of childrenOf(expr)) addParts(child, parts)
}

function addSelector(selector: VectorSelector, parts: Set<string>): void {
  for (const { operator } of selector.matchers) parts.add(`${operator} matcher`)
  if (selector.extended !== undefined) parts.add(selector.extended)
  addTimes(selector, parts)
}

interface Times {
  readonly offsetMs: number
  readonly offsetExpr?: DurationExpr | undefined
  readonly at: AtModifier | undefined
}

function addTimes({ offsetMs, offsetExpr, at }: Times, parts: Set<string>): void {
  if (offsetMs !== 0) parts.add(offsetMs > 0 ? 'offset' : 'negative offset')
  addDuration('offset', offsetExpr, parts)
  if (at !== undefined) parts.add(at.kind === 'time' ? '@ time' : `@ ${at.kind}()`)
}

function addMatching({ on, labels, cardinality, include, fillLeft, fillRight }: VectorMatching, parts: Set<string>): void {
  if (on) parts.add('on')
  else if (labels.length > 0) parts.add('ignoring')
  if (cardinality === 'many-to-one') parts.add('group_left')
  if (cardinality === 'one-to-many') parts.add('group_right')
  if (include.length > 0) parts.add('labels of a group modifier')
  if (fillLeft !== undefined && fillRight !== undefined) parts.add('fill')
  else if (fillLeft !== undefined) parts.add('fill_left')
  else if (fillRight !== undefined) parts.add('fill_right')
}

function addDuration(where: string, expr: DurationExpr | undefined, parts: Set<string>): void {
  if (expr === undefined) return
  parts.add(`computed ${where}`)
  const walk = (part: DurationExpr) => {
    if (part.kind === 'binary') parts.add(`${part.operator} in a duration`)
    else if (part.kind !== 'number') parts.add(`${part.kind} in a duration`)
    if ('expr' in part) walk(part.expr)
    if ('left' in part) {
      walk(part.left)
      walk(part.right)
    }
  }
  walk(expr)
}

/** Modifiers and forms that scripts must use beside functions, aggregations and operators. */
export const FORMS: readonly string[] = [
  ...['=', '!=', '=~', '!~'].map((operator) => `${operator} matcher`),
  ...[
    'by',
    'without',
    'bool',
    'on',
    'ignoring',
    'group_left',
    'group_right',
    'labels of a group modifier',
    'fill',
    'fill_left',
    'fill_right',
  ],
  ...['offset', 'negative offset', '@ time', '@ start()', '@ end()', 'anchored', 'smoothed', 'range', 'subquery', 'subquery with a step'],
  ...['unary +', 'unary -', 'number as a duration', 'computed range', 'computed step', 'computed offset'],
  ...['+', '-', '*', '/', '%', '^', 'step', 'range', 'min_of', 'max_of', 'paren', 'sign'].map((part) => `${part} in a duration`),
]
