import type { Histogram } from '../../model/histogram.ts'
import { areHistogramsEqual } from '../../model/histogram-equality.ts'
import { isCounterReset } from '../../model/histogram-reset.ts'
import { HistogramMean, type HistogramTotal, HistogramTotalSum } from './histogram-total.ts'
import { eitherType, type MixedKernel, type MixedWindows } from './mixed-windows.ts'
import { isStartReset } from './start-times.ts'
import { avgOverTime, sumOverTime } from './sums-over-time.ts'

function totalOverTime(open: () => HistogramTotal) {
  return ({ metricName, range, annotations }: MixedWindows, _step: number, histograms: readonly Histogram[]): Histogram | undefined => {
    const total = open()
    for (const histogram of histograms) total.add(histogram)
    if (total.isIncompatible) {
      annotations.mixedSchemas(metricName, range)
      return undefined
    }
    if (total.resetsCollide) annotations.resetsCollide('aggregation', range)
    if (total.boundsReconciled) annotations.boundsReconciled('aggregation', range)
    return total.result()
  }
}

export const sumOverTimeMixed: MixedKernel = eitherType(
  sumOverTime,
  1,
  totalOverTime(() => new HistogramTotalSum()),
)
export const avgOverTimeMixed: MixedKernel = eitherType(
  avgOverTime,
  1,
  totalOverTime(() => new HistogramMean()),
)

/** Counts pairs of neighbours; a float beside a histogram always counts. */
function countPairs(
  differ: (before: number, after: number) => boolean,
  differHistograms: (before: Histogram, after: Histogram) => boolean,
  countsStarts: boolean,
): MixedKernel {
  return (windows, out) => {
    const { values, histograms, lo, hi, stepCount } = windows
    // Pairs up to each sample; steps may come in turns, and each looks at its own samples only.
    const end = hi[stepCount - 1]
    const counts = new Int32Array(end)
    for (let i = lo[0] + 1; i < end; i++) {
      const [before, after] = [histograms[i - 1], histograms[i]]
      const counted =
        before !== undefined && after !== undefined ? differHistograms(before, after) : before !== after || differ(values[i - 1], values[i])
      counts[i] = counts[i - 1] + (counted || (countsStarts && isStartReset(windows, i)) ? 1 : 0)
    }
    for (let k = 0; k < stepCount; k++) {
      if (hi[k] <= lo[k]) continue
      out.values[k] = counts[hi[k] - 1] - counts[lo[k]]
      out.present[k] = 1
    }
  }
}

export const changesMixed: MixedKernel = countPairs(
  (before, after) => before !== after && !(Number.isNaN(before) && Number.isNaN(after)),
  (before, after) => !areHistogramsEqual(before, after),
  false,
)

export const resetsMixed: MixedKernel = countPairs(
  (before, after) => after < before,
  (before, after) => isCounterReset(after, before),
  true,
)
