import { errorMessage } from '../../base/errors.ts'
import { type Answer, errorAnswer, redirectAnswer, textAnswer } from '../../base/http-answer.ts'
import { corsHeaders } from '../../base/http-cors.ts'
import { type RouteHandler, type RouteRequest, Routes } from '../../base/http-routes.ts'
import type { HttpApp } from '../../base/http-server.ts'
import { familyPage } from '../../exposition/family-page.ts'
import { negotiate } from '../../exposition/negotiate.ts'
import { registryFamilies } from '../../exposition/registry-families.ts'
import { ALERTMANAGER_CONSOLE, addConsoleRoutes } from '../console-files.ts'
import { getAlertGroups, getAlerts } from './alerts.ts'
import { emptyAnswer, jsonAnswer, RequestError } from './answers.ts'
import { checkContentTypes } from './content-types.ts'
import type { AlertmanagerApiDeps } from './deps.ts'
import { ParameterError } from './filters.ts'
import { getGroupOverview } from './group-overview.ts'
import { getNotifications } from './history.ts'
import { AlertmanagerHttpMetrics } from './http-metrics.ts'
import { postAlerts } from './post-alerts.ts'
import { deleteSilence, getSilence, getSilences, postSilences } from './silences.ts'
import { getReceivers, getStatus } from './status.ts'

type Serve = (deps: AlertmanagerApiDeps, request: RouteRequest) => Answer | Promise<Answer>

const METHODS = ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS'] as const

/** Alerts of thousands of groups in one request. */
const BODY_BYTES_MAX = 64 * 1024 * 1024

/** Adds all of an Alertmanager's HTTP to an app: API v2, management, metrics, pages. Source: Alertmanager api/api.go; ui/web.go. */
export function registerAlertmanagerApi(app: HttpApp, deps: AlertmanagerApiDeps): void {
  const { env, routePrefix } = deps
  const routes = new Routes(app, {
    env,
    metrics: new AlertmanagerHttpMetrics(env.metrics),
    prefix: routePrefix,
    late: (response) => deps.limits.late(response),
    onError: (error, request) => failure(deps, error, request),
  })
  const anyOrigin = { test: () => true }
  const api = routes.with({ headers: ({ headers }) => ({ 'cache-control': 'no-store', ...corsHeaders(headers.origin, anyOrigin) }) })
  const add = (path: string, methods: Partial<Record<(typeof METHODS)[number], Serve>>) => {
    // As their names stand in upstream's answer to another method.
    const allowed = ['POST', 'GET', 'DELETE'].filter((method) => method in methods)
    const wrong: RouteHandler = ({ method }) => {
      const answer = new RequestError(405, 405, `method ${method} is not allowed, but [${allowed.join(',')}] are`).answer()
      return { ...answer, headers: { ...answer.headers, allow: allowed.join(',') } }
    }
    const handlers = METHODS.map((method): [string, RouteHandler] => {
      const serve = methods[method]
      if (serve !== undefined) {
        const checked: RouteHandler = (request) => {
          checkContentTypes(request)
          return serve(deps, request)
        }
        return [method, checked]
      }
      return [method, method === 'OPTIONS' ? () => emptyAnswer(204) : wrong]
    })
    // Upstream's routes do not mind a slash at the end.
    for (const spelt of [path, `${path}/`]) api.add(spelt, Object.fromEntries(handlers), { bodyBytesMax: BODY_BYTES_MAX, handler: path })
  }
  add('/api/v2/status', { GET: getStatus })
  add('/api/v2/receivers', { GET: getReceivers })
  add('/api/v2/alerts', { GET: getAlerts, POST: postAlerts })
  add('/api/v2/alerts/groups', { GET: getAlertGroups })
  add('/api/v2/silences', { GET: getSilences, POST: postSilences })
  add('/api/v2/silence/:id', { GET: getSilence, DELETE: deleteSilence })
  add('/api/v2/promontory/groups', { GET: getGroupOverview })
  add('/api/v2/promontory/notifications', { GET: getNotifications })
  const unknown: RouteHandler = ({ path }) => new RequestError(404, 404, `path ${path.slice(routePrefix.length)} was not found`).answer()
  // What has no ID is no silence's path.
  for (const path of ['/api/v2/*', '/api/v2/silence/'])
    api.add(path, Object.fromEntries(METHODS.map((method) => [method, unknown])), { handler: '/api/v2/' })

  const gone: RouteHandler = () => jsonAnswer(GONE, 410)
  for (const path of ['status', 'receivers', 'alerts', 'silences']) {
    routes.add(`/api/v1/${path}`, { GET: gone, POST: gone }, { handler: `/${path}` })
  }
  routes.add('/api/v1/silence/:id', { GET: gone, DELETE: gone }, { handler: '/silence/:id' })

  const ok: RouteHandler = () => textAnswer(200, 'OK')
  routes.add('/-/healthy', { GET: ok, HEAD: ok })
  // Upstream is ready at once; whoever waits for it before going on to the next member would have all of them unsettled.
  const ready: RouteHandler = () => (deps.cluster.isSettled() ? textAnswer(200, 'OK') : textAnswer(503, 'Service Unavailable: settling'))
  routes.add('/-/ready', { GET: ready, HEAD: ready })
  routes.add('/-/reload', { POST: () => reload(deps) })
  routes.add('/metrics', { GET: ({ headers }) => metricsPage(deps, headers.accept) })
  addConsoleRoutes(routes, ALERTMANAGER_CONSOLE, { env, uiDir: deps.uiDir, userAssets: '' })
  if (routePrefix === '') return
  const toPrefix: RouteHandler = () => redirectAnswer(`${routePrefix}/`)
  const bare = routes.with({ prefix: '' })
  bare.add('/', { GET: toPrefix })
  bare.add(routePrefix, { GET: toPrefix })
}

const GONE = {
  status: 'deprecated',
  error:
    'The Alertmanager v1 API was deprecated in version 0.16.0 and is removed as of version 0.27.0 - please use the equivalent route in the v2 API',
}

async function reload({ reload }: AlertmanagerApiDeps): Promise<Answer> {
  try {
    await reload()
  } catch (error) {
    return errorAnswer(500, `failed to reload config: ${errorMessage(error)}`)
  }
  return emptyAnswer(200)
}

async function metricsPage({ env }: AlertmanagerApiDeps, accept: string | undefined): Promise<Answer> {
  const format = negotiate(accept, { openMetrics: true })
  return { status: 200, headers: { 'content-type': format.contentType }, body: familyPage(await registryFamilies(env.metrics), format) }
}

/** What a client did wrong goes to the client alone; faults of ours go to the log as well. */
function failure({ env }: AlertmanagerApiDeps, error: unknown, request: RouteRequest): Answer {
  if (error instanceof RequestError) return error.answer()
  if (error instanceof ParameterError) return jsonAnswer(error.message, 400)
  env.log.error('request failed', { method: request.method, path: request.path, error: errorMessage(error) })
  return jsonAnswer(errorMessage(error), 500)
}
