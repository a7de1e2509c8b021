import { createHash } from 'node:crypto'
import type { NotifyRequest } from './integration.ts'

/** What receivers know a group by: they have limits for the length of it. Source: Alertmanager notify/util.go, Key.Hash. */
export function groupHash({ groupKey }: Pick<NotifyRequest, 'groupKey'>): string {
  return createHash('sha256').update(groupKey).digest('hex')
}
