import type { Plan, Samples } from './plan.ts'
import { mapInputs } from './rewrite.ts'

/** Functions that ask for the time of the step, whatever their arguments are. */
const TIME_FUNCTIONS = new Set([
  'time',
  'timestamp',
  'start_timestamp',
  'predict_linear',
  'days_in_month',
  'day_of_month',
  'day_of_week',
  'day_of_year',
  'hour',
  'minute',
  'month',
  'year',
])

/**
 * Evaluates once what is the same at every step: selectors under `@`, and all that is made of them and of numbers.
 * Source of what may be hoisted: Prometheus promql/functions.go, AtModifierUnsafeFunctions.
 */
export function hoistInvariants(plan: Plan): Plan {
  if (isInvariant(plan)) return wrap(plan)
  return mapInputs(plan, hoistInvariants)
}

function wrap(plan: Plan): Plan {
  // Numbers are as cheap as it gets, strings and range vectors have no steps.
  if (plan.kind === 'number' || plan.kind === 'string' || plan.kind === 'matrix') return mapInputs(plan, hoistInvariants)
  return { kind: 'invariant', input: hoistBelow(plan), range: plan.range }
}

/** Below a hoisted node there is one step, so only the steps of subqueries are worth a look. */
function hoistBelow(plan: Plan): Plan {
  if (plan.kind === 'window' && plan.samples.kind === 'subquery') {
    const samples = { ...plan.samples, input: hoistInvariants(plan.samples.input) }
    return { ...plan, samples, parameters: plan.parameters.map(hoistBelow) }
  }
  return mapInputs(plan, hoistBelow)
}

function isInvariant(plan: Plan): boolean {
  switch (plan.kind) {
    case 'number':
    case 'string':
      return true
    case 'select':
      return plan.selection.at !== undefined
    case 'window':
      return !TIME_FUNCTIONS.has(plan.func) && areSamplesFixed(plan.samples) && plan.parameters.every(isInvariant)
    case 'matrix':
      return areSamplesFixed(plan.samples)
    case 'call':
      return !TIME_FUNCTIONS.has(plan.func) && plan.args.every(isInvariant)
    case 'negate':
    case 'invariant':
    case 'shared':
    case 'split':
      return isInvariant(plan.input)
    case 'binary':
      return isInvariant(plan.left) && isInvariant(plan.right)
    case 'aggregate':
      return isInvariant(plan.input) && (plan.parameter === undefined || isInvariant(plan.parameter))
  }
}

function areSamplesFixed(samples: Samples): boolean {
  return samples.kind === 'selected' ? samples.selection.at !== undefined : samples.at !== undefined
}
