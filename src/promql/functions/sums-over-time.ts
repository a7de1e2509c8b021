import type { WindowKernel, Windows } from './window-kernel.ts'

// A window's sum is the difference of two running sums kept in twice the precision, so a step costs the same however wide
// its window is. Where windows have few samples in common, or that would not be as good as adding up the window (values
// beyond all others in it, infinities, NaN), the window is added up, compensated as upstream does it.
// Source: Prometheus promql/functions.go, funcSumOverTime and funcAvgOverTime; util/kahansum.

/** Relative error of the running sums' precision, with room to spare. */
const DOUBLED_PRECISION = 2 ** -96
/** What a window's sum may be off by, relatively. */
const TOLERANCE = 2 ** -45

let high = new Float64Array(1024)
let low = new Float64Array(1024)

/** Fills `high` and `low` with the sums of all samples before an index. Answers the largest sum on the way; Infinity when a value is not finite. */
function runningSums({ values, length }: Windows): number {
  if (high.length <= length) {
    high = new Float64Array((length + 1) * 2)
    low = new Float64Array((length + 1) * 2)
  }
  let sum = 0
  let rest = 0
  let largest = 0
  high[0] = 0
  low[0] = 0
  for (let i = 0; i < length; i++) {
    const value = values[i]
    const total = sum + value
    const shadow = total - sum
    rest += sum - (total - shadow) + (value - shadow)
    sum = total + rest
    rest -= sum - total
    high[i + 1] = sum
    low[i + 1] = rest
    const size = Math.abs(sum)
    if (size > largest) largest = size
  }
  return sum - sum === 0 && largest - largest === 0 ? largest : Infinity
}

/** Adds up the samples from `lo` up to `hi`; what was lost on the way goes to `lost.value`. */
function addUp(values: Float64Array, lo: number, hi: number): number {
  let sum = 0
  let compensation = 0
  for (let i = lo; i < hi; i++) {
    const value = values[i]
    const total = sum + value
    if (total === Infinity || total === -Infinity) compensation = 0
    else compensation += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
    sum = total
  }
  lost.value = compensation
  return sum
}

const lost = { value: 0 }

/** Whether windows share so many samples that running sums of them all pay: these cost about twice what adding up does. */
function overlap({ lo, hi, length, stepCount }: Windows): boolean {
  let count = 0
  for (let k = 0; k < stepCount && count <= 2 * length; k++) count += hi[k] - lo[k]
  return count > 2 * length
}

/** `addUp` with what was lost. */
function sumUp(values: Float64Array, lo: number, hi: number): number {
  const sum = addUp(values, lo, hi)
  return sum === Infinity || sum === -Infinity ? sum : sum + lost.value
}

export const sumOverTime: WindowKernel = (windows, out, present) => {
  const { values, lo, hi, stepCount } = windows
  if (!overlap(windows)) {
    for (let k = 0; k < stepCount; k++) {
      if (hi[k] <= lo[k]) continue
      out[k] = sumUp(values, lo[k], hi[k])
      present[k] = 1
    }
    return
  }
  const noise = runningSums(windows) * DOUBLED_PRECISION
  for (let k = 0; k < stepCount; k++) {
    const first = lo[k]
    const end = hi[k]
    if (end <= first) continue
    present[k] = 1
    const sum = high[end] - high[first] + (low[end] - low[first])
    out[k] = noise <= Math.abs(sum) * TOLERANCE ? exactDifference(first, end) : sumUp(values, first, end)
  }
}

function exactDifference(first: number, end: number): number {
  const difference = high[end] - high[first]
  const shadow = difference - high[end]
  const rest = high[end] - (difference - shadow) + (-high[first] - shadow)
  return difference + (rest + (low[end] - low[first]))
}

/** The mean of the samples from `lo` up to `hi`, step by step once their sum would overflow. */
function addUpMean(values: Float64Array, lo: number, hi: number): number {
  let sum = values[lo]
  let mean = 0
  let compensation = 0
  let incremental = false
  for (let i = lo + 1; i < hi; i++) {
    const value = values[i]
    const count = i - lo + 1
    if (!incremental) {
      const total = sum + value
      if (total !== Infinity && total !== -Infinity) {
        compensation += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
        sum = total
        continue
      }
      incremental = true
      mean = sum / (count - 1)
      compensation /= count - 1
    }
    const share = (count - 1) / count
    const increment = value / count
    const before = share * mean
    compensation *= share
    mean = before + increment
    if (mean === Infinity || mean === -Infinity) compensation = 0
    else compensation += Math.abs(before) >= Math.abs(increment) ? before - mean + increment : increment - mean + before
  }
  const count = hi - lo
  return incremental ? mean + compensation : sum / count + compensation / count
}

export const avgOverTime: WindowKernel = (windows, out, present) => {
  const { values, lo, hi, stepCount } = windows
  if (!overlap(windows)) {
    for (let k = 0; k < stepCount; k++) {
      if (hi[k] <= lo[k]) continue
      out[k] = addUpMean(values, lo[k], hi[k])
      present[k] = 1
    }
    return
  }
  const noise = runningSums(windows) * DOUBLED_PRECISION
  for (let k = 0; k < stepCount; k++) {
    const first = lo[k]
    const end = hi[k]
    if (end <= first) continue
    present[k] = 1
    const sum = high[end] - high[first] + (low[end] - low[first])
    out[k] = noise <= Math.abs(sum) * TOLERANCE ? exactDifference(first, end) / (end - first) : addUpMean(values, first, end)
  }
}

/**
 * The variance of the samples from `lo` up to `hi`: distances from the first of them and their squares, added up with what
 * each addition loses. The first one is never far from the rest, as it is one of them; equal values give zero exactly.
 */
function varianceOf(values: Float64Array, lo: number, hi: number): number {
  const origin = values[lo]
  let sum = 0
  let sumLost = 0
  let squares = 0
  let squaresLost = 0
  for (let i = lo; i < hi; i++) {
    const distance = values[i] - origin
    let total = sum + distance
    let part = total - sum
    sumLost += sum - (total - part) + (distance - part)
    sum = total
    const square = distance * distance
    total = squares + square
    part = total - squares
    squaresLost += squares - (total - part) + (square - part)
    squares = total
  }
  const count = hi - lo
  sum += sumLost
  return Math.max((squares + squaresLost - (sum * sum) / count) / count, 0)
}

export const stdvarOverTime: WindowKernel = (windows, out, present) => {
  const { values, lo, hi, stepCount } = windows
  for (let k = 0; k < stepCount; k++) {
    if (hi[k] <= lo[k]) continue
    out[k] = varianceOf(values, lo[k], hi[k])
    present[k] = 1
  }
}

export const stddevOverTime: WindowKernel = (windows, out, present) => {
  stdvarOverTime(windows, out, present)
  for (let k = 0; k < windows.stepCount; k++) out[k] = Math.sqrt(out[k])
}
