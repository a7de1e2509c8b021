import { formatGeneral } from '../../model/go-float.ts'
import type { Histogram } from '../../model/histogram.ts'
import { BucketBounds, BucketColumns } from '../../model/histogram-buckets.ts'

/** As upstream prints a histogram: `{count:2, sum:3, (1,2]:2}`. Source: Prometheus model/histogram/float_histogram.go, String. */
export function formatHistogram(histogram: Histogram): string {
  const { lowers, uppers, counts, bounds, length } = new BucketColumns().load(histogram, histogram.zeroCount !== 0)
  const parts = [`count:${formatGeneral(histogram.count)}`, `sum:${formatGeneral(histogram.sum)}`]
  for (let i = 0; i < length; i++) {
    if (counts[i] === 0) continue
    const open = bounds[i] === BucketBounds.closed || bounds[i] === BucketBounds.openRight ? '[' : '('
    const close = bounds[i] === BucketBounds.closed || bounds[i] === BucketBounds.openLeft ? ']' : ')'
    parts.push(`${open}${formatGeneral(lowers[i])},${formatGeneral(uppers[i])}${close}:${formatGeneral(counts[i])}`)
  }
  return `{${parts.join(', ')}}`
}
