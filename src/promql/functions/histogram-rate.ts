import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram } from '../../model/histogram.ts'
import { isCounterReset } from '../../model/histogram-reset.ts'
import { HistogramSum, SumOutcome } from '../../model/histogram-sum.ts'
import { zeroHistogram } from '../../model/zero-histogram.ts'
import { eitherType, type MixedKernel, type MixedWindows } from './mixed-windows.ts'
import { delta, idelta, increase, irate, type RateKind, rate } from './rate.ts'
import { isStartReset, startInside } from './start-times.ts'
import type { WindowKernel } from './window-kernel.ts'

// Rate and its kin over native histograms: as over floats, every bucket for itself.
// Source: Prometheus promql/functions.go, extrapolatedRate, histogramRate and instantValue.

function extrapolated(kernel: WindowKernel, kind: RateKind): MixedKernel {
  return eitherType(kernel, 1, (windows, step, histograms) => {
    const { lo, firstEnd, endStepMs, rangeMs } = windows
    const counted = kind.counter ? startInside(windows, lo[step], firstEnd + step * endStepMs - rangeMs) : undefined
    if (histograms.length < 2 && counted === undefined) return undefined
    const difference = differenceOf(windows, step, histograms, { counter: kind.counter, fromZero: counted !== undefined })
    if (difference === undefined) return undefined
    const factor = extrapolation(windows, step, { histograms, count: difference.count, counted }, kind)
    return difference.settle().multiply(factor).toHistogram(CounterResetHint.gauge)
  })
}

/** What was counted from the first histogram to the last; undefined where they cannot be told in the same buckets. */
function differenceOf(
  windows: MixedWindows,
  step: number,
  histograms: readonly Histogram[],
  { counter, fromZero }: { readonly counter: boolean; readonly fromZero: boolean },
): HistogramSum | undefined {
  const { annotations, metricName, range, lo } = windows
  const isReset = (i: number, before: Histogram) => isStartReset(windows, lo[step] + i) || isCounterReset(histograms[i], before)
  const last = histograms[histograms.length - 1]
  let first = histograms[0]
  const isGauge = (histogram: Histogram) => histogram.counterResetHint === CounterResetHint.gauge
  if (counter && (isGauge(first) || isGauge(last))) annotations.notCounter(metricName, range)
  // After a reset nothing of the first one counts, so its buckets need not go with the others.
  if (counter && histograms.length > 1 && isReset(1, first)) first = zeroHistogram(histograms[1])
  const usesCustom = first.schema === CUSTOM_BUCKETS_SCHEMA
  let schemaMin = Math.min(first.schema, last.schema)
  let mixes = usesCustom !== (last.schema === CUSTOM_BUCKETS_SCHEMA)
  if (counter && !mixes) {
    for (let i = 1; i < histograms.length - 1; i++) {
      const histogram = histograms[i]
      if (isGauge(histogram)) annotations.notCounter(metricName, range)
      schemaMin = Math.min(schemaMin, histogram.schema)
      mixes ||= usesCustom !== (histogram.schema === CUSTOM_BUCKETS_SCHEMA)
    }
  }
  if (mixes) {
    annotations.mixedSchemas(metricName, range)
    return undefined
  }
  const sum = new HistogramSum(last)
  sum.reduceResolution(schemaMin)
  // Resets are looked for below: whether hints contradict each other says nothing here.
  if ((sum.subtract(first) & SumOutcome.boundsReconciled) !== 0) annotations.boundsReconciled('subtraction', range)
  if (counter) {
    // What was counted before the first one counts, too, where counting began inside the range.
    if (fromZero) sum.add(histograms[0])
    let before = first
    for (let i = 1; i < histograms.length; i++) {
      if (isReset(i, before)) {
        if ((sum.add(before) & SumOutcome.boundsReconciled) !== 0) annotations.boundsReconciled('addition', range)
      }
      before = histograms[i]
    }
  } else if (!isGauge(histograms[0]) || !isGauge(last)) {
    annotations.notGauge(metricName, range)
  }
  return sum
}

