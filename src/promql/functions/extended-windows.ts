import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram } from '../../model/histogram.ts'
import { areHistogramsEqual } from '../../model/histogram-equality.ts'
import { isCounterReset } from '../../model/histogram-reset.ts'
import { HistogramSum } from '../../model/histogram-sum.ts'
import type { StepSeries } from '../exec/columns.ts'
import type { ExtendedModifier } from '../parser/ast.ts'
import { interpolate, interpolateHistograms } from './interpolate.ts'
import { eitherType, histogramsOf, type MixedKernel, type MixedWindows } from './mixed-windows.ts'
import type { WindowKernel, Windows } from './window-kernel.ts'

// Functions of ranges that look beyond them. `anchored`: what was last seen before the range stands at its beginning. `smoothed`: both
// ends are interpolated. Nothing is extrapolated. Windows hold the samples beyond the range, too.
// Source: Prometheus promql/functions.go, extendedRate and pickFirstSampleIndex.

interface Asked {
  readonly smoothed: boolean
  readonly counter: boolean
  readonly perSecond: boolean
}

/** The first and the last sample of a step that count; undefined where none lies in the range. */
interface Ends {
  readonly first: number
  readonly last: number
  readonly start: number
  readonly end: number
}

/** The function over a series of floats. */
export function extendedFloats(func: string, extended: ExtendedModifier, windows: Windows, out: StepSeries): void {
  floatKernel(func, extended)(windows, out.values, out.present)
}

/** The function over a series some of whose samples are histograms. */
export function extendedKernel(func: string, extended: ExtendedModifier): MixedKernel {
  if (func === 'changes' || func === 'resets') return (windows, out) => countMixed(func, windows, out)
  const asked = askedOf(func, extended)
  return eitherType(floatKernel(func, extended), 1, (windows, step) => histogramDifference(windows, step, asked))
}

function askedOf(func: string, extended: ExtendedModifier): Asked {
  return { smoothed: extended === 'smoothed', counter: func !== 'delta', perSecond: func === 'rate' }
}

function floatKernel(func: string, extended: ExtendedModifier): WindowKernel {
  if (func === 'changes') return (windows, out, present) => countPairs(windows, isChange, out, present)
  if (func === 'resets') return (windows, out, present) => countPairs(windows, isFall, out, present)
  const asked = askedOf(func, extended)
  return (windows, out, present) => differences(windows, asked, out, present)
}

function endsOf(windows: Windows, step: number, smoothed: boolean): Ends | undefined {
  const { timestamps, lo, hi, firstEnd, endStepMs, rangeMs } = windows
  if (hi[step] <= lo[step]) return undefined
  const end = firstEnd + step * endStepMs
  const start = end - rangeMs
  let last = hi[step] - 1
  let first = lo[step]
  while (first + 1 <= last && timestamps[first + 1] <= start) first++
  if (smoothed) {
    let at = first
    while (at < last && timestamps[at] < end) at++
    last = at
  }
  return timestamps[last] <= start || timestamps[first] > end ? undefined : { first, last, start, end }
}

function differences(windows: Windows, asked: Asked, out: Float64Array, present: Uint8Array): void {
  const { timestamps, values, stepCount, rangeMs } = windows
  for (let k = 0; k < stepCount; k++) {
    const ends = endsOf(windows, k, asked.smoothed)
    if (ends === undefined) continue
    const { first, last, start, end } = ends
    const between = (a: number, b: number, time: number) =>
      interpolate(values[a], values[b], (time - timestamps[a]) / (timestamps[b] - timestamps[a]), asked.counter)
    const left = asked.smoothed && timestamps[first] < start ? between(first, first + 1, start) : values[first]
    const right = asked.smoothed && last > windows.lo[k] && timestamps[last] > end ? between(last - 1, last, end) : values[last]
    let difference = right - left
    if (asked.counter) {
      let before = left
      for (let i = timestamps[first] <= start ? first + 1 : first; i <= last && timestamps[i] < end; i++) {
        if (values[i] < before) difference += before
        before = values[i]
      }
      if (right < before) difference += before
    }
    out[k] = asked.perSecond ? difference / (rangeMs / 1000) : difference
    present[k] = 1
  }
}

