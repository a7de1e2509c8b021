import type { ReactNode, RefObject } from 'react'
import styles from './frame.module.css'
import { SchemeToggle } from './scheme-toggle.tsx'

interface FrameProps {
  /** The name, a link to the start page. */
  readonly brand: ReactNode
  /** The links to pages. */
  readonly links: ReactNode
  readonly nav?: RefObject<HTMLElement | null>
  /** How the server is. */
  readonly state: ReactNode
  readonly children: ReactNode
}

/** What stands around the pages of a console: name, navigation, state of the server, colour scheme. */
export function Frame({ brand, links, nav, state, children }: FrameProps) {
  return (
    <>
      {/* No link: the part behind the # may name the page. */}
      <button type="button" className={styles.skip} onClick={() => document.getElementById('content')?.focus()}>
        Skip to content
      </button>
      <header className={styles.header}>
        {brand}
        <nav ref={nav} className={styles.nav} aria-label="Pages">
          {links}
        </nav>
        <div className={styles.state}>
          {state}
          <SchemeToggle />
        </div>
      </header>
      <main id="content" className={styles.main} tabIndex={-1}>
        {children}
      </main>
    </>
  )
}
