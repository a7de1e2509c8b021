import { parseFloatText } from '../../model/go-float.ts'
import { formatFloat } from '../../model/go-text.ts'
import type { Histogram } from '../../model/histogram.ts'
import { type Labels, METRIC_NAME } from '../../model/labels.ts'
import { isAnyPresent, type StepSeries } from '../exec/columns.ts'
import { Buckets } from './bucket-quantile.ts'
import { type NativePlace, nativeFraction, nativeQuantile } from './native-quantile.ts'
import { isQuantileInvalid } from './quantile.ts'
import type { SeriesCall, SeriesFunction } from './series-function.ts'

const BUCKET_LABEL = 'le'

/** A histogram told in the series of its buckets, or natively in one; at a step it must not be both. */
interface HistogramSeries {
  /** Of the first bucket seen, without `le`. */
  readonly labels: Labels
  readonly buckets: { readonly bound: number; readonly series: StepSeries }[]
  native: StepSeries | undefined
}

/** What a function makes of a histogram at a step. */
interface HistogramFunction {
  classic(buckets: Buckets, step: number, labels: Labels): number
  native(histogram: Histogram, step: number, place: NativePlace): number
}

/** The histograms of a vector: classic ones are the series that differ in `le` only. */
export class HistogramSet {
  readonly #call: SeriesCall
  readonly #histograms = new Map<string, HistogramSeries>()
  readonly #argIndex: number

  /** `argIndex`: which argument the vector is. */
  constructor(call: SeriesCall, argIndex: number) {
    this.#call = call
    this.#argIndex = argIndex
  }

  add(series: StepSeries): void {
    const { memory } = this.#call
    if (series.histograms !== undefined) {
      const floats = this.#withoutHistograms(series)
      this.#histogramOf(series.labels).native = series
      if (floats === undefined) return
      this.#addBucket(floats)
    } else if (isAnyPresent(series.present)) this.#addBucket(series)
    else memory.release(series)
  }

