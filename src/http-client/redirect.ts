// Source: Go net/http, Client.do, redirectBehavior, shouldCopyHeaderOnRedirect; prometheus/common config/http_config.go.

export const REDIRECTS_MAX = 10

const STATUSES = new Set([301, 302, 303, 307, 308])

export function isRedirect(status: number, location: string | undefined): location is string {
  return STATUSES.has(status) && location !== undefined && location !== ''
}

/** Whether a host that a redirect leads to is told what the first one is: it is the same, or below it. */
export function keepsCredentials(first: string, next: string): boolean {
  const [a, b] = [first.toLowerCase(), next.toLowerCase()]
  if (a === b) return true
  // An address has nothing below it.
  return !b.includes(':') && !b.includes('%') && b.endsWith(`.${a}`)
}

/** Headers that never leave the host they are for, in lower case; besides those whose values are secrets. */
export const SENSITIVE_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'www-authenticate',
  'cookie',
  'cookie2',
  'proxy-authorization',
  'proxy-authenticate',
])
