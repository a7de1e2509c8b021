import { Button, Switch } from '@mantine/core'
import { IconBellOff } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { DataPage } from '../app/data-page.tsx'
import { Notice } from '../app/notice.tsx'
import { formatCount } from '../format/number.ts'
import rules from '../rules/page.module.css'
import { AlertGroup } from './alert-group.tsx'
import { decodeShown, encodeShown, REASONS, type Shown } from './alert-groups.ts'
import styles from './alerts.module.css'
import type { GroupQuery } from './client.ts'
import { MatcherFilter } from './matcher-filter.tsx'
import { formatMatchers, type Matcher, withMatcher } from './matchers.ts'
import { placeHref } from './place.ts'
import { ReceiverSelect, useReceivers } from './receiver-select.tsx'
import { matchersOfSearch } from './search-matchers.ts'
import { server } from './server.ts'
import { UnreadFilter } from './unread-filter.tsx'
import { showHere } from './use-place.ts'

const refreshMs = 10_000
const groupsAtOnce = 50
/** Above it groups come closed. */
const openAlertsMax = 200

const names = { active: 'Active', silenced: 'Silenced', inhibited: 'Inhibited', muted: 'Muted' } as const

/** Alerts in the groups that receivers are told of. Filters stand in the URL. */
export function AlertsPage({ search }: { readonly search: Readonly<Record<string, string>> }) {
  const { matchers, problem } = matchersOfSearch(search)
  const shown = decodeShown(search)
  const receiver = search['receiver'] ?? ''
  const receivers = useReceivers()
  const [groupsShown, setGroupsShown] = useState(groupsAtOnce)
  // Links of templates have the name; what is no name is a regular expression, as upstream's page takes it.
  const pattern = receivers?.includes(receiver) ? receiver.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') : receiver
  const asked: GroupQuery = { matchers, receiver: pattern, shown, groupsMax: groupsShown, alertsMax: openAlertsMax }
  const query = useQuery({
    queryKey: ['groups', JSON.stringify(asked)],
    queryFn: ({ signal }) => server.groups(asked, signal),
    enabled: problem === undefined && (receiver === '' || receivers !== undefined),
    refetchInterval: refreshMs,
    staleTime: 0,
    placeholderData: (before) => before,
  })
  const overview = query.data?.data
  const counts = overview?.counts
  const show = (next: { readonly matchers?: readonly Matcher[]; readonly receiver?: string; readonly shown?: Shown }) =>
    showHere('/alerts', {
      filter: formatMatchers(next.matchers ?? matchers),
      receiver: next.receiver ?? receiver,
      ...encodeShown(next.shown ?? shown),
    })
  const pick = (matcher: Matcher) => show({ matchers: withMatcher(matchers, matcher) })
  const hidden = (['active', ...REASONS] as const).filter((state) => !shown[state] && counts !== undefined && counts[state] > 0)
  const tools = (
    <>
      <MatcherFilter label="Filter alerts by matchers" matchers={matchers} onChange={(next) => show({ matchers: next })} />
      <ReceiverSelect receiver={receiver} onChange={(next) => show({ receiver: next })} />
      {(['active', ...REASONS] as const).map((state) => (
        <Switch
          key={state}
          size="xs"
          label={counts === undefined ? names[state] : `${names[state]} ${formatCount(counts[state])}`}
          checked={shown[state]}
          onChange={(event) => show({ shown: { ...shown, [state]: event.currentTarget.checked } })}
        />
      ))}
      <Button
        component="a"
        size="xs"
        variant="default"
        ml="auto"
        href={placeHref('/silences/new', { filter: formatMatchers(matchers) })}
        leftSection={<IconBellOff size={14} aria-hidden />}
      >
        New silence
      </Button>
    </>
  )
  return (
    <DataPage
      title="Alerts"
      query={query}
      tools={tools}
      obstacle={
        problem === undefined ? undefined : (
          <UnreadFilter problem={problem} href={placeHref('/alerts', { receiver, ...encodeShown(shown) })} />
        )
      }
    >
      {({ groups, groupCount, alertCount, counts, inhibitors }) => (
        <div className={rules.groups}>
          {groupCount === 0 && (
            <Notice kind="empty" title={hidden.length > 0 ? 'All alerts are hidden' : nothing(matchers, receiver)}>
              {hidden.length > 0 && hidden.map((state) => `${formatCount(counts[state])} ${names[state].toLowerCase()}`).join(', ')}
            </Notice>
          )}
          {groups.map((group) => (
            <AlertGroup
              key={`${group.receiver.name} ${group.key}`}
              group={group}
              inhibitors={inhibitors}
              asked={asked}
              startsOpen={alertCount <= openAlertsMax}
              onPick={pick}
              readAt={query.dataUpdatedAt}
            />
          ))}
          {groupCount > groups.length && (
            <button type="button" className={styles.more} onClick={() => setGroupsShown(groupsShown + groupsAtOnce)}>
              Show more: {formatCount(groupCount - groups.length)} groups are not shown
            </button>
          )}
        </div>
      )}
    </DataPage>
  )
}

function nothing(matchers: readonly Matcher[], receiver: string): string {
  return matchers.length === 0 && receiver === '' ? 'No alerts: all is quiet' : 'No alert passes the filter'
}
