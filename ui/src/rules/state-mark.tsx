import type { ReactNode } from 'react'
import type { AlertState, RuleHealth } from './groups.ts'
import styles from './state-mark.module.css'

/** A state by word and colour. */
export function StateMark({ state, children = state }: { readonly state: AlertState | RuleHealth; readonly children?: ReactNode }) {
  return (
    <span className={styles.mark} data-state={state}>
      {children}
    </span>
  )
}
