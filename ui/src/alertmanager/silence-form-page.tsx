import { useDocumentTitle } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import page from '../app/data-page.module.css'
import { DataPage } from '../app/data-page.tsx'
import { Notice } from '../app/notice.tsx'
import { SITE_TITLE } from '../app/site-title.ts'
import { lastCreator } from './creator.ts'
import { matchersOfSearch } from './search-matchers.ts'
import { server } from './server.ts'
import { draftOf, newDraft } from './silence-draft.ts'
import { SilenceForm } from './silence-form.tsx'

/** A form filled from the address: `filter`, `comment`. */
export function NewSilencePage({ search }: { readonly search: Readonly<Record<string, string>> }) {
  useDocumentTitle(`New silence · ${SITE_TITLE}`)
  const { matchers, problem } = matchersOfSearch(search)
  const [draft] = useState(() => newDraft(Date.now(), { sets: [matchers], createdBy: lastCreator(), comment: search['comment'] ?? '' }))
  return (
    <div className={page.page}>
      <div className={page.bar}>
        <h1 className={page.title}>New silence</h1>
      </div>
      {problem !== undefined && (
        <Notice kind="error" title="The filter of this address cannot be read">
          {problem}
        </Notice>
      )}
      <SilenceForm draft={draft} />
    </div>
  )
}

/** What it is now, to be changed. It is asked for once: what one types stays. */
export function EditSilencePage({ id }: { readonly id: string }) {
  const query = useQuery({ queryKey: ['edited silence', id], queryFn: ({ signal }) => server.silence(id, signal), gcTime: 0 })
  return (
    <DataPage title="Edit silence" query={query}>
      {(silence) => <SilenceForm draft={draftOf(silence, Date.now())} />}
    </DataPage>
  )
}
