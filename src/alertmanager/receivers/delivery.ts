import type { Clock } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { goDurationText } from '../../base/go-duration.ts'
import type { HttpClient } from '../../http-client/client.ts'
import { abortMessage, NotifyError, reasonOfAbort, reasonOfStatus } from './notify-error.ts'

// How notifications go over HTTP. Source: Alertmanager notify/util.go.

export interface DeliveryRequest {
  readonly client: HttpClient
  readonly url: string
  /** Default: POST. */
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Headers that go to the host that is asked, and to no other that it redirects to. */
  readonly secretHeaders?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
}

export interface DeliveryAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Its beginning, where it is long. */
  readonly body: string
}

/** Of an answer nobody needs more; the rest of a longer one is not waited for. */
const BODY_BYTES_MAX = 1024 * 1024

/** The signal ends what takes too long; this only what it forgets. */
const TIMEOUT_MS = 3_600_000

export const JSON_TYPE = { 'content-type': 'application/json' }

/**
 * Sends a request. Rejects with a NotifyError that is worth another try, and that tells no URL, since some are secrets. Once there is a
 * status there is an answer, whatever becomes of its body: a server that took the message and then falls silent is not told again.
 */
export async function deliver({ client, method = 'POST', signal, ...request }: DeliveryRequest): Promise<DeliveryAnswer> {
  try {
    const { status, headers, body } = await client.send({ ...request, method, signal, timeoutMs: TIMEOUT_MS })
    return { status, headers, body: await beginningOf(body) }
  } catch (error) {
    const verb = `${method[0]}${method.slice(1).toLowerCase()}`
    if (signal.aborted) {
      const cause = errorMessage(signal.reason)
      const why = abortMessage(signal)
      throw new NotifyError(`${verb} "<redacted>": ${why}${cause.includes('configured') ? `: ${cause}` : ''}`, {
        retry: true,
        reason: reasonOfAbort(signal),
      })
    }
    throw new NotifyError(errorMessage(error).replace(/^([A-Z][a-z]+) "(?:[^"\\]|\\.)*": /, '$1 "<redacted>": '), { retry: true })
  }
}

/** As much of a body as comes, and is wanted. */
async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  try {
    for await (const part of body) {
      parts.push(part)
      sizeBytes += part.length
      if (sizeBytes >= BODY_BYTES_MAX) break
    }
  } catch {
    // The status says enough; who needs the body says what is wrong with it.
  }
  return Buffer.concat(parts).toString()
}

export interface StatusRule {
  /** Further than 5xx, worth another try. */
  readonly retryCodes?: readonly number[]
  /** What the error says beside the status; default: the answer's body. */
  details?(answer: DeliveryAnswer): string
}

/** Throws unless the answer says that all is well. */
export function checkStatus(answer: DeliveryAnswer, { retryCodes = [], details }: StatusRule = {}): void {
  const { status } = answer
  if (status >= 200 && status < 300) return
  const more = details === undefined ? answer.body : details(answer)
  throw new NotifyError(`unexpected status code ${status}${more === '' ? '' : `: ${more}`}`, {
    retry: (status >= 500 && status < 600) || retryCodes.includes(status),
    reason: reasonOfStatus(status),
  })
}

/** Runs with a signal that also ends after a time of the receiver's own; 0: there is none. */
export async function withTimeout<T>(
  {
    clock,
    signal,
    timeoutMs,
    what,
  }: { readonly clock: Clock; readonly signal: AbortSignal; readonly timeoutMs: number; readonly what: string },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (timeoutMs <= 0) return await run(signal)
  const timeout = new AbortController()
  const message = `configured ${what} timeout reached (${goDurationText(timeoutMs)})`
  const timer = clock.setTimer(timeoutMs, () => timeout.abort(new Error(message)))
  try {
    return await run(AbortSignal.any([signal, timeout.signal]))
  } finally {
    timer.cancel()
  }
}
