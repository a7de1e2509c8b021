import { type KeyboardEvent, useMemo, useRef, useState } from 'react'
import { formatShort } from '../../format/number.ts'
import { formatDateTime } from '../../format/time.ts'
import type { Unit } from '../../format/unit.ts'
import chart from './chart.module.css'
import styles from './exemplar-layer.module.css'
import { type Exemplar, type ExemplarPoint, type PlotFrame, placeExemplars } from './exemplar-points.ts'

interface ExemplarLayerProps {
  readonly exemplars: readonly Exemplar[]
  readonly frame: PlotFrame
  readonly unit: Unit
  readonly picked: readonly Exemplar[] | undefined
  readonly onPick: (exemplars: readonly Exemplar[] | undefined) => void
}

/**
 * Exemplars as points over a plot. They are one stop of the Tab key; arrows go from point to point, Enter picks,
 * Escape lets go.
 */
export function ExemplarLayer({ exemplars, frame, unit, picked, onPick }: ExemplarLayerProps) {
  const points = useMemo(() => placeExemplars(exemplars, frame), [exemplars, frame])
  const [pointed, setPointed] = useState<number>()
  const [current, setCurrent] = useState(0)
  const layer = useRef<HTMLDivElement>(null)
  const stop = Math.min(current, points.length - 1)

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') return onPick(undefined)
    const next = { ArrowRight: stop + 1, ArrowLeft: stop - 1, Home: 0, End: points.length - 1 }[event.key]
    if (next === undefined) return
    event.preventDefault()
    const button = layer.current?.querySelectorAll('button')[next]
    button?.focus()
  }

  const shown = pointed === undefined ? undefined : points[pointed]
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid over a plot
    <div
      ref={layer}
      className={styles.layer}
      role="group"
      aria-label="Exemplars"
      style={{ left: frame.left, top: frame.top, width: frame.width, height: frame.height }}
      onKeyDown={onKeyDown}
    >
      {points.map((point, index) => (
        <button
          key={`${point.exemplars[0].time} ${point.left} ${point.top}`}
          type="button"
          className={styles.point}
          style={{ left: point.left, top: point.top }}
          data-place={point.place}
          aria-pressed={point.exemplars.some((exemplar) => picked?.includes(exemplar))}
          aria-label={tellPoint(point, unit)}
          tabIndex={index === stop ? 0 : -1}
          onClick={() => onPick(point.exemplars)}
          onPointerEnter={() => setPointed(index)}
          onPointerLeave={() => setPointed(undefined)}
          onFocus={() => {
            setCurrent(index)
            setPointed(index)
          }}
          onBlur={() => setPointed(undefined)}
        />
      ))}
      {shown !== undefined && <PointTip point={shown} frame={frame} unit={unit} />}
    </div>
  )
}

function PointTip({ point, frame, unit }: { readonly point: ExemplarPoint; readonly frame: PlotFrame; readonly unit: Unit }) {
  const { labels, value, time } = point.exemplars[0]
  const others = point.exemplars.length - 1
  const side = point.left < frame.width / 2 ? { left: point.left + 14 } : { right: frame.width - point.left + 14 }
  return (
    <div className={chart.tooltip} style={{ ...side, top: Math.max(0, Math.min(point.top, frame.height - 110)) }} aria-hidden>
      <div className={chart.time}>Exemplar, {formatDateTime(time)}</div>
      <div className={chart.value}>
        {formatShort(value, unit)}
        {point.place !== 'inside' && <span className={chart.time}>{point.place} the axis</span>}
      </div>
      <ul className={chart.labels}>
        {Object.keys(labels).map((name) => (
          <li key={name}>
            <b>{name}</b>={labels[name]}
          </li>
        ))}
      </ul>
      <div className={chart.time}>{others === 0 ? 'Click for more' : `and ${others} more: click`}</div>
    </div>
  )
}

function tellPoint({ exemplars, place }: ExemplarPoint, unit: Unit): string {
  const [{ labels, value, time }] = exemplars
  const where = place === 'inside' ? '' : `, ${place} the axis`
  const told = Object.entries(labels).map(([name, text]) => `${name} ${text}`)
  const others = exemplars.length === 1 ? [] : [`and ${exemplars.length - 1} more`]
  return [`${formatShort(value, unit)}${where} at ${formatDateTime(time)}`, ...told, ...others].join(', ')
}
