import { CodedError } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'

export interface ExternalUrl {
  /** Without a slash at its end; empty: none. */
  readonly path: string
  /** Under which the web pages of this process are reached; without a slash at its end. */
  of(hostname: string): string
}

/**
 * What `--web.external-url` means: a URL, or its path alone; host and port then follow from where this process listens. Throws
 * `bad_data`. Source: Prometheus cmd/prometheus/main.go, computeExternalURL.
 */
export function parseExternalUrl(given: string, port: number): ExternalUrl {
  const isWhole = given.includes('://')
  const url = URL.parse(isWhole ? given : `http://host${given.replace(/^(?=[^/])/, '/')}`)
  if (url === null) throw new CodedError('bad_data', `--web.external-url: found ${quote(given)}, want a URL, or its path`)
  const path = given === '' ? '' : withoutSlash(url.pathname)
  return { path, of: (hostname) => (isWhole ? withoutSlash(given) : `http://${hostname}:${port}${path}`) }
}

/** What stands in front of every path: as `--web.route-prefix` says, else the external URL's path. */
export function routePrefixOf(given: string, { path }: ExternalUrl): string {
  const prefix = given === '' ? path : given
  return withoutSlash(prefix.startsWith('/') || prefix === '' ? prefix : `/${prefix}`)
}

export function withoutSlash(text: string): string {
  return text.replace(/(?<=.)\/+$/, '').replace(/^\/$/, '')
}
