import type { InvariantPlan } from '../plan/plan.ts'
import { countSamples, type Sink } from './columns.ts'
import type { QueryRun } from './query-run.ts'
import { SampleTally } from './sample-tally.ts'
import { firstStep, type Steps } from './steps.ts'

/** Evaluates at the first step, and says the same for all. */
export async function runInvariant(run: QueryRun, plan: InvariantPlan, steps: Steps, sink: Sink): Promise<void> {
  const { memory } = run
  const tally = new SampleTally(1, undefined)
  await run.counting(tally).execute(plan.input, firstStep(steps), (series) => {
    if (steps.count === 1) return sink(series)
    const out = memory.series(series.labels, steps.count)
    out.values.fill(series.values[0])
    out.present.fill(1)
    const histogram = series.histograms?.[0]
    if (histogram !== undefined) out.histograms = memory.histograms(steps.count).fill(histogram)
    memory.chargeSamples(out, countSamples(out))
    out.dropName = series.dropName
    memory.release(series)
    sink(out)
  })
  run.tally.addInvariant(tally, steps.count)
}
