import { ActionIcon, Button, TextInput } from '@mantine/core'
import { useClickOutside } from '@mantine/hooks'
import { IconHistory } from '@tabler/icons-react'
import { useState } from 'react'
import type { QueryHistory } from './history.ts'
import styles from './history-button.module.css'

interface HistoryButtonProps {
  readonly history: QueryHistory
  readonly onPick: (expr: string) => void
}

/** Opens the list of executed expressions; picking one executes it. */
export function HistoryButton({ history, onPick }: HistoryButtonProps) {
  const [open, setOpen] = useState(false)
  const [filter, setFilter] = useState('')
  const outside = useClickOutside(() => setOpen(false))
  const found = history.entries.filter((entry) => entry.toLowerCase().includes(filter.toLowerCase()))
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes from wherever inside the focus is
    <div ref={outside} className={styles.anchor} onKeyDown={(event) => event.key === 'Escape' && setOpen(false)}>
      <ActionIcon
        variant="default"
        size={36}
        aria-label="Query history"
        title="Query history"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <IconHistory size={17} stroke={1.7} aria-hidden />
      </ActionIcon>
      {open && (
        <div className={styles.list} role="dialog" aria-label="Query history">
          <div className={styles.head}>
            <TextInput
              size="xs"
              data-autofocus
              autoFocus
              placeholder="Filter"
              aria-label="Filter the history"
              value={filter}
              onChange={(event) => setFilter(event.currentTarget.value)}
            />
            <Button size="xs" variant="subtle" disabled={history.entries.length === 0} onClick={history.clear}>
              Clear
            </Button>
          </div>
          {found.length === 0 && (
            <p className={styles.none}>{history.entries.length === 0 ? 'Executed queries will be listed here.' : 'No query matches.'}</p>
          )}
          <ul className={styles.entries}>
            {found.map((entry) => (
              <li key={entry}>
                <button
                  type="button"
                  className={styles.entry}
                  onClick={() => {
                    setOpen(false)
                    onPick(entry)
                  }}
                >
                  {entry}
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  )
}
