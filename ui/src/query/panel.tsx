import { ActionIcon, Button, SegmentedControl } from '@mantine/core'
import { IconChartLine, IconTable, IconX } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { EditorFrame } from './editor/editor-frame.tsx'
import { useEvaluationError } from './evaluation-error.ts'
import { ExplorerButton } from './explorer/explorer-button.tsx'
import { GraphTab } from './graph/graph-tab.tsx'
import { useQueryHistory } from './history.ts'
import { HistoryButton } from './history-button.tsx'
import styles from './panel.module.css'
import type { PanelState } from './panel-state.ts'
import { type Refresh, refreshPeriodMs } from './refresh-select.tsx'
import { TableTab } from './table/table-tab.tsx'

interface QueryPanelProps {
  readonly number: number
  readonly state: PanelState
  readonly refresh: Refresh
  readonly onChange: (next: PanelState) => void
  /** Undefined for the only panel. */
  readonly onRemove: (() => void) | undefined
}

const tabChoices = [
  { value: 'graph', label: <TabLabel Icon={IconChartLine} name="Graph" /> },
  { value: 'table', label: <TabLabel Icon={IconTable} name="Table" /> },
]

/** An expression, and its answer as a graph or a table. What is typed becomes the panel's expression when executed. */
export function QueryPanel({ number, state, refresh, onChange, onRemove }: QueryPanelProps) {
  const [draft, setDraft] = useState(state.expr)
  const [execution, setExecution] = useState(0)
  const [error, setError] = useEvaluationError()
  const history = useQueryHistory()

  // Back, forward and links change the expression under the editor.
  useEffect(() => setDraft(state.expr), [state.expr])

  const execute = (expr: string) => {
    setDraft(expr)
    setExecution((count) => count + 1)
    history.add(expr)
    if (expr !== state.expr) onChange({ ...state, expr })
  }

  const asking = { execution, refreshMs: refreshPeriodMs(refresh) }
  const tabs = (
    <SegmentedControl
      size="xs"
      aria-label="Show the answer as"
      data={tabChoices}
      value={state.tab}
      onChange={(tab) => onChange({ ...state, tab: tab === 'table' ? 'table' : 'graph' })}
    />
  )
  return (
    <section className={styles.panel} aria-label={`Query ${number}`}>
      <div className={styles.ask}>
        <EditorFrame
          label={`PromQL expression ${number}`}
          value={draft}
          error={error}
          onChange={setDraft}
          onExecute={execute}
          autoFocus={number === 1 || state.expr === ''}
        />
        <ExplorerButton onPick={execute} />
        <HistoryButton history={history} onPick={execute} />
        <Button size="sm" onClick={() => execute(draft)} title="Enter or Ctrl-Enter">
          Execute
        </Button>
        {onRemove !== undefined && (
          <ActionIcon
            variant="subtle"
            color="gray"
            size={36}
            aria-label={`Remove query ${number}`}
            title="Remove this query"
            onClick={onRemove}
          >
            <IconX size={16} aria-hidden />
          </ActionIcon>
        )}
      </div>
      {state.tab === 'graph' ? (
        <GraphTab tabs={tabs} panel={state} asking={asking} onChange={onChange} onError={setError} />
      ) : (
        <TableTab tabs={tabs} panel={state} asking={asking} onChange={onChange} onError={setError} />
      )}
    </section>
  )
}

function TabLabel({ Icon, name }: { readonly Icon: typeof IconTable; readonly name: string }) {
  return (
    <span className={styles.tab}>
      <Icon size={14} stroke={1.8} aria-hidden />
      {name}
    </span>
  )
}
