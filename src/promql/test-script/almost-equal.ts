// Source: Prometheus util/almost.

const EPSILON = 1e-6
const NORMAL_MIN = 2 ** -1022

/** Equal up to a relative error of 10^-6 of the sum; NaN equals NaN. */
export function almostEqual(a: number, b: number): boolean {
  if (Number.isNaN(a) && Number.isNaN(b)) return true
  if (a === b) return true
  const sum = Math.abs(a) + Math.abs(b)
  const difference = Math.abs(a - b)
  if (a === 0 || b === 0 || sum < NORMAL_MIN) return difference < EPSILON * NORMAL_MIN
  return difference / Math.min(sum, Number.MAX_VALUE) < EPSILON
}
