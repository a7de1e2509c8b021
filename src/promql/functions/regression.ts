import type { WindowKernel, Windows } from './window-kernel.ts'

/**
 * Least squares over the samples from `lo` up to `hi`. `fit.slope` is per second, `fit.intercept` the value of the line at
 * `interceptTime`. What each addition loses is kept: found without a branch, it is what upstream's compensation finds.
 * Source: Prometheus promql/functions.go, linearRegression.
 */
function fitLine({ timestamps, values }: Windows, lo: number, hi: number, interceptTime: number): void {
  const initial = values[lo]
  let constant = true
  let sumX = 0
  let sumY = 0
  let sumXY = 0
  let sumX2 = 0
  let lostX = 0
  let lostY = 0
  let lostXY = 0
  let lostX2 = 0
  for (let i = lo; i < hi; i++) {
    const y = values[i]
    if (y !== initial) constant = false
    const x = (timestamps[i] - interceptTime) / 1000
    const xy = x * y
    const x2 = x * x
    let total = sumX + x
    let part = total - sumX
    lostX += sumX - (total - part) + (x - part)
    sumX = total
    total = sumY + y
    part = total - sumY
    lostY += sumY - (total - part) + (y - part)
    sumY = total
    total = sumXY + xy
    part = total - sumXY
    lostXY += sumXY - (total - part) + (xy - part)
    sumXY = total
    total = sumX2 + x2
    part = total - sumX2
    lostX2 += sumX2 - (total - part) + (x2 - part)
    sumX2 = total
  }
  if (constant) {
    const infinite = initial === Infinity || initial === -Infinity
    fit.slope = infinite ? NaN : 0
    fit.intercept = infinite ? NaN : initial
    return
  }
  sumX += lostX
  sumX2 += lostX2
  // Next to an infinity there is nothing to make up for.
  if (sumY - sumY === 0) sumY += lostY
  if (sumXY - sumXY === 0) sumXY += lostXY
  const n = hi - lo
  const covariance = sumXY - (sumX * sumY) / n
  const variance = sumX2 - (sumX * sumX) / n
  fit.slope = covariance / variance
  fit.intercept = sumY / n - (fit.slope * sumX) / n
}

/** The answer of `fitLine`: one object, so that a step allocates nothing. */
const fit = { slope: 0, intercept: 0 }

export const deriv: WindowKernel = (windows, out, present) => {
  const { lo, hi, stepCount, timestamps } = windows
  for (let k = 0; k < stepCount; k++) {
    if (hi[k] - lo[k] < 2) continue
    // A time near those in use keeps the squares small.
    fitLine(windows, lo[k], hi[k], timestamps[lo[k]])
    out[k] = fit.slope
    present[k] = 1
  }
}

export const predictLinear: WindowKernel = (windows, out, present) => {
  const { lo, hi, stepCount, firstTime, stepMs } = windows
  const seconds = windows.parameters[0]
  for (let k = 0; k < stepCount; k++) {
    if (hi[k] - lo[k] < 2) continue
    fitLine(windows, lo[k], hi[k], firstTime + k * stepMs)
    out[k] = fit.slope * seconds[k] + fit.intercept
    present[k] = 1
  }
}
