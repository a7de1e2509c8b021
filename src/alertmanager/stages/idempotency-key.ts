import { createHash } from 'node:crypto'
import type { LogReceiver } from '../nflog/entry-message.ts'
import type { NewsNotification } from './notification.ts'

/**
 * Names a piece of news: the same for every attempt to tell it, by whatever member that knows the same of the group. It follows from whom
 * is told, the group, its alerts, and what was told before, which all members know; where nothing was, from when the first alert began.
 * docs/decisions/0025-notification-keys.md
 */
export function idempotencyKey(receiver: LogReceiver, { groupKey, firing, resolved, previous, alerts }: NewsNotification): string {
  const after = previous === undefined ? `from ${Math.min(...alerts.map(({ startsAt }) => startsAt))}` : `after ${previous.time}`
  const parts = [receiver.name, receiver.integration, receiver.index, groupKey, after, ...sorted(firing), 'resolved', ...sorted(resolved)]
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32)
}

function sorted(hashes: readonly bigint[]): readonly bigint[] {
  return [...hashes].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}
