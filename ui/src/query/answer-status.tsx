import type { UseQueryResult } from '@tanstack/react-query'
import type { QueryData } from '../../../src/api/types/query.ts'
import type { Answer } from '../api/client.ts'
import { formatDuration, formatSpan } from '../format/duration.ts'
import { formatCount } from '../format/number.ts'
import styles from './answer-status.module.css'
import type { Measured, RangeAnswer } from './use-panel-queries.ts'

interface AnswerStatusProps {
  readonly query: UseQueryResult<Answer<QueryData> & Measured & Partial<Pick<RangeAnswer, 'window'>>>
  /** The step that was chosen by hand: said to be another when it would have been too small. */
  readonly stepMsAsked?: number | undefined
}

/** One line of numbers about an answer; it keeps its height while there is none. */
export function AnswerStatus({ query, stepMsAsked }: AnswerStatusProps) {
  const answer = query.error === null ? query.data : undefined
  return (
    <div className={styles.status} role="status">
      {answer === undefined ? (
        query.isFetching && <span>Loading</span>
      ) : (
        <>
          <span>
            Load time <b>{formatSpan(answer.loadMs / 1000)}</b>
          </span>
          {answer.window !== undefined && stepMsAsked !== undefined && answer.window.stepMs !== stepMsAsked && (
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
