import { useQuery } from '@tanstack/react-query'
import { DataPage } from '../app/data-page.tsx'
import { formatDateTime } from '../format/time.ts'
import { Facts } from '../status/facts.tsx'
import { AffectedAlerts } from './affected-alerts.tsx'
import { LinkedText } from './linked-text.tsx'
import { server } from './server.ts'
import { SilenceActions } from './silence-actions.tsx'
import { SilenceMark } from './silence-mark.tsx'
import { SilenceMatchers } from './silence-matchers.tsx'
import { MATCHER_SETS, setsOf } from './silence-sets.ts'
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
        const { annotations = {} } = silence
        const time = (text: string) => formatDateTime(Date.parse(text))
        return (
          <>
            <Facts
              title={silenceTiming(silence, query.dataUpdatedAt).replace(/^./, (first) => first.toUpperCase())}
              facts={[
                ['Matchers', <SilenceMatchers key="" silence={silence} />],
                ['Starts', time(silence.startsAt)],
                ['Ends', time(silence.endsAt)],
                ['Created by', silence.createdBy],
                ['Comment', <LinkedText key="" text={silence.comment} />],
                ['Last changed', time(silence.updatedAt)],
                ...Object.entries(annotations).filter(([name]) => name !== MATCHER_SETS),
                ['ID', <code key="">{silence.id}</code>],
              ]}
            />
            <AffectedAlerts sets={setsOf(silence)} />
          </>
        )
      }}
    </DataPage>
  )
}
