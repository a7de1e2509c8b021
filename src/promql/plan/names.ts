import { METRIC_NAME } from '../../model/labels.ts'
import { keepsSchema } from '../functions/arithmetic.ts'
import { functionNamed } from '../functions/function-table.ts'
import type { AggregateOperator } from '../parser/ast.ts'
import type { Plan, Selection } from './plan.ts'

/**
 * Whether the series of a vector may be the same but for the metric name. Where they cannot, dropping the name keeps
 * them distinct and nobody has to look. True when it is not known.
 */
export function mayDifferByName(plan: Plan): boolean {
  switch (plan.kind) {
    case 'select':
      return plan.reads === 'values' && !isNameFixed(plan.selection)
    case 'window': {
      const entry = functionNamed(plan.func)
      if (entry.kind !== 'window' || !entry.keepsName) return false
      return plan.samples.kind === 'selected' ? !isNameFixed(plan.samples.selection) : mayDifferByName(plan.samples.input)
    }
    case 'call': {
      const entry = functionNamed(plan.func)
      if (entry.kind === 'map' || entry.kind === 'date') return false
      if (entry.kind === 'series') return entry.keepsName && plan.args.some(mayDifferByName)
      return true
    }
    case 'aggregate':
      if (isSelection(plan.operator)) return mayDifferByName(plan.input)
      return !plan.without && plan.grouping.includes(METRIC_NAME)
    case 'binary':
      if (plan.operator === 'or') return true
      if (plan.returnBool || !keepsSchema(plan.operator)) return false
      return mayDifferByName(plan.left) || mayDifferByName(plan.right)
    case 'invariant':
    case 'shared':
    case 'split':
      return mayDifferByName(plan.input)
    default:
      return false
  }
}

/** Whether an aggregation answers some of its input series as they are. */
export function isSelection(operator: AggregateOperator): boolean {
  return operator === 'topk' || operator === 'bottomk' || operator === 'limitk' || operator === 'limit_ratio'
}

function isNameFixed(selection: Selection): boolean {
  return selection.matchers.some(({ name, operator, value }) => name === METRIC_NAME && operator === '=' && value !== '')
}