/** By how much a difference between the samples of a window is to grow to be one over the whole range. */
function extrapolation(
  windows: MixedWindows,
  step: number,
  {
    histograms,
    count,
    counted,
  }: { readonly histograms: readonly Histogram[]; readonly count: number; readonly counted: number | undefined },
  kind: RateKind,
): number {
  const { timestamps, lo, hi, firstEnd, endStepMs, rangeMs } = windows
  const end = firstEnd + step * endStepMs
  const [firstTime, lastTime] = [timestamps[lo[step]], timestamps[hi[step] - 1]]
  if (counted !== undefined && histograms.length < 2) return kind.perSecond ? 1000 / rangeMs : 1
  const between = (lastTime - firstTime) / 1000 / (histograms.length - 1)
  const sampled = (lastTime - (counted ?? firstTime)) / 1000
  const threshold = between * 1.1
  let toStart = (firstTime - (end - rangeMs)) / 1000
  let toEnd = (end - lastTime) / 1000
  if (toStart >= threshold) toStart = between / 2
  const firstCount = histograms[0].count
  if (kind.counter && count > 0 && firstCount >= 0) toStart = Math.min(toStart, sampled * (firstCount / count))
  if (counted !== undefined) toStart = 0
  if (toEnd >= threshold) toEnd = between / 2
  const factor = (sampled + toStart + toEnd) / sampled
  return kind.perSecond ? factor / (rangeMs / 1000) : factor
}

/** irate and idelta: the last two samples of each window. */
function ofLastTwo(kernel: WindowKernel, kind: RateKind): MixedKernel {
  return (windows, out) => {
    const { timestamps, histograms, lo, hi, stepCount, annotations, metricName, range } = windows
    // Right where the last two samples are floats; the other steps are done anew.
    kernel(windows, out.values, out.present)
    for (let k = 0; k < stepCount; k++) {
      const at = hi[k] - 1
      if (at <= lo[k]) continue
      const [before, last] = [histograms[at - 1], histograms[at]]
      if (before === undefined && last === undefined) continue
      out.present[k] = 0
      if (before === undefined || last === undefined) {
        annotations.mixedRange(metricName, range)
        continue
      }
      const difference = lastDifference(windows, at, kind)
      if (difference === undefined) continue
      if (kind.perSecond) difference.divide((timestamps[at] - timestamps[at - 1]) / 1000)
      out.histograms ??= windows.newHistograms()
      out.histograms[k] = difference.toHistogram(CounterResetHint.gauge)
      out.present[k] = 1
    }
  }
}

function lastDifference(windows: MixedWindows, at: number, { counter }: RateKind): HistogramSum | undefined {
  const { annotations, metricName, range, histograms } = windows
  const [before, last] = [histograms[at - 1], histograms[at]]
  if (before === undefined || last === undefined) return undefined
  const areGauges = [before, last].map(({ counterResetHint }) => counterResetHint === CounterResetHint.gauge)
  if (counter && areGauges.includes(true)) annotations.notCounter(metricName, range)
  if (!counter && areGauges.includes(false)) annotations.notGauge(metricName, range)
  const difference = new HistogramSum(last)
  if (counter && (isStartReset(windows, at) || isCounterReset(last, before))) return difference
  const outcome = difference.subtract(before)
  if ((outcome & SumOutcome.incompatible) !== 0) {
    annotations.mixedSchemas(metricName, range)
    return undefined
  }
  if ((outcome & SumOutcome.boundsReconciled) !== 0) annotations.boundsReconciled('subtraction', range)
  return difference
}

export const rateMixed = extrapolated(rate, { counter: true, perSecond: true })
export const increaseMixed = extrapolated(increase, { counter: true, perSecond: false })
export const deltaMixed = extrapolated(delta, { counter: false, perSecond: false })
export const irateMixed = ofLastTwo(irate, { counter: true, perSecond: true })
export const ideltaMixed = ofLastTwo(idelta, { counter: false, perSecond: false })
