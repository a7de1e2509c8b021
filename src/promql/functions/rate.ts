import { isStartReset, startInside } from './start-times.ts'
import type { EvenWindows, WindowKernel, Windows } from './window-kernel.ts'

export interface RateKind {
  /** Falls are resets, and the value never was below zero. */
  readonly counter: boolean
  readonly perSecond: boolean
}

/**
 * Rate, increase and delta: the difference over the window, extended to its ends where the samples come close to them.
 * Resets are found once a series, so a step costs its resets, not its samples.
 * Source: Prometheus promql/functions.go, extrapolatedRate.
 */
function extrapolatedRate(windows: Windows, out: Float64Array, present: Uint8Array, kind: RateKind): void {
  const { values, startTimes, mayFall, length, even, stepCount } = windows
  let resets = NO_RESETS
  if (kind.counter && startTimes !== undefined) resets = findAllResets(windows)
  else if (kind.counter && mayFall) resets = findResets(values, length)
  if (even === undefined || startTimes !== undefined || resets.length * STEPS_PER_RESET > stepCount) {
    ratesAt(windows, 0, stepCount, resets, out, present, kind)
    return
  }
  const { from, to, stride } = even
  ratesAt(windows, 0, from, resets, out, present, kind)
  let at = from
  for (const reset of resets) {
    // The steps whose windows have the reset behind their first sample.
    const ahead = Math.max(at, Math.min(to, from + Math.ceil((reset - windows.hi[from] + 1) / stride)))
    const behind = Math.max(at, Math.min(to, from + Math.ceil((reset - windows.lo[from]) / stride)))
    evenRates(windows, even, at, ahead, out, present, kind)
    ratesAt(windows, ahead, behind, resets, out, present, kind)
    at = behind
  }
  evenRates(windows, even, at, to, out, present, kind)
  ratesAt(windows, to, stepCount, resets, out, present, kind)
}

/** Of fewer steps for each reset no loop of its own is worth it. */
const STEPS_PER_RESET = 20

/** Of the steps from `from` up to, not including, `to`. Hot: some ns a step. */
function ratesAt(
  windows: Windows,
  from: number,
  to: number,
  resets: readonly number[],
  out: Float64Array,
  present: Uint8Array,
  { counter, perSecond }: RateKind,
): void {
  const { timestamps, values, startTimes, lo, hi, firstEnd, endStepMs, rangeMs } = windows
  let firstReset = 0
  const rangeSeconds = rangeMs / 1000
  // How the samples of the window before lay in it, and what followed from that.
  let [knownBeforeMs, knownAfterMs, knownGaps] = [-1, -1, -1]
  let [sampled, toStart, toEnd, known] = [0, 0, 0, 0]
  for (let k = from; k < to; k++) {
    const first = lo[k]
    const last = hi[k] - 1
    const end = firstEnd + k * endStepMs
    const counted = startTimes !== undefined && counter && last >= first ? startInside(windows, first, end - rangeMs) : undefined
    if (counted !== undefined) {
      out[k] = countedFrom(windows, resets, counted, { first, last, end }) / (perSecond ? rangeSeconds : 1)
      present[k] = 1
      continue
    }
    if (last <= first) continue
    const firstValue = values[first]
    let result = values[last] - firstValue
    if (resets.length > 0) {
      while (firstReset < resets.length && resets[firstReset] <= first) firstReset++
      for (let r = firstReset; r < resets.length && resets[r] <= last; r++) result += values[resets[r] - 1]
    }
    const beforeMs = timestamps[first] - (end - rangeMs)
    const afterMs = end - timestamps[last]
    // Samples that are evenly spaced lie alike in every window.
    if (beforeMs !== knownBeforeMs || afterMs !== knownAfterMs || last - first !== knownGaps) {
      knownBeforeMs = beforeMs
      knownAfterMs = afterMs
      knownGaps = last - first
      sampled = (timestamps[last] - timestamps[first]) / 1000
      const between = sampled / knownGaps
      toStart = extension(beforeMs, between)
      toEnd = extension(afterMs, between)
      known = (sampled + toStart + toEnd) / sampled
      if (perSecond) known /= rangeSeconds
    }
    let factor = known
    // The test without division lets through what may be closer to zero than to the start, and what is not finite.
    if (counter && result > 0 && firstValue >= 0 && !(firstValue * sampled > toStart * result * 1.001)) {
      const toZero = sampled * (firstValue / result)
      if (toZero < toStart) {
        factor = (sampled + toZero + toEnd) / sampled
        if (perSecond) factor /= rangeSeconds
      }
    }
    out[k] = result * factor
    present[k] = 1
  }
}

