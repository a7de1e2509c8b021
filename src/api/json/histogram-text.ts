import type { Histogram } from '../../model/histogram.ts'
import { BucketColumns } from '../../model/histogram-buckets.ts'
import { formatValue } from './number-bytes.ts'

const buckets = new BucketColumns()

/**
 * A native histogram as JSON: its count, sum and populated buckets, each with which of its bounds belong to it.
 * Source: Prometheus util/jsonutil/marshal.go, MarshalHistogram.
 */
export function histogramText(histogram: Histogram): string {
  const { bounds, lowers, uppers, counts, length } = buckets.load(histogram)
  const populated: string[] = []
  for (let i = 0; i < length; i++) {
    if (counts[i] === 0) continue
    populated.push(`[${bounds[i]},"${formatValue(lowers[i])}","${formatValue(uppers[i])}","${formatValue(counts[i])}"]`)
  }
  const list = populated.length === 0 ? '' : `,"buckets":[${populated.join(',')}]`
  return `{"count":"${formatValue(histogram.count)}","sum":"${formatValue(histogram.sum)}"${list}}`
}
