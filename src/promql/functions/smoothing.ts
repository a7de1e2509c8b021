import { CodedError } from '../../base/errors.ts'
import { floatsOnly, type MixedKernel } from './mixed-windows.ts'
import type { WindowKernel, Windows } from './window-kernel.ts'

/**
 * Double exponential smoothing: the level and its trend, each a mean that forgets.
 * Source: Prometheus promql/functions.go, funcDoubleExponentialSmoothing.
 */
export const doubleExponentialSmoothing: WindowKernel = ({ values, lo, hi, stepCount, parameters }, out, present) => {
  const [levelFactors, trendFactors] = parameters
  for (let k = 0; k < stepCount; k++) {
    if (hi[k] <= lo[k]) continue
    checkFactors(parameters, k)
    if (hi[k] - lo[k] < 2) continue
    const levelFactor = levelFactors[k]
    const trendFactor = trendFactors[k]
    let before = 0
    let level = values[lo[k]]
    let trend = values[lo[k] + 1] - values[lo[k]]
    for (let i = lo[k] + 1; i < hi[k]; i++) {
      if (i > lo[k] + 1) trend = trendFactor * (level - before) + (1 - trendFactor) * trend
      const next = levelFactor * values[i] + (1 - levelFactor) * (level + trend)
      before = level
      level = next
    }
    out[k] = level
    present[k] = 1
  }
}

const smoothFloats = floatsOnly(doubleExponentialSmoothing)

/** The factors are looked at where there are histograms only, too. */
export const doubleExponentialSmoothingMixed: MixedKernel = (windows, out) => {
  const { lo, hi, stepCount, parameters } = windows
  for (let k = 0; k < stepCount; k++) if (hi[k] > lo[k]) checkFactors(parameters, k)
  smoothFloats(windows, out)
}

function checkFactors([levelFactors, trendFactors]: Windows['parameters'], step: number): void {
  checkFactor('smoothing', 'sf', levelFactors[step])
  checkFactor('trend', 'tf', trendFactors[step])
}

function checkFactor(name: string, symbol: string, factor: number): void {
  if (!(factor <= 0 || factor >= 1)) return
  throw new CodedError('execution', `invalid ${name} factor. Expected: 0 < ${symbol} < 1, got: ${factor.toFixed(6)}`)
}
