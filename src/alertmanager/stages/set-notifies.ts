import type { LogReceiver } from '../nflog/entry-message.ts'
import type { NotificationLog } from '../nflog/notification-log.ts'
import { idempotencyKey } from './idempotency-key.ts'
import type { NewsNotification, NotifyStage } from './notification.ts'

/** Notes in the log what an entry of a receiver has been told. Source: Alertmanager notify/notify.go, SetNotifiesStage. */
export function setNotifiesStage(log: Pick<NotificationLog, 'note'>, receiver: LogReceiver): NotifyStage<NewsNotification> {
  return {
    name: 'set notifies',
    async run(notification) {
      const { groupKey, firing, resolved, reason, previous, repeatIntervalMs } = notification
      // What a receiver keeps belongs to one story: the first notification begins another.
      const receiverData = reason === 'first notification' ? [] : (previous?.receiverData ?? [])
      log.note(
        { groupKey, receiver, firing, resolved, receiverData, idempotencyKey: idempotencyKey(receiver, notification) },
        2 * repeatIntervalMs,
      )
      return notification
    },
  }
}