function histogramDifference(windows: MixedWindows, step: number, asked: Asked): Histogram | undefined {
  const { annotations, metricName, range, rangeMs, timestamps, lo } = windows
  const ends = endsOf(windows, step, asked.smoothed)
  if (ends === undefined) return undefined
  const { first, last, start, end } = ends
  const histograms = histogramsOf(windows, step)
  const at = (i: number): Histogram => histograms[i - lo[step]]
  const isGauge = (i: number) => at(i).counterResetHint === CounterResetHint.gauge
  if (!asked.counter && !(isGauge(first) && isGauge(last))) annotations.notGauge(metricName, range)
  const usesCustom = at(first).schema === CUSTOM_BUCKETS_SCHEMA
  for (let i = first; i <= last; i++) {
    if (asked.counter && isGauge(i)) annotations.notCounter(metricName, range)
    if ((at(i).schema === CUSTOM_BUCKETS_SCHEMA) !== usesCustom) {
      annotations.mixedSchemas(metricName, range)
      return undefined
    }
  }
  const between = (a: number, b: number, time: number) =>
    interpolateHistograms(at(a), at(b), (time - timestamps[a]) / (timestamps[b] - timestamps[a]), asked.counter)
  const isBetween = asked.smoothed && timestamps[first] < start && first < last
  const left = isBetween ? between(first, first + 1, start) : at(first)
  const right = asked.smoothed && last > first && timestamps[last] > end ? between(last - 1, last, end) : at(last)
  if (left === undefined || right === undefined) return undefined
  const sum = new HistogramSum(right)
  sum.subtract(left)
  // A left end between two samples knows of a reset there already, and where both ends lie between the same two there is nothing else.
  if (asked.counter && !(isBetween && timestamps[first + 1] >= end)) {
    let before = isBetween ? at(first + 1) : left
    const next = isBetween ? first + 2 : timestamps[first] <= start ? first + 1 : first
    for (let i = next; i <= last && timestamps[i] < end; i++) {
      if (at(i) !== before && isCounterReset(at(i), before)) sum.add(before)
      before = at(i)
    }
    if (right !== before && isCounterReset(right, before)) sum.add(before)
  }
  if (asked.perSecond) sum.divide(rangeMs / 1000)
  return sum.toHistogram(CounterResetHint.gauge)
}

function isHistogramChange(before: Histogram, after: Histogram): boolean {
  return !areHistogramsEqual(before, after)
}

function isHistogramReset(before: Histogram, after: Histogram): boolean {
  return isCounterReset(after, before)
}

function isChange(before: number, after: number): boolean {
  return before !== after && !(Number.isNaN(before) && Number.isNaN(after))
}

function isFall(before: number, after: number): boolean {
  return after < before
}

function countPairs(windows: Windows, differ: (before: number, after: number) => boolean, out: Float64Array, present: Uint8Array): void {
  const { values, stepCount } = windows
  for (let k = 0; k < stepCount; k++) {
    const ends = endsOf(windows, k, false)
    if (ends === undefined) continue
    let count = 0
    for (let i = ends.first + 1; i <= ends.last; i++) if (differ(values[i - 1], values[i])) count++
    out[k] = count
    present[k] = 1
  }
}

function countMixed(func: 'changes' | 'resets', windows: MixedWindows, out: StepSeries): void {
  const { values, histograms, stepCount } = windows
  const [differ, differHistograms] = func === 'changes' ? [isChange, isHistogramChange] : [isFall, isHistogramReset]
  for (let k = 0; k < stepCount; k++) {
    const ends = endsOf(windows, k, false)
    if (ends === undefined) continue
    let count = 0
    for (let i = ends.first + 1; i <= ends.last; i++) {
      const [before, after] = [histograms[i - 1], histograms[i]]
      const bothHistograms = before !== undefined && after !== undefined
      const counted = bothHistograms ? differHistograms(before, after) : before !== after || differ(values[i - 1], values[i])
      if (counted) count++
    }
    out.values[k] = count
    out.present[k] = 1
  }
}
