import type uPlot from 'uplot'
import { formatShort } from '../../format/number.ts'
import { formatTick } from '../../format/time.ts'
import type { Unit } from '../../format/unit.ts'
import type { PlotFrame } from './exemplar-points.ts'
import { lonePoints } from './lone-points.ts'
import { strokeOf } from './palette.ts'
import { reachingTo, valueRange } from './value-range.ts'

export interface ChartSettings {
  readonly lineCount: number
  readonly shown: (index: number) => boolean
  readonly stacked: boolean
  readonly scheme: 'light' | 'dark'
  readonly unit: Unit
  /** Unix ms, both ends of what the axis shows whether or not there are samples. */
  readonly window: () => { readonly start: number; readonly end: number }
  /** Values that the axis should reach too where that leaves the lines their room. */
  readonly reach: () => readonly number[]
  readonly onSelect: (start: number, end: number) => void
  /** The line nearest the pointer and the step below it, in CSS pixels of the plot; undefined when the pointer left. */
  readonly onPoint: (point: Point | undefined) => void
  /** Where the plot was drawn and what its axes show, after every drawing. */
  readonly onDraw: (frame: PlotFrame) => void
}

export interface Point {
  readonly line: number
  readonly step: number
  readonly left: number
  readonly top: number
  /** Where the plot lies in the chart, beside its axis. */
  readonly plotLeft: number
  readonly plotWidth: number
}

const font = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'
const colors = {
  light: { text: '#5a6675', grid: '#e8ecf0', axis: '#c3ccd6' },
  dark: { text: '#93a0b2', grid: '#252e3a', axis: '#3b4656' },
}
/** Distances of ticks that are round in KiB, MiB and so on. */
const binaryIncrements = Array.from({ length: 62 }, (_, power) => 2 ** power)
/** A selection narrower than this many pixels is a click, not a zoom. */
const selectMin = 6

/** uPlot's options for a panel's graph. */
export function chartOptions(settings: ChartSettings, size: { readonly width: number; readonly height: number }): uPlot.Options {
  const { unit } = settings
  const { text, grid, axis } = colors[settings.scheme]
  const lines = { stroke: grid, width: 1 }
  return {
    ...size,
    padding: [10, 26, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { size: 7, one: true },
      focus: { prox: 1e6 },
      drag: { x: true, y: false, setScale: false, dist: selectMin },
    },
    focus: { alpha: 1 },
    scales: {
      x: {
        range: () => {
          const { start, end } = settings.window()
          return [start / 1000, end / 1000]
        },
      },
      y: { range: (_plot, min, max) => valueRange(min, reachingTo(max, settings.reach()), settings.stacked) },
    },
    axes: [
      {
        stroke: text,
        font,
        size: 30,
        space: 80,
        grid: lines,
        ticks: { stroke: axis, width: 1, size: 5 },
        values: (_plot, ticks) => ticks.map((tick) => formatTick(tick * 1000, ((ticks[1] ?? tick) - ticks[0]) * 1000)),
      },
      {
        stroke: text,
        font,
        size: (_plot, labels) => Math.max(30, 14 + 6.6 * Math.max(0, ...(labels ?? []).map((text) => text.length))),
        space: 36,
        // Undefined would not do: uPlot takes a key that is there as set.
        ...(unit === 'bytes' || unit === 'bytes/s' ? { incrs: binaryIncrements } : {}),
        grid: lines,
        ticks: { show: false },
        values: (_plot, ticks) => ticks.map((tick) => formatShort(tick, unit)),
      },
    ],
    series: [{}, ...Array.from({ length: settings.lineCount }, (_, index) => lineOptions(index, settings))],
    bands: settings.stacked ? stackBands(settings) : [],
    hooks: {
      setSelect: [
        (plot) => {
          const { left, width } = plot.select
          if (width < selectMin) return
          settings.onSelect(Math.round(plot.posToVal(left, 'x') * 1000), Math.round(plot.posToVal(left + width, 'x') * 1000))
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
        },
      ],
      draw: [(plot) => settings.onDraw(frameOf(plot))],
      setCursor: [(plot) => settings.onPoint(nearestPoint(plot))],
    },
  }
}

function lineOptions(index: number, { scheme, stacked, shown }: ChartSettings): uPlot.Series {
  const { color, dash, fill } = strokeOf(index, scheme, stacked ? 'area' : 'line')
  return {
    show: shown(index),
    stroke: color,
    width: 1.5,
    dash: [...dash],
    fill,
    spanGaps: false,
    points: {
      size: 4,
      fill: color,
      // Null leaves the choice to uPlot, which draws all points or none by the room there is.
      filter: (plot, seriesIndex, show) =>
        show ? null : lonePoints(plot.data[seriesIndex], plot.series[0].idxs?.[0] ?? 0, plot.series[0].idxs?.[1] ?? 0),
    },
  }
}

/** Fills between a line and the shown one below it; the lowest fills to zero by itself. */
function stackBands({ lineCount, shown }: ChartSettings): uPlot.Band[] {
  const bands: uPlot.Band[] = []
  let below = 0
  for (let series = 1; series <= lineCount; series++) {
    if (!shown(series - 1)) continue
    if (below > 0) bands.push({ series: [series, below] })
    below = series
  }
  return bands
}

function frameOf({ over, scales }: uPlot): PlotFrame {
  return {
    left: over.offsetLeft,
    top: over.offsetTop,
    width: over.clientWidth,
    height: over.clientHeight,
    timeMin: scales['x'].min ?? 0,
    timeMax: scales['x'].max ?? 0,
    valueMin: scales['y'].min ?? 0,
    valueMax: scales['y'].max ?? 0,
  }
}

function nearestPoint(plot: uPlot): Point | undefined {
  const { idx, left, top } = plot.cursor
  if (idx == null || left == null || top == null || left < 0) return undefined
  let line = -1
  let best = Number.POSITIVE_INFINITY
  for (let series = 1; series < plot.series.length; series++) {
    const value = plot.data[series][idx]
    if (value == null || plot.series[series].show === false) continue
    const distance = Math.abs(plot.valToPos(value, 'y') - top)
    if (distance >= best) continue
    best = distance
    line = series - 1
  }
  if (line < 0) return undefined
  return { line, step: idx, left, top, plotLeft: plot.over.offsetLeft, plotWidth: plot.over.clientWidth }
}
