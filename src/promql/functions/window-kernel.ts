import type { Timestamp } from '../../model/time.ts'

/** Steps whose windows are alike: as many samples each, `stride` samples after those of the step before, and as far from both ends of the window. */
export interface EvenWindows {
  readonly from: number
  /** Not included. */
  readonly to: number
  readonly stride: number
}

/**
 * The samples of one series and, for each step, the window of them that a range function sees: the samples from `lo[k]`
 * up to, not including, `hi[k]`. Windows only move forward: `lo` and `hi` never fall. No staleness markers are left.
 */
export interface Windows {
  timestamps: Float64Array
  values: Float64Array
  /** When the counting behind a sample began, 0 where that is not known; undefined where it is known of none. */
  startTimes: Float64Array | undefined
  /** Whether a value may be lower than the one before. */
  mayFall: boolean
  /** Undefined: it is not known which windows are alike. */
  even: EvenWindows | undefined
  /** Samples in the two columns; the arrays may be longer. */
  length: number
  readonly lo: Int32Array
  readonly hi: Int32Array
  readonly stepCount: number
  /** Time where the window of the first step ends, inclusive, and how far it moves a step (0 under `@`). */
  readonly firstEnd: Timestamp
  readonly endStepMs: number
  readonly rangeMs: number
  /** Time of the first step, and of the next: not the window's end under `offset` and `@`. */
  readonly firstTime: Timestamp
  readonly stepMs: number
  /** The scalar arguments in their order, a value a step each. */
  readonly parameters: readonly Float64Array[]
}

/**
 * A range function over all steps of one series: sets `out[k]` and `present[k]`. `present` comes zeroed.
 * Hot: runs once a series.
 */
export type WindowKernel = (windows: Windows, out: Float64Array, present: Uint8Array) => void

/** The steps around the one with the middle sample whose windows are alike, of samples that are `spacingMs` apart. */
export function evenWindows(windows: Windows, spacingMs: number): EvenWindows | undefined {
  const { timestamps, length, lo, hi, stepCount, firstEnd, endStepMs } = windows
  const stride = endStepMs / spacingMs
  if (stride < 1 || !Number.isInteger(stride)) return undefined
  let from = Math.max(0, Math.min(stepCount - 1, Math.ceil((timestamps[length >>> 1] - firstEnd) / endStepMs)))
  let to = from + 1
  while (from > 0 && lo[from] - lo[from - 1] === stride && hi[from] - hi[from - 1] === stride) from--
  while (to < stepCount && lo[to] - lo[to - 1] === stride && hi[to] - hi[to - 1] === stride) to++
  return { from, to, stride }
}

/** The same samples, and the steps from `from` up to, not including, `to`. */
export function someSteps(windows: Windows, from: number, to: number): Windows {
  return {
    ...windows,
    lo: windows.lo.subarray(from, to),
    hi: windows.hi.subarray(from, to),
    stepCount: to - from,
    even: undefined,
    firstEnd: windows.firstEnd + from * windows.endStepMs,
    firstTime: windows.firstTime + from * windows.stepMs,
    parameters: windows.parameters.map((parameter) => parameter.subarray(from, to)),
  }
}
