import { type Clock, type Random, sleep, type Timer } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { untilAborted } from '../../base/service.ts'
import { isResolved } from '../../model/alert.ts'
import type { NotificationHistory } from '../history/notification-history.ts'
import type { LogReceiver } from '../nflog/entry-message.ts'
import type { Integration, NotifyFailure, NotifyRequest } from '../receivers/integration.ts'
import { endOf, type NewsNotification, type NotifyStage } from './notification.ts'
import type { PipelineMetrics } from './pipeline-metrics.ts'

const FIRST_PAUSE_MS = 500
const PAUSE_GROWTH = 1.5
const PAUSE_MS_MAX = 60_000
/** A pause is this part longer or shorter, by chance. */
const PAUSE_SPREAD = 0.5
/** So long an attempt may go on where a reload or a stop ends the flush: what the receiver has taken would be told again. */
const LAST_ATTEMPT_MS = 5_000
/** A receiver that has not ended by then after it was told to is left alone: its group has to go on. */
const ABANDONED_AFTER_MS = 1_000

export interface RetryOptions {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: PipelineMetrics
  readonly history: Pick<NotificationHistory, 'add'>
  readonly receiver: LogReceiver
  readonly integration: Integration
  /** Lets no other member tell the same while an attempt is on its way, until that is cancelled. */
  hold(request: NotifyRequest): { cancel(): void }
}

/**
 * Delivers, again and again until it arrives, the receiver says that it never will, or the flush ends. Source: Alertmanager
 * notify/notify.go, RetryStage; cenkalti/backoff.
 */
export function retryStage(options: RetryOptions): NotifyStage<NewsNotification> {
  const { clock, random, metrics, history, receiver, integration, log } = options
  const name = `${receiver.name}/${integration.kind}[${integration.index}]`
  const labels = { integration: integration.kind }

  /** One notification with all its attempts. */
  async function deliver(request: NotifyRequest, signal: AbortSignal): Promise<{ attempts: number; failure: NotifyFailure | undefined }> {
    let attempts = 0
    let failure: NotifyFailure | undefined
    const ending = lastAttempt(signal, clock)
    try {
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * PAUSE_GROWTH, PAUSE_MS_MAX)) {
        if (signal.aborted) {
          const { message, reason } = endOf(signal)
          return { attempts, failure: failure ?? { message, reason, retry: false } }
        }
        const started = clock.monotonic()
        const held = options.hold(request)
        const outcome = await attempt(integration, request, ending.signal, clock)
        held.cancel()
        attempts++
        metrics.latency.observe(labels, (clock.monotonic() - started) / 1000)
        metrics.requests.inc(labels)
        if (outcome === undefined) return { attempts, failure: undefined }
        metrics.requestsFailed.inc(labels)
        if (!outcome.retry) return { attempts, failure: outcome }
        if (!signal.aborted) {
          if (failure?.message !== outcome.message) {
            log.warn('notification did not arrive, it is tried again', { receiver: name, attempts, error: outcome.message })
          }
          failure = outcome
        }
        await sleep(clock, pauseMs * (1 + PAUSE_SPREAD * (2 * random.next() - 1)), signal)
      }
    } finally {
      ending.close()
    }
  }

  return {
    name: 'retry',
    async run(notification, signal) {
      const { groupKey, groupLabels, now, reason, firing, memory, mayHaveBeenTold } = notification
      metrics.notifications.inc(labels)
      // Who wants no news of what is over gets none, and the log is to know all the same.
      if (!integration.sendResolved && firing.length === 0) return notification
      const alerts = integration.sendResolved ? notification.alerts : notification.alerts.filter((alert) => !isResolved(alert, now))
      const { idempotencyKey: key } = notification
      const request = { receiver: receiver.name, groupKey, groupLabels, alerts, now, reason, idempotencyKey: key, memory }
      const started = clock.monotonic()
      const { attempts, failure } = await deliver(request, signal)
      history.add({
        time: Math.floor(clock.now()),
        receiver: receiver.name,
        integration: integration.kind,
        index: integration.index,
        groupKey,
        groupLabels: groupLabels.toObject(),
        reason,
        outcome: failure === undefined ? 'delivered' : 'failed',
        ...(failure === undefined ? {} : { error: failure.message, errorReason: failure.reason }),
        attempts,
        durationMs: Math.round(clock.monotonic() - started),
        firing: alerts.filter((alert) => !isResolved(alert, now)).length,
        resolved: alerts.filter((alert) => isResolved(alert, now)).length,
        idempotencyKey: key,
        ...(mayHaveBeenTold ? { mayBeDuplicate: true } : {}),
      })
      if (failure === undefined) {
        if (mayHaveBeenTold) metrics.possibleDuplicates.inc(labels)
        return notification
      }
      metrics.failed.inc({ ...labels, reason: failure.reason })
      const why = failure.retry || signal.aborted ? '' : ' due to unrecoverable error'
      throw new Error(`${name}: notify retry canceled${why} after ${attempts} attempts: ${failure.message}`)
    },
  }
}

/** Ends attempts when the flush is to end: a while after where that has nothing to do with them. */
function lastAttempt(signal: AbortSignal, clock: Clock): { readonly signal: AbortSignal; close(): void } {
  const ending = new AbortController()
  let timer: Timer | undefined
  const onAbort = () => {
    const end = () => ending.abort(signal.reason)
    if (endOf(signal).reason === 'contextCanceled') timer = clock.setTimer(LAST_ATTEMPT_MS, end)
    else end()
  }
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  return {
    signal: ending.signal,
    close() {
      signal.removeEventListener('abort', onAbort)
      timer?.cancel()
    },
  }
}

/** A receiver that throws against its word is one that failed, and so is one that does not end. */
async function attempt(
  integration: Integration,
  request: NotifyRequest,
  signal: AbortSignal,
  clock: Clock,
): Promise<NotifyFailure | undefined> {
  const done = new AbortController()
  const abandoned = async (): Promise<NotifyFailure> => {
    await Promise.race([untilAborted(signal), untilAborted(done.signal)])
    await sleep(clock, ABANDONED_AFTER_MS, done.signal)
    return { message: `${endOf(signal).message}, and the receiver does not end`, retry: true, reason: endOf(signal).reason }
  }
  try {
    return await Promise.race([integration.notify(request, signal), abandoned()])
  } catch (error) {
    return { message: errorMessage(error), retry: true, reason: 'other' }
  } finally {
    done.abort()
  }
}
