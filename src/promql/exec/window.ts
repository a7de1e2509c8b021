import { type Labels, METRIC_NAME } from '../../model/labels.ts'
import { extendedFloats, extendedKernel } from '../functions/extended-windows.ts'
import { functionNamed } from '../functions/function-table.ts'
import { isQuantileInvalid } from '../functions/quantile.ts'
import { hasOverlap } from '../functions/start-times.ts'
import { type EvenWindows, evenWindows, someSteps, type WindowKernel, type Windows } from '../functions/window-kernel.ts'
import { mayDifferByName } from '../plan/names.ts'
import type { WindowPlan } from '../plan/plan.ts'
import { countSamples, hasFloats, type Sink, type StepSeries } from './columns.ts'
import { runMixed, sizesBefore } from './mixed-window.ts'
import { dropMetricName, type QueryRun, sameLabelsError } from './query-run.ts'
import { reachBeyond, readSamples, windowEnds } from './samples.ts'
import { evaluateScalar } from './scalar.ts'
import type { Steps } from './steps.ts'

const COUNTER_SUFFIXES = ['_total', '_sum', '_count', '_bucket']

/** A range function: one pass over the samples of each series, whatever the number of steps. */
export async function runWindow(run: QueryRun, plan: WindowPlan, steps: Steps, sink: Sink): Promise<void> {
  const { samples, func } = plan
  const entry = functionNamed(func)
  if (entry.kind !== 'window') throw new Error(`${func} is not a function of a range vector`)
  const { kernel, mixed, keepsName, rescans } = entry
  const parameters: Float64Array[] = []
  for (const parameter of plan.parameters) parameters.push(await evaluateScalar(run, parameter, steps))
  const ends = windowEnds(samples, steps)
  const windows: Windows = {
    timestamps: NO_SAMPLES,
    values: NO_SAMPLES,
    startTimes: undefined,
    mayFall: true,
    even: undefined,
    length: 0,
    lo: run.memory.indexes(steps.count),
    hi: run.memory.indexes(steps.count),
    stepCount: steps.count,
    firstEnd: ends.first,
    endStepMs: ends.stepMs,
    rangeMs: samples.rangeMs,
    firstTime: steps.start,
    stepMs: steps.stepMs,
    parameters,
  }
  const reach = reachBeyond(run, samples)
  const placement = new Placement()
  const extended = samples.kind === 'selected' ? samples.selection.extended : undefined
  const isRate = func === 'rate' || func === 'increase'
  const areRead = samples.kind === 'selected'
  const dropsName = !keepsName && !run.delayedNameRemoval
  const seen = dropsName && namesOfSamplesDiffer(plan) ? new Set<string>() : undefined
  // A source that leaves labels out hands out the same ones again and again.
  const labelNames = (samples.kind === 'selected' && samples.selection.hints.labelNames) || []
  const nameless = labelNames.length > 0 && !run.delayedNameRemoval ? new Map<Labels, Labels>() : undefined
  const finish = (series: StepSeries, dropName: boolean) => {
    const count = countSamples(series)
    run.memory.chargeSamples(series, count)
    if (func === 'quantile_over_time') warnOfQuantiles(run, plan, windows)
    if (count === 0) {
      run.memory.release(series)
      return
    }
    const metricName = isRate && hasFloats(series) ? series.labels.get(METRIC_NAME) : ''
    if (metricName !== '' && !COUNTER_SUFFIXES.some((suffix) => metricName.endsWith(suffix))) {
      run.annotations.possibleNonCounter(metricName, samples.range)
    }
    series.dropName = dropName
    if (!keepsName) {
      const known = nameless?.get(series.labels)
      if (known === undefined) {
        const { labels } = series
        dropMetricName(run, series)
        if (labels.size <= labelNames.length) nameless?.set(labels, series.labels)
      } else series.labels = known
    }
    if (seen !== undefined) {
      const key = series.labels.key()
      if (seen.has(key)) throw sameLabelsError()
      seen.add(key)
    }
    sink(series)
  }
  await readSamples(run, samples, steps, (labels, columns, dropName) => {
    windows.timestamps = columns.timestamps
    windows.values = columns.values
    windows.startTimes = columns.startTimes
    windows.mayFall = columns.mayFall
    windows.length = columns.length
    const sampleCount = placement.place(windows, columns.spacingMs, reach)
    const series = run.memory.series(labels, steps.count)
    const { histograms } = columns
    if (isRate && hasOverlap(windows)) run.annotations.startTimeOverlaps(labels.get(METRIC_NAME), samples.range)
    if (histograms?.some((histogram, i) => histogram !== undefined && i < columns.length) === true) {
      run.tally.addSizedWindows(windows, sizesBefore(windows, histograms), areRead)
      const mixedKernel = extended === undefined ? mixed : extendedKernel(func, extended)
      const turns = runMixed(run, plan, mixedKernel, windows, histograms, sampleCount, series)
      if (turns !== undefined) return turns.then(() => finish(series, dropName))
      finish(series, dropName)
      return
    }
    run.tally.addWindows(windows, sampleCount, areRead)
    if (extended !== undefined) {
      extendedFloats(func, extended, windows, series)
      finish(series, dropName)
      return
    }
    if (rescans && sampleCount > SAMPLES_AT_ONCE) return inTurns(run, kernel, windows, series).then(() => finish(series, dropName))
    kernel(windows, series.values, series.present)
    finish(series, dropName)
  })
}

