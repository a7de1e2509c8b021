import type { WindowKernel } from './window-kernel.ts'

/**
 * The quantile of `count` values sorted upwards, NaN first: between two values, their weighted mean.
 * Source: Prometheus promql/quantile.go, quantile.
 */
export function quantileOfSorted(quantile: number, sorted: Float64Array, count: number): number {
  if (count === 0 || Number.isNaN(quantile)) return NaN
  if (quantile < 0) return -Infinity
  if (quantile > 1) return Infinity
  const rank = quantile * (count - 1)
  const lower = Math.max(0, Math.floor(rank))
  const upper = Math.min(count - 1, lower + 1)
  const weight = rank - Math.floor(rank)
  return sorted[lower] * (1 - weight) + sorted[upper] * weight
}

/** Sorts upwards in place, NaN first. */
export function sortValues(values: Float64Array): Float64Array {
  values.sort()
  // A typed array sorts NaN last.
  let nans = 0
  while (nans < values.length && Number.isNaN(values[values.length - 1 - nans])) nans++
  if (nans === 0 || nans === values.length) return values
  values.copyWithin(nans, 0, values.length - nans)
  values.fill(NaN, 0, nans)
  return values
}

export function isQuantileInvalid(quantile: number): boolean {
  return !(quantile >= 0 && quantile <= 1)
}

let sorted = new Float64Array(256)

const MANY = 64

/** Where `value` stands, or is to be put, among `count` sorted values. NaN is before all numbers. */
function sortedPosition(value: number, count: number): number {
  let low = 0
  let high = count
  const beforeAll = Number.isNaN(value)
  while (low < high) {
    const middle = (low + high) >> 1
    const other = sorted[middle]
    const before = beforeAll ? false : Number.isNaN(other) || other < value
    if (before) low = middle + 1
    else high = middle
  }
  return low
}

/** Keeps the window sorted while it slides: a sample is put in and taken out once. */
export const quantileOverTime: WindowKernel = ({ values, lo, hi, stepCount, parameters }, out, present) => {
  const quantile = parameters[0]
  let count = 0
  let first = 0
  let end = 0
  for (let k = 0; k < stepCount; k++) {
    const from = lo[k]
    const to = hi[k]
    if (to <= from) continue
    if (from >= end) {
      count = 0
      first = from
      end = from
    }
    for (; first < from; first++) {
      const position = sortedPosition(values[first], count)
      sorted.copyWithin(position, position + 1, count)
      count--
    }
    if (sorted.length < to - from) {
      const grown = new Float64Array((to - from) * 2)
      grown.set(sorted)
      sorted = grown
    }
    // Putting many into few, one by one, costs their product.
    if (to - end > MANY && to - end > count) {
      sorted.set(values.subarray(end, to), count)
      count += to - end
      end = to
      sortValues(sorted.subarray(0, count))
    }
    for (; end < to; end++) {
      const position = sortedPosition(values[end], count)
      sorted.copyWithin(position + 1, position, count)
      sorted[position] = values[end]
      count++
    }
    out[k] = quantileOfSorted(quantile[k], sorted, count)
    present[k] = 1
  }
}
