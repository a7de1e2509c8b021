import { CUSTOM_BUCKETS_SCHEMA, type Histogram } from '../../model/histogram.ts'
import { BucketColumns } from '../../model/histogram-buckets.ts'
import type { SeriesFunction } from './series-function.ts'

// Functions of the native histograms of a vector, one by one; floats are left out.
// Source: Prometheus promql/functions.go, simpleHistogramFunc and histogramVariance.

function ofHistograms(compute: (histogram: Histogram) => number): SeriesFunction {
  return ({ memory, dropName, emit }) => ({
    add(series) {
      const { histograms, values, present } = series
      if (histograms === undefined) {
        memory.release(series)
        return
      }
      series.histograms = undefined
      for (let k = 0; k < present.length; k++) {
        const histogram = histograms[k]
        if (present[k] === 0) continue
        if (histogram === undefined) present[k] = 0
        else values[k] = compute(histogram)
      }
      dropName(series)
      emit(series)
    },
    finish: () => [],
  })
}

const buckets = new BucketColumns()

/** The variance of observations, each taken to lie in the middle of its bucket: by the logarithm where bounds are exponential. */
function varianceOf(histogram: Histogram): number {
  const isCustom = histogram.schema === CUSTOM_BUCKETS_SCHEMA
  const mean = histogram.sum / histogram.count
  const { lowers, uppers, counts, length } = buckets.load(histogram)
  let variance = 0
  let lost = 0
  for (let i = 0; i < length; i++) {
    const [lower, upper] = [lowers[i], uppers[i]]
    if (counts[i] === 0) continue
    let middle = 0
    if (isCustom) middle = (upper + lower) / 2
    else if (lower > 0 || upper < 0) middle = upper < 0 ? -Math.sqrt(upper * lower) : Math.sqrt(upper * lower)
    const distance = middle - mean
    const value = counts[i] * distance * distance
    const total = variance + value
    if (total === Infinity || total === -Infinity) lost = 0
    else lost += Math.abs(variance) >= Math.abs(value) ? variance - total + value : value - total + variance
    variance = total
  }
  return (variance + lost) / histogram.count
}

export const histogramCount = ofHistograms(({ count }) => count)
export const histogramSum = ofHistograms(({ sum }) => sum)
export const histogramAvg = ofHistograms(({ sum, count }) => sum / count)
export const histogramStdvar = ofHistograms(varianceOf)
export const histogramStddev = ofHistograms((histogram) => Math.sqrt(varianceOf(histogram)))
