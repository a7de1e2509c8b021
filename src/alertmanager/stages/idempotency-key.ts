import { createHash } from 'node:crypto'
import type { LogReceiver } from '../nflog/entry-message.ts'
import { alertHash } from './alert-hash.ts'
import type { NewsNotification } from './notification.ts'

/**
 * Names a piece of news: the same for every attempt to tell it, by whatever member. It follows from whom is told, the group, which of its
 * alerts fire and which are over, each since when, and how many repeat intervals the oldest has lasted: all members know these, also those
 * that do not hear of each other and have been told differently before. Told again after the repeat interval is other news.
 * docs/decisions/0020-notification-keys.md
 */
export function idempotencyKey(
  receiver: LogReceiver,
  {
    groupKey,
    firing,
    alerts,
    repeatIntervalMs,
    now,
  }: Pick<NewsNotification, 'groupKey' | 'firing' | 'alerts' | 'repeatIntervalMs' | 'now'>,
): string {
  const isFiring = new Set(firing)
  const states = alerts.map(({ labels, startsAt }) => {
    const hash = alertHash(labels)
    return `${hash} ${startsAt} ${isFiring.has(hash) ? 'firing' : 'resolved'}`
  })
  const oldest = alerts.reduce((earliest, { startsAt }) => Math.min(earliest, startsAt), Number.POSITIVE_INFINITY)
  const repeats = Math.floor((now - oldest) / Math.max(1, repeatIntervalMs))
  const parts = [receiver.name, receiver.integration, receiver.index, groupKey, repeats, ...states.sort()]
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32)
}
