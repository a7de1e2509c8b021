import { Button } from '@mantine/core'
import { IconBellOff, IconChevronRight } from '@tabler/icons-react'
import { useState } from 'react'
import type { AlertGroupJson } from '../../../src/api/types/alertmanager.ts'
import { formatCount } from '../format/number.ts'
import rules from '../rules/page.module.css'
import { AlertItem } from './alert-item.tsx'
import styles from './alerts.module.css'
import { LabelButtons } from './chips.tsx'
import { formatMatchers, type Matcher, matchersOfLabels } from './matchers.ts'
import { placeHref } from './place.ts'

interface AlertGroupProps {
  readonly group: AlertGroupJson
  /** All there are, in which what inhibits is found. */
  readonly groups: readonly AlertGroupJson[]
  readonly startsOpen: boolean
  readonly onPick: (matcher: Matcher) => void
  /** When they were read, Unix ms: ages are told against it. */
  readonly readAt: number
}

const alertsAtOnce = 50

/** What one notification tells of. */
export function AlertGroup({ group, groups, startsOpen, onPick, readAt }: AlertGroupProps) {
  const { labels, alerts, receiver } = group
  const [isOpen, setOpen] = useState(startsOpen)
  const [alertsShown, setAlertsShown] = useState(alertsAtOnce)
  const hasLabels = Object.keys(labels).length > 0
  const title = formatMatchers(matchersOfLabels(labels)) || 'Not grouped'
  return (
    <section className={rules.group} aria-label={`${title} to ${receiver.name}`}>
      <div className={styles.groupHead}>
        <button
          type="button"
          className={styles.toggle}
          aria-expanded={isOpen}
          aria-label={`Alerts of ${title}`}
          onClick={() => setOpen(!isOpen)}
        >
          <IconChevronRight size={15} className={styles.chevron} aria-hidden />
        </button>
        {hasLabels ? <LabelButtons labels={labels} onPick={onPick} /> : <span className={styles.none}>Not grouped</span>}
        <span className={styles.groupFacts}>
          {formatCount(alerts.length)} {alerts.length === 1 ? 'alert' : 'alerts'} to <b>{receiver.name}</b>
          {hasLabels && (
            <Button
              component="a"
              size="compact-xs"
              variant="default"
              href={placeHref('/silences/new', { filter: formatMatchers(matchersOfLabels(labels)) })}
              leftSection={<IconBellOff size={13} aria-hidden />}
            >
              Silence group
            </Button>
          )}
        </span>
      </div>
      {isOpen && (
        <ul className={styles.alerts}>
          {alerts.slice(0, alertsShown).map((alert) => (
            <AlertItem key={alert.fingerprint} alert={alert} groupLabels={labels} groups={groups} onPick={onPick} readAt={readAt} />
          ))}
        </ul>
      )}
      {isOpen && alerts.length > alertsShown && (
        <button type="button" className={styles.more} onClick={() => setAlertsShown(alertsShown + alertsAtOnce)}>
          Show more: {formatCount(alerts.length - alertsShown)} alerts are not shown
        </button>
      )}
    </section>
  )
}
