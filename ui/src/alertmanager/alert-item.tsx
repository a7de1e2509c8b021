import { Button } from '@mantine/core'
import { IconBellOff, IconExternalLink } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { GettableAlert, GroupOverviewJson } from '../../../src/api/types/alertmanager.ts'
import { formatAgo } from '../format/duration.ts'
import { formatDateTime } from '../format/time.ts'
import { StateMark } from '../rules/state-mark.tsx'
import { ownLabels, reasonsOf } from './alert-groups.ts'
import styles from './alerts.module.css'
import { LabelButtons } from './chips.tsx'
import { LinkedText } from './linked-text.tsx'
import { formatMatchers, type Matcher, matchersOfLabels } from './matchers.ts'
import { placeHref } from './place.ts'
import { webAddress } from './text-links.ts'

interface AlertItemProps {
  readonly alert: GettableAlert
  /** Not shown again. */
  readonly groupLabels: Readonly<Record<string, string>>
  readonly inhibitors: GroupOverviewJson['inhibitors']
  readonly onPick: (matcher: Matcher) => void
  readonly readAt: number
}

/** One alert: since when, with what, where from, and why nobody is told. */
export function AlertItem({ alert, groupLabels, inhibitors, onPick, readAt }: AlertItemProps) {
  const reasons = reasonsOf(alert)
  const labels = ownLabels(alert.labels, groupLabels)
  const annotations = Object.entries(alert.annotations)
  const startsAt = Date.parse(alert.startsAt)
  const source = webAddress(alert.generatorURL)
  const matchers = formatMatchers(matchersOfLabels(alert.labels))
  return (
    <li className={styles.alert} aria-label={matchers}>
      <div className={styles.alertHead}>
        {reasons.length === 0 ? <StateMark state="active" /> : reasons.map((reason) => <StateMark key={reason} state={reason} />)}
        <span className={styles.since} title={formatDateTime(startsAt)}>
          since {formatDateTime(startsAt)}, {formatAgo(readAt - startsAt)}
        </span>
        <span className={styles.actions}>
          {source !== undefined && (
            <Button
              component="a"
              size="compact-xs"
              variant="default"
              href={source}
              target="_blank"
              rel="noreferrer"
              leftSection={<IconExternalLink size={13} aria-hidden />}
            >
              Source
            </Button>
          )}
          <Button
            component="a"
            size="compact-xs"
            variant="default"
            href={placeHref('/silences/new', { filter: matchers })}
            leftSection={<IconBellOff size={13} aria-hidden />}
          >
            Silence
          </Button>
        </span>
      </div>
      {Object.keys(labels).length > 0 && <LabelButtons labels={labels} onPick={onPick} />}
      {(annotations.length > 0 || reasons.length > 0) && (
        <dl className={styles.facts}>
          {annotations.map(([name, text]) => (
            <Fact key={name} name={name}>
              <LinkedText text={text} />
            </Fact>
          ))}
          {alert.status.silencedBy.map((id) => (
            <Fact key={id} name="silenced by">
              <a href={placeHref(`/silences/${id}`)}>{id}</a>
            </Fact>
          ))}
          {alert.status.inhibitedBy.map((fingerprint) => (
            <Fact key={fingerprint} name="inhibited by">
              <Inhibitor fingerprint={fingerprint} labels={inhibitors[fingerprint]} />
            </Fact>
          ))}
          {alert.status.mutedBy.length > 0 && <Fact name="muted by">{alert.status.mutedBy.join(', ')}</Fact>}
        </dl>
      )}
    </li>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** The alert that keeps another silent: with its labels, where it is still there. */
function Inhibitor({
  fingerprint,
  labels,
}: {
  readonly fingerprint: string
  readonly labels: Readonly<Record<string, string>> | undefined
}) {
  if (labels === undefined) return <code>{fingerprint}</code>
  const filter = formatMatchers(matchersOfLabels(labels))
  return (
    <a className="mono" href={placeHref('/alerts', { filter, silenced: 'true', inhibited: 'true', muted: 'true' })}>
      {filter}
    </a>
  )
}
