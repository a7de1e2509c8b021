import { CodedError } from '../../base/errors.ts'
import { Labels, METRIC_NAME } from '../../model/labels.ts'
import type { Timestamp } from '../../model/time.ts'
import type { SelectHints } from '../../storage/series-source.ts'
import { returnsScalar } from '../functions/function-table.ts'
import type { AtModifier, Expr, ExtendedModifier, MatrixSelector, Subquery, VectorSelector } from '../parser/ast.ts'
import { resolveDuration } from '../parser/duration-expression.ts'
import { type Plan, planType, type Samples, type Selection } from './plan.ts'

/** What a query asks of time. */
export interface PlanContext {
  /** Of the whole query: what `@ start()` and `@ end()` mean. */
  readonly start: Timestamp
  readonly end: Timestamp
  /** How far apart its steps are; 0 for an instant query. */
  readonly stepMs: number
  /** Of a subquery that names none. */
  readonly defaultSubqueryStepMs: number
}

/** What is asked, and what stands above the expression. */
interface BuildContext extends PlanContext {
  readonly marksResets: boolean
}

/** Functions of a histogram's count and sum, and functions that need its buckets: the inner one decides. */
const STATISTICS_FUNCTIONS: ReadonlySet<string> = new Set(['histogram_count', 'histogram_sum', 'histogram_avg'])
const BUCKET_FUNCTIONS: ReadonlySet<string> = new Set(['histogram_quantile', 'histogram_quantiles', 'histogram_fraction'])

/** The plan of a parsed and type-checked expression, as it is written: no optimiser has seen it. */
export function buildPlan(expr: Expr, context: PlanContext): Plan {
  return build(expr, { ...context, marksResets: false }, {})
}

function build(expr: Expr, context: BuildContext, hints: SelectHints): Plan {
  const { range } = expr
  switch (expr.kind) {
    case 'number':
      return { kind: 'number', value: expr.value, range }
    case 'string':
      return { kind: 'string', value: expr.value, range }
    case 'paren':
      return build(expr.expr, context, hints)
    case 'vectorSelector':
      return { kind: 'select', selection: selectionOf(expr, context, hints), reads: 'values', range }
    case 'matrixSelector':
    case 'subquery':
      return { kind: 'matrix', samples: samplesOf(expr, context, hints), range }
    case 'unary': {
      const input = build(expr.expr, context, hints)
      return expr.operator === '+' ? input : { kind: 'negate', input, type: vectorOrScalar(input), range }
    }
    case 'binary': {
      const left = build(expr.left, context, {})
      const right = build(expr.right, context, {})
      const type = planType(left) === 'vector' || planType(right) === 'vector' ? 'vector' : 'scalar'
      return { kind: 'binary', operator: expr.operator, left, right, returnBool: expr.returnBool, matching: expr.matching, type, range }
    }
    case 'aggregate': {
      const grouping = [...new Set(expr.grouping)].sort()
      const input = build(expr.expr, context, { func: expr.operator, grouping, by: !expr.without })
      const parameter = expr.parameter && build(expr.parameter, context, {})
      return { kind: 'aggregate', operator: expr.operator, input, parameter, grouping, without: expr.without, range }
    }
    case 'call':
      return buildCall(expr.func, expr.args.map(unwrap), context, range)
  }
}

function buildCall(func: string, args: readonly Expr[], above: BuildContext, range: Expr['range']): Plan {
  const fixed = queryConstant(func, above)
  if (fixed !== undefined) return { kind: 'number', value: fixed / 1000, range }
  const hints = { func }
  const marksResets = STATISTICS_FUNCTIONS.has(func) || (above.marksResets && !BUCKET_FUNCTIONS.has(func))
  const context = { ...above, marksResets }
  const samples = args.find((arg) => arg.kind === 'matrixSelector' || arg.kind === 'subquery')
  if (samples !== undefined) {
    if (samples.kind === 'matrixSelector') checkExtended(func, samples.selector.extended)
    // The series that are there at all are what absent_over_time is the opposite of.
    const kernel = func === 'absent_over_time' ? 'present_over_time' : func
    const parameters = args.filter((arg) => arg !== samples).map((arg) => build(arg, context, hints))
    const window: Plan = { kind: 'window', func: kernel, samples: samplesOf(samples, context, hints), parameters, range }
    if (kernel === func) return window
    return { kind: 'call', func, args: [window], absentLabels: absentLabelsOf(samples), type: 'vector', range }
  }
  if (func === 'timestamp' && args[0].kind === 'vectorSelector') {
    return { kind: 'select', selection: selectionOf(args[0], context, hints), reads: 'times', range }
  }
  if (func === 'start_timestamp' && args[0].kind === 'vectorSelector') {
    return { kind: 'select', selection: selectionOf(args[0], context, hints), reads: 'startTimes', range }
  }
  const absentLabels = func === 'absent' ? absentLabelsOf(args[0]) : Labels.empty
  const type = returnsScalar(func) ? 'scalar' : 'vector'
  return { kind: 'call', func, args: args.map((arg) => build(arg, context, hints)), absentLabels, type, range }
}

