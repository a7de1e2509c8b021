import { formatExact, formatShort } from '../../format/number.ts'
import { labelNames } from '../../format/series-name.ts'
import { formatDateTime } from '../../format/time.ts'
import type { Unit } from '../../format/unit.ts'
import styles from './chart.module.css'
import type { Point } from './chart-options.ts'
import type { Columns } from './columns.ts'
import type { Stroke } from './palette.ts'
import { Swatch } from './swatch.tsx'

interface ChartTooltipProps {
  readonly point: Point
  readonly columns: Columns
  readonly unit: Unit
  readonly strokeOfLine: (index: number) => Stroke
}

/** Time, value and labels of the point under the pointer, on the side of it that has more room. */
export function ChartTooltip({ point, columns, unit, strokeOfLine }: ChartTooltipProps) {
  const line = columns.lines[point.line]
  const value = line.values[point.step]
  if (value === null || value === undefined) return null
  const inLeftHalf = point.left < point.plotWidth / 2
  const side = inLeftHalf ? { left: point.plotLeft + point.left + 16 } : { right: `calc(100% - ${point.plotLeft + point.left - 16}px)` }
  const exact = formatExact(value)
  const short = formatShort(value, unit)
  return (
    <div className={styles.tooltip} style={{ ...side, top: Math.max(0, Math.min(point.top, 190)) }}>
      <div className={styles.time}>{formatDateTime(columns.times[point.step] * 1000)}</div>
      <div className={styles.value}>
        <Swatch stroke={strokeOfLine(point.line)} />
        {short}
        {short !== exact && unit !== 'none' && <span className={styles.time}>{exact}</span>}
      </div>
      <ul className={styles.labels}>
        {line.metric['__name__'] !== undefined && <li>{line.metric['__name__']}</li>}
        {labelNames(line.metric).map((name) => (
          <li key={name}>
            <b>{name}</b>={line.metric[name]}
          </li>
        ))}
      </ul>
    </div>
  )
}
