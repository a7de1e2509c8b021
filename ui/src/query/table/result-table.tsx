import { SegmentedControl } from '@mantine/core'
import { useMemo, useState } from 'react'
import type { QueryData } from '../../../../src/api/types/query.ts'
import { formatCount } from '../../format/number.ts'
import { formatSeries } from '../../format/series-name.ts'
import { formatDateTime } from '../../format/time.ts'
import { guessUnit } from '../../format/unit.ts'
import type { BucketAxis } from '../histogram/layout.ts'
import { observedUnit } from '../histogram/summary.ts'
import { SeriesName } from '../series-name-view.tsx'
import { type HistogramSettings, HistogramValueView } from './histogram-value.tsx'
import styles from './result-table.module.css'
import { type FloatValue, type Row, toRows } from './rows.ts'

interface ResultTableProps {
  readonly data: QueryData
  readonly expr: string
}

/** Rows added at a time: a result may have tens of thousands. */
const pageRows = 200
/** Samples of one range vector shown before they are folded. */
const valuesShown = 50
/** Histograms drawn at once; the rest unfolds. */
const drawingsShown = 20

/** Series and their values, exact, so that both can be copied into a query. */
export function ResultTable({ data, expr }: ResultTableProps) {
  const [rowsShown, setRowsShown] = useState(pageRows)
  const [axis, setAxis] = useState<BucketAxis>('exponential')
  const rows = useMemo(() => toRows(data, guessUnit(expr)), [data, expr])
  const histogramRows = useMemo(() => rows.filter(hasHistogram), [rows])
  const onlyHistograms = rows.length > 0 && histogramRows.length === rows.length
  const settings = { axis, unit: observedUnit(expr) }
  return (
    <>
      {histogramRows.length > 0 && (
        <div className={styles.tools}>
          <span id="bucket-axis">Bucket axis</span>
          <SegmentedControl
            size="xs"
            aria-labelledby="bucket-axis"
            value={axis}
            onChange={(value) => setAxis(value === 'linear' ? 'linear' : 'exponential')}
            data={[
              { value: 'exponential', label: 'Exponential' },
              { value: 'linear', label: 'Linear' },
            ]}
          />
        </div>
      )}
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col" colSpan={onlyHistograms ? 2 : 1}>
              {data.resultType === 'vector' || data.resultType === 'matrix' ? 'Series' : 'Type'}
            </th>
            {!onlyHistograms && (
              <th scope="col" className={styles.value}>
                Value
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, rowsShown).map((row, index) =>
            hasHistogram(row) ? (
              <tr key={formatSeries(row.metric ?? {})} className={styles.tall}>
                <td colSpan={2}>
                  <SeriesName metric={row.metric ?? {}} />
                  <HistogramRow row={row} settings={settings} open={histogramRows.indexOf(row) < drawingsShown} />
                </td>
              </tr>
            ) : (
              <tr key={row.metric === undefined ? index : formatSeries(row.metric)}>
                <td>{row.metric === undefined ? data.resultType : <SeriesName metric={row.metric} />}</td>
                <td className={styles.value}>
                  <Values row={row} />
                </td>
              </tr>
            ),
          )}
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

function hasHistogram(row: Row): boolean {
  return row.values.some((value) => 'histogram' in value)
}

interface HistogramRowProps {
  readonly row: Row
  readonly settings: HistogramSettings
  /** Whether its newest histogram is drawn from the beginning. */
  readonly open: boolean
}

/** The samples of a series with histograms, below its name over the table's whole width. */
function HistogramRow({ row, settings, open }: HistogramRowProps) {
  // The newest are what one looks for in a range of samples.
  const shown = row.values.slice(-valuesShown)
  const newest = shown.findLastIndex((value) => 'histogram' in value)
  return (
    <div className={styles.samples}>
      {row.values.length > shown.length && <div className={styles.short}>{formatCount(row.values.length - shown.length)} older</div>}
      {shown.map((value, index) =>
        'histogram' in value ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: samples have no other identity and never move
          <HistogramValueView key={index} value={value} settings={settings} openFirst={open && index === newest} />
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: as above
          <div key={index} className={styles.float}>
            <Value value={value} />
          </div>
        ),
      )}
    </div>
  )
}

function Values({ row }: { readonly row: Row }) {
  const hidden = row.values.length - valuesShown
  return (
    <>
      {row.values.slice(0, valuesShown).map((value, index) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: samples have no other identity and never move
        'histogram' in value ? null : <Value key={index} value={value} />,
      )}
      {hidden > 0 && <div className={styles.short}>and {formatCount(hidden)} more</div>}
    </>
  )
}

function Value({ value }: { readonly value: FloatValue }) {
  return (
    <div>
      {value.short !== undefined && <span className={styles.short}>{value.short}</span>}
      {value.text}
      {value.time !== undefined && <span className={styles.time}>@ {formatDateTime(value.time)}</span>}
    </div>
  )
}
