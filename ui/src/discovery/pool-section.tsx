import { Button } from '@mantine/core'
import type { Metric } from '../../../src/api/types/query.ts'
import { PoolDetails } from '../app/pool-details.tsx'
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
  const { name, found, activeCount, droppedCount } = pool
  const summary = (
    <span className={styles.counts}>
      {formatCount(activeCount)} of {formatCount(activeCount + droppedCount)} discovered are scraped
    </span>
  )
  return (
    <PoolDetails name={name} summary={summary} targets={found} pageRows={pageRows}>
      {(shown) => (
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
            {shown.map(({ discoveredLabels, labels }) => (
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
      )}
    </PoolDetails>
  )
}
