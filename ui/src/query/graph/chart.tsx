import 'uplot/dist/uPlot.min.css'
import { type ReactNode, type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import uPlot from 'uplot'
import type { Unit } from '../../format/unit.ts'
import type { TimeWindow } from '../time-window.ts'
import styles from './chart.module.css'
import { type ChartSettings, chartOptions, type Point } from './chart-options.ts'
import { ChartTooltip } from './chart-tooltip.tsx'
import { type Columns, stackLines } from './columns.ts'
import type { PlotFrame } from './exemplar-points.ts'
import { strokeOf } from './palette.ts'

interface ChartProps {
  readonly columns: Columns
  readonly window: TimeWindow
  readonly shown: (index: number) => boolean
  /** The line to draw in front and the rest pale; undefined for none. */
  readonly focused: number | undefined
  readonly stacked: boolean
  readonly scheme: 'light' | 'dark'
  readonly unit: Unit
  readonly label: string
  /** Values beside the lines' that the axis should reach. */
  readonly reach: readonly number[]
  readonly onSelect: (start: number, end: number) => void
  /** What stands over the plot where it lies now. */
  readonly children: (frame: PlotFrame) => ReactNode
}

const height = 320

/** The lines of a panel on a canvas. New values go into the living plot; it is built anew only when its shape changes. */
export function Chart(props: ChartProps) {
  const { columns, shown, focused, stacked, scheme, unit, label, reach } = props
  const frame = useRef<HTMLDivElement>(null)
  const width = useWidth(frame)
  const plot = useRef<uPlot>(undefined)
  const latest = useRef(props)
  latest.current = props
  const [point, setPoint] = useState<Point>()
  const [drawn, setDrawn] = useState<PlotFrame>()

  const lineCount = columns.lines.length
  const data = useMemo((): uPlot.AlignedData => {
    const values = stacked ? stackLines(columns.lines, shown) : columns.lines.map((line) => line.values)
    return [columns.times, ...values]
  }, [columns, stacked, shown])

  // biome-ignore lint/correctness/useExhaustiveDependencies: the size and the data reach the living plot through the effects below
  useEffect(() => {
    if (width === 0 || frame.current === null) return
    const settings: ChartSettings = {
      lineCount,
      shown,
      stacked,
      scheme,
      unit,
      window: () => latest.current.window,
      reach: () => latest.current.reach,
      onSelect: (start, end) => latest.current.onSelect(start, end),
      onPoint: setPoint,
      onDraw: (next) => setDrawn((last) => (last !== undefined && sameFrame(last, next) ? last : next)),
    }
    const created = new uPlot(chartOptions(settings, { width, height }), data, frame.current)
    plot.current = created
    return () => {
      plot.current = undefined
      setPoint(undefined)
      created.destroy()
    }
  }, [width === 0, lineCount, shown, stacked, scheme, unit])

  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height })
  }, [width])

  useEffect(() => {
    // A plot just built already has this data.
    if (plot.current !== undefined && plot.current.data !== data) plot.current.setData(data)
  }, [data])

  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of it is a change of the scale
  useEffect(() => plot.current?.setData(plot.current.data), [reach])

  useEffect(() => {
    const living = plot.current
    if (living === undefined) return
    for (let series = 1; series < living.series.length; series++) {
      living.series[series].alpha = focused === undefined || focused === series - 1 ? 1 : 0.15
    }
    living.redraw(false, false)
  }, [focused])

  return (
    <div className={styles.chart} style={{ height }}>
      <div ref={frame} className={styles.frame} role="img" aria-label={label} />
      {drawn !== undefined && props.children(drawn)}
      {point !== undefined && point.line < lineCount && point.step < columns.times.length && (
        <ChartTooltip
          point={point}
          columns={columns}
          unit={unit}
          strokeOfLine={(index) => strokeOf(index, scheme, stacked ? 'area' : 'line')}
        />
      )}
    </div>
  )
}

function sameFrame(a: PlotFrame, b: PlotFrame): boolean {
  return (Object.keys(a) as (keyof PlotFrame)[]).every((key) => a[key] === b[key])
}

/** The element's width in CSS pixels, kept as it changes; 0 before it is laid out. */
function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    if (element.current === null) return
    const observed = element.current
    setWidth(observed.clientWidth)
    const observer = new ResizeObserver(() => setWidth(observed.clientWidth))
    observer.observe(observed)
    return () => observer.disconnect()
  }, [element])
  return width
}
