import { Fragment } from 'react'
import type { GettableSilence } from '../../../src/api/types/alertmanager.ts'
import { MatcherChips } from './chips.tsx'
import { setsOf } from './silence-sets.ts'
import styles from './silences.module.css'

/** Which alerts a silence is for: its sets of matchers, of which an alert needs to fit one. */
export function SilenceMatchers({ silence }: { readonly silence: GettableSilence }) {
  return (
    <div className={styles.sets}>
      {setsOf(silence).map((matchers, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: sets have their place alone
        <Fragment key={index}>
          {index > 0 && <span className={styles.or}>or</span>}
          <MatcherChips matchers={matchers} />
        </Fragment>
      ))}
    </div>
  )
}
