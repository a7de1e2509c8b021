import { functionNamed } from '../functions/function-table.ts'
import type { Plan, Selection } from './plan.ts'
import { REDUCTIONS } from './project-labels.ts'
import { mapInputs } from './rewrite.ts'

/**
 * Says of the series that are only put into groups that their order means nothing: then a source need not sort them. Groups come in the
 * order in which their first series does, so this is not said below what tells equals apart by their order, as `topk` and `sort` do.
 */
export function loosenOrder(plan: Plan): Plan {
  return loosen(plan, true)
}

/** `isFree`: the order of the series of `plan` means nothing. */
function loosen(plan: Plan, isFree: boolean): Plan {
  switch (plan.kind) {
    case 'aggregate': {
      // What it answers is put in order by itself. Values become labels, so none may differ by the order in which it was added up.
      if (plan.operator === 'count_values') return { ...plan, input: inAnyOrder(plan.input) }
      if (!REDUCTIONS.has(plan.operator)) return mapInputs(plan, (input) => loosen(input, false))
      const isOneGroup = !plan.without && plan.grouping.length === 0
      const input = isFree || isOneGroup ? inAnyOrder(loosen(plan.input, true)) : loosen(plan.input, false)
      return input === plan.input ? plan : { ...plan, input }
    }
    case 'negate':
    case 'binary':
    case 'invariant':
      return mapInputs(plan, (input) => loosen(input, isFree))
    case 'call': {
      const { kind } = functionNamed(plan.func)
      const keepsFree = isFree && (kind === 'map' || kind === 'date' || plan.func === 'histogram_quantile')
      return mapInputs(plan, (input) => loosen(input, keepsFree))
    }
    default:
      return mapInputs(plan, (input) => loosen(input, false))
  }
}

function inAnyOrder(plan: Plan): Plan {
  if (plan.kind === 'select') return { ...plan, selection: hinted(plan.selection) }
  if (plan.kind !== 'window' || plan.samples.kind !== 'selected') return plan
  return { ...plan, samples: { ...plan.samples, selection: hinted(plan.samples.selection) } }
}

function hinted(selection: Selection): Selection {
  return { ...selection, hints: { ...selection.hints, anyOrder: true } }
}
