import type { Answer } from '../api/client.ts'
import type { QueryData } from '../api/types.ts'
import { formatDuration, formatSpan } from '../format/duration.ts'
import { formatCount } from '../format/number.ts'
import styles from './answer-status.module.css'
import type { Measured, RangeAnswer } from './use-panel-queries.ts'

interface AnswerStatusProps {
  readonly answer: (Answer<QueryData> & Measured & Partial<Pick<RangeAnswer, 'window'>>) | undefined
  readonly awaited: boolean
}

/** One line of numbers about an answer; it keeps its height while there is none. */
export function AnswerStatus({ answer, awaited }: AnswerStatusProps) {
  return (
    <div className={styles.status} role="status">
      {answer === undefined ? (
        awaited && <span>Loading</span>
      ) : (
        <>
          <span>
            Load time <b>{formatSpan(answer.loadMs / 1000)}</b>
          </span>
          {answer.window !== undefined && (
            <span>
              Resolution <b>{formatDuration(answer.window.stepMs)}</b>
            </span>
          )}
          <span>
            Result series <b>{formatCount(seriesCount(answer.data))}</b>
          </span>
        </>
      )}
    </div>
  )
}

function seriesCount(data: QueryData): number {
  return data.resultType === 'vector' || data.resultType === 'matrix' ? data.result.length : 1
}
