import { Button } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { IconPlus } from '@tabler/icons-react'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useRef } from 'react'
import { SITE_TITLE } from '../app/site-title.ts'
import styles from './page.module.css'
import { QueryPanel } from './panel.tsx'
import { defaultPanel, type PanelState } from './panel-state.ts'
import { decodeRefresh, RefreshSelect } from './refresh-select.tsx'
import { decodePanels, encodePanels } from './url-state.ts'

/** Query panels below each other. The URL is their only state: back and forward undo and redo. */
export function QueryPage() {
  const search = useSearch({ from: '/query' })
  const navigate = useNavigate({ from: '/query' })
  const panels = decodePanels(search)
  const refresh = decodeRefresh(search['refresh'])
  useDocumentTitle(`${panels[0].expr.trim() || 'Query'} · ${SITE_TITLE}`)
  const ids = usePanelIds(panels.length)

  const show = (next: readonly PanelState[], nextRefresh = refresh) => {
    const params = encodePanels(next)
    if (nextRefresh !== 'off') params['refresh'] = nextRefresh
    void navigate({ search: params, resetScroll: false })
  }

  return (
    <div className={styles.page}>
      <div className={styles.bar}>
        <h1 className={styles.title}>Query</h1>
        <RefreshSelect value={refresh} onChange={(next) => show(panels, next)} />
      </div>
      {panels.map((panel, index) => (
        <QueryPanel
          key={ids.current[index]}
          number={index + 1}
          state={panel}
          refresh={refresh}
          onChange={(next) => show(panels.with(index, next))}
          onRemove={
            panels.length === 1
              ? undefined
              : () => {
                  ids.current.splice(index, 1)
                  show(panels.toSpliced(index, 1))
                }
          }
        />
      ))}
      <Button
        variant="default"
        size="xs"
        leftSection={<IconPlus size={14} aria-hidden />}
        className={styles.add}
        onClick={() => {
          const { rangeMs, endTime, resolution } = panels[panels.length - 1]
          show([...panels, { ...defaultPanel, rangeMs, endTime, resolution }])
        }}
      >
        Add a panel
      </Button>
    </div>
  )
}

/** Keys that stay with a panel when one before it goes; React would hand its editor to its neighbour otherwise. */
function usePanelIds(count: number) {
  const ids = useRef<number[]>([])
  const last = useRef(0)
  while (ids.current.length < count) ids.current.push(++last.current)
  ids.current.length = count
  return ids
}
