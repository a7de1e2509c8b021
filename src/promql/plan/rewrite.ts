import type { Plan, Samples } from './plan.ts'

/** `plan` with every plan directly below it replaced; itself when nothing changed. */
export function mapInputs(plan: Plan, change: (input: Plan) => Plan): Plan {
  switch (plan.kind) {
    case 'number':
    case 'string':
    case 'select':
      return plan
    case 'window': {
      const samples = mapSamples(plan.samples, change)
      const parameters = mapList(plan.parameters, change)
      return samples === plan.samples && parameters === plan.parameters ? plan : { ...plan, samples, parameters }
    }
    case 'matrix': {
      const samples = mapSamples(plan.samples, change)
      return samples === plan.samples ? plan : { ...plan, samples }
    }
    case 'call': {
      const args = mapList(plan.args, change)
      return args === plan.args ? plan : { ...plan, args }
    }
    case 'negate':
    case 'invariant':
    case 'shared':
    case 'split': {
      const input = change(plan.input)
      return input === plan.input ? plan : { ...plan, input }
    }
    case 'binary': {
      const left = change(plan.left)
      const right = change(plan.right)
      return left === plan.left && right === plan.right ? plan : { ...plan, left, right }
    }
    case 'aggregate': {
      const input = change(plan.input)
      const parameter = plan.parameter && change(plan.parameter)
      return input === plan.input && parameter === plan.parameter ? plan : { ...plan, input, parameter }
    }
  }
}

/** Replaces from the leaves up. */
export function rewrite(plan: Plan, change: (plan: Plan) => Plan): Plan {
  return change(mapInputs(plan, (input) => rewrite(input, change)))
}

/** The plans directly below, those under a subquery included. */
export function inputsOf(plan: Plan): readonly Plan[] {
  const inputs: Plan[] = []
  mapInputs(plan, (input) => {
    inputs.push(input)
    return input
  })
  return inputs
}

function mapSamples(samples: Samples, change: (input: Plan) => Plan): Samples {
  if (samples.kind === 'selected') return samples
  const input = change(samples.input)
  return input === samples.input ? samples : { ...samples, input }
}

function mapList(plans: readonly Plan[], change: (input: Plan) => Plan): readonly Plan[] {
  const changed = plans.map(change)
  return changed.every((plan, i) => plan === plans[i]) ? plans : changed
}
