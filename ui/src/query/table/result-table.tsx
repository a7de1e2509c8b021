import { useMemo, useState } from 'react'
import type { QueryData } from '../../../../src/api/types/query.ts'
import { formatCount } from '../../format/number.ts'
import { formatSeries } from '../../format/series-name.ts'
import { formatDateTime } from '../../format/time.ts'
import { guessUnit } from '../../format/unit.ts'
import { SeriesName } from '../series-name-view.tsx'
import styles from './result-table.module.css'
import { type Row, type RowValue, toRows } from './rows.ts'

interface ResultTableProps {
  readonly data: QueryData
  readonly expr: string
}

/** Rows added at a time: a result may have tens of thousands. */
const pageRows = 200
/** Samples of one range vector shown before they are folded. */
const valuesShown = 50

/** Series and their values, exact, so that both can be copied into a query. */
export function ResultTable({ data, expr }: ResultTableProps) {
  const [rowsShown, setRowsShown] = useState(pageRows)
  const rows = useMemo(() => toRows(data, guessUnit(expr)), [data, expr])
  return (
    <>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{data.resultType === 'vector' || data.resultType === 'matrix' ? 'Series' : 'Type'}</th>
            <th scope="col" className={styles.value}>
              Value
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, rowsShown).map((row, index) => (
            <tr key={row.metric === undefined ? index : formatSeries(row.metric)}>
              <td>{row.metric === undefined ? data.resultType : <SeriesName metric={row.metric} />}</td>
              <td className={styles.value}>
                <Values row={row} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > rowsShown && (
        <button type="button" className={styles.more} onClick={() => setRowsShown(rowsShown + pageRows)}>
          Show more: {formatCount(rows.length - rowsShown)} of {formatCount(rows.length)} series are not shown
        </button>
      )}
    </>
  )
}

function Values({ row }: { readonly row: Row }) {
  const hidden = row.values.length - valuesShown
  return (
    <>
      {row.values.slice(0, valuesShown).map((value, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: samples have no other identity and never move
        <Value key={index} value={value} />
      ))}
      {hidden > 0 && <div className={styles.short}>and {formatCount(hidden)} more</div>}
    </>
  )
}

function Value({ value }: { readonly value: RowValue }) {
  return (
    <div>
      {value.short !== undefined && <span className={styles.short}>{value.short}</span>}
      {value.text}
      {value.time !== undefined && <span className={styles.time}>@ {formatDateTime(value.time)}</span>}
    </div>
  )
}
