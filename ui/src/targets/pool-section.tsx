import { IconChevronRight } from '@tabler/icons-react'
import { useState } from 'react'
import { formatCount } from '../format/number.ts'
import styles from './pool-section.module.css'
import type { Pool } from './pools.ts'
import { TargetRow } from './target-row.tsx'

interface PoolSectionProps {
  readonly pool: Pool
  /** When the list was read, Unix ms: ages are told against it. */
  readonly readAt: number
}

/** Rows added at a time: a pool may hold thousands. */
const pageRows = 100

/** One scrape pool, folded by its head. */
export function PoolSection({ pool, readAt }: PoolSectionProps) {
  const [rowsShown, setRowsShown] = useState(pageRows)
  const { name, targets, counts, droppedCount } = pool
  const total = counts.up + counts.down + counts.unknown
  return (
    <details className={styles.pool} open>
      <summary className={styles.head}>
        <IconChevronRight size={16} className={styles.chevron} aria-hidden />
        <h2 className={styles.name}>{name}</h2>
        <span className={styles.count} data-bad={counts.up < total}>
          {formatCount(counts.up)} / {formatCount(total)} up
        </span>
        {droppedCount > 0 && (
          <span className={styles.dropped} title="Discovered, and dropped by relabelling">
            {formatCount(droppedCount)} dropped
          </span>
        )}
      </summary>
      {targets.length > 0 && (
        <div className={styles.scroll}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col" className={styles.endpoint}>
                  Endpoint
                </th>
                <th scope="col" className={styles.health}>
                  Health
                </th>
                <th scope="col">Labels</th>
                <th scope="col" className={styles.number}>
                  Last scrape
                </th>
                <th scope="col" className={styles.number}>
                  Duration
                </th>
              </tr>
            </thead>
            <tbody>
              {targets.slice(0, rowsShown).map((target) => (
                <TargetRow key={`${target.scrapeUrl} ${JSON.stringify(target.labels)}`} target={target} readAt={readAt} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {targets.length > rowsShown && (
        <button type="button" className={styles.more} onClick={() => setRowsShown(rowsShown + pageRows)}>
          Show more: {formatCount(targets.length - rowsShown)} targets are not shown
        </button>
      )}
    </details>
  )
}
