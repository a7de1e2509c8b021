import { useQuery } from '@tanstack/react-query'
import { DataPage } from '../app/data-page.tsx'
import { Notice } from '../app/notice.tsx'
import { server } from '../app/server.ts'
import { formatCount } from '../format/number.ts'
import styles from './alertmanagers-page.module.css'
import page from './page.module.css'

const refreshMs = 5000

/** Where alerts go, and what relabeling keeps them from. */
export function AlertmanagersPage() {
  const query = useQuery({
    queryKey: ['alertmanagers'],
    queryFn: ({ signal }) => server.alertmanagers(signal),
    refetchInterval: refreshMs,
    staleTime: 0,
  })
  return (
    <DataPage title="Alertmanagers" query={query}>
      {({ activeAlertmanagers, droppedAlertmanagers }) => (
        <div className={page.groups}>
          {activeAlertmanagers.length === 0 && (
            <Notice kind="warning" title="Alerts go nowhere">
              The alerting section of the configuration names no Alertmanagers, or discovery has not found any.
            </Notice>
          )}
          {activeAlertmanagers.length > 0 && <Urls title="Active" urls={activeAlertmanagers.map(({ url }) => url)} />}
          {droppedAlertmanagers.length > 0 && <Urls title="Dropped by relabeling" urls={droppedAlertmanagers.map(({ url }) => url)} />}
        </div>
      )}
    </DataPage>
  )
}

function Urls({ title, urls }: { readonly title: string; readonly urls: readonly string[] }) {
  return (
    <section className={page.group} aria-label={title}>
      <div className={page.head}>
        <h2 className={page.name}>{title}</h2>
        <span className={page.file}>{formatCount(urls.length)}</span>
      </div>
      <ul className={styles.urls}>
        {urls.map((url) => (
          <li key={url}>
            <a href={pageOf(url)} rel="noreferrer" target="_blank">
              {url}
            </a>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Its own pages stand where its API ends. */
function pageOf(url: string): string {
  return url.replace(/\/api\/v2\/alerts$/, '/')
}
