import { selectRank } from './select-rank.ts'
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

/** The quantile of values in any order, which stay as they are. */
function quantileOf(quantile: number, values: Float64Array): number {
  const count = values.length
  if (sorted.length < count) sorted = new Float64Array(count * 2)
  const moved = sorted.subarray(0, count)
  moved.set(values)
  if (!isQuantileInvalid(quantile) && !moved.includes(NaN)) {
    const rank = quantile * (count - 1)
    const lower = Math.floor(rank)
    if (selectRank(moved, lower)) {
      const value = moved[lower]
      let next = count === lower + 1 ? value : moved[lower + 1]
      for (let i = lower + 2; i < count; i++) if (moved[i] < next) next = moved[i]
      // Which of the zeros comes first, a sort has to say.
      if (value !== 0 && next !== 0) return value * (1 - (rank - lower)) + next * (rank - lower)
    }
  }
  return quantileOfSorted(quantile, sortValues(moved), count)
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
      // No other window has these samples: they need not all be sorted.
      if (to - from > MANY && (k + 1 === stepCount || lo[k + 1] >= to)) {
        out[k] = quantileOf(quantile[k], values.subarray(from, to))
        present[k] = 1
        continue
      }
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
