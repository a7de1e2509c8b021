import type { SampleColumns } from '../../chunkenc/codec.ts'
import { CounterResetHint, type Histogram } from '../../model/histogram.ts'
import { METRIC_NAME } from '../../model/labels.ts'
import { interpolate, interpolateHistograms } from '../functions/interpolate.ts'
import type { SelectPlan } from '../plan/plan.ts'
import { countSamples, type HistogramColumn, type Sink, type StepSeries } from './columns.ts'
import type { QueryRun } from './query-run.ts'
import { removeStaleMarkers } from './samples.ts'
import { scan } from './scan.ts'
import { lastReference, type Reference, referenceTimes, type Steps } from './steps.ts'

/**
 * An instant selector that is `smoothed`: at each step a value between the samples before and after it, each as far away as the
 * lookback reaches. Without one after it, what was before; nothing before the first. Source: Prometheus promql/engine.go, smoothSeries.
 */
export async function runSmoothed(run: QueryRun, plan: SelectPlan, steps: Steps, sink: Sink): Promise<void> {
  const { selection } = plan
  const reference = referenceTimes(steps, selection.offsetMs, selection.at)
  const minTime = reference.first - run.lookbackMs + 1
  const maxTime = lastReference(reference, steps) + run.lookbackMs
  await scan(run, selection, { minTime, maxTime, stepMs: steps.stepMs }, (labels, samples) => {
    removeStaleMarkers(samples)
    const series = run.memory.series(labels, steps.count)
    smooth(run, plan, samples, reference, series)
    const count = countSamples(series)
    run.tally.addSeries(series, count)
    run.memory.chargeSamples(series, count)
    if (count > 0) sink(series)
    else run.memory.release(series)
  })
}

function smooth(run: QueryRun, plan: SelectPlan, samples: SampleColumns, { first, stepMs }: Reference, out: StepSeries): void {
  const { timestamps, values, histograms, length } = samples
  let after = 0
  const mix = histograms === undefined ? undefined : new Mix(timestamps, histograms, length, run.lookbackMs)
  for (let k = 0; k < out.values.length; k++) {
    const time = first + k * stepMs
    while (after < length && timestamps[after] < time) after++
    if (mix?.isMixedAround(time) === true) {
      run.annotations.mixedRange(out.labels.get(METRIC_NAME), plan.range)
      continue
    }
    const isExact = after < length && timestamps[after] === time
    const before = isExact ? after : after - 1
    if (before < 0 || timestamps[before] <= time - run.lookbackMs) continue
    const hasAfter = !isExact && after < length && timestamps[after] <= time + run.lookbackMs
    const share = hasAfter ? (time - timestamps[before]) / (timestamps[after] - timestamps[before]) : 0
    const [left, right] = [histograms?.[before], hasAfter ? histograms?.[after] : undefined]
    if (left !== undefined) {
      const histogram = right === undefined ? left : between(run, plan, left, right, share, out)
      if (histogram === undefined) continue
      out.histograms ??= run.memory.histograms(out.values.length)
      out.histograms[k] = histogram
    } else {
      out.values[k] = hasAfter && right === undefined ? interpolate(values[before], values[after], share, false) : values[before]
    }
    out.present[k] = 1
  }
}

function between(
  run: QueryRun,
  plan: SelectPlan,
  left: Histogram,
  right: Histogram,
  share: number,
  { labels }: StepSeries,
): Histogram | undefined {
  const counter = left.counterResetHint !== CounterResetHint.gauge || right.counterResetHint !== CounterResetHint.gauge
  const histogram = interpolateHistograms(left, right, share, counter)
  if (histogram === undefined) run.annotations.mixedSchemas(labels.get(METRIC_NAME), plan.range)
  return histogram
}

/** Whether there are floats and histograms within the lookback of a time, before or after it. Times must not fall. */
class Mix {
  readonly #timestamps: Float64Array
  readonly #length: number
  readonly #lookbackMs: number
  /** How many histograms stand before an index. */
  readonly #before: Int32Array
  #lo = 0
  #hi = 0

  constructor(timestamps: Float64Array, histograms: HistogramColumn, length: number, lookbackMs: number) {
    this.#timestamps = timestamps
    this.#length = length
    this.#lookbackMs = lookbackMs
    this.#before = new Int32Array(length + 1)
    for (let i = 0; i < length; i++) this.#before[i + 1] = this.#before[i] + (histograms[i] === undefined ? 0 : 1)
  }

  isMixedAround(time: number): boolean {
    while (this.#lo < this.#length && this.#timestamps[this.#lo] <= time - this.#lookbackMs) this.#lo++
    while (this.#hi < this.#length && this.#timestamps[this.#hi] <= time + this.#lookbackMs) this.#hi++
    const count = this.#before[this.#hi] - this.#before[this.#lo]
    return count > 0 && count < this.#hi - this.#lo
  }
}
