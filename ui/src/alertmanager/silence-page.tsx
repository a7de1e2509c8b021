import { useQuery } from '@tanstack/react-query'
import { DataPage } from '../app/data-page.tsx'
import { Notice } from '../app/notice.tsx'
import { formatDateTime } from '../format/time.ts'
import { Facts } from '../status/facts.tsx'
import { AffectedAlerts } from './affected-alerts.tsx'
import { MatcherChips } from './chips.tsx'
import { LinkedText } from './linked-text.tsx'
import { matcherOfJson } from './matchers.ts'
import { server } from './server.ts'
import { SilenceActions } from './silence-actions.tsx'
import { MATCHER_SETS } from './silence-draft.ts'
import { SilenceMark } from './silence-mark.tsx'
import { silenceTiming } from './silence-times.ts'

/** One silence, and the alerts that it affects. */
export function SilencePage({ id }: { readonly id: string }) {
  const query = useQuery({
    queryKey: ['silence', id],
    queryFn: ({ signal }) => server.silence(id, signal),
    refetchInterval: 10_000,
    staleTime: 0,
  })
  const known = query.data?.data
  const tools = known !== undefined && (
    <>
      <SilenceMark state={known.status.state} />
      <SilenceActions silence={known} />
    </>
  )
  return (
    <DataPage title="Silence" query={query} tools={tools}>
      {(silence) => {
        const matchers = silence.matchers.map(matcherOfJson)
        const { annotations = {} } = silence
        const sets = annotations[MATCHER_SETS]
        const time = (text: string) => formatDateTime(Date.parse(text))
        return (
          <>
            {sets !== undefined && (
              <Notice kind="warning" title={`This silence has ${sets} sets of matchers`}>
                The first is shown. Times, creator and comment can be changed; the sets stay as they are.
              </Notice>
            )}
            <Facts
              title={silenceTiming(silence, query.dataUpdatedAt).replace(/^./, (first) => first.toUpperCase())}
              facts={[
                ['Matchers', <MatcherChips key="" matchers={matchers} />],
                ['Starts', time(silence.startsAt)],
                ['Ends', time(silence.endsAt)],
                ['Created by', silence.createdBy],
                ['Comment', <LinkedText key="" text={silence.comment} />],
                ['Last changed', time(silence.updatedAt)],
                ...Object.entries(annotations).filter(([name]) => name !== MATCHER_SETS),
                ['ID', <code key="">{silence.id}</code>],
              ]}
            />
            <AffectedAlerts matchers={matchers} />
          </>
        )
      }}
    </DataPage>
  )
}
