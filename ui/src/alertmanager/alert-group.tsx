import { Button } from '@mantine/core'
import { IconBellOff, IconChevronRight } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { GroupOverviewJson } from '../../../src/api/types/alertmanager.ts'
import { Notice } from '../app/notice.tsx'
import { formatCount } from '../format/number.ts'
import rules from '../rules/page.module.css'
import { AlertItem } from './alert-item.tsx'
import styles from './alerts.module.css'
import { LabelButtons } from './chips.tsx'
import type { GroupQuery } from './client.ts'
import { formatMatchers, type Matcher, matchersOfLabels } from './matchers.ts'
import { placeHref } from './place.ts'
import { server } from './server.ts'

interface AlertGroupProps {
  readonly group: GroupOverviewJson['groups'][number]
  readonly inhibitors: GroupOverviewJson['inhibitors']
  /** What was asked for all groups: where they came without alerts, it is asked for this one when it is opened. */
  readonly asked: GroupQuery
  readonly startsOpen: boolean
  readonly onPick: (matcher: Matcher) => void
  /** When they were read, Unix ms: ages are told against it. */
  readonly readAt: number
}

const alertsAtOnce = 50
const refreshMs = 10_000

/** What one notification tells of. */
export function AlertGroup({ group, inhibitors, asked, startsOpen, onPick, readAt }: AlertGroupProps) {
  const { labels, receiver, alertCount } = group
  const [isOpen, setOpen] = useState(startsOpen)
  const [alertsShown, setAlertsShown] = useState(alertsAtOnce)
  const own = useQuery({
    queryKey: ['group', group.key, JSON.stringify(asked), alertsShown],
    queryFn: ({ signal }) => server.groups({ ...asked, key: group.key, alertsMax: alertsShown }, signal),
    enabled: isOpen && group.alerts === undefined,
    refetchInterval: refreshMs,
    staleTime: 0,
    placeholderData: (before) => before,
  })
  // A key is of one route: the same receiver may have it twice.
  const found = own.data?.data.groups.find((each) => each.receiver.name === receiver.name)
  const alerts = group.alerts ?? found?.alerts
  const known = group.alerts === undefined ? (own.data?.data.inhibitors ?? {}) : inhibitors
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
          {formatCount(alertCount)} {alertCount === 1 ? 'alert' : 'alerts'} to <b>{receiver.name}</b>
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
      {isOpen && own.error !== null && (
        <Notice kind="error" title="The alerts could not be read">
          {own.error.message}
        </Notice>
      )}
      {isOpen && alerts !== undefined && (
        <ul className={styles.alerts}>
          {alerts.slice(0, alertsShown).map((alert) => (
            <AlertItem key={alert.fingerprint} alert={alert} groupLabels={labels} inhibitors={known} onPick={onPick} readAt={readAt} />
          ))}
        </ul>
      )}
      {isOpen && alertCount > alertsShown && (
        <button type="button" className={styles.more} onClick={() => setAlertsShown(alertsShown + alertsAtOnce)}>
          Show more: {formatCount(alertCount - alertsShown)} alerts are not shown
        </button>
      )}
    </section>
  )
}
