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
import { Link, Outlet, useRouter } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { Mark } from './mark.tsx'
import { ReadyState } from './ready-state.tsx'
import { SchemeToggle } from './scheme-toggle.tsx'
import styles from './shell.module.css'

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

/** What stays in place around every page: name, navigation, state of the server, colour scheme. */
export function Shell() {
  const nav = useRef<HTMLElement>(null)
  const router = useRouter()
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
    <>
      <a href="#content" className={styles.skip}>
        Skip to content
      </a>
      <header className={styles.header}>
        <Link to="/query" className={styles.brand} aria-label="Promontory, start page">
          <Mark />
          <span>Promontory</span>
        </Link>
        <nav ref={nav} className={styles.nav} aria-label="Pages">
          {pages.map(({ to, name, Icon }) => (
            <Link key={to} to={to} className={styles.link} activeProps={{ 'data-active': true, 'aria-current': 'page' }}>
              <Icon size={16} stroke={1.7} aria-hidden />
              {name}
            </Link>
          ))}
        </nav>
        <div className={styles.state}>
          <ReadyState />
          <SchemeToggle />
        </div>
      </header>
      <main id="content" className={styles.main} tabIndex={-1}>
        <Outlet />
      </main>
    </>
  )
}
