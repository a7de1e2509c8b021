import { PoolDetails } from '../app/pool-details.tsx'
import { formatCount } from '../format/number.ts'
import styles from './pool-section.module.css'
import type { Pool } from './pools.ts'
import { TargetRow } from './target-row.tsx'

interface PoolSectionProps {
  readonly pool: Pool
  /** When the list was read, Unix ms: ages are told against it. */
  readonly readAt: number
}

const pageRows = 100

/** The targets of one scrape pool, and how they are. */
export function PoolSection({ pool, readAt }: PoolSectionProps) {
  const { name, targets, counts, droppedCount } = pool
  const total = counts.up + counts.down + counts.unknown
  const summary = (
    <>
      <span className={styles.count} data-bad={counts.up < total}>
        {formatCount(counts.up)} / {formatCount(total)} up
      </span>
      {droppedCount > 0 && (
        <span className={styles.dropped} title="Discovered, and dropped by relabelling">
          {formatCount(droppedCount)} dropped
        </span>
      )}
    </>
  )
  return (
    <PoolDetails name={name} summary={summary} targets={targets} pageRows={pageRows}>
      {(shown) => (
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
            {shown.map((target) => (
              <TargetRow key={`${target.scrapeUrl} ${JSON.stringify(target.labels)}`} target={target} readAt={readAt} />
            ))}
          </tbody>
        </table>
      )}
    </PoolDetails>
  )
}
