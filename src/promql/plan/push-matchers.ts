import { METRIC_NAME } from '../../model/labels.ts'
import type { Matcher } from '../../model/matcher.ts'
import { functionNamed } from '../functions/function-table.ts'
import type { VectorMatching } from '../parser/ast.ts'
import { isSelection, mayDifferByName } from './names.ts'
import { type BinaryPlan, type Plan, planType, type Selection } from './plan.ts'
import { rewrite } from './rewrite.ts'

// What one side of an operator asks of a label that both sides have to share is asked of the other side as well: `a{job="x"} / b` reads
// no `b` of other jobs.
// 1. No error is lost: where two series of a side must not match the same, it is known that none do.
// 2. No annotation is lost: matchers go only to where nothing is ever remarked. That leaves out range functions and sums, which have
//    something to say of histograms.

export function pushMatchers(plan: Plan): Plan {
  return rewrite(plan, (node) => (node.kind === 'binary' && node.matching !== undefined ? exchange(node, node.matching) : node))
}

function exchange(node: BinaryPlan, matching: VectorMatching): Plan {
  const { operator, left, right } = node
  const isShared = ({ name }: Matcher) => !name.startsWith('__') && matching.labels.includes(name) === matching.on
  if (operator === 'or') return node
  if (operator === 'unless') return withSides(node, left, pushed(right, held(left).filter(isShared)))
  if (operator !== 'and') {
    if (matching.fillLeft !== undefined || matching.fillRight !== undefined) return node
    if (!isOneEach(matching.cardinality === 'one-to-many' ? left : right, matching)) return node
  }
  return withSides(node, pushed(left, held(right).filter(isShared)), pushed(right, held(left).filter(isShared)))
}

function withSides(node: BinaryPlan, left: Plan, right: Plan): Plan {
  return left === node.left && right === node.right ? node : { ...node, left, right }
}

/** Matchers that hold for the labels of every series of a vector. */
function held(plan: Plan): readonly Matcher[] {
  switch (plan.kind) {
    case 'select':
      return plan.selection.matchers
    case 'window':
      return plan.samples.kind === 'selected' ? plan.samples.selection.matchers : held(plan.samples.input)
    case 'negate':
    case 'invariant':
    case 'shared':
      return held(plan.input)
    case 'call':
      return mapped(plan)?.flatMap(held) ?? []
    case 'aggregate': {
      if (isSelection(plan.operator)) return held(plan.input)
      if (plan.operator === 'count_values') return []
      return held(plan.input).filter(({ name }) => plan.grouping.includes(name) !== plan.without)
    }
    case 'binary': {
      if (plan.operator === 'and' || plan.operator === 'unless') return held(plan.left)
      if (plan.matching !== undefined) return []
      return held(planType(plan.left) === 'vector' ? plan.left : plan.right)
    }
    default:
      return []
  }
}

/** The vector whose series come out with their values changed, in a list; undefined for other functions. */
function mapped({ func, args }: Plan & { kind: 'call' }): readonly Plan[] | undefined {
  const { kind } = functionNamed(func)
  return kind === 'map' || kind === 'date' ? args.filter((arg) => planType(arg) === 'vector') : undefined
}

/** The vector without series for which a matcher does not hold, where that is all that changes; else as it was. */
function pushed(plan: Plan, matchers: readonly Matcher[]): Plan {
  if (matchers.length === 0) return plan
  switch (plan.kind) {
    case 'select': {
      if (plan.selection.extended !== undefined || mayDifferByName({ ...plan, reads: 'values' })) return plan
      const selection = narrowed(plan.selection, matchers)
      return selection === plan.selection ? plan : { ...plan, selection }
    }
    case 'negate':
    case 'invariant': {
      const input = pushed(plan.input, matchers)
      return input === plan.input ? plan : { ...plan, input }
    }
    case 'call': {
      const vectors = mapped(plan)
      if (vectors === undefined) return plan
      return { ...plan, args: plan.args.map((arg) => (vectors.includes(arg) ? pushed(arg, matchers) : arg)) }
    }
    case 'aggregate': {
      if (plan.operator !== 'count' && plan.operator !== 'group') return plan
      const kept = matchers.filter(({ name }) => plan.grouping.includes(name) !== plan.without)
      const input = pushed(plan.input, kept)
      return input === plan.input ? plan : { ...plan, input }
    }
    default:
      return plan
  }
}

function narrowed(selection: Selection, matchers: readonly Matcher[]): Selection {
  const known = new Set(selection.matchers.map(String))
  const fresh = matchers.filter((matcher) => !known.has(String(matcher)))
  return fresh.length === 0 ? selection : { ...selection, matchers: [...selection.matchers, ...fresh] }
}

/** Whether it is known that no two series of a vector match the same. */
function isOneEach(plan: Plan, { on, labels }: VectorMatching): boolean {
  if (!on && labels.length === 0) return areNamesAlike(plan)
  if (plan.kind !== 'aggregate' || plan.without || isSelection(plan.operator)) return false
  return plan.grouping.every((name) => labels.includes(name) === on)
}

/** Whether no two series of a vector are the same but for the metric name, also while names are dropped late. */
function areNamesAlike(plan: Plan): boolean {
  switch (plan.kind) {
    case 'select':
      return !mayDifferByName({ ...plan, reads: 'values' })
    case 'window':
      return (
        plan.samples.kind === 'selected' && areNamesAlike({ ...plan, kind: 'select', selection: plan.samples.selection, reads: 'values' })
      )
    case 'negate':
    case 'invariant':
    case 'shared':
      return areNamesAlike(plan.input)
    case 'call':
      return mapped(plan)?.every(areNamesAlike) ?? false
    case 'aggregate':
      if (isSelection(plan.operator)) return areNamesAlike(plan.input)
      return plan.operator !== 'count_values' && (plan.without || !plan.grouping.includes(METRIC_NAME))
    default:
      return false
  }
}
