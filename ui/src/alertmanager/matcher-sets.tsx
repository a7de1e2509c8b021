import { Button } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { MatcherRows } from './matcher-rows.tsx'
import type { Matcher } from './matchers.ts'
import styles from './silences.module.css'

/** A set of matchers as it stands in the form. */
export interface TypedSet {
  readonly matchers: readonly Matcher[]
  /** What stands in the field that takes them as text. */
  readonly typed: string
}

interface MatcherSetsProps {
  readonly sets: readonly TypedSet[]
  /** By set: what is missing in it. */
  readonly problems: readonly (string | undefined)[]
  /** The API takes several of a silence that has several. */
  readonly mayBeSeveral: boolean
  /** Several changes may come at once: each is of what the one before made. */
  readonly onChange: (change: (sets: readonly TypedSet[]) => readonly TypedSet[]) => void
}

/** Sets of matchers one below the other; an alert needs to fit one of them. */
export function MatcherSets({ sets, problems, mayBeSeveral, onChange }: MatcherSetsProps) {
  const change = (index: number, parts: Partial<TypedSet>) =>
    onChange((before) => before.map((set, at) => (at === index ? { ...set, ...parts } : set)))
  return (
    <>
      {sets.map(({ matchers, typed }, index) => (
        <MatcherRows
          // biome-ignore lint/suspicious/noArrayIndexKey: it is typed in, nothing of it stays
          key={index}
          legend={index === 0 ? 'Alerts with' : 'or alerts with'}
          matchers={matchers}
          problem={problems[index]}
          onChange={(next) => change(index, { matchers: next })}
          typed={typed}
          onTyped={(text) => change(index, { typed: text })}
          onRemove={sets.length > 1 ? () => onChange((before) => before.filter((_, at) => at !== index)) : undefined}
        />
      ))}
      {mayBeSeveral && (
        <Button
          size="compact-xs"
          variant="default"
          className={styles.addSet}
          leftSection={<IconPlus size={13} aria-hidden />}
          onClick={() => onChange((before) => [...before, { matchers: [{ name: '', operator: '=', value: '' }], typed: '' }])}
        >
          Add a set of matchers
        </Button>
      )}
    </>
  )
}
