import { IconBell, IconBellOff, IconHistory, IconServer } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef } from 'react'
import styles from '../app/frame.module.css'
import { Frame } from '../app/frame.tsx'
import { Mark } from '../app/mark.tsx'
import { Notice } from '../app/notice.tsx'
import { ReadyState } from '../app/ready-state.tsx'
import { AlertsPage } from './alerts-page.tsx'
import { NotificationsPage } from './notifications-page.tsx'
import type { Place } from './place.ts'
import { server } from './server.ts'
import { EditSilencePage, NewSilencePage } from './silence-form-page.tsx'
import { SilencePage } from './silence-page.tsx'
import { SilencesPage } from './silences-page.tsx'
import { StatusPage } from './status-page.tsx'
import { usePlace } from './use-place.ts'

const pages = [
  { path: '/alerts', name: 'Alerts', Icon: IconBell },
  { path: '/silences', name: 'Silences', Icon: IconBellOff },
  { path: '/notifications', name: 'Notifications', Icon: IconHistory },
  { path: '/status', name: 'Status', Icon: IconServer },
] as const

/** All pages of an Alertmanager. */
export function AlertmanagerConsole() {
  const nav = useRef<HTMLElement>(null)
  const place = usePlace()
  const status = useQuery({ queryKey: ['status'], queryFn: ({ signal }) => server.status(signal) })
  // biome-ignore lint/correctness/useExhaustiveDependencies: on each new page
  useEffect(() => {
    // Newer browsers answer with a promise, which is no way to clean up.
    void window.scrollTo(0, 0)
    void nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [place.path])
  return (
    <Frame
      nav={nav}
      brand={
        <a href="#/alerts" className={styles.brand} aria-label="Alertmanager, start page">
          <Mark />
          <span>Alertmanager</span>
        </a>
      }
      links={pages.map(({ path, name, Icon }) => {
        const isHere = place.path === path || place.path.startsWith(`${path}/`)
        return (
          <a
            key={path}
            href={`#${path}`}
            className={styles.link}
            data-active={isHere || undefined}
            aria-current={isHere ? 'page' : undefined}
          >
            <Icon size={16} stroke={1.7} aria-hidden />
            {name}
          </a>
        )
      })}
      state={
        <ReadyState
          readiness={(signal) => server.readiness(signal)}
          starting="Settling: waits for its cluster"
          version={status.data?.data.versionInfo.version}
        />
      }
    >
      {pageAt(place)}
    </Frame>
  )
}

function pageAt(place: Place): ReactNode {
  const { path, search } = place
  if (path === '/alerts') return <AlertsPage search={search} />
  if (path === '/silences') return <SilencesPage search={search} />
  // Another link is another form.
  if (path === '/silences/new') return <NewSilencePage key={JSON.stringify(search)} search={search} />
  if (path === '/notifications') return <NotificationsPage search={search} />
  if (path === '/status') return <StatusPage />
  const [, id, edit] = /^\/silences\/([^/]+)(\/edit)?$/.exec(path) ?? []
  if (id !== undefined) return edit === undefined ? <SilencePage key={id} id={id} /> : <EditSilencePage key={id} id={id} />
  return (
    <Notice kind="empty" title="There is no page at this address">
      <a href="#/alerts">Go to the alerts</a>
    </Notice>
  )
}
