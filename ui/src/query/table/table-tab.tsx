import { type ReactNode, useEffect } from 'react'
import { formatDateTime } from '../../format/time.ts'
import { AnswerFrame } from '../answer-frame.tsx'
import { AnswerStatus } from '../answer-status.tsx'
import { EndTimeInput } from '../end-time-input.tsx'
import type { PanelState } from '../panel-state.ts'
import toolbar from '../toolbar.module.css'
import { type Asking, useInstantQuery } from '../use-panel-queries.ts'
import { ResultTable } from './result-table.tsx'

interface TabProps {
  /** The choice between tabs, first in the toolbar. */
  readonly tabs: ReactNode
  readonly panel: PanelState
  readonly asking: Asking
  readonly onChange: (next: PanelState) => void
  readonly onError: (expr: string, error: unknown) => void
}

/** The expression at one time, as a table. */
export function TableTab({ tabs, panel, asking, onChange, onError }: TabProps) {
  const query = useInstantQuery(panel, asking)
  useEffect(() => onError(panel.expr, query.error), [panel.expr, query.error, onError])
  return (
    <>
      <div className={toolbar.toolbar}>
        {tabs}
        <EndTimeInput
          endTime={panel.endTime}
          stepMs={Math.round(panel.rangeMs / 2)}
          onChange={(endTime) => onChange({ ...panel, endTime })}
        />
        {query.data !== undefined && query.error === null && (
          <span className={toolbar.note}>at {formatDateTime(panel.endTime ?? query.data.askedAt)}</span>
        )}
        <AnswerStatus query={query} />
      </div>
      <AnswerFrame expr={panel.expr} query={query} minHeight={100}>
        {(answer) => <ResultTable data={answer.data} expr={answer.expr} />}
      </AnswerFrame>
    </>
  )
}
