import { useEffect } from 'react'
import { formatDateTime } from '../../format/time.ts'
import { AnswerFrame } from '../answer-frame.tsx'
import { EndTimeInput } from '../end-time-input.tsx'
import type { PanelState } from '../panel-state.ts'
import { type Asking, useInstantQuery } from '../use-panel-queries.ts'
import { ResultTable } from './result-table.tsx'
import styles from './table-tab.module.css'

interface TabProps {
  readonly panel: PanelState
  readonly asking: Asking
  readonly onChange: (next: PanelState) => void
  readonly onError: (expr: string, error: unknown) => void
}

/** The expression at one time, as a table. */
export function TableTab({ panel, asking, onChange, onError }: TabProps) {
  const query = useInstantQuery(panel, asking)
  useEffect(() => onError(panel.expr, query.error), [panel.expr, query.error, onError])
  return (
    <>
      <div className={styles.controls}>
        <EndTimeInput
          endTime={panel.endTime}
          stepMs={Math.round(panel.rangeMs / 2)}
          onChange={(endTime) => onChange({ ...panel, endTime })}
        />
        {query.data !== undefined && query.error === null && (
          <span className={styles.at}>at {formatDateTime(panel.endTime ?? query.data.askedAt)}</span>
        )}
      </div>
      <AnswerFrame expr={panel.expr} query={query} minHeight={160}>
        {(answer) => <ResultTable data={answer.data} expr={answer.expr} />}
      </AnswerFrame>
    </>
  )
}
