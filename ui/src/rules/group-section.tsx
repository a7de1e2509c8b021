import type { ReactNode } from 'react'
import type { RuleGroupJson } from '../../../src/api/types/rules.ts'
import { formatAgo, formatDuration, formatSpan } from '../format/duration.ts'
import { formatDateTime } from '../format/time.ts'
import { evaluationTime } from './groups.ts'
import styles from './page.module.css'

interface GroupSectionProps {
  readonly group: RuleGroupJson
  /** When it was read, Unix ms: ages are told against it. */
  readonly readAt: number
  /** Its rules. */
  readonly children: ReactNode
}

/** A group of rules: where it stands, and how its evaluations go. */
export function GroupSection({ group, readAt, children }: GroupSectionProps) {
  const evaluated = evaluationTime(group)
  return (
    <section className={styles.group} aria-label={group.name}>
      <div className={styles.head}>
        <h2 className={styles.name}>{group.name}</h2>
        <span className={styles.file}>{group.file}</span>
        <span
          className={styles.timing}
          data-late={group.evaluationTime > group.interval}
          title={evaluated === undefined ? undefined : `Evaluated at ${formatDateTime(evaluated)}`}
        >
          {evaluated === undefined ? 'not evaluated yet' : `${formatAgo(readAt - evaluated)} in ${formatSpan(group.evaluationTime)}`}, every{' '}
          {formatDuration(group.interval * 1000)}
        </span>
      </div>
      {children}
    </section>
  )
}
