/** A URL whose path ends with a slash. */
export function withSlash(url: string): string {
  const parsed = new URL(url)
  if (!parsed.pathname.endsWith('/')) parsed.pathname += '/'
  return parsed.href
}

/**
 * A URL whose path goes on with a text, and whose query has more parameters: what its path has escaped, slashes too, is read before it is written again.
 * Source: Go net/url, URL.Path, String; Values.Encode.
 */
export function appendPath(url: string, more: string, parameters: Readonly<Record<string, string>> = {}): string {
  const parsed = new URL(url)
  const bytes = Buffer.concat([unescaped(parsed.pathname), Buffer.from(more)])
  parsed.pathname = escapedPath(bytes)
  if (Object.keys(parameters).length > 0) parsed.search = encodeValues(new Map([...parsed.searchParams, ...Object.entries(parameters)]))
  return parsed.href
}

function unescaped(path: string): Uint8Array {
  return Buffer.from(
    path.replace(/%([\da-fA-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
}

/** A path need not be UTF-8. */
function escapedPath(bytes: Uint8Array): string {
  let out = ''
  for (const byte of bytes) {
    const char = String.fromCharCode(byte)
    out += /[\w\-.~$&+,/:;=@]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return out
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
