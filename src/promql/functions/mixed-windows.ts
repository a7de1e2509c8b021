import type { Histogram } from '../../model/histogram.ts'
import type { Annotations } from '../exec/annotations.ts'
import type { HistogramColumn, StepSeries } from '../exec/columns.ts'
import type { PositionRange } from '../parser/ast.ts'
import type { WindowKernel, Windows } from './window-kernel.ts'

/** The samples of a series some of which are histograms, and each step's window of them. */
export interface MixedWindows extends Windows {
  /** As long as the other columns; undefined where a sample is a float. */
  readonly histograms: readonly (Histogram | undefined)[]
  /** The floats alone, and each step's window of those. */
  readonly floats: Windows
  readonly metricName: string
  /** Of the function's first argument: where annotations point. */
  readonly range: PositionRange
  readonly annotations: Annotations
  /** All undefined, one a step: for a result that has histograms. */
  newHistograms(): HistogramColumn
}

/**
 * A range function over all steps of a series some of whose samples are histograms. Sets `values`, `present` and `histograms` of
 * `out`, which comes with nothing present. Runs once a series.
 */
export type MixedKernel = (windows: MixedWindows, out: StepSeries) => void

/** How many histograms a step's window holds. */
export function histogramCount({ lo, hi, floats }: MixedWindows, step: number): number {
  return hi[step] - lo[step] - (floats.hi[step] - floats.lo[step])
}

/** The histograms of a step's window, one after the other. */
export function histogramsOf({ lo, hi, histograms }: MixedWindows, step: number): readonly Histogram[] {
  const found: Histogram[] = []
  for (let i = lo[step]; i < hi[step]; i++) {
    const histogram = histograms[i]
    if (histogram !== undefined) found.push(histogram)
  }
  return found
}

/** A function of floats: does as if histograms were not there, and says so where they are among floats. */
export function floatsOnly(kernel: WindowKernel): MixedKernel {
  return (windows, out) => {
    const { floats, metricName, range, annotations } = windows
    kernel(floats, out.values, out.present)
    for (let k = 0; k < windows.stepCount; k++) {
      if (floats.hi[k] > floats.lo[k] && histogramCount(windows, k) > 0) annotations.histogramsIgnoredInRange(metricName, range)
    }
  }
}

/** A function that does not look at what samples are. */
export function ofAnySample(kernel: WindowKernel): MixedKernel {
  return (windows, out) => kernel(windows, out.values, out.present)
}

/** A function that answers one of the samples of a window: `pick` says which of those from `lo` up to, not including, `hi`. */
export function picked(pick: (lo: number, hi: number) => number): MixedKernel {
  return (windows, out) => {
    const { lo, hi, values, histograms, stepCount } = windows
    for (let k = 0; k < stepCount; k++) {
      if (hi[k] <= lo[k]) continue
      const at = pick(lo[k], hi[k])
      out.present[k] = 1
      out.values[k] = values[at]
      const histogram = histograms[at]
      if (histogram === undefined) continue
      out.histograms ??= windows.newHistograms()
      out.histograms[k] = histogram
    }
  }
}

/**
 * A function that answers a float for floats and a histogram for histograms, and nothing but a warning where a window has both.
 * `compute` makes the histogram of one step; undefined: there is none.
 */
export function eitherType(
  kernel: WindowKernel,
  countMin: number,
  compute: (windows: MixedWindows, step: number, histograms: readonly Histogram[]) => Histogram | undefined,
): MixedKernel {
  return (windows, out) => {
    const { floats, stepCount, metricName, range, annotations } = windows
    kernel(floats, out.values, out.present)
    for (let k = 0; k < stepCount; k++) {
      const count = histogramCount(windows, k)
      if (count === 0) continue
      if (floats.hi[k] > floats.lo[k]) {
        annotations.mixedRange(metricName, range)
        out.present[k] = 0
        continue
      }
      if (count < countMin) continue
      const histogram = compute(windows, k, histogramsOf(windows, k))
      if (histogram === undefined) continue
      out.histograms ??= windows.newHistograms()
      out.histograms[k] = histogram
      out.present[k] = 1
    }
  }
}
