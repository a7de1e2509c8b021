import { Fragment } from 'react'
import type { Metric } from '../../../src/api/types/query.ts'
import { formatSeries, labelNames } from '../format/series-name.ts'
import styles from './series-name-view.module.css'

interface SeriesNameProps {
  readonly metric: Metric
  /** Without braces, for where labels alone identify. */
  readonly bare?: boolean
}

const plain = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/

/** A series as PromQL selects it, coloured like in the editor; selectable as the text it shows. */
export function SeriesName({ metric, bare = false }: SeriesNameProps) {
  const name = metric['__name__']
  const labels = labelNames(metric)
  // Quoted names are rare: plain text is right for them, and simple.
  if ((name !== undefined && !plain.test(name)) || !labels.every((label) => plain.test(label))) {
    return <span className={styles.series}>{formatSeries(metric)}</span>
  }
  const [open, close] = bare ? [name === undefined || labels.length === 0 ? '' : ' ', ''] : ['{', '}']
  return (
    <span className={styles.series}>
      {name}
      {(labels.length > 0 || name === undefined) && (
        <>
          {open}
          {labels.map((label, index) => (
            <Fragment key={label}>
              {index > 0 && ', '}
              <span className={styles.label}>{label}</span>=<span className={styles.value}>{JSON.stringify(metric[label])}</span>
            </Fragment>
          ))}
          {close}
        </>
      )}
    </span>
  )
}
