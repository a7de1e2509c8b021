import type { SharedPlan } from '../plan/plan.ts'
import type { Sink, StepSeries } from './columns.ts'
import type { QueryRun } from './query-run.ts'
import type { Steps } from './steps.ts'

/** Evaluates once, keeps the series, and hands out copies; the last one to ask gets the originals. */
export async function runShared(run: QueryRun, plan: SharedPlan, steps: Steps, sink: Sink): Promise<void> {
  const known = run.shared.get(plan.id)
  if (known === undefined) {
    const kept: StepSeries[] = []
    await run.execute(plan.input, steps, (series) => {
      kept.push(run.memory.copy(series))
      sink(series)
    })
    run.shared.set(plan.id, { series: kept, usesLeft: plan.uses - 1 })
    return
  }
  known.usesLeft--
  if (known.usesLeft === 0) run.shared.delete(plan.id)
  for (const series of known.series) {
    sink(known.usesLeft === 0 ? series : run.memory.copy(series))
    if (run.pacer.isDue()) await run.pacer.rest()
  }
}
