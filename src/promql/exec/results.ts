import { sortNumbers } from '../../base/sort-numbers.ts'
import { histogramSampleCount } from '../../model/histogram-size.ts'
import { compareLabels, type Labels } from '../../model/labels.ts'
import { labelsBytes } from '../../model/labels-size.ts'
import type { MatrixPlan, Plan } from '../plan/plan.ts'
import type { MatrixSeries, VectorSample } from '../value.ts'
import { countPresent, countSamples, type StepSeries } from './columns.ts'
import { type QueryRun, sameLabelsError } from './query-run.ts'
import { SameLabels } from './same-labels.ts'
import { readSamples } from './samples.ts'
import type { Steps } from './steps.ts'

// Results leave the arena: they are copied out, as small as they are, and stay charged as samples until the query ends.

/** Series of an instant query, in the order in which they come. */
export async function collectVector(run: QueryRun, plan: Plan, steps: Steps): Promise<VectorSample[]> {
  const samples: VectorSample[] = []
  await executeNamed(run, plan, steps, (series) => {
    const h = series.histograms?.[0]
    chargeAnswer(run, countSamples(series))
    samples.push(
      h === undefined ? { labels: series.labels, t: steps.start, v: series.values[0] } : { labels: series.labels, t: steps.start, v: 0, h },
    )
    give(run, series)
  })
  return samples
}

/** Series of a range query, sorted by their labels. */
export async function collectMatrix(run: QueryRun, plan: Plan, steps: Steps): Promise<MatrixSeries[]> {
  const result: MatrixSeries[] = []
  const allTimes = stepTimes(steps)
  await executeNamed(run, plan, steps, (series) => {
    const length = countPresent(series.present)
    chargeAnswer(run, series.histograms === undefined ? length : countSamples(series))
    result.push(compact(series, length, allTimes))
    give(run, series)
  })
  return sortSeries(run, result)
}

/** A scalar of a range query: one series without labels. */
export function scalarMatrix(labels: Labels, values: Float64Array, steps: Steps): MatrixSeries {
  return { labels, timestamps: stepTimes(steps), values: values.slice(), length: steps.count }
}

/** Range vectors of an instant query, sorted by their labels. */
export async function collectSamples(run: QueryRun, plan: MatrixPlan, steps: Steps): Promise<MatrixSeries[]> {
  const result: MatrixSeries[] = []
  const { samples } = plan
  const beneath = await readSamples(run, samples, steps, (labels, columns, dropName) => {
    const { timestamps, values, length } = columns
    const histograms = columns.histograms?.slice(0, length)
    let count = length
    for (const histogram of histograms ?? []) if (histogram !== undefined) count += histogramSampleCount(histogram) - 1
    if (samples.kind === 'selected') run.tally.addCount(count)
    run.context.budget.chargeSamples(count)
    chargeAnswer(run, count)
    run.context.budget.chargeBytes(labelsBytes(labels))
    const named = dropName ? labels.unnamed() : labels
    result.push({ labels: named, timestamps: timestamps.slice(0, length), values: values.slice(0, length), histograms, length })
  })
  // A subquery alone is what it looks at itself.
  run.tally.addTotal(beneath)
  return sortSeries(run, result)
}

/** Executes, and drops the names that were only marked to be dropped. */
async function executeNamed(run: QueryRun, plan: Plan, steps: Steps, sink: (series: StepSeries) => void): Promise<void> {
  if (!run.delayedNameRemoval) return run.execute(plan, steps, sink)
  const merged = new SameLabels(run)
  await run.execute(plan, steps, (series) => {
    if (series.dropName) series.labels = series.labels.unnamed()
    merged.add(series)
  })
  await merged.drain(sink)
}

/** What a sample of an answer takes, and what a series does beside its samples. */
const BYTES_PER_SAMPLE = 16
const BYTES_PER_SERIES = 250

/** Charges a series to the answer, which lives until the query ends. */
function chargeAnswer(run: QueryRun, length: number): void {
  run.context.budget.chargeBytes(BYTES_PER_SERIES + length * BYTES_PER_SAMPLE)
}

/** Gives the columns back and keeps the samples charged: the answer holds them now. */
function give(run: QueryRun, series: StepSeries): void {
  series.charged = 0
  series.chargedBytes = 0
  run.memory.release(series)
}

function stepTimes(steps: Steps): Float64Array {
  const times = new Float64Array(steps.count)
  for (let k = 0; k < steps.count; k++) times[k] = steps.start + k * steps.stepMs
  return times
}

/** Series with a value at every step share the column of times. */
function compact({ labels, values, present, histograms }: StepSeries, length: number, allTimes: Float64Array): MatrixSeries {
  if (length === values.length) return { labels, timestamps: allTimes, values: values.slice(), histograms, length }
  const timestamps = new Float64Array(length)
  const kept = new Float64Array(length)
  let at = 0
  for (let k = 0; k < values.length; k++) {
    if (present[k] === 0) continue
    timestamps[at] = allTimes[k]
    kept[at++] = values[k]
  }
  return { labels, timestamps, values: kept, histograms: histograms?.filter((_, k) => present[k] === 1), length }
}

async function sortSeries({ pacer }: QueryRun, series: readonly MatrixSeries[]): Promise<MatrixSeries[]> {
  const order = Uint32Array.from(series, (_, i) => i)
  await sortNumbers(order, (a, b) => compareLabels(series[a].labels, series[b].labels), pacer)
  const sorted: MatrixSeries[] = []
  for (const i of order) {
    const before = sorted.at(-1)
    if (before?.labels.equals(series[i].labels) === true) throw sameLabelsError()
    sorted.push(series[i])
    if (pacer.isDue()) await pacer.rest()
  }
  return sorted
}
