import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram } from '../../model/histogram.ts'
import { isCounterReset } from '../../model/histogram-reset.ts'
import { HistogramSum } from '../../model/histogram-sum.ts'

/** A value on the line between two samples, `share` of the way. A counter that fell is taken to have begun anew at zero. */
export function interpolate(before: number, after: number, share: number, counter: boolean): number {
  const from = counter && after < before ? 0 : before
  return from + (after - from) * share
}

/** The same for every bucket; undefined where one has custom bounds and the other exponential ones. */
export function interpolateHistograms(before: Histogram, after: Histogram, share: number, counter: boolean): Histogram | undefined {
  if ((before.schema === CUSTOM_BUCKETS_SCHEMA) !== (after.schema === CUSTOM_BUCKETS_SCHEMA)) return undefined
  const difference = new HistogramSum(after)
  if (counter && isCounterReset(after, before)) return difference.multiply(share).toHistogram()
  difference.subtract(before)
  const sum = new HistogramSum(before)
  sum.add(difference.multiply(share).toHistogram())
  return sum.toHistogram(after.counterResetHint === CounterResetHint.gauge ? CounterResetHint.gauge : CounterResetHint.unknown)
}
