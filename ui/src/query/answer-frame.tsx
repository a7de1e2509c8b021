import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { QueryData } from '../../../src/api/types/query.ts'
import { type Answer, ApiError } from '../api/client.ts'
import { Notice } from '../app/notice.tsx'
import styles from './answer-frame.module.css'
import type { Measured } from './use-panel-queries.ts'

interface AnswerFrameProps<PanelAnswer> {
  readonly expr: string
  readonly query: UseQueryResult<PanelAnswer>
  /** CSS pixels kept for content that is not there yet, so that nothing below jumps. */
  readonly minHeight: number
  readonly children: (answer: PanelAnswer) => ReactNode
}

/** What stands in an answer's place in each of its states: not asked, awaited, refused, empty, there; with its remarks. */
export function AnswerFrame<PanelAnswer extends Answer<QueryData> & Measured>({
  expr,
  query,
  minHeight,
  children,
}: AnswerFrameProps<PanelAnswer>) {
  const { data, error, isFetching } = query
  // An error leaves the last answer in the cache; showing it below the error would pass it off as current.
  const answer = error === null && expr.trim() !== '' ? data : undefined
  return (
    <div className={styles.frame} aria-busy={isFetching} style={{ minHeight: error === null ? minHeight : undefined }}>
      <div className={styles.progress} data-active={isFetching} aria-hidden />
      {expr.trim() === '' && (
        <Notice kind="empty" title="Nothing asked yet">
          Write an expression above and press Enter.
        </Notice>
      )}
      {error !== null && (
        <Notice kind="error" title={errorTitle(error)}>
          <div>{error.message}</div>
          <div>{adviceFor(error)}</div>
        </Notice>
      )}
      {answer !== undefined && (
        <>
          <Remarks kind="warning" title="Warnings" remarks={answer.warnings} />
          <Remarks kind="info" title="Notes" remarks={answer.infos} />
          <div className={styles.answer} style={{ minHeight }} data-stale={query.isPlaceholderData}>
            {isEmpty(answer.data) ? (
              <Notice kind="empty" title="No data">
                The query is fine, nothing matches it in this time.
              </Notice>
            ) : (
              children(answer)
            )}
          </div>
        </>
      )}
    </div>
  )
}

function Remarks({
  kind,
  title,
  remarks,
}: {
  readonly kind: 'warning' | 'info'
  readonly title: string
  readonly remarks: readonly string[]
}) {
  if (remarks.length === 0) return null
  return (
    <Notice kind={kind} title={title}>
      <ul>
        {remarks.map((remark) => (
          <li key={remark}>{remark}</li>
        ))}
      </ul>
    </Notice>
  )
}

function isEmpty(data: QueryData): boolean {
  return (data.resultType === 'vector' || data.resultType === 'matrix') && data.result.length === 0
}

const titles: Readonly<Record<string, string>> = {
  bad_data: 'The query is not valid',
  execution: 'The query could not be evaluated',
  timeout: 'The query took too long',
  canceled: 'The query was cancelled',
  unavailable: 'The server cannot answer yet',
  unreachable: 'The server does not answer',
}

function errorTitle(error: Error): string {
  if (!(error instanceof ApiError)) return 'The answer could not be shown'
  return titles[error.type] ?? `The server refused the query (${error.type})`
}

const advice: Readonly<Record<string, string>> = {
  timeout: 'Ask for fewer series, a shorter range or larger steps; the limit is the flag --query.timeout.',
  unavailable: 'Its log is being read after a start. Execute again in a moment.',
  unreachable: 'See that it runs and that this browser reaches it, then execute again.',
}

/** What helps beyond the message; an invalid query says by itself what is wrong with it. */
function adviceFor(error: Error): string | undefined {
  return error instanceof ApiError ? advice[error.type] : undefined
}
