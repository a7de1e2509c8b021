import type { HistogramJson, MatrixElement, Metric } from '../../../../src/api/types/query.ts'
import { parseSampleValue } from '../../format/number.ts'
import { averageOf } from '../histogram/summary.ts'
import type { HistogramLine } from '../panel-state.ts'
import type { TimeWindow } from '../time-window.ts'

/** One line of a graph: a value for every time of the columns, null where there is none to draw. */
export interface Line {
  readonly metric: Metric
  readonly values: (number | null)[]
}

/** A range answer on one time axis (Unix seconds, as uPlot wants it). */
export interface Columns {
  readonly times: number[]
  readonly lines: readonly Line[]
}

/**
 * Puts every series on the steps of the window. A step a series has no sample at is null, so that the line breaks there
 * instead of inventing values; NaN and infinities cannot be drawn as a line and are null too. A native histogram is
 * drawn as the one number of it that was chosen.
 */
export function toColumns(matrix: readonly MatrixElement[], window: TimeWindow, histogramLine: HistogramLine): Columns {
  const { start, end, stepMs } = window
  const stepCount = Math.floor((end - start) / stepMs) + 1
  const times = Array.from({ length: stepCount }, (_, step) => (start + step * stepMs) / 1000)
  const lines = matrix.map((series): Line => {
    const values = new Array<number | null>(stepCount).fill(null)
    const put = (seconds: number, value: number | undefined) => {
      const step = Math.round((seconds * 1000 - start) / stepMs)
      if (step >= 0 && step < stepCount && value !== undefined && Number.isFinite(value)) values[step] = value
    }
    for (const [seconds, text] of series.values ?? []) put(seconds, parseSampleValue(text))
    for (const [seconds, histogram] of series.histograms ?? []) put(seconds, numberOf(histogram, histogramLine))
    return { metric: series.metric, values }
  })
  return { times, lines }
}

function numberOf(histogram: HistogramJson, line: HistogramLine): number | undefined {
  switch (line) {
    case 'count':
      return parseSampleValue(histogram.count)
    case 'sum':
      return parseSampleValue(histogram.sum)
    case 'average':
      return averageOf(histogram)
  }
}

/** Each line added onto the shown ones before it; a gap adds nothing, and a hidden line is a gap all along. */
export function stackLines(lines: readonly Line[], shown: (index: number) => boolean): (number | null)[][] {
  const sums = new Array<number>(lines[0]?.values.length ?? 0).fill(0)
  return lines.map((line, index) => {
    if (!shown(index)) return line.values.map(() => null)
    return line.values.map((value, step) => {
      if (value === null) return null
      sums[step] += value
      return sums[step]
    })
  })
}

/** The last drawn value of a line, for the legend. */
export function lastValue(line: Line): number | undefined {
  return line.values.findLast((value) => value !== null) ?? undefined
}
