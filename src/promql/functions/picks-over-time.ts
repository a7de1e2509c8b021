import type { WindowKernel } from './window-kernel.ts'

export const countOverTime: WindowKernel = ({ lo, hi, stepCount }, out, present) => {
  for (let k = 0; k < stepCount; k++) {
    if (hi[k] <= lo[k]) continue
    out[k] = hi[k] - lo[k]
    present[k] = 1
  }
}

export const presentOverTime: WindowKernel = ({ lo, hi, stepCount }, out, present) => {
  for (let k = 0; k < stepCount; k++) {
    if (hi[k] <= lo[k]) continue
    out[k] = 1
    present[k] = 1
  }
}

export const lastOverTime: WindowKernel = ({ values, lo, hi, stepCount }, out, present) => {
  for (let k = 0; k < stepCount; k++) {
    if (hi[k] <= lo[k]) continue
    out[k] = values[hi[k] - 1]
    present[k] = 1
  }
}

export const firstOverTime: WindowKernel = ({ values, lo, hi, stepCount }, out, present) => {
  for (let k = 0; k < stepCount; k++) {
    if (hi[k] <= lo[k]) continue
    out[k] = values[lo[k]]
    present[k] = 1
  }
}
