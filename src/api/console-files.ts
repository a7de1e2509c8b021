import type { Env } from '../base/env.ts'
import { escapeHtml } from '../base/escape-html.ts'
import { type Answer, errorAnswer, textAnswer } from '../base/http-answer.ts'
import type { RouteHandler, Routes } from '../base/http-routes.ts'

/** A console of the workspace `ui`. */
interface Console {
  /** In its build. */
  readonly document: string
  /** Each is the same document, whose script shows what the address says. Upstream's paths, so that links keep working. */
  readonly pages: readonly string[]
  /** What works without it. */
  readonly apiPaths: string
}

export const SERVER_CONSOLE: Console = {
  document: 'index.html',
  pages: [
    '/',
    '/query',
    '/targets',
    '/alerts',
    '/rules',
    '/config',
    '/flags',
    '/status',
    '/tsdb-status',
    '/budgets',
    '/service-discovery',
    '/alertmanager-discovery',
  ],
  apiPaths: '/api/v1/query?query=up, /metrics, /-/ready',
}

/** Its pages are told apart behind the `#`, as upstream's are. */
export const ALERTMANAGER_CONSOLE: Console = {
  document: 'alertmanager.html',
  pages: ['/'],
  apiPaths: '/api/v2/alerts, /api/v2/silences, /api/v2/status, /metrics, /-/ready',
}

const ROOT_FILES = ['/favicon.svg', '/favicon.ico', '/manifest.json']

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  ico: 'image/x-icon',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  map: 'application/json',
  png: 'image/png',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
}

/** What the page may load: itself only. Styles may be inline, as the editor and the component library write theirs so. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'self'",
].join('; ')

const PAGE_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'referrer-policy': 'same-origin',
  // The document names its assets by hash: it must be asked for each time.
  'cache-control': 'no-cache',
}

export interface ConsoleFiles {
  readonly env: Env
  readonly uiDir: string
  /** Undefined: the document's own. */
  readonly pageTitle?: string
  /** Empty: there are none. */
  readonly userAssets: string
}

/** The built console at `/`; where it has not been built, `/` says how to. Under `/user/` what the operator wants to have served. */
export function addConsoleRoutes(routes: Routes, console: Console, { env, uiDir, pageTitle, userAssets }: ConsoleFiles): void {
  const page: RouteHandler = async () => {
    const found = await file(env, `${uiDir}/${console.document}`, PAGE_HEADERS)
    if (found === undefined) return notBuilt(`${uiDir}/${console.document}`, console)
    return pageTitle === undefined ? found : { ...found, body: titled(found.body, pageTitle) }
  }
  for (const path of console.pages) routes.add(path, { GET: page, HEAD: page })
  for (const path of ROOT_FILES) {
    const serve: RouteHandler = async () =>
      (await file(env, `${uiDir}${path}`, { 'cache-control': 'max-age=3600' })) ?? errorAnswer(404, '404 page not found')
    routes.add(path, { GET: serve, HEAD: serve })
  }
  const asset: RouteHandler = async (request) => {
    const path = request.param('*')
    const known = isPlainPath(path)
      ? await file(env, `${uiDir}/assets/${path}`, { 'cache-control': 'public, max-age=31536000, immutable' })
      : undefined
    return known ?? errorAnswer(404, '404 page not found')
  }
  routes.add('/assets/*', { GET: asset, HEAD: asset }, { handler: '/assets/*filepath' })
  if (userAssets === '') return
  const userFile: RouteHandler = async (request) => {
    const path = request.param('*')
    return (isPlainPath(path) ? await file(env, `${userAssets}/${path}`, {}) : undefined) ?? errorAnswer(404, '404 page not found')
  }
  routes.add('/user/*', { GET: userFile, HEAD: userFile }, { handler: '/user/*filepath' })
}

/** The document with another title, from which the pages make theirs. */
function titled(document: Uint8Array, title: string): Uint8Array {
  return Buffer.from(new TextDecoder().decode(document).replace(/<title>[^<]*<\/title>/, () => `<title>${escapeHtml(title)}</title>`))
}

function isPlainPath(path: string): boolean {
  return path.split('/').every((part) => /^[\w-][\w.-]*$/.test(part))
}

async function file(
  env: Env,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<(Answer & { readonly body: Uint8Array }) | undefined> {
  const type = CONTENT_TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
  let body: Uint8Array
  try {
    body = await env.fs.readFile(path)
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined
    throw error
  }
  return { status: 200, headers: { 'content-type': type, ...headers }, body }
}

function notBuilt(path: string, { apiPaths }: Console): Answer {
  return textAnswer(
    404,
    `The console has not been built: ${path} is missing. Build it with \`npm run prepare\`.\nThe HTTP API works without it: ${apiPaths}.\n`,
  )
}
