// Source: Prometheus util/httputil/cors.go.

/** The headers by which a browser lets pages of other origins read an answer. `origin` is matched whole. */
export function corsHeaders(requestOrigin: string | undefined, origin: { test(text: string): boolean }): Readonly<Record<string, string>> {
  if (requestOrigin === undefined || requestOrigin === '') return { vary: 'Origin' }
  const headers: Record<string, string> = {
    vary: 'Origin',
    'access-control-allow-headers': 'Accept, Authorization, Content-Type, Origin',
    'access-control-allow-methods': 'GET, POST, OPTIONS',
    'access-control-expose-headers': 'Date',
  }
  if (origin.test(requestOrigin)) headers['access-control-allow-origin'] = requestOrigin
  return headers
}
