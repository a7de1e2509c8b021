import { ActionIcon, TextInput } from '@mantine/core'
import { IconChevronLeft, IconChevronRight, IconClockPlay } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { fromInputTime, toInputTime } from '../format/time.ts'
import styles from './end-time-input.module.css'

interface EndTimeInputProps {
  /** Unix ms; undefined follows the clock. */
  readonly endTime: number | undefined
  /** How far the arrows move. */
  readonly stepMs: number
  readonly onChange: (endTime: number | undefined) => void
}

/** The time a query ends at, or is evaluated at. The field takes over when left or on Enter: each digit typed would be a query. */
export function EndTimeInput({ endTime, stepMs, onChange }: EndTimeInputProps) {
  const shown = endTime === undefined ? '' : toInputTime(endTime)
  const [text, setText] = useState(shown)
  useEffect(() => setText(shown), [shown])
  const [editing, setEditing] = useState(false)
  const take = () => {
    if (text !== shown) onChange(fromInputTime(text))
  }
  const move = (byMs: number) => onChange((endTime ?? Math.floor(Date.now() / 1000) * 1000) + byMs)
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a row in all browsers
    <div className={styles.joined} role="group" aria-label="End time">
      <ActionIcon variant="default" size={30} aria-label="Earlier" title="Earlier" onClick={() => move(-stepMs)}>
        <IconChevronLeft size={14} aria-hidden />
      </ActionIcon>
      <TextInput
        size="xs"
        w={212}
        // An empty date field shows a pattern of dashes; one that is not being edited says what empty means.
        type={editing || text !== '' ? 'datetime-local' : 'text'}
        placeholder="now"
        step={1}
        aria-label="End time; empty follows the clock"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onFocus={() => setEditing(true)}
        onBlur={() => {
          setEditing(false)
          take()
        }}
        onKeyDown={(event) => event.key === 'Enter' && take()}
      />
      <ActionIcon variant="default" size={30} aria-label="Later" title="Later" onClick={() => move(stepMs)}>
        <IconChevronRight size={14} aria-hidden />
      </ActionIcon>
      <ActionIcon
        variant="default"
        size={30}
        aria-label="Follow the clock"
        title="Follow the clock"
        disabled={endTime === undefined}
        onClick={() => onChange(undefined)}
      >
        <IconClockPlay size={15} stroke={1.8} aria-hidden />
      </ActionIcon>
    </div>
  )
}
