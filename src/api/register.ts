import { Gauge } from 'prom-client'
import { CodedError, errorMessage } from '../base/errors.ts'
import { type Answer, errorAnswer, NO_BODY, redirectAnswer } from '../base/http-answer.ts'
import { corsHeaders } from '../base/http-cors.ts'
import { HttpMetrics } from '../base/http-metrics.ts'
import { type Method, type RouteHandler, type RouteRequest, Routes } from '../base/http-routes.ts'
import type { HttpApp } from '../base/http-server.ts'
import { WRITE_BODY_BYTES_MAX } from '../remote/write-receiver.ts'
import { addAdminRoutes } from './admin.ts'
import { budgetsStatus } from './budgets-status.ts'
import { addConsoleRoutes, SERVER_CONSOLE } from './console-files.ts'
import type { ApiDeps } from './deps.ts'
import { queryExemplars } from './exemplars.ts'
import { failureOf } from './failure.ts'
import { featureList } from './features.ts'
import { Federation } from './federate.ts'
import { labelNames, labelValues } from './labels.ts'
import { addManagementRoutes } from './management.ts'
import { metricMetadata, targetMetadata } from './metadata.ts'
import { liveNotifications, notificationList } from './notifications.ts'
import { openApi } from './openapi.ts'
import { cancelQuery, queriesStatus } from './queries/queries-status.ts'
import { query, queryRange } from './query.ts'
import { formatQuery, parseQuery } from './query-text.ts'
import { waitsItself, whenReadable } from './readiness.ts'
import { relabelSteps, scrapePoolConfig } from './relabel-steps.ts'
import { RemoteReadRoute } from './remote-read.ts'
import { alertmanagers, alerts, rules } from './rules.ts'
import { searchLabelNames, searchLabelValues, searchMetricNames } from './search.ts'
import { selfMetrics } from './self-metrics.ts'
import { series } from './series.ts'
import { buildStatus, configStatus, flagsStatus, runtimeStatus } from './status.ts'
import { scrapePools, targets } from './targets.ts'
import { tsdbBlocksStatus, tsdbStatus, walReplayStatus } from './tsdb-status.ts'

/** Adds all of a server's HTTP to an app: API v1, federation, management, metrics, remote write, console. */
export function registerApi(app: HttpApp, deps: ApiDeps): void {
  const { env } = deps
  const routes = new Routes(app, {
    env,
    metrics: new HttpMetrics(env.metrics),
    prefix: deps.routePrefix,
    onError: (error, request) => errorAnswer(logged(deps, error, request).status, errorMessage(error)),
  })
  const api = routes.with({
    headers: (request) => corsHeaders(request.headers.origin, deps.corsOrigin),
    onError: (error, request) => logged(deps, error, request),
  })

  addQueryRoutes(api, deps)
  addStatusRoutes(api, deps)
  addAdminRoutes(api, deps)

  const federation = new Federation(deps, env.metrics)
  routes.add('/federate', { GET: deps.isAgent ? refuseAgent : whenReadable(deps, (request) => federation.serve(request)) })
  const remoteRead = new RemoteReadRoute(deps, env.metrics)
  api.add(
    '/api/v1/read',
    { OPTIONS: PREFLIGHT, POST: deps.isAgent ? refuseAgent : whenReadable(deps, (request) => remoteRead.serve(request)) },
    { bodyBytesMax: WRITE_BODY_BYTES_MAX },
  )
  addWriteRoute(routes, deps)
  addOtlpRoute(api, deps)
  deps.addPushRoutes?.(routes)
  addManagementRoutes(routes, deps)
  addConsoleRoutes(routes, SERVER_CONSOLE, deps)
  if (deps.routePrefix !== '') addPrefixRedirects(routes, deps.routePrefix)

  new Gauge({
    name: 'prometheus_ready',
    help: 'Whether Prometheus startup was fully completed and the server is ready for normal operation.',
    registers: [env.metrics],
    collect() {
      this.set(deps.readiness().ready ? 1 : 0)
    },
  })
}

/** Source: Prometheus web/api/v1/api.go, wrapAgent. */
const refuseAgent: RouteHandler = () => {
  throw new CodedError('execution', 'unavailable with Prometheus Agent')
}

const PREFLIGHT: RouteHandler = () => ({ status: 204, headers: {}, body: NO_BODY })

function addQueryRoutes(api: Routes, deps: ApiDeps): void {
  type Serve = (deps: ApiDeps, request: RouteRequest) => Promise<Answer>
  const add = (
    path: string,
    methods: readonly Method[],
    serve: Serve,
    whenItCan: (deps: ApiDeps, handler: (request: RouteRequest) => Promise<Answer>) => RouteHandler = whenReadable,
  ) => {
    const handler = deps.isAgent ? refuseAgent : whenItCan(deps, (request) => serve(deps, request))
    api.add(path, { OPTIONS: PREFLIGHT, ...Object.fromEntries(methods.map((method) => [method, handler])) })
  }
  add('/api/v1/query', ['GET', 'POST'], query, waitsItself)
  add('/api/v1/query_range', ['GET', 'POST'], queryRange, waitsItself)
  add('/api/v1/query_exemplars', ['GET', 'POST'], queryExemplars)
  add('/api/v1/series', ['GET', 'POST'], series, waitsItself)
  add('/api/v1/labels', ['GET', 'POST'], labelNames, waitsItself)
  add('/api/v1/label/:name/values', ['GET'], labelValues, waitsItself)
  add('/api/v1/search/metric_names', ['GET', 'POST'], searchMetricNames)
  add('/api/v1/search/label_names', ['GET', 'POST'], searchLabelNames)
  add('/api/v1/search/label_values', ['GET', 'POST'], searchLabelValues)
  add('/api/v1/status/tsdb', ['GET'], tsdbStatus)
  add('/api/v1/status/budgets', ['GET'], budgetsStatus)
  for (const [path, handler] of Object.entries({ format_query: formatQuery, parse_query: parseQuery })) {
    const serve: RouteHandler = (request) => handler(deps, request)
    api.add(`/api/v1/${path}`, { OPTIONS: PREFLIGHT, GET: serve, POST: serve })
  }
}

