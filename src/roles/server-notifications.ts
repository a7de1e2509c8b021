import { DISK_NOTICE, NOTICE, Notifications } from '../api/notifications.ts'
import type { ServerParts } from './server-parts.ts'

/** What the console is told: that the server starts, that it stops, that its configuration file is bad, what its disk does not take. */
export function serverNotifications({ env, values, reloader, db, begun, stop }: ServerParts): Notifications {
  const subscribersMax = values['web.max-notifications-subscribers']
  const notifications = new Notifications({ clock: env.clock, metrics: env.metrics, subscribersMax })
  notifications.add(NOTICE.startingUp)
  reloader.onOutcome((isLoaded) => (isLoaded ? notifications.remove(NOTICE.reloadFailed) : notifications.add(NOTICE.reloadFailed)))
  stop.addEventListener('abort', () => {
    notifications.add(NOTICE.shuttingDown)
    notifications.close()
  })
  void begun.whole.then(() => notifications.remove(NOTICE.startingUp))
  db.health.onChange((part, state) => {
    if (part !== 'log') return
    for (const notice of Object.values(DISK_NOTICE)) notifications.remove(notice)
    if (state !== 'normal') notifications.add(DISK_NOTICE[state])
  })
  return notifications
}
