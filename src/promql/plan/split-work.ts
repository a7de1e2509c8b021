import { functionNamed } from '../functions/function-table.ts'
import type { AggregateOperator } from '../parser/ast.ts'
import { mayDifferByName } from './names.ts'
import type { Plan, SplitPlan } from './plan.ts'
import { mapInputs } from './rewrite.ts'

// What each series takes by itself may be done in parts of the series, each by somebody else: a thread, a shard, a peer. The parts are ranges
// of the label order, so their series one after the other come in the order in which they would come as a whole.
// 1. One selector: what is divided is what it selects.
// 2. Nothing looks at two series together, as who finds that two are the same but for the name does.

/** Aggregations of which each part has a result that can be put together with those of the others. See SplitReducer. */
export const PARTIAL_AGGREGATIONS: ReadonlySet<AggregateOperator> = new Set(['sum', 'avg', 'count', 'group', 'min', 'max'])

/** Marks what can be done in parts: as much as possible, aggregations with what they aggregate. */
export function splitWork(plan: Plan): Plan {
  return new Marking().below(plan)
}

class Marking {
  #nextId = 0

  below(plan: Plan): Plan {
    if (isPerSeries(plan)) return this.#marked(plan)
    if (plan.kind === 'aggregate' && PARTIAL_AGGREGATIONS.has(plan.operator) && isPerSeries(plan.input)) return this.#marked(plan)
    // It looks at the selectors that stand in its arguments.
    if (plan.kind === 'call' && plan.func === 'info') return plan
    return mapInputs(plan, (input) => this.below(input))
  }

  #marked(input: Plan): SplitPlan {
    return { kind: 'split', id: this.#nextId++, input, range: input.range }
  }
}

function isPerSeries(plan: Plan): boolean {
  switch (plan.kind) {
    case 'select':
      return plan.reads === 'values' || !mayDifferByName({ ...plan, reads: 'values' })
    case 'window': {
      if (plan.samples.kind !== 'selected' || !plan.parameters.every(isNumber)) return false
      const { samples, range } = plan
      return !mayDifferByName({ kind: 'select', selection: samples.selection, reads: 'values', range })
    }
    case 'call': {
      const { kind } = functionNamed(plan.func)
      if (kind !== 'map' && kind !== 'date') return false
      const vectors = plan.args.filter((arg) => !isNumber(arg))
      return vectors.length === 1 && isDistinct(vectors[0])
    }
    case 'negate':
      return isDistinct(plan.input)
    case 'binary':
      return (isNumber(plan.left) && isDistinct(plan.right)) || (isNumber(plan.right) && isDistinct(plan.left))
    default:
      return false
  }
}

/** Per series, and no two series are the same but for the metric name. */
function isDistinct(plan: Plan): boolean {
  return isPerSeries(plan) && !mayDifferByName(plan)
}

function isNumber(plan: Plan): boolean {
  return plan.kind === 'number'
}
