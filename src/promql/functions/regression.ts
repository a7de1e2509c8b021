import type { WindowKernel, Windows } from './window-kernel.ts'

/**
 * Least squares over the samples from `lo` up to `hi`, with compensated sums. `fit.slope` is per second, `fit.intercept`
 * the value of the line at `interceptTime`. Source: Prometheus promql/functions.go, linearRegression.
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
    lostX += Math.abs(sumX) >= Math.abs(x) ? sumX - total + x : x - total + sumX
    sumX = total
    total = sumY + y
    if (total === Infinity || total === -Infinity) lostY = 0
    else lostY += Math.abs(sumY) >= Math.abs(y) ? sumY - total + y : y - total + sumY
    sumY = total
    total = sumXY + xy
    if (total === Infinity || total === -Infinity) lostXY = 0
    else lostXY += Math.abs(sumXY) >= Math.abs(xy) ? sumXY - total + xy : xy - total + sumXY
    sumXY = total
    total = sumX2 + x2
    lostX2 += Math.abs(sumX2) >= Math.abs(x2) ? sumX2 - total + x2 : x2 - total + sumX2
    sumX2 = total
  }
  if (constant) {
    const infinite = initial === Infinity || initial === -Infinity
    fit.slope = infinite ? NaN : 0
    fit.intercept = infinite ? NaN : initial
    return
  }
  sumX += lostX
  sumY += lostY
  sumXY += lostXY
  sumX2 += lostX2
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
