import { scaled } from '../functions/histogram-operators.ts'
import { mayDifferByName } from '../plan/names.ts'
import type { NegatePlan } from '../plan/plan.ts'
import type { Sink } from './columns.ts'
import { dropMetricName, type QueryRun } from './query-run.ts'
import { SameLabels } from './same-labels.ts'
import type { Steps } from './steps.ts'

/** The values with the other sign; what they are is no longer what the name says. */
export async function runNegate(run: QueryRun, plan: NegatePlan, steps: Steps, sink: Sink): Promise<void> {
  const merged = !run.delayedNameRemoval && mayDifferByName(plan.input) ? new SameLabels(run) : undefined
  await run.execute(plan.input, steps, (series) => {
    const { values } = series
    for (let k = 0; k < values.length; k++) values[k] = -values[k]
    if (series.histograms !== undefined) series.histograms = series.histograms.map((histogram) => histogram && scaled(histogram, -1))
    dropMetricName(run, series)
    if (merged === undefined) sink(series)
    else merged.add(series)
  })
  await merged?.drain(sink)
}
