import { SegmentedControl, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { formatCount } from '../format/number.ts'
import styles from './page.module.css'

interface FilterBarProps<T extends string> {
  /** What `only` chooses by. */
  readonly kind: string
  readonly only: T | 'all'
  readonly text: string
  readonly choices: readonly (readonly [value: T, name: string, count: number])[]
  readonly onChange: (next: { readonly only: T | 'all'; readonly text: string }) => void
  readonly children?: ReactNode
}

/** Which rules are shown. */
export function FilterBar<T extends string>({ kind, only, text, choices, onChange, children }: FilterBarProps<T>) {
  const total = choices.reduce((sum, [, , count]) => sum + count, 0)
  return (
    <>
      <SegmentedControl
        size="xs"
        aria-label={kind}
        value={only}
        onChange={(value) => onChange({ only: value as T | 'all', text })}
        data={[
          { value: 'all', label: `All ${formatCount(total)}` },
          ...choices.map(([value, name, count]) => ({ value, label: `${name} ${formatCount(count)}` })),
        ]}
      />
      {children}
      <TextInput
        size="xs"
        className={styles.search}
        leftSection={<IconSearch size={14} aria-hidden />}
        placeholder="Name, label, expression"
        aria-label="Filter by name, label, expression or error"
        value={text}
        onChange={(event) => onChange({ only, text: event.currentTarget.value })}
      />
    </>
  )
}
