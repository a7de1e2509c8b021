import { Button, SegmentedControl } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { GettableSilence } from '../../../src/api/types/alertmanager.ts'
import { DataPage } from '../app/data-page.tsx'
import { Notice } from '../app/notice.tsx'
import { formatCount } from '../format/number.ts'
import { formatDateTime } from '../format/time.ts'
import rules from '../rules/page.module.css'
import alerts from './alerts.module.css'
import { LinkedText } from './linked-text.tsx'
import { MatcherFilter } from './matcher-filter.tsx'
import { formatMatchers, type Matcher } from './matchers.ts'
import { placeHref } from './place.ts'
import { matchersOfSearch } from './search-matchers.ts'
import { server } from './server.ts'
import { SilenceActions } from './silence-actions.tsx'
import { SilenceMark } from './silence-mark.tsx'
import { SilenceMatchers } from './silence-matchers.tsx'
import { silenceTiming } from './silence-times.ts'
import styles from './silences.module.css'
import { UnreadFilter } from './unread-filter.tsx'
import { showHere } from './use-place.ts'

type State = GettableSilence['status']['state']

const refreshMs = 10_000
const silencesAtOnce = 100
const names = { active: 'Active', pending: 'Pending', expired: 'Expired' } as const

/** Silences by state. Filters stand in the URL. */
export function SilencesPage({ search }: { readonly search: Readonly<Record<string, string>> }) {
  const { matchers, problem } = matchersOfSearch(search)
  const state = decodeState(search['state'])
  const [count, setCount] = useState(silencesAtOnce)
  const query = useQuery({
    queryKey: ['silences', formatMatchers(matchers)],
    queryFn: ({ signal }) => server.silences(matchers, signal),
    enabled: problem === undefined,
    refetchInterval: refreshMs,
    staleTime: 0,
    placeholderData: (before) => before,
  })
  const silences = query.data?.data
  const show = (next: { readonly matchers?: readonly Matcher[]; readonly state?: State }) => {
    const chosen = next.state ?? state
    showHere('/silences', { filter: formatMatchers(next.matchers ?? matchers), state: chosen === 'active' ? undefined : chosen })
  }
  const tools = (
    <>
      <SegmentedControl
        size="xs"
        aria-label="State"
        value={state}
        onChange={(value) => show({ state: decodeState(value) })}
        data={(['active', 'pending', 'expired'] as const).map((value) => {
          const found = silences?.filter(({ status }) => status.state === value).length
          return { value, label: found === undefined ? names[value] : `${names[value]} ${formatCount(found)}` }
        })}
      />
      <MatcherFilter label="Filter silences by their matchers" matchers={matchers} onChange={(next) => show({ matchers: next })} />
      <Button
        component="a"
        size="xs"
        ml="auto"
        href={placeHref('/silences/new', { filter: formatMatchers(matchers) })}
        leftSection={<IconPlus size={14} aria-hidden />}
      >
        New silence
      </Button>
    </>
  )
  const visible = silences?.filter(({ status }) => status.state === state) ?? []
  return (
    <DataPage
      title="Silences"
      query={query}
      tools={tools}
      obstacle={problem === undefined ? undefined : <UnreadFilter problem={problem} href={placeHref('/silences')} />}
    >
      {() =>
        visible.length === 0 ? (
          <Notice kind="empty" title={matchers.length > 0 ? `No ${state} silence has these matchers` : `There are no ${state} silences`} />
        ) : (
          <>
            <ul className={`${rules.group} ${styles.list}`}>
              {visible.slice(0, count).map((silence) => (
                <SilenceItem key={silence.id} silence={silence} readAt={query.dataUpdatedAt} />
              ))}
            </ul>
            {visible.length > count && (
              <button type="button" className={alerts.more} onClick={() => setCount(count + silencesAtOnce)}>
                Show more: {formatCount(visible.length - count)} silences are not shown
              </button>
            )}
          </>
        )
      }
    </DataPage>
  )
}

function SilenceItem({ silence, readAt }: { readonly silence: GettableSilence; readonly readAt: number }) {
  return (
    <li className={styles.silence}>
      <div className={styles.head}>
        <SilenceMark state={silence.status.state} />
        <span
          className={alerts.since}
          title={`${formatDateTime(Date.parse(silence.startsAt))} to ${formatDateTime(Date.parse(silence.endsAt))}`}
        >
          {silenceTiming(silence, readAt)}
        </span>
        <SilenceActions silence={silence} isListed />
      </div>
      <SilenceMatchers silence={silence} />
      <div className={styles.comment}>
        <b>{silence.createdBy}</b> <LinkedText text={silence.comment} />
      </div>
    </li>
  )
}

function decodeState(text: string | undefined): State {
  return text === 'pending' || text === 'expired' ? text : 'active'
}
