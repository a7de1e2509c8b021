import { CodedError, errorMessage } from '../base/errors.ts'
import { type Answer, errorAnswer, NO_BODY } from '../base/http-answer.ts'
import { corsHeaders } from '../base/http-cors.ts'
import { HttpMetrics } from '../base/http-metrics.ts'
import { type Method, type RouteHandler, type RouteRequest, Routes } from '../base/http-routes.ts'
import type { HttpApp } from '../base/http-server.ts'
import type { ApiDeps } from './deps.ts'
import { failureOf } from './failure.ts'
import { labelNames, labelValues } from './labels.ts'
import { query, queryRange } from './query.ts'
import { waitsItself } from './readiness.ts'
import { series } from './series.ts'

/** What routes of queries need. */
export type ReadDeps = Pick<ApiDeps, 'env' | 'reads' | 'features' | 'isAgent' | 'readiness' | 'corsOrigin' | 'routePrefix'>

/** Routes whose errors are plain texts. */
export function plainRoutes(app: HttpApp, deps: ReadDeps): Routes {
  const { env, routePrefix } = deps
  return new Routes(app, {
    env,
    metrics: new HttpMetrics(env.metrics),
    prefix: routePrefix,
    onError: (error, request) => errorAnswer(logged(deps, error, request).status, errorMessage(error)),
  })
}

/** The same as API v1 has them. */
export function apiRoutes(routes: Routes, deps: ReadDeps): Routes {
  return routes.with({
    headers: (request) => corsHeaders(request.headers.origin, deps.corsOrigin),
    onError: (error, request) => logged(deps, error, request),
  })
}

/** Queries, series, and names and values of labels: what `deps.reads` answers. */
export function addReadRoutes(api: Routes, deps: ReadDeps): void {
  const add = (path: string, methods: readonly Method[], serve: (deps: ReadDeps, request: RouteRequest) => Promise<Answer>) => {
    const handler = deps.isAgent ? refuseAgent : waitsItself(deps, (request) => serve(deps, request))
    api.add(path, { OPTIONS: PREFLIGHT, ...Object.fromEntries(methods.map((method) => [method, handler])) })
  }
  add('/api/v1/query', ['GET', 'POST'], query)
  add('/api/v1/query_range', ['GET', 'POST'], queryRange)
  add('/api/v1/series', ['GET', 'POST'], series)
  add('/api/v1/labels', ['GET', 'POST'], labelNames)
  add('/api/v1/label/:name/values', ['GET'], labelValues)
}

/** Source: Prometheus web/api/v1/api.go, wrapAgent. */
export const refuseAgent: RouteHandler = () => {
  throw new CodedError('execution', 'unavailable with Prometheus Agent')
}

export const PREFLIGHT: RouteHandler = () => ({ status: 204, headers: {}, body: NO_BODY })

/** Faults of ours go to the log; what a client did wrong goes to the client alone. */
function logged({ env }: ReadDeps, error: unknown, request: RouteRequest): Answer {
  if (!(error instanceof CodedError) || error.code === 'internal') {
    env.log.error('request failed', { method: request.method, path: request.url.split('?')[0], error: errorMessage(error) })
  }
  return failureOf(error)
}
