import { TextInput } from '@mantine/core'
import { IconFilter } from '@tabler/icons-react'
import { useState } from 'react'
import { MatcherChips } from './chips.tsx'
import styles from './matcher-filter.module.css'
import { type Matcher, parseTyped, withMatcher } from './matchers.ts'

interface MatcherFilterProps {
  readonly matchers: readonly Matcher[]
  readonly onChange: (matchers: readonly Matcher[]) => void
  readonly label: string
}

/** Matchers as chips, and a field in which more of them are typed: Enter adds, Backspace in the empty field takes the last away. */
export function MatcherFilter({ matchers, onChange, label }: MatcherFilterProps) {
  const [text, setText] = useState('')
  const [problem, setProblem] = useState<string>()
  const add = () => {
    try {
      onChange(parseTyped(text).reduce(withMatcher, matchers))
      setText('')
      setProblem(undefined)
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <div className={styles.filter}>
      <TextInput
        size="xs"
        className={styles.field}
        classNames={{ input: 'mono' }}
        leftSection={<IconFilter size={14} aria-hidden />}
        placeholder={'severity="page", instance=~"web-.+"'}
        aria-label={label}
        error={problem}
        value={text}
        spellCheck={false}
        autoCapitalize="none"
        onChange={(event) => {
          setText(event.currentTarget.value)
          setProblem(undefined)
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && text.trim() !== '') {
            event.preventDefault()
            add()
          }
          if (event.key === 'Backspace' && text === '' && matchers.length > 0) onChange(matchers.slice(0, -1))
        }}
      />
      {matchers.length > 0 && (
        <MatcherChips matchers={matchers} onRemove={(removed) => onChange(matchers.filter((matcher) => matcher !== removed))} />
      )}
    </div>
  )
}
