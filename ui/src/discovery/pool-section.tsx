import { Button } from '@mantine/core'
import { IconChevronRight } from '@tabler/icons-react'
import { useState } from 'react'
import type { Metric } from '../../../src/api/types/query.ts'
import { formatCount } from '../format/number.ts'
import { LabelList } from './label-list.tsx'
import styles from './pool-section.module.css'
import type { DiscoveryPool } from './pools.ts'

const pageRows = 50

interface PoolSectionProps {
  readonly pool: DiscoveryPool
  readonly onShowSteps: (labels: Metric) => void
}

/** What discovery found for one job: labels before and after relabeling side by side. */
export function PoolSection({ pool, onShowSteps }: PoolSectionProps) {
  const [rowsShown, setRowsShown] = useState(pageRows)
  const { name, found, activeCount, droppedCount } = pool
  return (
    <details className={styles.pool} open>
      <summary className={styles.head}>
        <IconChevronRight size={16} className={styles.chevron} aria-hidden />
        <h2 className={styles.name}>{name}</h2>
        <span className={styles.counts}>
          {formatCount(activeCount)} of {formatCount(activeCount + droppedCount)} discovered are scraped
        </span>
      </summary>
      {found.length > 0 && (
        <div className={styles.scroll}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">Discovered labels</th>
                <th scope="col">Target labels</th>
                <th scope="col" className={styles.steps}>
                  <span className="visually-hidden">Relabeling</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {found.slice(0, rowsShown).map(({ discoveredLabels, labels }) => (
                <tr key={JSON.stringify([discoveredLabels, labels])}>
                  <td>
                    <LabelList labels={discoveredLabels} />
                  </td>
                  <td>{labels === undefined ? <span className={styles.dropped}>dropped</span> : <LabelList labels={labels} />}</td>
                  <td className={styles.steps}>
                    <Button size="compact-xs" variant="default" onClick={() => onShowSteps(discoveredLabels)}>
                      Steps
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {found.length > rowsShown && (
        <button type="button" className={styles.more} onClick={() => setRowsShown(rowsShown + pageRows)}>
          Show more: {formatCount(found.length - rowsShown)} targets are not shown
        </button>
      )}
    </details>
  )
}
