import { SampleColumns } from '../../chunkenc/codec.ts'
import type { Histogram } from '../../model/histogram.ts'
import { histogramSampleCount } from '../../model/histogram-size.ts'
import { METRIC_NAME } from '../../model/labels.ts'
import type { MixedKernel, MixedWindows } from '../functions/mixed-windows.ts'
import { someSteps, type Windows } from '../functions/window-kernel.ts'
import type { WindowPlan } from '../plan/plan.ts'
import { StepSeries } from './columns.ts'
import type { QueryRun } from './query-run.ts'

/** Samples in windows that are looked at at once: some 10 ms, at about 2 µs a histogram. */
const SAMPLES_AT_ONCE = 4000

/**
 * A range function over a series some of whose samples are histograms. The windows are placed already, and hold `sampleCount` samples in
 * all; where they are many, others run in between, and what is answered resolves when it is done.
 */
export function runMixed(
  run: QueryRun,
  plan: WindowPlan,
  kernel: MixedKernel,
  windows: Windows,
  histograms: readonly (Histogram | undefined)[],
  sampleCount: number,
  out: StepSeries,
): Promise<void> | undefined {
  const mixed: MixedWindows = {
    ...windows,
    histograms,
    floats: floatWindows(run, windows, histograms),
    metricName: out.labels.get(METRIC_NAME),
    range: plan.func === 'quantile_over_time' ? plan.parameters[0].range : plan.samples.range,
    annotations: run.annotations,
    newHistograms: () => run.memory.histograms(windows.stepCount),
  }
  if (sampleCount > SAMPLES_AT_ONCE) return inTurns(run, kernel, mixed, out)
  kernel(mixed, out)
  return undefined
}

/** Runs a kernel over some steps at a time. */
async function inTurns(run: QueryRun, kernel: MixedKernel, mixed: MixedWindows, out: StepSeries): Promise<void> {
  const { lo, hi, stepCount } = mixed
  for (let from = 0, to = 0; from < stepCount; from = to) {
    let sampleCount = 0
    do sampleCount += hi[to] - lo[to++]
    while (to < stepCount && sampleCount < SAMPLES_AT_ONCE)
    const part = new StepSeries(out.labels, out.values.subarray(from, to), out.present.subarray(from, to))
    const newHistograms = () => new Array<Histogram | undefined>(part.values.length).fill(undefined)
    kernel({ ...mixed, ...someSteps(mixed, from, to), floats: someSteps(mixed.floats, from, to), newHistograms }, part)
    if (part.histograms !== undefined) {
      out.histograms ??= run.memory.histograms(stepCount)
      for (let k = from; k < to; k++) out.histograms[k] = part.histograms[k - from]
    }
    if (run.pacer.isDue()) await run.pacer.rest()
  }
}

/** What the samples before each one count for in the budget together, those before the end included. */
export function sizesBefore({ length }: Windows, histograms: readonly (Histogram | undefined)[]): Float64Array {
  const before = new Float64Array(length + 1)
  for (let i = 0; i < length; i++) {
    const histogram = histograms[i]
    before[i + 1] = before[i] + (histogram === undefined ? 1 : histogramSampleCount(histogram))
  }
  return before
}

/** The same windows of the float samples alone. */
function floatWindows(run: QueryRun, windows: Windows, histograms: readonly (Histogram | undefined)[]): Windows {
  const { timestamps, values, startTimes, length, lo, hi, stepCount } = windows
  const starts: number[] = []
  const floats = new SampleColumns(length)
  const before = new Int32Array(length + 1)
  for (let i = 0; i < length; i++) {
    if (histograms[i] === undefined) {
      if (startTimes !== undefined) starts.push(startTimes[i])
      floats.push(timestamps[i], values[i])
    }
    before[i + 1] = floats.length
  }
  const floatLo = run.memory.indexes(stepCount)
  const floatHi = run.memory.indexes(stepCount)
  for (let k = 0; k < stepCount; k++) {
    floatLo[k] = before[lo[k]]
    floatHi[k] = before[hi[k]]
  }
  const floatStarts = startTimes === undefined ? undefined : Float64Array.from(starts)
  return {
    ...windows,
    timestamps: floats.timestamps,
    values: floats.values,
    startTimes: floatStarts,
    mayFall: true,
    even: undefined,
    length: floats.length,
    lo: floatLo,
    hi: floatHi,
  }
}
