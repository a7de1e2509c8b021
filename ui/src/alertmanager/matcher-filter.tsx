import { useState } from 'react'
import { MatcherChips } from './chips.tsx'
import { MatcherField } from './matcher-field.tsx'
import styles from './matcher-filter.module.css'
import { type Matcher, withMatcher } from './matchers.ts'

interface MatcherFilterProps {
  readonly matchers: readonly Matcher[]
  readonly onChange: (matchers: readonly Matcher[]) => void
  readonly label: string
}

/** Matchers as chips, and a field in which more of them are typed: Enter adds, Backspace in the empty field takes the last away. */
export function MatcherFilter({ matchers, onChange, label }: MatcherFilterProps) {
  const [text, setText] = useState('')
  return (
    <div className={styles.filter}>
      <MatcherField
        label={label}
        placeholder={'severity="page", instance=~"web-.+"'}
        text={text}
        onText={setText}
        onAdd={(added) => onChange(added.reduce(withMatcher, matchers))}
        onBack={() => matchers.length > 0 && onChange(matchers.slice(0, -1))}
      />
      {matchers.length > 0 && (
        <MatcherChips matchers={matchers} onRemove={(removed) => onChange(matchers.filter((matcher) => matcher !== removed))} />
      )}
    </div>
  )
}
