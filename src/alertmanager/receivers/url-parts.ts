/** A URL whose path ends with a slash. */
export function withSlash(url: string): string {
  const parsed = new URL(url)
  if (!parsed.pathname.endsWith('/')) parsed.pathname += '/'
  return parsed.href
}

/** A URL with more of a path, one slash between. Source: Go net/url, JoinPath. */
export function joinPath(url: string, more: string): string {
  const parsed = new URL(withSlash(url))
  parsed.pathname += more.replace(/^\/+/, '')
  return parsed.href
}

/** Parameters as the query of a URL or as a form: sorted by name, escaped as Go's url.Values.Encode does it. */
export function encodeValues(values: Iterable<readonly [name: string, value: string]>): string {
  return [...values]
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([name, value]) => `${escapeValue(name)}=${escapeValue(value)}`)
    .join('&')
}

function escapeValue(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}
