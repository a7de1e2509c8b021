import { escapeHost, escapePath, escapeQuery } from '../base/url-escape.ts'

/** A scrape URL, taken apart for a request. */
export interface ScrapeUrl {
  /** As shown and hashed: `http://host:9100/metrics?x=y`. */
  readonly text: string
  readonly scheme: string
  /** As in the URL; the Host header. */
  readonly authority: string
  /** Without the brackets of an IPv6 address. */
  readonly host: string
  readonly port: number
  /** Path and query. */
  readonly path: string
}

/** Parameters as Go's url.Values.Encode writes them: sorted by name, spaces as `+`. */
export function encodeParams(params: ReadonlyMap<string, readonly string[]>): string {
  return [...params]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, values]) => values.map((value) => `${escapeQuery(name)}=${escapeQuery(value)}`))
    .join('&')
}

/** Puts a URL together. `path` is unescaped, as in `__metrics_path__`. */
export function scrapeUrl(scheme: string, address: string, path: string, params: ReadonlyMap<string, readonly string[]>): ScrapeUrl {
  const query = encodeParams(params)
  const rooted = path === '' || path.startsWith('/') ? path : `/${path}`
  const target = `${escapePath(rooted)}${query === '' ? '' : `?${query}`}`
  return splitAuthority(scheme, address, target)
}

/** The URL that a `Location` header points to from `base`, or undefined when it is none. */
export function redirectUrl(base: ScrapeUrl, location: string): ScrapeUrl | undefined {
  const url = URL.parse(location, base.text)
  if (url === null || url.host === '') return undefined
  return splitAuthority(url.protocol.slice(0, -1), url.host, `${url.pathname}${url.search}`)
}

function splitAuthority(scheme: string, authority: string, target: string): ScrapeUrl {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(authority)
  const defaultPort = scheme === 'https' ? 443 : 80
  return {
    text: `${scheme === '' ? '' : `${scheme}:`}//${escapeHost(authority)}${target}`,
    scheme,
    authority,
    host: match === null ? authority : (match[1] ?? match[2]),
    port: match?.[3] ? Number(match[3]) : defaultPort,
    path: target.startsWith('/') ? target : `/${target}`,
  }
}
