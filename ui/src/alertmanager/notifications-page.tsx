import { SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { NotificationJson } from '../../../src/api/types/alertmanager.ts'
import { DataPage } from '../app/data-page.tsx'
import { Notice } from '../app/notice.tsx'
import { formatAgo, formatSpan } from '../format/duration.ts'
import { formatDateTime } from '../format/time.ts'
import rules from '../rules/page.module.css'
import { StateMark } from '../rules/state-mark.tsx'
import alerts from './alerts.module.css'
import { formatMatchers, matchersOfLabels } from './matchers.ts'
import styles from './notifications.module.css'
import { placeHref } from './place.ts'
import { ReceiverSelect } from './receiver-select.tsx'
import { server } from './server.ts'
import { showHere } from './use-place.ts'

type Outcome = NotificationJson['outcome']

const recordsAtOnce = 100
const recordsMax = 10_000

/** What this member sent, to whom, why, and what became of it. Filters stand in the URL. */
export function NotificationsPage({ search }: { readonly search: Readonly<Record<string, string>> }) {
  const receiver = search['receiver'] ?? ''
  const outcome = decodeOutcome(search['outcome'])
  const [limit, setLimit] = useState(recordsAtOnce)
  const query = useQuery({
    queryKey: ['notifications', receiver, outcome, limit],
    queryFn: ({ signal }) => server.notifications({ receiver: receiver || undefined, outcome, limit }, signal),
    refetchInterval: 10_000,
    staleTime: 0,
    placeholderData: (before) => before,
  })
  const show = (next: { readonly receiver?: string; readonly outcome?: string }) =>
    showHere('/notifications', { receiver: next.receiver ?? receiver, outcome: decodeOutcome(next.outcome ?? outcome) })
  const tools = (
    <>
      <SegmentedControl
        size="xs"
        aria-label="Outcome"
        value={outcome ?? 'all'}
        onChange={(value) => show({ outcome: value })}
        data={[
          { value: 'all', label: 'All' },
          { value: 'delivered', label: 'Delivered' },
          { value: 'failed', label: 'Failed' },
        ]}
      />
      <ReceiverSelect receiver={receiver} onChange={(next) => show({ receiver: next })} />
    </>
  )
  return (
    <DataPage title="Notifications" query={query} tools={tools}>
      {(records) =>
        records.length === 0 ? (
          <Notice
            kind="empty"
            title={receiver === '' && outcome === undefined ? 'Nobody has been notified yet' : 'No notification passes the filter'}
          >
            Each member of a cluster shows what it has sent itself.
          </Notice>
        ) : (
          <div className={rules.group}>
            <NotificationTable records={records} readAt={query.dataUpdatedAt} />
            {records.length >= limit && limit < recordsMax && (
              <button type="button" className={alerts.more} onClick={() => setLimit(Math.min(recordsMax, limit * 2))}>
                Show more
              </button>
            )}
          </div>
        )
      }
    </DataPage>
  )
}

function NotificationTable({ records, readAt }: { readonly records: readonly NotificationJson[]; readonly readAt: number }) {
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          <th scope="col" className={styles.time}>
            When
          </th>
          <th scope="col" className={styles.receiver}>
            Receiver
          </th>
          <th scope="col">Group</th>
          <th scope="col" className={styles.alerts}>
            Alerts
          </th>
          <th scope="col" className={styles.reason}>
            Reason
          </th>
          <th scope="col" className={styles.outcome}>
            Outcome
          </th>
          <th scope="col" className={styles.duration}>
            Duration
          </th>
        </tr>
      </thead>
      <tbody>
        {records.map((record) => (
          <NotificationRow
            key={`${record.time} ${record.receiver} ${record.index} ${record.idempotencyKey}`}
            record={record}
            readAt={readAt}
          />
        ))}
      </tbody>
    </table>
  )
}

function NotificationRow({ record, readAt }: { readonly record: NotificationJson; readonly readAt: number }) {
  const time = Date.parse(record.time)
  const filter = formatMatchers(matchersOfLabels(record.groupLabels))
  const link = placeHref('/alerts', { filter, receiver: record.receiver, silenced: 'true', inhibited: 'true', muted: 'true' })
  return (
    <tr className={styles.row}>
      <td className={styles.time} title={formatAgo(readAt - time)}>
        {formatDateTime(time)}
      </td>
      <td className={styles.receiver}>
        {record.receiver}{' '}
        <span className={styles.dim}>
          {record.integration}
          {record.index > 0 && ` ${record.index}`}
        </span>
      </td>
      <td className={styles.group}>
        <a className="mono" href={link} title="Alerts of this group now">
          {filter || 'not grouped'}
        </a>
      </td>
      <td className={styles.alerts}>
        {record.firing} firing{record.resolved > 0 && `, ${record.resolved} resolved`}
      </td>
      <td className={styles.reason}>{record.reason}</td>
      <td className={styles.outcome}>
        <StateMark state={record.outcome} />{' '}
        {record.duplicate === true && (
          <span className={styles.dim} title="Another member sent it as well">
            twice
          </span>
        )}
        {record.attempts > 1 && <span className={styles.dim}>{record.attempts} attempts</span>}
        {record.error !== undefined && <div className={styles.error}>{record.error}</div>}
      </td>
      <td className={styles.duration}>{formatSpan(record.durationMs / 1000)}</td>
    </tr>
  )
}

function decodeOutcome(text: string | undefined): Outcome | undefined {
  return text === 'delivered' || text === 'failed' ? text : undefined
}
