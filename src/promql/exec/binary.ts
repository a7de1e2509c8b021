import { compareColumns, computeColumns, isComparison, isSetOperator, keepsSchema } from '../functions/arithmetic.ts'
import { mayDifferByName } from '../plan/names.ts'
import { type BinaryPlan, planType } from '../plan/plan.ts'
import { isAnyPresent, type Sink, type StepSeries } from './columns.ts'
import { combineMixed, mayMixTypes } from './combine.ts'
import { runMatched } from './match.ts'
import { dropMetricName, type QueryRun } from './query-run.ts'
import { SameLabels } from './same-labels.ts'
import { evaluateScalar } from './scalar.ts'
import { runSetOperator } from './set-operators.ts'
import type { Steps } from './steps.ts'

/** A binary operator with a vector on one side, or both. */
export async function runBinary(run: QueryRun, plan: BinaryPlan, steps: Steps, sink: Sink): Promise<void> {
  if (planType(plan.left) === 'scalar' || planType(plan.right) === 'scalar') return runWithScalar(run, plan, steps, sink)
  if (isSetOperator(plan.operator)) return runSetOperator(run, plan, steps, sink)
  return runMatched(run, plan, steps, sink)
}

/**
 * A vector and a scalar. A comparison keeps the vector's value, on whichever side it is.
 * Source: Prometheus promql/engine.go, VectorscalarBinop.
 */
async function runWithScalar(run: QueryRun, plan: BinaryPlan, steps: Steps, sink: Sink): Promise<void> {
  const { operator, returnBool } = plan
  const scalarIsLeft = planType(plan.left) === 'scalar'
  const scalar = await evaluateScalar(run, scalarIsLeft ? plan.left : plan.right, steps)
  const vector = scalarIsLeft ? plan.right : plan.left
  const comparison = isComparison(operator)
  const dropsName = returnBool || !keepsSchema(operator)
  const merged = dropsName && !run.delayedNameRemoval && mayDifferByName(vector) ? new SameLabels(run) : undefined
  const truths = returnBool ? run.memory.flags(steps.count) : undefined
  await run.execute(vector, steps, (series) => {
    const { values, present } = series
    const left = scalarIsLeft ? scalar : values
    const right = scalarIsLeft ? values : scalar
    if (mayMixTypes(plan, series, NO_HISTOGRAMS)) {
      mixWithScalar(run, plan, series, scalar, scalarIsLeft)
    } else if (truths !== undefined) {
      truths.fill(1)
      compareColumns(operator, left, right, truths)
      values.set(truths)
    } else if (comparison) {
      compareColumns(operator, left, right, present)
    } else {
      computeColumns(operator, left, right, values)
    }
    if (!isAnyPresent(present)) {
      run.memory.release(series)
      return
    }
    if (dropsName) dropMetricName(run, series)
    if (merged === undefined) sink(series)
    else merged.add(series)
  })
  await merged?.drain(sink)
}

const NO_HISTOGRAMS = { values: new Float64Array(0), histograms: undefined }

/** The same where some of the vector's samples are histograms. */
function mixWithScalar(run: QueryRun, plan: BinaryPlan, series: StepSeries, scalar: Float64Array, scalarIsLeft: boolean): void {
  const { operator, returnBool } = plan
  const { values, present } = series
  const number = { values: scalar, histograms: undefined }
  // A comparison answers the vector's value, on whichever side it is.
  const kept = scalarIsLeft && isComparison(operator) ? values.slice() : undefined
  const holds = scalarIsLeft ? combineMixed(run, plan, number, series, series) : combineMixed(run, plan, series, number, series)
  if (returnBool) {
    values.set(holds)
    series.histograms = undefined
    return
  }
  if (kept !== undefined) values.set(kept)
  for (let k = 0; k < present.length; k++) present[k] &= holds[k]
}
