import { useState } from 'react'
import { formatShort } from '../../format/number.ts'
import { commonLabels, formatSeries, labelPairs, withoutLabels } from '../../format/series-name.ts'
import type { Unit } from '../../format/unit.ts'
import { SeriesName } from '../series-name-view.tsx'
import { type Line, lastValue } from './columns.ts'
import styles from './legend.module.css'
import type { Stroke } from './palette.ts'
import { Swatch } from './swatch.tsx'

interface LegendProps {
  readonly lines: readonly Line[]
  readonly unit: Unit
  readonly strokeOfLine: (index: number) => Stroke
  readonly shown: (index: number) => boolean
  readonly onIsolate: (index: number) => void
  readonly onToggle: (index: number) => void
  readonly onFocus: (index: number | undefined) => void
}

/** Entries before the rest is folded away: a browser lays out a hundred rows at once without a pause. */
const entriesFolded = 100

/** The lines by what tells them apart, with their last value; labels all of them share stand once above. */
export function Legend({ lines, unit, strokeOfLine, shown, onIsolate, onToggle, onFocus }: LegendProps) {
  const [unfolded, setUnfolded] = useState(false)
  const common = commonLabels(lines.map((line) => line.metric))
  const entries = unfolded ? lines : lines.slice(0, entriesFolded)
  return (
    <div className={styles.legend}>
      {Object.keys(common).length > 0 && (
        <div className={styles.common}>
          <span>all: </span>
          <SeriesName metric={common} />
        </div>
      )}
      <ul className={styles.entries} data-few={lines.length < 4} aria-label="Series">
        {entries.map((line, index) => {
          const name = formatSeries(line.metric)
          const own = withoutLabels(line.metric, common)
          const value = lastValue(line)
          return (
            <li key={name}>
              <button
                type="button"
                className={styles.entry}
                aria-pressed={shown(index)}
                title={`${name}\nClick: only this. Ctrl-click: hide or show.`}
                onClick={(event) => (event.ctrlKey || event.metaKey || event.shiftKey ? onToggle(index) : onIsolate(index))}
                onPointerEnter={() => onFocus(index)}
                onPointerLeave={() => onFocus(undefined)}
                onFocus={() => onFocus(index)}
                onBlur={() => onFocus(undefined)}
              >
                <Swatch stroke={strokeOfLine(index)} />
                <span className={styles.name}>
                  {own['__name__'] === undefined && labelPairs(own).length === 0 ? name : <SeriesName metric={own} bare />}
                </span>
                <span className={styles.value}>{value === undefined ? '' : formatShort(value, unit)}</span>
              </button>
            </li>
          )
        })}
      </ul>
      {entries.length < lines.length && (
        <button type="button" className={styles.more} onClick={() => setUnfolded(true)}>
          Show the other {lines.length - entries.length} series
        </button>
      )}
    </div>
  )
}
