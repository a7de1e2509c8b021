import type { ActiveTarget } from '../../../src/api/types/targets.ts'
import { formatAgo, formatSpan } from '../format/duration.ts'
import { labelNames } from '../format/series-name.ts'
import { formatDateTime } from '../format/time.ts'
import { lastScrapeTime } from './pools.ts'
import styles from './target-row.module.css'

interface TargetRowProps {
  readonly target: ActiveTarget
  readonly readAt: number
}

/** One target; what went wrong with it stands below its address at full width. */
export function TargetRow({ target, readAt }: TargetRowProps) {
  const scraped = lastScrapeTime(target)
  const failed = target.lastError !== ''
  return (
    <>
      <tr className={styles.row} data-failed={failed}>
        <td className={styles.endpoint}>
          <a href={target.globalUrl} rel="noreferrer" target="_blank">
            {target.scrapeUrl}
          </a>
        </td>
        <td>
          <span className={styles.health} data-health={target.health}>
            {target.health}
          </span>
        </td>
        <td>
          <ul className={styles.labels}>
            {labelNames(target.labels).map((name) => (
              <li key={name}>
                <span className={styles.label}>{name}</span>=<span className={styles.value}>{JSON.stringify(target.labels[name])}</span>
              </li>
            ))}
          </ul>
        </td>
        <td className={styles.number} title={scraped === undefined ? undefined : formatDateTime(scraped)}>
          {scraped === undefined ? 'never' : formatAgo(readAt - scraped)}
          <span className={styles.every}>every {target.scrapeInterval}</span>
        </td>
        <td className={styles.number}>{scraped === undefined ? '' : formatSpan(target.lastScrapeDuration)}</td>
      </tr>
      {failed && (
        <tr className={styles.errorRow}>
          <td colSpan={5}>
            <span className="visually-hidden">Error: </span>
            {target.lastError}
          </td>
        </tr>
      )}
    </>
  )
}
