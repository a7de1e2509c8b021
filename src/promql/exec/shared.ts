import type { SharedPlan } from '../plan/plan.ts'
import type { Sink, StepSeries } from './columns.ts'
import type { QueryRun } from './query-run.ts'
import type { Steps } from './steps.ts'

/**
 * Evaluates once, keeps the series, and hands out copies; the last one to ask gets the originals. What was said of the first place is
 * said of each: plans that are shared are written alike.
 */
export async function runShared(run: QueryRun, plan: SharedPlan, steps: Steps, sink: Sink): Promise<void> {
  const { annotations, memory, pacer, shared } = run
  let known = shared.get(plan.id)
  if (known === undefined) {
    const kept: StepSeries[] = []
    const count = annotations.remarkCount
    const tally = run.tally.child(steps.count)
    await run.counting(tally).execute(plan.input, steps, (series) => kept.push(series))
    known = { series: kept, remarks: annotations.remarksSince(count), start: plan.range.start, tally, usesLeft: plan.uses }
    shared.set(plan.id, known)
  }
  known.usesLeft--
  if (known.usesLeft === 0) shared.delete(plan.id)
  run.tally.addSame(known.tally)
  annotations.repeat(known.remarks, plan.range.start - known.start)
  for (const series of known.series) {
    sink(known.usesLeft === 0 ? series : memory.copy(series))
    if (pacer.isDue()) await pacer.rest()
  }
}
