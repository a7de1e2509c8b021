import type { HttpHandler } from './env.ts'
import { escapeHtml } from './escape-html.ts'
import { pathOf } from './http-server.ts'
import { escapePath } from './url-escape.ts'

/**
 * Who asks for a path with empty parts, `.` or `..`, escaped ones too, is sent to the one that is meant, whatever there is, and whatever the
 * method. Source: Go net/http, ServeMux, cleanPath, Redirect; path, Clean.
 */
export function redirectingUnclean(open: HttpHandler): HttpHandler {
  return (request, response) => {
    const { url = '/', method = '' } = request
    const location = cleanLocation(url)
    if (location === undefined) return open(request, response)
    response.statusCode = 301
    response.setHeader('location', location)
    if (method !== 'GET' && method !== 'HEAD') return void response.end()
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(`<a href="${escapeHtml(location)}">Moved Permanently</a>.\n\n`)
  }
}

/** Most paths have nothing that could be unclean. */
const SUSPECT = /\/[/.]|%2[ef]/i

/** Where a request is sent; undefined: its path is clean, or none. */
function cleanLocation(url: string): string | undefined {
  const sent = pathOf(url)
  if (!sent.startsWith('/') || !SUSPECT.test(sent)) return undefined
  let path: string
  try {
    path = decodeURIComponent(sent)
  } catch {
    // What is wrong with it is said where it is served.
    return undefined
  }
  const clean = cleanPath(path)
  if (clean === path) return undefined
  const cut = url.indexOf('?')
  const query = cut < 0 ? '' : url.slice(cut + 1)
  return escapePath(clean) + (query === '' ? '' : `?${query}`)
}

/** A slash at the end stays. */
function cleanPath(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  const clean = `/${parts.join('/')}`
  return path.endsWith('/') && clean !== '/' ? `${clean}/` : clean
}
