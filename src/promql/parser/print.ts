import { quote } from '../../base/go-quote.ts'
import { formatDuration } from '../../model/duration.ts'
import { formatFloat } from '../../model/go-text.ts'
import { compareStrings, isLegacyLabelName, METRIC_NAME } from '../../model/labels.ts'
import type { AggregateExpr, AtModifier, Expr, MatrixSelector, Subquery, VectorMatching, VectorSelector } from './ast.ts'
import { printDurationExpr } from './duration-expression.ts'

/**
 * An expression in upstream's canonical form, on one line; parsing it gives the same tree but for positions.
 * Source: Prometheus promql/parser/printer.go.
 */
export function printExpr(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return expr.duration ? formatDuration(expr.value * 1000) : formatFloat(expr.value)
    case 'string':
      return quote(expr.value)
    case 'vectorSelector':
      return `${printSelector(expr)}${printAt(expr.at)}${printOffset(expr)}${printExtended(expr)}`
    case 'matrixSelector': {
      const { selector } = expr
      return `${printSelector(selector)}[${printRange(expr)}]${printAt(selector.at)}${printOffset(selector)}${printExtended(selector)}`
    }
    case 'subquery':
      return `${printExpr(expr.expr)}${printSubqueryRange(expr)}`
    case 'paren':
      return `(${printExpr(expr.expr)})`
    case 'unary':
      return `${expr.operator}${printExpr(expr.expr)}`
    case 'binary': {
      const bool = expr.returnBool ? ' bool' : ''
      return `${printExpr(expr.left)} ${expr.operator}${bool}${printMatching(expr.matching)} ${printExpr(expr.right)}`
    }
    case 'call':
      return `${expr.func}(${expr.args.map(printExpr).join(', ')})`
    case 'aggregate': {
      const parameter = expr.parameter === undefined ? '' : `${printExpr(expr.parameter)}, `
      return `${expr.operator}${printGrouping(expr)}(${parameter}${printExpr(expr.expr)})`
    }
  }
}

/** What follows the expression of a subquery: `[1h:5m] @ 1.000 offset 5m`. */
export function printSubqueryRange(subquery: Subquery): string {
  const { stepMs, stepExpr, at } = subquery
  const step = stepExpr === undefined ? (stepMs === 0 ? '' : formatDuration(stepMs)) : printDurationExpr(stepExpr)
  return `[${printRange(subquery)}:${step}]${printAt(at)}${printOffset(subquery)}`
}

function printRange({ rangeMs, rangeExpr }: MatrixSelector | Subquery): string {
  return rangeExpr === undefined ? formatDuration(rangeMs) : printDurationExpr(rangeExpr)
}

export function printGrouping({ grouping, without }: Pick<AggregateExpr, 'grouping' | 'without'>): string {
  if (without) return ` without (${printLabels(grouping)}) `
  return grouping.length > 0 ? ` by (${printLabels(grouping)}) ` : ''
}

export function printMatching(matching: VectorMatching | undefined): string {
  if (matching === undefined) return ''
  const { cardinality, on, labels, include } = matching
  const grouped = cardinality === 'many-to-one' || cardinality === 'one-to-many'
  const by = labels.length > 0 || on || grouped ? ` ${on ? 'on' : 'ignoring'} (${printLabels(labels)})` : ''
  const group = grouped ? ` group_${cardinality === 'many-to-one' ? 'left' : 'right'} (${printLabels(include)})` : ''
  return `${by}${group}${printFill(matching)}`
}

function printFill({ fillLeft, fillRight }: VectorMatching): string {
  if (fillLeft !== undefined && Object.is(fillLeft, fillRight)) return ` fill (${formatFloat(fillLeft)})`
  const left = fillLeft === undefined ? '' : ` fill_left (${formatFloat(fillLeft)})`
  return fillRight === undefined ? left : `${left} fill_right (${formatFloat(fillRight)})`
}

function printLabels(labels: readonly string[]): string {
  return labels.map((label) => (isLegacyLabelName(label) ? label : quote(label))).join(', ')
}

function printSelector({ name, matchers }: VectorSelector): string {
  const printed = matchers
    .filter((matcher) => !(matcher.name === METRIC_NAME && matcher.operator === '=' && matcher.value === name && name !== ''))
    .map(String)
    .sort(compareStrings)
  if (printed.length === 0 && name !== '') return name
  return `${name}{${printed.join(',')}}`
}

function printAt(at: AtModifier | undefined): string {
  if (at === undefined) return ''
  return at.kind === 'time' ? ` @ ${printMilliseconds(at.time)}` : ` @ ${at.kind}()`
}

function printExtended({ extended }: VectorSelector): string {
  return extended === undefined ? '' : ` ${extended}`
}

/** Seconds with three decimals; exact, which division is not for times far out. */
function printMilliseconds(time: number): string {
  const whole = BigInt(time)
  const absolute = whole < 0n ? -whole : whole
  return `${whole < 0n ? '-' : ''}${absolute / 1000n}.${String(absolute % 1000n).padStart(3, '0')}`
}

function printOffset({ offsetMs, offsetExpr }: VectorSelector | Subquery): string {
  if (offsetExpr !== undefined) return ` offset ${printDurationExpr(offsetExpr)}`
  return offsetMs === 0 ? '' : ` offset ${formatDuration(offsetMs)}`
}
