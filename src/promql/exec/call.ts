import { assert } from '../../base/assert.ts'
import { Labels } from '../../model/labels.ts'
import { functionNamed } from '../functions/function-table.ts'
import type { MapKernel } from '../functions/math.ts'
import { mayDifferByName } from '../plan/names.ts'
import { type CallPlan, type Plan, planType } from '../plan/plan.ts'
import { countSamples, dropHistograms, isAnyPresent, type Sink, type StepSeries } from './columns.ts'
import { runInfo } from './info.ts'
import { dropMetricName, type QueryRun } from './query-run.ts'
import { SameLabels } from './same-labels.ts'
import { evaluateScalar } from './scalar.ts'
import type { Steps } from './steps.ts'

/** A function that answers a vector and takes no range vector. */
export async function runCall(run: QueryRun, plan: CallPlan, steps: Steps, sink: Sink): Promise<void> {
  const entry = functionNamed(plan.func)
  switch (entry.kind) {
    case 'map':
      return runMap(run, plan, entry.kernel, steps, sink)
    case 'date':
      return plan.args.length > 0 ? runMap(run, plan, entry.kernel, steps, sink) : runDateNow(run, entry.kernel, steps, sink)
    case 'series':
      return runSeriesFunction(run, plan, steps, sink)
    case 'info':
      return runInfo(run, plan, steps, sink)
    default:
      throw new Error(`${plan.func} is not a function of an instant vector`)
  }
}

async function runMap(run: QueryRun, plan: CallPlan, kernel: MapKernel, steps: Steps, sink: Sink): Promise<void> {
  const scalars = await evaluateScalars(run, plan.args, steps)
  const input = vectorArgument(plan)
  assert(input !== undefined, `${plan.func} has a vector among its arguments`)
  const merged = !run.delayedNameRemoval && mayDifferByName(input) ? new SameLabels(run) : undefined
  const out: Sink = merged === undefined ? sink : (series) => merged.add(series)
  await run.execute(input, steps, (series) => {
    dropHistograms(series)
    kernel(series.values, series.present, scalars)
    dropMetricName(run, series)
    if (isAnyPresent(series.present)) out(series)
    else run.memory.release(series)
  })
  await merged?.drain(sink)
}

async function runDateNow(run: QueryRun, kernel: MapKernel, steps: Steps, sink: Sink): Promise<void> {
  const out = run.memory.series(Labels.empty, steps.count)
  for (let k = 0; k < steps.count; k++) out.values[k] = Math.trunc((steps.start + k * steps.stepMs) / 1000)
  out.present.fill(1)
  kernel(out.values, out.present, [])
  sink(out)
}

async function runSeriesFunction(run: QueryRun, plan: CallPlan, steps: Steps, sink: Sink): Promise<void> {
  const entry = functionNamed(plan.func)
  assert(entry.kind === 'series', `${plan.func} works on series`)
  const scalars = await evaluateScalars(run, plan.args, steps)
  const strings = plan.args.flatMap((arg) => (arg.kind === 'string' ? [arg.value] : []))
  const input = vectorArgument(plan)
  const merged = mayRepeatLabels(run, plan) ? new SameLabels(run) : undefined
  const emit = (series: StepSeries) => {
    const count = countSamples(series)
    if (count === 0) return run.memory.release(series)
    if (series.charged === 0) run.memory.chargeSamples(series, count)
    if (merged === undefined) sink(series)
    else merged.add(series)
  }
  const open = entry.open({
    steps,
    memory: run.memory,
    annotations: run.annotations,
    scalars,
    strings,
    range: plan.range,
    argRanges: plan.args.map((arg) => arg.range),
    absentLabels: plan.absentLabels,
    isRangeQuery: run.isRangeQuery,
    delayedNameRemoval: run.delayedNameRemoval,
    dropName: (series) => dropMetricName(run, series),
    emit,
  })
  if (input !== undefined) await run.execute(input, steps, (series) => open.add(series))
  for (const series of open.finish()) {
    emit(series)
    if (run.pacer.isDue()) await run.pacer.rest()
  }
  await merged?.drain(sink)
}

/** Whether a function may answer series with the same labels. */
function mayRepeatLabels(run: QueryRun, plan: CallPlan): boolean {
  switch (plan.func) {
    case 'label_replace':
    case 'label_join':
    case 'histogram_quantiles':
      return true
    case 'sort':
    case 'sort_desc':
    case 'sort_by_label':
    case 'sort_by_label_desc':
    case 'absent':
    case 'absent_over_time':
    case 'vector':
      return false
    default:
      return !run.delayedNameRemoval && plan.args.some((arg) => planType(arg) === 'vector' && mayDifferByName(arg))
  }
}

function vectorArgument(plan: CallPlan): Plan | undefined {
  return plan.args.find((arg) => planType(arg) === 'vector')
}

async function evaluateScalars(run: QueryRun, args: readonly Plan[], steps: Steps): Promise<Float64Array[]> {
  const scalars: Float64Array[] = []
  for (const arg of args) if (planType(arg) === 'scalar') scalars.push(await evaluateScalar(run, arg, steps))
  return scalars
}
