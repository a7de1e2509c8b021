import { errorMessage } from '../../base/errors.ts'
import { quote } from '../../base/go-quote.ts'
import type { FailureReason, NotifyFailure } from './integration.ts'
import { truncateRunes } from './truncate.ts'

/** A notification that was not delivered. */
export class NotifyError extends Error {
  readonly retry: boolean
  readonly reason: FailureReason

  constructor(message: string, { retry, reason = 'other' }: { readonly retry: boolean; readonly reason?: FailureReason }) {
    super(message)
    this.retry = retry
    this.reason = reason
  }
}

/** Of what a server answers no more goes into logs and the history. */
const MESSAGE_CHARACTERS_MAX = 4096

/** What became of a notification that ended with an error. One that says nothing of itself (a template's) comes again. */
export function failureOf(error: unknown): NotifyFailure {
  const message = truncateRunes(errorMessage(error), MESSAGE_CHARACTERS_MAX)
  return error instanceof NotifyError ? { message, retry: error.retry, reason: error.reason } : { message, retry: false, reason: 'other' }
}

/** Source: Alertmanager notify/util.go, GetFailureReasonFromStatusCode. */
export function reasonOfStatus(status: number): FailureReason {
  if (status >= 400 && status < 500) return 'clientError'
  return status >= 500 && status < 600 ? 'serverError' : 'other'
}

/** Why a request was given up. */
export function reasonOfAbort(signal: AbortSignal): FailureReason {
  const { reason } = signal
  const isDeadline = reason instanceof Error && (reason.name === 'TimeoutError' || /deadline|timeout/.test(reason.message))
  return isDeadline ? 'contextDeadlineExceeded' : 'contextCanceled'
}

/** In Go's words. */
export function abortMessage(signal: AbortSignal): string {
  return reasonOfAbort(signal) === 'contextCanceled' ? 'context canceled' : 'context deadline exceeded'
}

/** Says which channel it was in what went wrong. */
export function inChannel<T>(channel: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof NotifyError) throw new NotifyError(`channel ${quote(channel)}: ${error.message}`, error)
    throw error
  }
}

/** Counts what a server answers as others, as upstream does for some receivers. */
export async function withoutReason(run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (error instanceof NotifyError && (error.reason === 'clientError' || error.reason === 'serverError'))
      throw new NotifyError(error.message, { retry: error.retry })
    throw error
  }
}

/** Says what was being done when something went wrong. */
export async function within<T>(doing: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof NotifyError) throw new NotifyError(`${doing}: ${error.message}`, error)
    throw error
  }
}
