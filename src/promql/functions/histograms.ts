import { type Labels, METRIC_NAME } from '../../model/labels.ts'
import type { StepSeries } from '../exec/columns.ts'
import { Buckets } from './bucket-quantile.ts'
import { parseFloatText } from './go-float.ts'
import { isQuantileInvalid } from './quantile.ts'
import type { SeriesCall, SeriesFunction } from './series-function.ts'

const BUCKET_LABEL = 'le'

interface Histogram {
  /** Of the first bucket seen, without `le`. */
  readonly labels: Labels
  readonly buckets: { readonly bound: number; readonly series: StepSeries }[]
}

/** Classic histograms: the series of a vector that differ in `le` only. */
class HistogramSet {
  readonly #call: SeriesCall
  readonly #histograms = new Map<string, Histogram>()
  readonly #argIndex: number

  constructor(call: SeriesCall, argIndex: number) {
    this.#call = call
    this.#argIndex = argIndex
  }

  add(series: StepSeries): void {
    const { annotations, argRanges, memory, delayedNameRemoval } = this.#call
    const text = series.labels.get(BUCKET_LABEL)
    const bound = parseFloatText(text)
    if (bound === undefined) {
      annotations.badBucketLabel(delayedNameRemoval ? series.labels.get(METRIC_NAME) : '', text, argRanges[this.#argIndex])
      memory.release(series)
      return
    }
    const labels = series.labels.without(BUCKET_LABEL)
    const key = labels.key()
    const known = this.#histograms.get(key)
    if (known !== undefined) known.buckets.push({ bound, series })
    else this.#histograms.set(key, { labels, buckets: [{ bound, series }] })
  }

  /** One series a histogram, its value at each step what `compute` makes of the buckets that are there. */
  *finish(compute: (buckets: Buckets, step: number, histogram: Histogram) => number): Iterable<StepSeries> {
    const { steps, memory, dropName } = this.#call
    for (const histogram of this.#histograms.values()) {
      const sorted = histogram.buckets.sort((a, b) => a.bound - b.bound || 0)
      const buckets = new Buckets(sorted.length)
      const out = memory.series(histogram.labels, steps.count)
      for (let k = 0; k < steps.count; k++) {
        buckets.clear()
        for (const { bound, series } of sorted) if (series.present[k] === 1) buckets.push(bound, series.values[k])
        if (buckets.length === 0) continue
        out.values[k] = compute(buckets, k, histogram)
        out.present[k] = 1
      }
      for (const { series } of sorted) memory.release(series)
      dropName(out)
      yield out
    }
  }
}

/** histogram_quantile(quantile, v) */
export const histogramQuantile: SeriesFunction = (call) => {
  const { annotations, argRanges, scalars, steps, delayedNameRemoval } = call
  const histograms = new HistogramSet(call, 1)
  const quantiles = scalars[0]
  for (const quantile of quantiles) if (isQuantileInvalid(quantile)) annotations.invalidQuantile(quantile, argRanges[0])
  return {
    add: (series) => histograms.add(series),
    finish() {
      return histograms.finish((buckets, step, histogram) => {
        const value = buckets.quantile(quantiles[step])
        if (buckets.fix.forced) {
          const { minBucket, maxBucket, maxDiff } = buckets.fix
          const metricName = delayedNameRemoval ? histogram.labels.get(METRIC_NAME) : ''
          const time = steps.start + step * steps.stepMs
          annotations.forcedMonotonicity({ metricName, time, minBucket, maxBucket, maxDiff }, argRanges[1])
        }
        return value
      })
    },
  }
}

/** histogram_fraction(lower, upper, v) */
export const histogramFraction: SeriesFunction = (call) => {
  const histograms = new HistogramSet(call, 2)
  const [lower, upper] = call.scalars
  return {
    add: (series) => histograms.add(series),
    finish: () => histograms.finish((buckets, step) => buckets.fraction(lower[step], upper[step])),
  }
}

/** Functions of native histograms: floats are left out. */
export const nativeHistogramsOnly: SeriesFunction = ({ memory }) => ({
  add: (series) => memory.release(series),
  finish: () => [],
})
