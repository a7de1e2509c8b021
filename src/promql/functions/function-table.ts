import { absent } from './absent.ts'
import { changes, resets } from './changes.ts'
import { dayOfMonth, dayOfWeek, dayOfYear, daysInMonth, hour, minute, month, year } from './dates.ts'
import { madOverTime } from './deviation.ts'
import { maxOverTime, minOverTime } from './extremes-over-time.ts'
import { deltaMixed, ideltaMixed, increaseMixed, irateMixed, rateMixed } from './histogram-rate.ts'
import { avgOverTimeMixed, changesMixed, resetsMixed, sumOverTimeMixed } from './histogram-windows.ts'
import { histogramFraction, histogramQuantile, histogramQuantiles } from './histograms.ts'
import { labelJoin, labelReplace } from './label-functions.ts'
import type { MapKernel } from './math.ts'
import * as math from './math.ts'
import { floatsOnly, type MixedKernel, ofAnySample, picked } from './mixed-windows.ts'
import { histogramAvg, histogramCount, histogramStddev, histogramStdvar, histogramSum } from './native-histograms.ts'
import { countOverTime, firstOverTime, lastOverTime, presentOverTime } from './picks-over-time.ts'
import { quantileOverTime } from './quantile.ts'
import { delta, idelta, increase, irate, rate } from './rate.ts'
import { deriv, predictLinear } from './regression.ts'
import type { SeriesFunction } from './series-function.ts'
import { doubleExponentialSmoothing, doubleExponentialSmoothingMixed } from './smoothing.ts'
import { sort, sortDescending } from './sort.ts'
import { sortByLabelAscending, sortByLabelDescending } from './sort-by-label.ts'
import { avgOverTime, stddevOverTime, stdvarOverTime, sumOverTime } from './sums-over-time.ts'
import { startTimestamp, timestamp, vector } from './times.ts'
import { tsOfFirstOverTime, tsOfLastOverTime, tsOfMaxOverTime, tsOfMinOverTime } from './times-over-time.ts'
import type { WindowKernel } from './window-kernel.ts'

/** How a function is evaluated. */
export type FunctionEntry =
  /** Over the samples of each series; most drop the metric name. */
  /** `rescans`: a step costs what its window holds. `mixed`: for series some of whose samples are histograms. */
  | {
      readonly kind: 'window'
      readonly kernel: WindowKernel
      readonly mixed: MixedKernel
      readonly keepsName: boolean
      readonly rescans: boolean
    }
  /** Over each value of a vector; drops the metric name. */
  | { readonly kind: 'map'; readonly kernel: MapKernel }
  /** The same, of the time of the step when there is no argument. */
  | { readonly kind: 'date'; readonly kernel: MapKernel }
  /** Over the series of a vector. */
  | { readonly kind: 'series'; readonly open: SeriesFunction; readonly keepsName: boolean }
  /** Of two vectors, one of which is none of its own: info. */
  | { readonly kind: 'info' }
  /** A value a step: time, pi, scalar. */
  | { readonly kind: 'scalar' }

const window = (kernel: WindowKernel, mixed = floatsOnly(kernel)): FunctionEntry => {
  return { kind: 'window', kernel, mixed, keepsName: false, rescans: false }
}
const pick = (kernel: WindowKernel, mixed: MixedKernel): FunctionEntry => {
  return { kind: 'window', kernel, mixed, keepsName: true, rescans: false }
}
const rescan = (kernel: WindowKernel, mixed = floatsOnly(kernel)): FunctionEntry => {
  return { kind: 'window', kernel, mixed, keepsName: false, rescans: true }
}
const map = (kernel: MapKernel): FunctionEntry => ({ kind: 'map', kernel })
const date = (kernel: MapKernel): FunctionEntry => ({ kind: 'date', kernel })
const series = (open: SeriesFunction): FunctionEntry => ({ kind: 'series', open, keepsName: false })
const passing = (open: SeriesFunction): FunctionEntry => ({ kind: 'series', open, keepsName: true })
const scalar: FunctionEntry = { kind: 'scalar' }

