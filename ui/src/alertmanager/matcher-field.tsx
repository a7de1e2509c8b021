import { TextInput } from '@mantine/core'
import { IconFilter } from '@tabler/icons-react'
import { useState } from 'react'
import styles from './matcher-filter.module.css'
import { type Matcher, parseTyped } from './matchers.ts'

interface MatcherFieldProps {
  readonly label: string
  readonly placeholder: string
  readonly text: string
  readonly onText: (text: string) => void
  /** Enter was pressed. */
  readonly onAdd: (added: readonly Matcher[]) => void
  /** Backspace was pressed where nothing is typed. */
  readonly onBack: () => void
}

/** Where matchers are typed as text; says what is none. */
export function MatcherField({ label, placeholder, text, onText, onAdd, onBack }: MatcherFieldProps) {
  const [problem, setProblem] = useState<string>()
  const add = () => {
    try {
      onAdd(parseTyped(text))
      onText('')
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <TextInput
      size="xs"
      className={styles.field}
      classNames={{ input: 'mono' }}
      leftSection={<IconFilter size={14} aria-hidden />}
      placeholder={placeholder}
      aria-label={label}
      error={problem}
      value={text}
      spellCheck={false}
      autoCapitalize="none"
      onChange={(event) => {
        onText(event.currentTarget.value)
        setProblem(undefined)
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && text.trim() !== '') {
          event.preventDefault()
          add()
        }
        if (event.key === 'Backspace' && text === '') onBack()
      }}
    />
  )
}
