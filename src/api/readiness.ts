import { sleep } from '../base/env.ts'
import { type Answer, textAnswer } from '../base/http-answer.ts'
import type { RouteHandler, RouteRequest } from '../base/http-routes.ts'
import type { ApiDeps, Readiness } from './deps.ts'

/** What upstream says while it does not serve. The second line is ours. Source: Prometheus web/web.go, testReady. */
export function unavailableAnswer(readiness: Exclude<Readiness, { ready: true }>): Answer {
  return textAnswer(503, `Service Unavailable\n${readiness.reason}\n`, { 'x-prometheus-stopping': String(readiness.stopping) })
}

/** A handler of stored data: while that is not all readable yet it waits, at most as long as a query may take, and then refuses. Never answers in part. */
export function whenReadable(deps: ApiDeps, handler: RouteHandler): RouteHandler {
  return async (request) => {
    if (!deps.readiness().ready) await wait(deps, request)
    const readiness = deps.readiness()
    return readiness.ready ? handler(request) : unavailableAnswer(readiness)
  }
}

async function wait(deps: ApiDeps, request: RouteRequest): Promise<void> {
  const readiness = deps.readiness()
  if (readiness.ready || readiness.stopping) return
  const done = new AbortController()
  const signal = AbortSignal.any([done.signal, request.signal])
  await Promise.race([deps.untilReady(signal), sleep(deps.env.clock, deps.queryTimeoutMs, signal)])
  done.abort()
}
