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
  conclude(hi - lo, constant, initial, sumX + lostX, sumX2 + lostX2, sumY, lostY, sumXY, lostXY)
}

/** What windows that are alike have in common: how far their samples are from the time of the intercept, in seconds, and the sums of that. */
const shape = { count: 0, firstMs: 0, spacingMs: 0, xs: new Float64Array(64), sumX: 0, sumX2: 0 }

/** Makes the shape that of `count` samples, `spacingMs` apart, the first one `firstMs` from the time of the intercept. */
function takeShape(count: number, firstMs: number, spacingMs: number): void {
  if (shape.count === count && shape.firstMs === firstMs && shape.spacingMs === spacingMs) return
  if (shape.xs.length < count) shape.xs = new Float64Array(2 * count)
  const { xs } = shape
  let sumX = 0
  let sumX2 = 0
  let lostX = 0
  let lostX2 = 0
  for (let i = 0; i < count; i++) {
    const x = (firstMs + i * spacingMs) / 1000
    const x2 = x * x
    xs[i] = x
    let total = sumX + x
    let part = total - sumX
    lostX += sumX - (total - part) + (x - part)
    sumX = total
    total = sumX2 + x2
    part = total - sumX2
    lostX2 += sumX2 - (total - part) + (x2 - part)
    sumX2 = total
  }
  shape.count = count
  shape.firstMs = firstMs
  shape.spacingMs = spacingMs
  shape.sumX = sumX + lostX
  shape.sumX2 = sumX2 + lostX2
}

/** What `fitLine` does, of a window that has the shape. */
function fitShape(values: Float64Array, lo: number): void {
  const { count, xs, sumX, sumX2 } = shape
  const initial = values[lo]
  let constant = true
  let sumY = 0
  let sumXY = 0
  let lostY = 0
  let lostXY = 0
  for (let i = 0; i < count; i++) {
    const y = values[lo + i]
    if (y !== initial) constant = false
    const xy = xs[i] * y
    let total = sumY + y
    let part = total - sumY
    lostY += sumY - (total - part) + (y - part)
    sumY = total
    total = sumXY + xy
    part = total - sumXY
    lostXY += sumXY - (total - part) + (xy - part)
    sumXY = total
  }
  conclude(count, constant, initial, sumX, sumX2, sumY, lostY, sumXY, lostXY)
}

function conclude(
  n: number,
  constant: boolean,
  initial: number,
  sumX: number,
  sumX2: number,
  sumY: number,
  lostY: number,
  sumXY: number,
  lostXY: number,
): void {
  if (constant) {
    const infinite = initial === Infinity || initial === -Infinity
    fit.slope = infinite ? NaN : 0
    fit.intercept = infinite ? NaN : initial
    return
  }
  // Next to an infinity there is nothing to make up for.
  if (sumY - sumY === 0) sumY += lostY
  if (sumXY - sumXY === 0) sumXY += lostXY
  const covariance = sumXY - (sumX * sumY) / n
  const variance = sumX2 - (sumX * sumX) / n
  fit.slope = covariance / variance
  fit.intercept = sumY / n - (fit.slope * sumX) / n
}

/** The answer of `conclude`: one object, so that a step allocates nothing. */
const fit = { slope: 0, intercept: 0 }

/** The line of a step's window, which has two samples or more. */
function fitAt(windows: Windows, step: number, interceptTime: number): void {
  const { timestamps, values, lo, hi, even } = windows
  const first = lo[step]
  if (even === undefined || step < even.from || step >= even.to) {
    fitLine(windows, first, hi[step], interceptTime)
    return
  }
  takeShape(hi[step] - first, timestamps[first] - interceptTime, timestamps[first + 1] - timestamps[first])
  fitShape(values, first)
}

export const deriv: WindowKernel = (windows, out, present) => {
  const { lo, hi, stepCount, timestamps } = windows
  for (let k = 0; k < stepCount; k++) {
    if (hi[k] - lo[k] < 2) continue
    // A time near those in use keeps the squares small.
    fitAt(windows, k, timestamps[lo[k]])
    out[k] = fit.slope
    present[k] = 1
  }
}

export const predictLinear: WindowKernel = (windows, out, present) => {
  const { lo, hi, stepCount, firstTime, stepMs } = windows
  const seconds = windows.parameters[0]
  for (let k = 0; k < stepCount; k++) {
    if (hi[k] - lo[k] < 2) continue
    fitAt(windows, k, firstTime + k * stepMs)
    out[k] = fit.slope * seconds[k] + fit.intercept
    present[k] = 1
  }
}
