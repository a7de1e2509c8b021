import type { SampleColumns } from '../../chunkenc/codec.ts'
import { histogramSampleCount } from '../../model/histogram-size.ts'
import { isStaleMarker } from '../../model/staleness.ts'
import type { SelectPlan } from '../plan/plan.ts'
import type { HistogramColumn, Sink, StepSeries } from './columns.ts'
import { dropMetricName, type QueryRun } from './query-run.ts'
import { scan } from './scan.ts'
import { runSmoothed } from './select-smoothed.ts'
import { lastReference, type Reference, referenceTimes, type Steps } from './steps.ts'

/** An instant selector: at each step the newest sample inside the lookback. */
export async function runSelect(run: QueryRun, plan: SelectPlan, steps: Steps, sink: Sink): Promise<void> {
  const { selection, reads } = plan
  const pick = PICKS[reads]
  if (selection.extended === 'smoothed' && reads === 'values') return runSmoothed(run, plan, steps, sink)
  const reference = referenceTimes(steps, selection.offsetMs, selection.at)
  const times = {
    minTime: reference.first - run.lookbackMs + 1,
    maxTime: lastReference(reference, steps),
    stepMs: steps.stepMs,
    // Whether a histogram's counter was reset is seen in the one before.
    newestOnly: steps.count === 1 && !selection.marksResets,
  }
  await scan(run, selection, times, (labels, samples) => {
    const series = run.memory.series(labels, steps.count)
    let count = pick(samples, reference, run.lookbackMs, series)
    if (samples.histograms !== undefined && reads === 'values') count += pickHistograms(run, samples, samples.histograms, reference, series)
    run.tally.addSeries(series, count)
    run.memory.chargeSamples(series, count)
    if (count === 0) {
      run.memory.release(series)
      return
    }
    if (reads !== 'values') dropMetricName(run, series)
    sink(series)
  })
}

/**
 * Fills a series with what a selector sees at each step, and answers how many steps see something. The lookback is open
 * on the left; a staleness marker ends the series. Hot: runs once a series, one pass over samples and steps.
 * Source: Prometheus promql/engine.go, vectorSelectorSingle.
 */
function pickValues(samples: SampleColumns, { first, stepMs }: Reference, lookbackMs: number, out: StepSeries): number {
  const { timestamps, values: sampleValues, length } = samples
  const { values, present } = out
  let newest = -1
  let count = 0
  for (let k = 0; k < values.length; k++) {
    const time = first + k * stepMs
    while (newest + 1 < length && timestamps[newest + 1] <= time) newest++
    if (newest < 0 || timestamps[newest] <= time - lookbackMs) continue
    const value = sampleValues[newest]
    if (isStaleMarker(value)) continue
    values[k] = value
    present[k] = 1
    count++
  }
  return count
}

/** The same for when counting began, in seconds; 0 where that is not known. */
function pickStartTimes(samples: SampleColumns, reference: Reference, lookbackMs: number, out: StepSeries): number {
  const { first, stepMs } = reference
  const count = pickValues(samples, reference, lookbackMs, out)
  const { timestamps, startTimes, length } = samples
  let newest = -1
  for (let k = 0; k < out.values.length; k++) {
    const time = first + k * stepMs
    while (newest + 1 < length && timestamps[newest + 1] <= time) newest++
    if (out.present[k] === 1) out.values[k] = (startTimes?.[newest] ?? 0) / 1000
  }
  return count
}

/** The same for the samples' own times, in seconds. */
export function pickTimes(samples: SampleColumns, reference: Reference, lookbackMs: number, out: StepSeries): number {
  const { first, stepMs } = reference
  const count = pickValues(samples, reference, lookbackMs, out)
  const { timestamps, length } = samples
  let newest = -1
  for (let k = 0; k < out.values.length; k++) {
    const time = first + k * stepMs
    while (newest + 1 < length && timestamps[newest + 1] <= time) newest++
    if (out.present[k] === 1) out.values[k] = timestamps[newest] / 1000
  }
  return count
}

/**
 * Puts the histograms among the samples that were picked into a column of the series. Answers what they count for in the budget
 * beyond one sample each.
 */
function pickHistograms(
  run: QueryRun,
  { timestamps, length }: SampleColumns,
  histograms: HistogramColumn,
  { first, stepMs }: Reference,
  out: StepSeries,
): number {
  let newest = -1
  let count = 0
  for (let k = 0; k < out.values.length; k++) {
    const time = first + k * stepMs
    while (newest + 1 < length && timestamps[newest + 1] <= time) newest++
    const histogram = out.present[k] === 1 ? histograms[newest] : undefined
    if (histogram === undefined) continue
    out.histograms ??= run.memory.histograms(out.values.length)
    out.histograms[k] = histogram
    count += histogramSampleCount(histogram) - 1
  }
  return count
}

const PICKS = { values: pickValues, times: pickTimes, startTimes: pickStartTimes }
