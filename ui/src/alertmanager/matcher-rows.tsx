import { ActionIcon, Button, NativeSelect, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import { MatcherField } from './matcher-field.tsx'
import { type Matcher, OPERATORS } from './matchers.ts'
import styles from './silences.module.css'

interface MatcherRowsProps {
  readonly legend: string
  readonly matchers: readonly Matcher[]
  /** What is missing. */
  readonly problem: string | undefined
  readonly onChange: (matchers: readonly Matcher[]) => void
  /** What stands in the field that takes them as text. */
  readonly typed: string
  readonly onTyped: (text: string) => void
  /** Undefined: they cannot all be taken away. */
  readonly onRemove?: (() => void) | undefined
}

/** Matchers part by part; a field below takes them as text. */
export function MatcherRows({ legend, matchers, problem, onChange, typed, onTyped, onRemove }: MatcherRowsProps) {
  const change = (index: number, parts: Partial<Matcher>) =>
    onChange(matchers.map((matcher, at) => (at === index ? { ...matcher, ...parts } : matcher)))
  const place = useRef<HTMLFieldSetElement>(null)
  useEffect(() => {
    // The button that found it may be far below.
    if (problem !== undefined) place.current?.scrollIntoView({ block: 'nearest' })
  }, [problem])
  return (
    <fieldset ref={place} className={styles.matchers}>
      <legend>{legend}</legend>
      {matchers.map((matcher, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: it is typed in, nothing of it stays
        <fieldset key={index} className={styles.matcher} aria-label={`Matcher ${index + 1}`}>
          <TextInput
            size="xs"
            classNames={{ input: 'mono' }}
            aria-label="Label"
            placeholder="label"
            spellCheck={false}
            autoCapitalize="none"
            error={problem !== undefined && matcher.name === ''}
            value={matcher.name}
            onChange={(event) => change(index, { name: event.currentTarget.value })}
          />
          <NativeSelect
            size="xs"
            classNames={{ input: 'mono' }}
            aria-label="Operator"
            value={matcher.operator}
            onChange={(event) => change(index, { operator: event.currentTarget.value as Matcher['operator'] })}
            data={[...OPERATORS]}
          />
          <TextInput
            size="xs"
            classNames={{ input: 'mono' }}
            aria-label="Value"
            placeholder="value"
            spellCheck={false}
            autoCapitalize="none"
            value={matcher.value}
            onChange={(event) => change(index, { value: event.currentTarget.value })}
          />
          <ActionIcon
            variant="default"
            size={28}
            aria-label="Remove the matcher"
            title="Remove"
            onClick={() => onChange(matchers.filter((_, at) => at !== index))}
          >
            <IconTrash size={14} aria-hidden />
          </ActionIcon>
        </fieldset>
      ))}
      <MatcherField
        label="Add matchers as text"
        placeholder={'or as text: {severity="page"}'}
        text={typed}
        onText={onTyped}
        onAdd={(added) => onChange([...matchers, ...added])}
        onBack={() => undefined}
      />
      {problem !== undefined && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
      <div className={styles.add}>
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<IconPlus size={13} aria-hidden />}
          onClick={() => onChange([...matchers, { name: '', operator: '=', value: '' }])}
        >
          Add a matcher
        </Button>
        {onRemove !== undefined && (
          <Button size="compact-xs" variant="default" leftSection={<IconTrash size={13} aria-hidden />} onClick={onRemove}>
            Remove this set
          </Button>
        )}
      </div>
    </fieldset>
  )
}