/** Functions that know what to do with samples beyond their range. */
const EXTENDED_FUNCTIONS = {
  anchored: ['changes', 'delta', 'increase', 'rate', 'resets'],
  smoothed: ['delta', 'increase', 'rate'],
}

function checkExtended(func: string, extended: ExtendedModifier | undefined): void {
  if (extended === undefined || EXTENDED_FUNCTIONS[extended].includes(func)) return
  const allowed = EXTENDED_FUNCTIONS[extended].join(', ')
  throw new CodedError('execution', `${extended} modifier can only be used with: ${allowed} - not with ${func}`)
}

/** What the functions of the query itself answer, in ms. */
function queryConstant(func: string, { start, end, stepMs }: PlanContext): number | undefined {
  switch (func) {
    case 'start':
      return start
    case 'end':
      return end
    case 'range':
      return end - start
    case 'step':
      return stepMs
    default:
      return undefined
  }
}

function samplesOf(expr: MatrixSelector | Subquery, context: BuildContext, hints: SelectHints): Samples {
  const { range } = expr
  const rangeMs = expr.rangeExpr === undefined ? expr.rangeMs : resolveDuration(expr.rangeExpr, context, true)
  if (expr.kind === 'matrixSelector') {
    return { kind: 'selected', selection: selectionOf(expr.selector, context, { ...hints, rangeMs }), rangeMs, range }
  }
  const ownStepMs = expr.stepExpr === undefined ? expr.stepMs : resolveDuration(expr.stepExpr, context, true)
  const stepMs = ownStepMs === 0 ? context.defaultSubqueryStepMs : ownStepMs
  const input = build(expr.expr, { ...context, marksResets: false }, hints)
  return { kind: 'subquery', input, rangeMs, stepMs, offsetMs: offsetOf(expr, context), at: resolveAt(expr.at, context), range }
}

function selectionOf(selector: VectorSelector, context: BuildContext, hints: SelectHints): Selection {
  return {
    matchers: selector.matchers,
    offsetMs: offsetOf(selector, context),
    at: resolveAt(selector.at, context),
    hints,
    extended: selector.extended,
    marksResets: context.marksResets,
  }
}

function offsetOf({ offsetMs, offsetExpr }: VectorSelector | Subquery, context: PlanContext): number {
  return offsetExpr === undefined ? offsetMs : resolveDuration(offsetExpr, context, false)
}

function resolveAt(at: AtModifier | undefined, context: PlanContext): Timestamp | undefined {
  if (at === undefined) return undefined
  if (at.kind === 'time') return at.time
  return at.kind === 'start' ? context.start : context.end
}

/**
 * Labels that a selector asks for with `=`, without those that it asks for twice; none of anything but a selector.
 * Source: Prometheus promql/functions.go, createLabelsForAbsentFunction.
 */
function absentLabelsOf(expr: Expr): Labels {
  const selector = expr.kind === 'matrixSelector' ? expr.selector : expr
  if (selector.kind !== 'vectorSelector') return Labels.empty
  const labels = new Map<string, string>()
  const seen = new Set<string>()
  for (const { name, operator, value } of selector.matchers) {
    if (name === METRIC_NAME) continue
    if (operator === '=' && !seen.has(name)) {
      labels.set(name, value)
      seen.add(name)
    } else {
      labels.delete(name)
    }
  }
  return Labels.of(labels)
}

function unwrap(expr: Expr): Expr {
  return expr.kind === 'paren' ? unwrap(expr.expr) : expr
}

function vectorOrScalar(plan: Plan): 'vector' | 'scalar' {
  return planType(plan) === 'vector' ? 'vector' : 'scalar'
}
