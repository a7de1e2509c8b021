import { assert } from '../../base/assert.ts'
import { computeScalar } from '../functions/arithmetic.ts'
import { greater, smaller } from '../functions/math.ts'
import type { Plan } from '../plan/plan.ts'
import { dropHistograms } from './columns.ts'
import type { QueryRun } from './query-run.ts'
import { SampleTally } from './sample-tally.ts'
import { firstStep, type Steps } from './steps.ts'

/** The value of a scalar expression at each step. */
export async function evaluateScalar(run: QueryRun, plan: Plan, steps: Steps): Promise<Float64Array> {
  switch (plan.kind) {
    case 'number':
      return run.memory.floats(steps.count).fill(plan.value)
    case 'negate': {
      const values = await evaluateScalar(run, plan.input, steps)
      for (let k = 0; k < values.length; k++) values[k] = -values[k]
      return values
    }
    case 'binary': {
      const left = await evaluateScalar(run, plan.left, steps)
      const right = await evaluateScalar(run, plan.right, steps)
      for (let k = 0; k < left.length; k++) left[k] = computeScalar(plan.operator, left[k], right[k])
      return left
    }
    case 'invariant': {
      const tally = new SampleTally(1, undefined)
      const [value] = await evaluateScalar(run.counting(tally), plan.input, firstStep(steps))
      run.tally.addInvariant(tally, steps.count)
      return run.memory.floats(steps.count).fill(value)
    }
    case 'call':
      return callScalar(run, plan.func, plan.args, steps)
    default:
      throw new Error(`plan ${plan.kind} is not a scalar`)
  }
}

async function callScalar(run: QueryRun, func: string, args: readonly Plan[], steps: Steps): Promise<Float64Array> {
  const values = run.memory.floats(steps.count)
  switch (func) {
    case 'time':
      for (let k = 0; k < steps.count; k++) values[k] = (steps.start + k * steps.stepMs) / 1000
      return values
    case 'pi':
      return values.fill(Math.PI)
    case 'max_of':
    case 'min_of': {
      const left = await evaluateScalar(run, args[0], steps)
      const right = await evaluateScalar(run, args[1], steps)
      const pick = func === 'max_of' ? greater : smaller
      for (let k = 0; k < values.length; k++) values[k] = pick(left[k], right[k])
      return values
    }
    default: {
      assert(func === 'scalar', `a scalar is made by time, pi, scalar, max_of or min_of, not by ${func}`)
      await onlySeries(run, args[0], steps, values)
      return values
    }
  }
}

/** The value of the one series that is there; NaN where there is none, or more than one. */
async function onlySeries(run: QueryRun, plan: Plan, steps: Steps, values: Float64Array): Promise<void> {
  values.fill(NaN)
  const counts = run.memory.indexes(steps.count)
  await run.execute(plan, steps, (series) => {
    dropHistograms(series)
    for (let k = 0; k < steps.count; k++) {
      if (series.present[k] === 0) continue
      values[k] = counts[k] === 0 ? series.values[k] : NaN
      counts[k]++
    }
    run.memory.release(series)
  })
}
