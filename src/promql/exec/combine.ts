import { compare, computeScalar, isComparison, isTrim } from '../functions/arithmetic.ts'
import { combineSamples } from '../functions/histogram-operators.ts'
import type { BinaryPlan } from '../plan/plan.ts'
import type { HistogramColumn, StepSeries } from './columns.ts'
import type { QueryRun } from './query-run.ts'

/** One side of a binary operator, a sample a step. */
export interface Operand {
  readonly values: Float64Array
  readonly histograms: HistogramColumn | undefined
}

/** Whether an operator on these needs to look at each sample's type: no where all are floats. */
export function mayMixTypes({ operator }: BinaryPlan, left: Operand, right: Operand): boolean {
  return left.histograms !== undefined || right.histograms !== undefined || isTrim(operator)
}

/**
 * An operator sample by sample, where some are histograms: fills `out` at the steps at which it is present, and clears those whose
 * types do not go together. Answers where a comparison holds; everywhere else where the operator is none. `out` may be an operand.
 */
export function combineMixed(run: QueryRun, plan: BinaryPlan, left: Operand, right: Operand, out: StepSeries): Uint8Array {
  const { operator } = plan
  const { values, present } = out
  const comparison = isComparison(operator)
  const place = { annotations: run.annotations, range: plan.range }
  const holds = new Uint8Array(present.length)
  const histograms = run.memory.histograms(present.length)
  let anyHistogram = false
  for (let k = 0; k < present.length; k++) {
    if (present[k] === 0) continue
    const a = left.histograms?.[k] ?? left.values[k]
    const b = right.histograms?.[k] ?? right.values[k]
    if (typeof a === 'number' && typeof b === 'number' && !isTrim(operator)) {
      holds[k] = comparison && !compare(operator, a, b) ? 0 : 1
      values[k] = comparison ? a : computeScalar(operator, a, b)
      continue
    }
    const result = combineSamples(operator, a, b, place)
    if (result === undefined) {
      present[k] = 0
      continue
    }
    holds[k] = result.holds ? 1 : 0
    histograms[k] = result.histogram
    anyHistogram = true
  }
  out.histograms = anyHistogram ? histograms : undefined
  return holds
}
