import type { ReactNode } from 'react'
import type { AlertState, RuleHealth } from './groups.ts'
import styles from './state-mark.module.css'

/** Of alerts that a route is in charge of, of silences and of notifications. */
type AlertmanagerState = 'active' | 'silenced' | 'inhibited' | 'muted' | 'in force' | 'expired' | 'delivered' | 'failed'

interface StateMarkProps {
  readonly state: AlertState | RuleHealth | AlertmanagerState
  readonly children?: ReactNode
}

/** A state by word and colour. */
export function StateMark({ state, children = state }: StateMarkProps) {
  return (
    <span className={styles.mark} data-state={state}>
      {children}
    </span>
  )
}
