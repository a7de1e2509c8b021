import type { Alert } from '../../model/alert.ts'
import type { Labels } from '../../model/labels.ts'
import type { Timestamp } from '../../model/time.ts'
import type { LogEntry } from '../nflog/entry-message.ts'

/** A group of alerts on its way to a receiver. Without alerts it goes no further. */
export interface Notification {
  /** When its flush began. */
  readonly now: Timestamp
  readonly receiver: string
  readonly groupKey: string
  readonly groupLabels: Labels
  readonly routeId: string
  readonly repeatIntervalMs: number
  readonly muteTimeIntervals: readonly string[]
  readonly activeTimeIntervals: readonly string[]
  /** What is over is asked at `now`: those that fire then do not resolve on the way. */
  readonly alerts: readonly Alert[]
  /** The group as it is by now. */
  refreshed(): Notification
}

/** A notification to one entry of a receiver, and what is new in it. */
export interface NewsNotification extends Notification {
  readonly reason: NotifyReason
  /** Empty where there is nothing to tell. */
  readonly idempotencyKey: string
  /** Hashes of its alerts. */
  readonly firing: readonly bigint[]
  readonly resolved: readonly bigint[]
  /** What the entry was last told of the group, by whatever member. */
  readonly previous: LogEntry | undefined
  /** What the entry keeps of the group; it changes it. Empty for the first notification, which begins another story. */
  readonly memory: Map<string, string>
  /** Another member, or this one in an earlier life, was about to tell the same, and nobody knows whether it did. */
  readonly mayHaveBeenTold: boolean
}

/** Why a receiver is told, in upstream's words, which templates see. Source: Alertmanager notify/notify.go, NotifyReason. */
export type NotifyReason =
  | 'none'
  | 'first notification'
  | 'new alerts added'
  | 'some alerts resolved'
  | 'all alerts resolved'
  | 'repeat interval elapsed'

/** One step on the way. Rejects where the notification did not arrive, or `signal` aborted before it did. */
export interface NotifyStage<In extends Notification = Notification, Out extends Notification = In> {
  readonly name: string
  run(notification: In, signal: AbortSignal): Promise<Out>
}

/** Why a flush ended before its notifications arrived: as upstream's label `reason` has it. */
export class FlushEnded extends Error {
  readonly reason: 'contextCanceled' | 'contextDeadlineExceeded'
  constructor(reason: 'contextCanceled' | 'contextDeadlineExceeded') {
    super(reason === 'contextCanceled' ? 'context canceled' : 'context deadline exceeded')
    this.reason = reason
  }
}

/** Why `signal` aborted. */
export function endOf(signal: AbortSignal): FlushEnded {
  return signal.reason instanceof FlushEnded ? signal.reason : new FlushEnded('contextCanceled')
}
