import { isResolved } from '../../model/alert.ts'
import type { LogEntry, LogReceiver } from '../nflog/entry-message.ts'
import type { NotificationLog } from '../nflog/notification-log.ts'
import { readMemory } from '../nflog/receiver-memory.ts'
import { preciseOf } from '../state/precise-time.ts'
import { alertHash } from './alert-hash.ts'
import { idempotencyKey } from './idempotency-key.ts'
import type { NewsNotification, Notification, NotifyReason, NotifyStage } from './notification.ts'

/** Lets through what an entry of a receiver has not been told by this member or another. */
export function dedupStage(
  log: Pick<NotificationLog, 'find'>,
  receiver: LogReceiver,
  sendResolved: boolean,
): NotifyStage<Notification, NewsNotification> {
  return {
    name: 'dedup',
    async run(notification) {
      const { alerts, now, groupKey, repeatIntervalMs } = notification
      const firing: bigint[] = []
      const resolved: bigint[] = []
      for (const alert of alerts) (isResolved(alert, now) ? resolved : firing).push(alertHash(alert.labels))
      const previous = log.find(groupKey, receiver)
      const reason = whyNotify(previous, { firing, resolved, sendResolved, toldBefore: preciseOf(now - repeatIntervalMs) })
      const memory = readMemory(reason === 'first notification' ? [] : (previous?.receiverData ?? []))
      const key = reason === 'none' ? '' : idempotencyKey(receiver, { ...notification, firing })
      return {
        ...notification,
        alerts: reason === 'none' ? [] : alerts,
        reason,
        idempotencyKey: key,
        firing,
        resolved,
        previous,
        memory,
        mayHaveBeenTold: false,
      }
    },
  }
}

export interface GroupState {
  readonly firing: readonly bigint[]
  readonly resolved: readonly bigint[]
  readonly sendResolved: boolean
  /** Whoever was last told before then, in ns, is told again. */
  readonly toldBefore: bigint
}

/** Source: Alertmanager notify/dedup_stage.go, needsUpdate. */
export function whyNotify(previous: LogEntry | undefined, { firing, resolved, sendResolved, toldBefore }: GroupState): NotifyReason {
  if (previous === undefined) return firing.length > 0 ? 'first notification' : 'none'
  if (!isSubset(firing, previous.firing)) return previous.firing.length === 0 ? 'first notification' : 'new alerts added'
  // Told even to who wants no such news: the log is to know that nothing fires.
  if (firing.length === 0) return previous.firing.length > 0 ? 'all alerts resolved' : 'none'
  if (sendResolved && !isSubset(resolved, previous.resolved)) return 'some alerts resolved'
  return previous.time < toldBefore ? 'repeat interval elapsed' : 'none'
}

function isSubset(some: readonly bigint[], all: readonly bigint[]): boolean {
  if (some.length === 0) return true
  const known = new Set(all)
  return some.every((hash) => known.has(hash))
}