function addStatusRoutes(api: Routes, deps: ApiDeps): void {
  const add = (path: string, handler: RouteHandler) => api.add(path, { OPTIONS: PREFLIGHT, GET: handler })
  add('/api/v1/targets', (request) => targets(deps, request))
  add('/api/v1/targets/metadata', (request) => targetMetadata(deps, request))
  add('/api/v1/targets/relabel_steps', (request) => relabelSteps(deps, request))
  add('/api/v1/scrape_pools', () => scrapePools(deps))
  add('/api/v1/scrape_pools/config', (request) => scrapePoolConfig(deps, request))
  add('/api/v1/metadata', (request) => metricMetadata(deps, request))
  add('/api/v1/features', () => featureList(deps))
  add('/api/v1/openapi.yaml', () => openApi(deps))
  add('/api/v1/status/config', () => configStatus(deps))
  add('/api/v1/status/flags', () => flagsStatus(deps))
  add('/api/v1/status/self_metrics', (request) => selfMetrics(deps, request))
  add('/api/v1/status/buildinfo', () => buildStatus(deps))
  add('/api/v1/status/runtimeinfo', () => runtimeStatus(deps))
  add('/api/v1/status/tsdb/blocks', () => tsdbBlocksStatus(deps))
  api.add('/api/v1/status/queries', { OPTIONS: PREFLIGHT, GET: (request) => queriesStatus(deps, request) })
  api.add('/api/v1/status/queries/:id', { OPTIONS: PREFLIGHT, DELETE: (request) => cancelQuery(deps, request) })
  add('/api/v1/status/walreplay', () => walReplayStatus(deps))

  add('/api/v1/rules', (request) => rules(deps, request))
  add('/api/v1/alerts', () => alerts(deps))
  add('/api/v1/alertmanagers', () => alertmanagers(deps))
  add('/api/v1/notifications', () => notificationList(deps.notifications))
  add('/api/v1/notifications/live', (request) => liveNotifications(deps.notifications, request))
}

function addWriteRoute(routes: Routes, { writeReceiver, untilTaking }: ApiDeps): void {
  const handler: RouteHandler =
    writeReceiver === undefined
      ? () => errorAnswer(404, 'remote write receiver needs to be enabled with --web.enable-remote-write-receiver')
      : async ({ headers, body, signal }) => {
          await untilTaking(signal)
          const {
            status,
            text,
            headers: written,
          } = await writeReceiver.receive({
            contentType: headers['content-type'],
            contentEncoding: headers['content-encoding'],
            body,
          })
          return text === undefined ? { status, headers: written, body: NO_BODY } : errorAnswer(status, text, written)
        }
  routes.add('/api/v1/write', { POST: handler }, { bodyBytesMax: WRITE_BODY_BYTES_MAX })
}

function addOtlpRoute(api: Routes, { otlpReceiver, untilTaking }: ApiDeps): void {
  const handler: RouteHandler =
    otlpReceiver === undefined
      ? () => errorAnswer(404, 'otlp write receiver needs to be enabled with --web.enable-otlp-receiver')
      : async ({ headers, body, signal }) => {
          await untilTaking(signal)
          const { status, text } = await otlpReceiver.receive({
            contentType: headers['content-type'],
            contentEncoding: headers['content-encoding'],
            body,
          })
          return text === undefined ? { status, headers: {}, body: NO_BODY } : errorAnswer(status, text)
        }
  api.add('/api/v1/otlp/v1/metrics', { OPTIONS: PREFLIGHT, POST: handler }, { bodyBytesMax: WRITE_BODY_BYTES_MAX })
}

/** Who comes to the address without the prefix, or without its slash, is sent on. */
function addPrefixRedirects(routes: Routes, prefix: string): void {
  const toPrefix: RouteHandler = () => redirectAnswer(`${prefix}/`)
  const bare = routes.with({ prefix: '' })
  bare.add('/', { GET: toPrefix })
  bare.add(prefix, { GET: toPrefix })
}

/** Faults of ours go to the log; what a client did wrong goes to the client alone. */
function logged({ env }: ApiDeps, error: unknown, request: RouteRequest): Answer {
  if (!(error instanceof CodedError) || error.code === 'internal') {
    env.log.error('request failed', { method: request.method, path: request.url.split('?')[0], error: errorMessage(error) })
  }
  return failureOf(error)
}
