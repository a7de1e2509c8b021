import { useDocumentTitle } from '@mantine/hooks'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Answer } from '../api/client.ts'
import styles from './data-page.module.css'
import { Notice } from './notice.tsx'
import { SITE_TITLE } from './site-title.ts'
import { TryAgain } from './try-again.tsx'

interface DataPageProps<Data> {
  readonly title: string
  readonly query: UseQueryResult<Answer<Data>>
  /** Stands beside the title. */
  readonly tools?: ReactNode
  /** Why nothing is asked for. */
  readonly obstacle?: ReactNode
  readonly children: (data: Data) => ReactNode
}

/** A page that shows one answer of the server: while it is asked for, when there is none, and when it is no longer current. */
export function DataPage<Data>({ title, query, tools, obstacle, children }: DataPageProps<Data>) {
  useDocumentTitle(`${title} · ${SITE_TITLE}`)
  const data = query.data?.data
  return (
    <div className={styles.page}>
      <div className={styles.bar}>
        <h1 className={styles.title}>{title}</h1>
        {tools}
      </div>
      {obstacle}
      {query.error !== null && (
        <Notice kind="error" title={data === undefined ? 'This could not be loaded' : 'This is not current'}>
          {query.error.message} <TryAgain query={query} />
        </Notice>
      )}
      {data === undefined && query.error === null && obstacle === undefined && (
        <div className={styles.loading} role="status">
          Loading
        </div>
      )}
      {data !== undefined && children(data)}
    </div>
  )
}
