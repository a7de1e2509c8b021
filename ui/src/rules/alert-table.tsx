import { useState } from 'react'
import type { AlertJson } from '../../../src/api/types/rules.ts'
import { formatAgo } from '../format/duration.ts'
import { formatCount } from '../format/number.ts'
import { formatDateTime } from '../format/time.ts'
import { SeriesName } from '../query/series-name-view.tsx'
import styles from './alert-table.module.css'
import { StateMark } from './state-mark.tsx'

interface AlertTableProps {
  readonly alerts: readonly AlertJson[]
  readonly withAnnotations: boolean
  /** When they were read, Unix ms: ages are told against it. */
  readonly readAt: number
}

const pageRows = 100

/** The alerts of a rule, firing ones first, a page at a time. */
export function AlertTable({ alerts, withAnnotations, readAt }: AlertTableProps) {
  const [rowsShown, setRowsShown] = useState(pageRows)
  const ordered = [...alerts].sort((a, b) => Number(b.state === 'firing') - Number(a.state === 'firing'))
  return (
    <>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Labels</th>
            <th scope="col" className={styles.state}>
              State
            </th>
            <th scope="col" className={styles.since}>
              Active since
            </th>
            <th scope="col" className={styles.value}>
              Value
            </th>
          </tr>
        </thead>
        <tbody>
          {ordered.slice(0, rowsShown).map((alert) => (
            <AlertRow key={JSON.stringify(alert.labels)} alert={alert} withAnnotations={withAnnotations} readAt={readAt} />
          ))}
        </tbody>
      </table>
      {alerts.length > rowsShown && (
        <button type="button" className={styles.more} onClick={() => setRowsShown(rowsShown + pageRows)}>
          Show more: {formatCount(alerts.length - rowsShown)} alerts are not shown
        </button>
      )}
    </>
  )
}

function AlertRow({ alert, withAnnotations, readAt }: { readonly alert: AlertJson } & Omit<AlertTableProps, 'alerts'>) {
  const since = Date.parse(alert.activeAt)
  const annotations = Object.entries(alert.annotations)
  return (
    <tr className={styles.row}>
      <td className={styles.labels}>
        <SeriesName metric={alert.labels} bare />
        {withAnnotations && annotations.length > 0 && (
          <dl className={styles.annotations}>
            {annotations.map(([name, text]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{text}</dd>
              </div>
            ))}
          </dl>
        )}
      </td>
      <td>
        <StateMark state={alert.state} />
        {alert.keepFiringSince !== undefined && (
          <span className={styles.kept} title={`Kept firing since ${formatDateTime(Date.parse(alert.keepFiringSince))}`}>
            kept
          </span>
        )}
      </td>
      <td className={styles.since} title={formatDateTime(since)}>
        {formatAgo(readAt - since)}
      </td>
      <td className={styles.value}>{formatValue(alert.value)}</td>
    </tr>
  )
}

/** The API writes all values with an exponent. */
function formatValue(text: string): string {
  const value = Number(text.replace(/^([+-]?)Inf$/, '$1Infinity'))
  return Number.isFinite(value) ? String(value) : text
}