/** All functions by name. A new one is a file of its family and a line here. */
const FUNCTIONS: ReadonlyMap<string, FunctionEntry> = new Map([
  ['abs', map(math.abs)],
  ['absent', series(absent)],
  ['absent_over_time', series(absent)],
  ['acos', map(math.acos)],
  ['acosh', map(math.acosh)],
  ['asin', map(math.asin)],
  ['asinh', map(math.asinh)],
  ['atan', map(math.atan)],
  ['atanh', map(math.atanh)],
  ['avg_over_time', window(avgOverTime, avgOverTimeMixed)],
  ['ceil', map(math.ceil)],
  ['changes', window(changes, changesMixed)],
  ['clamp', map(math.clamp)],
  ['clamp_max', map(math.clampMax)],
  ['clamp_min', map(math.clampMin)],
  ['cos', map(math.cos)],
  ['cosh', map(math.cosh)],
  ['count_over_time', window(countOverTime, ofAnySample(countOverTime))],
  ['day_of_month', date(dayOfMonth)],
  ['day_of_week', date(dayOfWeek)],
  ['day_of_year', date(dayOfYear)],
  ['days_in_month', date(daysInMonth)],
  ['deg', map(math.deg)],
  ['delta', window(delta, deltaMixed)],
  ['deriv', rescan(deriv)],
  ['double_exponential_smoothing', rescan(doubleExponentialSmoothing, doubleExponentialSmoothingMixed)],
  ['exp', map(math.exp)],
  [
    'first_over_time',
    pick(
      firstOverTime,
      picked((lo) => lo),
    ),
  ],
  ['floor', map(math.floor)],
  ['histogram_avg', series(histogramAvg)],
  ['histogram_count', series(histogramCount)],
  ['histogram_fraction', series(histogramFraction)],
  ['histogram_quantile', series(histogramQuantile)],
  ['histogram_quantiles', series(histogramQuantiles)],
  ['histogram_stddev', series(histogramStddev)],
  ['histogram_stdvar', series(histogramStdvar)],
  ['histogram_sum', series(histogramSum)],
  ['hour', date(hour)],
  ['idelta', window(idelta, ideltaMixed)],
  ['increase', rescan(increase, increaseMixed)],
  ['info', { kind: 'info' }],
  ['irate', window(irate, irateMixed)],
  ['label_join', passing(labelJoin)],
  ['label_replace', passing(labelReplace)],
  [
    'last_over_time',
    pick(
      lastOverTime,
      picked((_lo, hi) => hi - 1),
    ),
  ],
  ['ln', map(math.ln)],
  ['mad_over_time', rescan(madOverTime)],
  ['max_of', scalar],
  ['log10', map(math.log10)],
  ['log2', map(math.log2)],
  ['max_over_time', window(maxOverTime)],
  ['min_of', scalar],
  ['min_over_time', window(minOverTime)],
  ['minute', date(minute)],
  ['month', date(month)],
  ['pi', scalar],
  ['predict_linear', rescan(predictLinear)],
  ['present_over_time', window(presentOverTime, ofAnySample(presentOverTime))],
  ['quantile_over_time', rescan(quantileOverTime)],
  ['rad', map(math.rad)],
  ['rate', rescan(rate, rateMixed)],
  ['resets', window(resets, resetsMixed)],
  ['round', map(math.round)],
  ['scalar', scalar],
  ['sgn', map(math.sgn)],
  ['sin', map(math.sin)],
  ['sinh', map(math.sinh)],
  ['sort', passing(sort)],
  ['sort_by_label', passing(sortByLabelAscending)],
  ['sort_by_label_desc', passing(sortByLabelDescending)],
  ['sort_desc', passing(sortDescending)],
  ['sqrt', map(math.sqrt)],
  ['start_timestamp', series(startTimestamp)],
  ['stddev_over_time', rescan(stddevOverTime)],
  ['stdvar_over_time', rescan(stdvarOverTime)],
  ['sum_over_time', window(sumOverTime, sumOverTimeMixed)],
  ['tan', map(math.tan)],
  ['tanh', map(math.tanh)],
  ['time', scalar],
  ['timestamp', series(timestamp)],
  ['ts_of_first_over_time', window(tsOfFirstOverTime, ofAnySample(tsOfFirstOverTime))],
  ['ts_of_last_over_time', window(tsOfLastOverTime, ofAnySample(tsOfLastOverTime))],
  ['ts_of_max_over_time', rescan(tsOfMaxOverTime)],
  ['ts_of_min_over_time', rescan(tsOfMinOverTime)],
  ['vector', series(vector)],
  ['year', date(year)],
])

export function functionNamed(name: string): FunctionEntry {
  const entry = FUNCTIONS.get(name)
  if (entry === undefined) throw new Error(`function ${name} is not in the table of functions`)
  return entry
}

export function returnsScalar(name: string): boolean {
  return functionNamed(name).kind === 'scalar'
}

export function functionNames(): readonly string[] {
  return [...FUNCTIONS.keys()]
}