/** Samples that a kernel which looks at each window anew is given at once: some 10 ms. */
const SAMPLES_AT_ONCE = 2_000_000

/** Runs a kernel over some steps at a time, and lets others run in between. */
async function inTurns(run: QueryRun, kernel: WindowKernel, windows: Windows, { values, present }: StepSeries): Promise<void> {
  const { lo, hi, stepCount } = windows
  for (let from = 0, to = 0; from < stepCount; from = to) {
    let sampleCount = 0
    do sampleCount += hi[to] - lo[to++]
    while (to < stepCount && sampleCount < SAMPLES_AT_ONCE)
    kernel(someSteps(windows, from, to), values.subarray(from, to), present.subarray(from, to))
    if (run.pacer.isDue()) await run.pacer.rest()
  }
}

const NO_SAMPLES = new Float64Array(0)

function namesOfSamplesDiffer(plan: WindowPlan): boolean {
  if (plan.samples.kind === 'subquery') return mayDifferByName(plan.samples.input)
  return mayDifferByName({ kind: 'select', selection: plan.samples.selection, reads: 'values', range: plan.samples.range })
}

/** Where windows lie in the samples of one series after another: series of the same target mostly have the same times. */
class Placement {
  #firstTime = 0
  #spacingMs = 0
  #length = 0
  #total = 0
  #even: EvenWindows | undefined

  /** Does what `placeWindows` does, unless it was done for the same times before. `spacingMs`: of all samples; 0: not known. */
  place(windows: Windows, spacingMs: number, reach: { readonly beforeMs: number; readonly afterMs: number }): number {
    const { timestamps, length } = windows
    const isSame = spacingMs > 0 && spacingMs === this.#spacingMs && length === this.#length && timestamps[0] === this.#firstTime
    if (isSame) {
      windows.even = this.#even
      return this.#total
    }
    this.#total = placeWindows(windows, reach)
    windows.even = this.#even = spacingMs > 0 ? evenWindows(windows, spacingMs) : undefined
    this.#firstTime = timestamps[0]
    this.#spacingMs = spacingMs
    this.#length = length
    return this.#total
  }
}

/**
 * Finds the samples of each step's window, open on the left, and answers how many there are in all windows together.
 * Hot: runs once a series, one pass over samples and steps.
 */
function placeWindows(windows: Windows, { beforeMs, afterMs }: { readonly beforeMs: number; readonly afterMs: number }): number {
  const { timestamps, length, lo, hi, stepCount, firstEnd, endStepMs, rangeMs } = windows
  let low = 0
  let high = 0
  let total = 0
  for (let k = 0; k < stepCount; k++) {
    const end = firstEnd + k * endStepMs
    const start = end - rangeMs - beforeMs
    while (high < length && timestamps[high] <= end + afterMs) high++
    while (low < high && timestamps[low] <= start) low++
    lo[k] = low
    hi[k] = high
    total += high - low
  }
  return total
}

function warnOfQuantiles(run: QueryRun, plan: WindowPlan, { lo, hi, stepCount, parameters }: Windows): void {
  const quantiles = parameters[0]
  for (let k = 0; k < stepCount; k++) {
    if (hi[k] > lo[k] && isQuantileInvalid(quantiles[k])) run.annotations.invalidQuantile(quantiles[k], plan.parameters[0].range)
  }
}
