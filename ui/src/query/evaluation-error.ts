import { useCallback, useState } from 'react'
import { ApiError } from '../api/client.ts'

/** What the API said against an expression, kept with the expression so that an edited text is not marked. */
export interface EvaluationError {
  readonly expr: string
  readonly message: string
}

/** The last evaluation's error, set by whichever tab asked. */
export function useEvaluationError() {
  const [error, setError] = useState<EvaluationError>()
  const report = useCallback((expr: string, reason: unknown) => {
    setError(reason instanceof ApiError ? { expr, message: reason.message } : undefined)
  }, [])
  return [error, report] as const
}