/** The same of windows that are alike, have no reset in them, and no start times. Hot: a ns or two a step. */
function evenRates(
  windows: Windows,
  { stride }: EvenWindows,
  from: number,
  to: number,
  out: Float64Array,
  present: Uint8Array,
  { counter, perSecond }: RateKind,
): void {
  if (from === to) return
  const { timestamps, values, lo, hi, firstEnd, endStepMs, rangeMs } = windows
  let first = lo[from]
  const gaps = hi[from] - 1 - first
  if (gaps < 1) return
  const end = firstEnd + from * endStepMs
  const rangeSeconds = rangeMs / 1000
  const sampled = (timestamps[first + gaps] - timestamps[first]) / 1000
  const between = sampled / gaps
  const toStart = extension(timestamps[first] - (end - rangeMs), between)
  const toEnd = extension(end - timestamps[first + gaps], between)
  let known = (sampled + toStart + toEnd) / sampled
  if (perSecond) known /= rangeSeconds
  for (let k = from; k < to; k++, first += stride) {
    const firstValue = values[first]
    const result = values[first + gaps] - firstValue
    out[k] = result * known
    if (!counter || !(result > 0) || !(firstValue >= 0) || firstValue * sampled > toStart * result * 1.001) continue
    const toZero = sampled * (firstValue / result)
    if (!(toZero < toStart)) continue
    const factor = (sampled + toZero + toEnd) / sampled
    out[k] = result * (perSecond ? factor / rangeSeconds : factor)
  }
  present.fill(1, from, to)
}

/** How far a rate goes beyond its samples, in seconds: to the window's end, which is `gapMs` away, where that is hardly more than lies between two of them. */
function extension(gapMs: number, between: number): number {
  const gap = gapMs / 1000
  return gap >= between * 1.1 ? between / 2 : gap
}

/** The increase since counting began, inside the range: nothing was there before it, so only the right end is extended. */
function countedFrom(
  { timestamps, values }: Windows,
  resets: readonly number[],
  start: number,
  { first, last, end }: { readonly first: number; readonly last: number; readonly end: number },
): number {
  let result = values[last]
  for (const reset of resets) if (reset > first && reset <= last) result += values[reset - 1]
  if (last === first) return result
  const between = (timestamps[last] - timestamps[first]) / (last - first)
  const toEnd = end - timestamps[last]
  const sampled = timestamps[last] - start
  return result * ((sampled + (toEnd >= between * 1.1 ? between / 2 : toEnd)) / sampled)
}

const NO_RESETS: readonly number[] = []

/** Indexes of the samples that are lower than the one before. */
function findResets(values: Float64Array, length: number): readonly number[] {
  let resets: number[] | undefined
  let before = values[0]
  for (let i = 1; i < length; i++) {
    const value = values[i]
    if (value < before) {
      if (resets === undefined) resets = []
      resets.push(i)
    }
    before = value
  }
  return resets ?? NO_RESETS
}

/** The same where start times tell of resets, too. */
function findAllResets(windows: Windows): readonly number[] {
  const { values, length } = windows
  const resets: number[] = []
  for (let i = 1; i < length; i++) if (values[i] < values[i - 1] || isStartReset(windows, i)) resets.push(i)
  return resets
}

/** irate and idelta: from the last two samples. A counter that fell is taken to have restarted at zero. */
function lastDifference(windows: Windows, out: Float64Array, present: Uint8Array, { counter, perSecond }: RateKind): void {
  const { timestamps, values, lo, hi, stepCount } = windows
  for (let k = 0; k < stepCount; k++) {
    const last = hi[k] - 1
    if (last <= lo[k]) continue
    const elapsedMs = timestamps[last] - timestamps[last - 1]
    if (elapsedMs === 0) continue
    const fell = counter && (values[last] < values[last - 1] || isStartReset(windows, last))
    const difference = fell ? values[last] : values[last] - values[last - 1]
    out[k] = perSecond ? difference / (elapsedMs / 1000) : difference
    present[k] = 1
  }
}

export const rate: WindowKernel = (windows, out, present) => extrapolatedRate(windows, out, present, { counter: true, perSecond: true })
export const increase: WindowKernel = (windows, out, present) =>
  extrapolatedRate(windows, out, present, { counter: true, perSecond: false })
export const delta: WindowKernel = (windows, out, present) => extrapolatedRate(windows, out, present, { counter: false, perSecond: false })
export const irate: WindowKernel = (windows, out, present) => lastDifference(windows, out, present, { counter: true, perSecond: true })
export const idelta: WindowKernel = (windows, out, present) => lastDifference(windows, out, present, { counter: false, perSecond: false })
