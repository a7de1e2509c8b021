/**
 * Stable codes of errors that a caller or an API client may act on.
 * Source of the API's names: Prometheus docs/querying/api.md, "Format overview".
 */
export type ErrorCode =
  | 'bad_data'
  | 'canceled'
  | 'execution'
  | 'internal'
  | 'not_found'
  | 'not_acceptable'
  | 'timeout'
  | 'unavailable'
  | 'limit'
  | 'conflict'

/** An error with a stable code. `message` is lower case, says what was found and what was wanted, and has no full stop. */
export class CodedError extends Error {
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CodedError'
    this.code = code
  }
}

/** The message of an error and of everything that caused it, joined as `outer: inner`. Safe on values that are not errors. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause
  if (cause === undefined || cause === null) return error.message
  const inner = errorMessage(cause)
  return error.message.includes(inner) ? error.message : `${error.message}: ${inner}`
}

/** Adds what was being done to what went wrong: `wrapError('open block 01J9', cause)`. Keeps the code of a coded cause. */
export function wrapError(doing: string, cause: unknown): Error {
  const message = `${doing}: ${errorMessage(cause)}`
  if (cause instanceof CodedError) return new CodedError(cause.code, message, { cause })
  return new Error(message, { cause })
}
