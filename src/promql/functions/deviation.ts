import { quantileOfSorted, sortValues } from './quantile.ts'
import type { WindowKernel } from './window-kernel.ts'

/** The median distance from the median; NaN where any value is. Source: Prometheus promql/functions.go, funcMadOverTime. */
export const madOverTime: WindowKernel = ({ values, lo, hi, stepCount }, out, present) => {
  for (let k = 0; k < stepCount; k++) {
    const count = hi[k] - lo[k]
    if (count <= 0) continue
    const sorted = sortValues(values.slice(lo[k], hi[k]))
    present[k] = 1
    out[k] = NaN
    // NaN comes first.
    if (Number.isNaN(sorted[0])) continue
    const median = quantileOfSorted(0.5, sorted, count)
    for (let i = 0; i < count; i++) sorted[i] = Math.abs(sorted[i] - median)
    out[k] = quantileOfSorted(0.5, sortValues(sorted), count)
  }
}
