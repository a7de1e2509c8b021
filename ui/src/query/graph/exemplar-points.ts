import type { ExemplarsData } from '../../../../src/api/types/exemplars.ts'
import type { Metric } from '../../../../src/api/types/query.ts'
import { parseSampleValue } from '../../format/number.ts'

/** Where a plot lies in its chart, in CSS pixels, and what it shows: Unix seconds and values at its edges. */
export interface PlotFrame {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly timeMin: number
  readonly timeMax: number
  readonly valueMin: number
  readonly valueMax: number
}

export interface Exemplar {
  readonly seriesLabels: Metric
  readonly labels: Metric
  readonly value: number
  /** Unix ms. */
  readonly time: number
}

/** Exemplars too near to each other for points of their own. */
export interface ExemplarPoint {
  /** CSS pixels from the plot's upper left corner to the point's middle. */
  readonly left: number
  readonly top: number
  /** What lies beyond the values of the axis stands at its edge: an expression's values need not be what exemplars measure. */
  readonly place: 'inside' | 'above' | 'below'
  /** At least one; the largest value first. */
  readonly exemplars: readonly Exemplar[]
}

/** Points are this large at least, in CSS pixels: a finger or a pointer must find one among others. */
const cellSize = 12

export function readExemplars(data: ExemplarsData): readonly Exemplar[] {
  return data.flatMap(({ seriesLabels, exemplars }) =>
    exemplars.map(({ labels, value, timestamp }) => ({ seriesLabels, labels, value: parseSampleValue(value), time: timestamp * 1000 })),
  )
}

/** The points of exemplars at their time and value, in order of time; those outside the plot's time are left out. */
export function placeExemplars(exemplars: readonly Exemplar[], frame: PlotFrame): readonly ExemplarPoint[] {
  const cells = new Map<string, ExemplarPoint & { readonly exemplars: Exemplar[] }>()
  for (const exemplar of exemplars) {
    const across = (exemplar.time / 1000 - frame.timeMin) / (frame.timeMax - frame.timeMin)
    if (!(across >= 0 && across <= 1) || Number.isNaN(exemplar.value)) continue
    const up = (exemplar.value - frame.valueMin) / (frame.valueMax - frame.valueMin)
    const left = across * frame.width
    const top = (1 - Math.min(1, Math.max(0, up))) * frame.height
    const key = `${Math.floor(left / cellSize)} ${Math.floor(top / cellSize)}`
    const cell = cells.get(key)
    if (cell === undefined) cells.set(key, { left, top, place: up > 1 ? 'above' : up < 0 ? 'below' : 'inside', exemplars: [exemplar] })
    else cell.exemplars.push(exemplar)
  }
  for (const { exemplars } of cells.values()) exemplars.sort((a, b) => b.value - a.value)
  return [...cells.values()].sort((a, b) => a.left - b.left || a.top - b.top)
}
