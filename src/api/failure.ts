import { CodedError, type ErrorCode, errorMessage } from '../base/errors.ts'
import type { Answer } from '../base/http-answer.ts'
import { failureAnswer } from './json/envelope.ts'
import type { ErrorType } from './types/envelope.ts'

/** The status of a client that has gone before its answer. Source: nginx, and Prometheus web/api/v1/api.go after it. */
const CLIENT_CLOSED_REQUEST = 499

/** Source: Prometheus web/api/v1/api.go, respondError. */
const FAILURES: Readonly<Record<ErrorCode, readonly [ErrorType, number]>> = {
  bad_data: ['bad_data', 400],
  canceled: ['canceled', CLIENT_CLOSED_REQUEST],
  execution: ['execution', 422],
  internal: ['internal', 500],
  not_found: ['not_found', 404],
  not_acceptable: ['not_acceptable', 406],
  timeout: ['timeout', 503],
  unavailable: ['unavailable', 503],
  // Upstream has one name for a query that may not go on, whatever stopped it.
  limit: ['execution', 422],
  conflict: ['execution', 422],
}

/** What the API says of an error. */
export function failureOf(error: unknown): Answer {
  if (!(error instanceof CodedError)) return failureAnswer(500, 'internal', errorMessage(error))
  const [errorType, status] = FAILURES[error.code]
  return failureAnswer(status, errorType, error.message)
}

export function badData(message: string): CodedError {
  return new CodedError('bad_data', message)
}

/** What is wrong with a parameter, with upstream's beginning. Other errors than bad data stay as they are. */
export function invalidParameter(name: string, error: unknown): unknown {
  if (!(error instanceof CodedError) || error.code !== 'bad_data') return error
  return new CodedError('bad_data', `invalid parameter ${JSON.stringify(name)}: ${error.message}`, { cause: error })
}
