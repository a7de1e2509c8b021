import { TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useMemo, useState } from 'react'
import { Dialog } from '../../app/dialog.tsx'
import { Notice } from '../../app/notice.tsx'
import { server } from '../../app/server.ts'
import { formatCount } from '../../format/number.ts'
import styles from './metric-explorer.module.css'
import { listMetrics } from './metric-list.ts'

interface MetricExplorerProps {
  readonly onPick: (expr: string) => void
  readonly onClose: () => void
}

const lookbackMs = 3_600_000
/** More are asked for by a longer word, not by scrolling. */
const rowsMax = 200

/** The metrics of the last hour, with type and help, to search through. */
export function MetricExplorer({ onPick, onClose }: MetricExplorerProps) {
  const [text, setText] = useState('')
  const wanted = useDeferredValue(text)
  const names = useQuery({
    queryKey: ['explorer', 'names'],
    queryFn: ({ signal }) => server.labelValues('__name__', [], Date.now() - lookbackMs, signal),
    staleTime: 0,
  })
  const metadata = useQuery({ queryKey: ['explorer', 'metadata'], queryFn: ({ signal }) => server.metadata(signal), staleTime: 60_000 })
  const found = useMemo(() => listMetrics(names.data?.data ?? [], metadata.data?.data ?? {}, wanted), [names.data, metadata.data, wanted])
  return (
    <Dialog title="Metric explorer" onClose={onClose}>
      <TextInput
        size="sm"
        autoFocus
        data-autofocus
        leftSection={<IconSearch size={15} aria-hidden />}
        placeholder="Words of the name, type, unit or description"
        aria-label="Search metrics"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      {names.error !== null && (
        <Notice kind="error" title="The metrics could not be loaded">
          {names.error.message}
        </Notice>
      )}
      {names.data === undefined && names.error === null && <p className={styles.more}>Loading</p>}
      {names.data !== undefined && found.length === 0 && (
        <Notice kind="empty" title={text === '' ? 'There are no metrics' : 'No metric matches'}>
          {text === '' ? 'Nothing was stored in the last hour: see the targets.' : 'Try fewer words.'}
        </Notice>
      )}
      {metadata.error !== null && names.error === null && (
        <Notice kind="warning" title="Types and descriptions could not be loaded">
          {metadata.error.message}
        </Notice>
      )}
      <ul className={styles.list} aria-label="Metrics">
        {found.slice(0, rowsMax).map(({ name, type, unit, help, expr }) => (
          <li key={name}>
            <button type="button" className={styles.metric} title={expr} onClick={() => onPick(expr)}>
              <span className={styles.name}>{name}</span>
              {(type !== '' || unit !== '') && (
                <span className={styles.tags}>
                  {type !== '' && <span className={styles.type}>{type}</span>}
                  {unit !== '' && <span className={styles.type}>{unit}</span>}
                </span>
              )}
              {help !== '' && <span className={styles.help}>{help}</span>}
            </button>
          </li>
        ))}
      </ul>
      {found.length > rowsMax && <p className={styles.more}>{formatCount(found.length - rowsMax)} more: search for them</p>}
    </Dialog>
  )
}
