import { CodedError } from '../../base/errors.ts'
import { labelHash } from '../../model/label-hash.ts'
import type { AggregatePlan } from '../plan/plan.ts'
import { collectGroups, countsOf } from './aggregate-topk.ts'
import { isAnyPresent, type Sink } from './columns.ts'
import type { QueryRun } from './query-run.ts'
import { evaluateScalar } from './scalar.ts'
import type { Steps } from './steps.ts'

/** limitk: of each group and at each step the first k series that have a value. Source: Prometheus promql/engine.go, aggregationK. */
export async function runLimitK(run: QueryRun, plan: AggregatePlan, steps: Steps, sink: Sink): Promise<void> {
  const counts = await countsOf(run, plan, steps)
  if (counts === undefined) return
  for (const members of await collectGroups(run, plan, steps)) {
    const left = Float64Array.from(counts, Math.trunc)
    for (const series of members) {
      const { present } = series
      for (let k = 0; k < present.length; k++) {
        if (present[k] === 1 && left[k] >= 1) left[k]--
        else present[k] = 0
      }
      if (isAnyPresent(present)) sink(series)
      else run.memory.release(series)
      if (run.pacer.isDue()) await run.pacer.rest()
    }
  }
}

/**
 * limit_ratio: the series whose hash lies in the first part of all hashes, as large as the ratio says; a ratio below zero takes
 * them from the other end, so that r and r-1 complement each other. Source: Prometheus promql/engine.go, HashRatioSampler.
 */
export async function runLimitRatio(run: QueryRun, plan: AggregatePlan, steps: Steps, sink: Sink): Promise<void> {
  const ratios = await evaluateScalar(run, plan.parameter!, steps)
  const { range } = plan.parameter!
  let [lowest, highest] = [0, 0]
  for (const ratio of ratios) {
    lowest = Math.min(lowest, ratio)
    highest = Math.max(highest, ratio)
  }
  if (Number.isNaN(highest) || (lowest === 0 && highest === 0)) {
    await run.execute(plan.input, steps, (series) => run.memory.release(series))
    if (Number.isNaN(highest)) throw new CodedError('execution', 'Ratio value is NaN')
    return
  }
  if (highest > 1) run.annotations.invalidRatio(highest, 1, range)
  if (lowest < -1) run.annotations.invalidRatio(lowest, -1, range)
  await run.execute(plan.input, steps, (series) => {
    const offset = Number(labelHash(series.labels)) / 2 ** 64
    const { present } = series
    for (let k = 0; k < present.length; k++) {
      const ratio = Math.min(Math.max(ratios[k], -1), 1)
      const isTaken = ratio >= 0 ? offset < ratio : offset >= 1 + ratio
      if (!isTaken) present[k] = 0
    }
    if (isAnyPresent(present)) sink(series)
    else run.memory.release(series)
  })
}
