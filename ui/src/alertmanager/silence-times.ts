import type { GettableSilence } from '../../../src/api/types/alertmanager.ts'
import { formatAgo } from '../format/duration.ts'

/** When a silence begins or ends, seen from `now` (Unix ms): `ends in 1h 20m`, `begins in 4m 10s`, `ended 3d 2h ago`. */
export function silenceTiming({ status, startsAt, endsAt }: GettableSilence, now: number): string {
  const ahead = (time: string) => formatAgo(Math.max(0, Date.parse(time) - now)).replace(/ ago$/, '')
  if (status.state === 'pending') return `begins in ${ahead(startsAt)}`
  return status.state === 'active' ? `ends in ${ahead(endsAt)}` : `ended ${formatAgo(now - Date.parse(endsAt))}`
}
