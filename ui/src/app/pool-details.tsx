import { IconChevronRight } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { formatCount } from '../format/number.ts'
import styles from './pool-details.module.css'

interface PoolDetailsProps<T> {
  readonly name: string
  /** What stands beside the name. */
  readonly summary: ReactNode
  readonly targets: readonly T[]
  /** Rows added at a time: a pool may hold thousands. */
  readonly pageRows: number
  /** The table of the targets that are shown; not asked for when there are none. */
  readonly children: (shown: readonly T[]) => ReactNode
}

/** One scrape pool, folded by its head, its targets a page at a time. */
export function PoolDetails<T>({ name, summary, targets, pageRows, children }: PoolDetailsProps<T>) {
  const [rowsShown, setRowsShown] = useState(pageRows)
  return (
    <details className={styles.pool} open>
      <summary className={styles.head}>
        <IconChevronRight size={16} className={styles.chevron} aria-hidden />
        <h2 className={styles.name}>{name}</h2>
        {summary}
      </summary>
      {targets.length > 0 && <div className={styles.scroll}>{children(targets.slice(0, rowsShown))}</div>}
      {targets.length > rowsShown && (
        <button type="button" className={styles.more} onClick={() => setRowsShown(rowsShown + pageRows)}>
          Show more: {formatCount(targets.length - rowsShown)} targets are not shown
        </button>
      )}
    </details>
  )
}
