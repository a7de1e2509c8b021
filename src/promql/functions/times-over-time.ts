import type { WindowKernel } from './window-kernel.ts'

// When the sample was that the function without `ts_of_` answers, in seconds.
// Source: Prometheus promql/functions.go, funcTsOfFirstOverTime and its kin.

export const tsOfFirstOverTime: WindowKernel = ({ timestamps, lo, hi, stepCount }, out, present) => {
  for (let k = 0; k < stepCount; k++) {
    if (hi[k] <= lo[k]) continue
    out[k] = timestamps[lo[k]] / 1000
    present[k] = 1
  }
}

export const tsOfLastOverTime: WindowKernel = ({ timestamps, lo, hi, stepCount }, out, present) => {
  for (let k = 0; k < stepCount; k++) {
    if (hi[k] <= lo[k]) continue
    out[k] = timestamps[hi[k] - 1] / 1000
    present[k] = 1
  }
}

/** Of equals the last; NaN only where there is nothing else. */
function tsOfExtreme(sign: 1 | -1): WindowKernel {
  return ({ timestamps, values, lo, hi, stepCount }, out, present) => {
    for (let k = 0; k < stepCount; k++) {
      if (hi[k] <= lo[k]) continue
      let best = lo[k]
      for (let i = lo[k]; i < hi[k]; i++) if (values[i] * sign >= values[best] * sign || Number.isNaN(values[best])) best = i
      out[k] = timestamps[best] / 1000
      present[k] = 1
    }
  }
}

export const tsOfMaxOverTime: WindowKernel = tsOfExtreme(1)
export const tsOfMinOverTime: WindowKernel = tsOfExtreme(-1)
