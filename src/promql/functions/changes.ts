import { isStartReset } from './start-times.ts'
import type { WindowKernel, Windows } from './window-kernel.ts'

// Both count pairs of neighbours. A running count over the series makes each window two look-ups.

let running = new Int32Array(1024)

function countPairs(windows: Windows, out: Float64Array, present: Uint8Array, counts: Int32Array): void {
  const { lo, hi, stepCount } = windows
  for (let k = 0; k < stepCount; k++) {
    if (hi[k] <= lo[k]) continue
    out[k] = counts[hi[k] - 1] - counts[lo[k]]
    present[k] = 1
  }
}

function counters(length: number): Int32Array {
  if (running.length < length) running = new Int32Array(length * 2)
  return running
}

/** How often the value differs from the one before. NaN after NaN is no change. */
export const changes: WindowKernel = (windows, out, present) => {
  const { values, length } = windows
  const counts = counters(length)
  let count = 0
  counts[0] = 0
  for (let i = 1; i < length; i++) {
    const a = values[i - 1]
    const b = values[i]
    if (a !== b && !(Number.isNaN(a) && Number.isNaN(b))) count++
    counts[i] = count
  }
  countPairs(windows, out, present, counts)
}

/** How often the value is lower than the one before. */
export const resets: WindowKernel = (windows, out, present) => {
  const { values, startTimes, length } = windows
  const counts = counters(length)
  let count = 0
  counts[0] = 0
  for (let i = 1; i < length; i++) {
    if (values[i] < values[i - 1] || (startTimes !== undefined && isStartReset(windows, i))) count++
    counts[i] = count
  }
  countPairs(windows, out, present, counts)
}
