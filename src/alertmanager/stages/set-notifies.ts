import type { LogReceiver } from '../nflog/entry-message.ts'
import type { NotificationLog } from '../nflog/notification-log.ts'
import { writeMemory } from '../nflog/receiver-memory.ts'
import type { NewsNotification, NotifyStage } from './notification.ts'

/** Notes in the log what an entry of a receiver has been told. Source: Alertmanager notify/notify.go, SetNotifiesStage. */
export function setNotifiesStage(log: Pick<NotificationLog, 'note'>, receiver: LogReceiver): NotifyStage<NewsNotification> {
  return {
    name: 'set notifies',
    async run(notification) {
      const { groupKey, firing, resolved, memory, repeatIntervalMs, idempotencyKey } = notification
      const receiverData = writeMemory(memory)
      const told = { groupKey, receiver, firing, resolved, receiverData, idempotencyKey }
      // Upstream forgets at the end of the time of retention, and tells again, though the repeat interval is longer.
      log.note(told, 2 * repeatIntervalMs, 1.25 * repeatIntervalMs)
      return notification
    },
  }
}
