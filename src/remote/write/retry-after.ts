/** More is not waited for, whatever a receiver says. */
const RETRY_AFTER_MS_MAX = 3_600_000

/** How long a `Retry-After` header asks to wait: seconds, or a date. 0: it does not say. Source: RFC 9110, 10.2.3. */
export function retryAfterMs(header: string | undefined, now: number): number {
  if (header === undefined) return 0
  const text = header.trim()
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return ms > 0 ? Math.min(ms, RETRY_AFTER_MS_MAX) : 0
}