  /** Splits the floats off a series, which keeps the histograms; undefined where there are none. */
  #withoutHistograms(series: StepSeries): StepSeries | undefined {
    const { memory } = this.#call
    const floats = memory.copy(series)
    for (let k = 0; k < floats.present.length; k++) {
      if (floats.histograms?.[k] !== undefined) floats.present[k] = 0
      else series.present[k] = 0
    }
    floats.histograms = undefined
    if (isAnyPresent(floats.present)) return floats
    memory.release(floats)
    return undefined
  }

  #addBucket(series: StepSeries): void {
    const { annotations, argRanges, memory, delayedNameRemoval } = this.#call
    const text = series.labels.get(BUCKET_LABEL)
    const bound = parseFloatText(text)
    if (bound === undefined) {
      annotations.badBucketLabel(delayedNameRemoval ? series.labels.get(METRIC_NAME) : '', text, argRanges[this.#argIndex])
      memory.release(series)
      return
    }
    this.#histogramOf(series.labels.without(BUCKET_LABEL)).buckets.push({ bound, series })
  }

  #histogramOf(labels: Labels): HistogramSeries {
    const key = labels.key()
    const known = this.#histograms.get(key)
    if (known !== undefined) return known
    const fresh: HistogramSeries = { labels, buckets: [], native: undefined }
    this.#histograms.set(key, fresh)
    return fresh
  }

  /** One series a histogram, its value at each step what `compute` makes of it. */
  *finish(compute: HistogramFunction): Iterable<StepSeries> {
    const { steps, memory, dropName, annotations, argRanges, delayedNameRemoval } = this.#call
    for (const { labels, buckets, native } of this.#histograms.values()) {
      const sorted = buckets.sort((a, b) => a.bound - b.bound || 0)
      const columns = new Buckets(sorted.length)
      const out = memory.series(labels, steps.count)
      const metricName = delayedNameRemoval ? labels.get(METRIC_NAME) : ''
      const place = { annotations, metricName, range: argRanges[this.#argIndex] }
      for (let k = 0; k < steps.count; k++) {
        columns.clear()
        for (const { bound, series } of sorted) if (series.present[k] === 1) columns.push(bound, series.values[k])
        const histogram = native?.present[k] === 1 ? native.histograms?.[k] : undefined
        if (columns.length === 0 && histogram === undefined) continue
        if (columns.length > 0 && histogram !== undefined) {
          annotations.mixedClassicAndNative(labels.get(METRIC_NAME), argRanges[this.#argIndex])
          continue
        }
        out.values[k] = histogram === undefined ? compute.classic(columns, k, labels) : compute.native(histogram, k, place)
        out.present[k] = 1
      }
      dropName(out)
      yield out
    }
  }

  /** Gives the series back. */
  release(): void {
    const { memory } = this.#call
    for (const { buckets, native } of this.#histograms.values()) {
      for (const { series } of buckets) memory.release(series)
      if (native !== undefined) memory.release(native)
    }
  }
}

/** A quantile a step. */
export function quantileFunction(call: SeriesCall, quantiles: Float64Array, classicArg: number): HistogramFunction {
  const { annotations, argRanges, steps, delayedNameRemoval } = call
  return {
    classic(buckets, step, labels) {
      const value = buckets.quantile(quantiles[step])
      if (buckets.fix.forced) {
        const { minBucket, maxBucket, maxDiff } = buckets.fix
        const metricName = delayedNameRemoval ? labels.get(METRIC_NAME) : ''
        const time = steps.start + step * steps.stepMs
        annotations.forcedMonotonicity({ metricName, time, minBucket, maxBucket, maxDiff }, argRanges[classicArg])
      }
      return value
    },
    native: (histogram, step, place) => nativeQuantile(quantiles[step], histogram, place),
  }
}

/** histogram_quantile(quantile, v) */
export const histogramQuantile: SeriesFunction = (call) => {
  const { annotations, argRanges, scalars } = call
  const histograms = new HistogramSet(call, 1)
  const quantiles = scalars[0]
  for (const quantile of quantiles) if (isQuantileInvalid(quantile)) annotations.invalidQuantile(quantile, argRanges[0])
  return {
    add: (series) => histograms.add(series),
    *finish() {
      yield* histograms.finish(quantileFunction(call, quantiles, 1))
      histograms.release()
    },
  }
}

/** histogram_quantiles(v, label, quantile…): a series a quantile, told apart by the label. */
export const histogramQuantiles: SeriesFunction = (call) => {
  const { annotations, argRanges, scalars, strings, steps, memory } = call
  const [label] = strings
  const histograms = new HistogramSet(call, 0)
  scalars.forEach((quantiles, i) => {
    for (const quantile of quantiles) if (isQuantileInvalid(quantile)) annotations.invalidQuantile(quantile, argRanges[i + 2])
  })
  return {
    add: (series) => histograms.add(series),
    *finish() {
      for (const quantiles of scalars) {
        for (const series of histograms.finish(quantileFunction(call, quantiles, 0))) {
          // A quantile may change from step to step: each value has a series of its own.
          for (const quantile of new Set(quantiles)) {
            const out = memory.series(series.labels.with({ [label]: formatOpenMetricsFloat(quantile) }), steps.count)
            out.dropName = series.dropName
            for (let k = 0; k < steps.count; k++) {
              if (series.present[k] === 0 || !Object.is(quantiles[k], quantile)) continue
              out.present[k] = 1
              out.values[k] = series.values[k]
            }
            yield out
          }
          memory.release(series)
        }
      }
      histograms.release()
    },
  }
}

/** As OpenMetrics writes a bound: a whole number has a fraction, too. Source: Prometheus model/labels, FormatOpenMetricsFloat. */
function formatOpenMetricsFloat(value: number): string {
  const text = formatFloat(value)
  return /[.eIN]/.test(text) ? text : `${text}.0`
}

/** histogram_fraction(lower, upper, v) */
export const histogramFraction: SeriesFunction = (call) => {
  const histograms = new HistogramSet(call, 2)
  const [lower, upper] = call.scalars
  return {
    add: (series) => histograms.add(series),
    *finish() {
      yield* histograms.finish({
        classic: (buckets, step) => buckets.fraction(lower[step], upper[step]),
        native: (histogram, step, place) => nativeFraction(lower[step], upper[step], histogram, place),
      })
      histograms.release()
    },
  }
}
