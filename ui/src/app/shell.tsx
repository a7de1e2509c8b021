import {
  IconBell,
  IconChartLine,
  IconDatabase,
  IconFileText,
  IconFlag,
  IconGauge,
  IconListDetails,
  IconSend,
  IconServer,
  IconTarget,
  IconWorldSearch,
} from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useRouter } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import styles from './frame.module.css'
import { Frame } from './frame.tsx'
import { Mark } from './mark.tsx'
import { ReadyState } from './ready-state.tsx'
import { server } from './server.ts'

const pages = [
  { to: '/query', name: 'Query', Icon: IconChartLine },
  { to: '/alerts', name: 'Alerts', Icon: IconBell },
  { to: '/rules', name: 'Rules', Icon: IconListDetails },
  { to: '/targets', name: 'Targets', Icon: IconTarget },
  { to: '/service-discovery', name: 'Discovery', Icon: IconWorldSearch },
  { to: '/alertmanager-discovery', name: 'Alertmanagers', Icon: IconSend },
  { to: '/tsdb-status', name: 'TSDB', Icon: IconDatabase },
  { to: '/budgets', name: 'Budgets', Icon: IconGauge },
  { to: '/config', name: 'Configuration', Icon: IconFileText },
  { to: '/flags', name: 'Flags', Icon: IconFlag },
  { to: '/status', name: 'Runtime', Icon: IconServer },
] as const

/** What stays in place around every page. */
export function Shell() {
  const nav = useRef<HTMLElement>(null)
  const router = useRouter()
  const build = useQuery({ queryKey: ['buildinfo'], queryFn: ({ signal }) => server.buildInfo(signal) })
  // On narrow screens the bar scrolls: the page one is on stays in sight in it. After the router has put back where everything was.
  useEffect(() => {
    const show = () => {
      // Newer browsers answer with a promise, which is no way to clean up.
      void nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
    }
    show()
    return router.subscribe('onRendered', show)
  }, [router])
  return (
    <Frame
      nav={nav}
      brand={
        <Link to="/query" className={styles.brand} aria-label="Promontory, start page">
          <Mark />
          <span>Promontory</span>
        </Link>
      }
      links={pages.map(({ to, name, Icon }) => (
        <Link key={to} to={to} className={styles.link} activeProps={{ 'data-active': true, 'aria-current': 'page' }}>
          <Icon size={16} stroke={1.7} aria-hidden />
          {name}
        </Link>
      ))}
      state={
        <ReadyState
          readiness={(signal) => server.readiness(signal)}
          starting="Starting: recovery has not finished"
          version={build.data?.data.version}
        />
      }
    >
      <Outlet />
    </Frame>
  )
}
