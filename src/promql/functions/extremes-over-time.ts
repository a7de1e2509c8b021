import type { WindowKernel, Windows } from './window-kernel.ts'

// A queue of the samples that can still be the extreme of a later window: each comes in and goes out once, so a series
// costs its samples, not steps times window. NaN counts only where a window holds nothing else.

let queue = new Int32Array(1024)

function slide(windows: Windows, out: Float64Array, present: Uint8Array, sign: 1 | -1): void {
  const { values, length, lo, hi, stepCount } = windows
  if (queue.length < length) queue = new Int32Array(length * 2)
  let head = 0
  let tail = 0
  let next = 0
  for (let k = 0; k < stepCount; k++) {
    const first = lo[k]
    const end = hi[k]
    if (end <= first) continue
    if (next < first) next = first
    for (; next < end; next++) {
      const value = values[next] * sign
      if (Number.isNaN(value)) continue
      while (tail > head && values[queue[tail - 1]] * sign <= value) tail--
      queue[tail++] = next
    }
    while (head < tail && queue[head] < first) head++
    out[k] = head < tail ? values[queue[head]] : NaN
    present[k] = 1
  }
}

export const maxOverTime: WindowKernel = (windows, out, present) => slide(windows, out, present, 1)
export const minOverTime: WindowKernel = (windows, out, present) => slide(windows, out, present, -1)
