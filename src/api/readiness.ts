import { sleep } from '../base/env.ts'
import { CodedError } from '../base/errors.ts'
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

/**
 * The same for a handler that waits itself: what it needs beside the data it makes meanwhile, and what it refuses it refuses at once. What did not
 * become readable in its time is refused as above.
 */
export function waitsItself(deps: ApiDeps, handler: (request: RouteRequest) => Promise<Answer>): RouteHandler {
  return async (request) => {
    const before = deps.readiness()
    if (before.ready) return handler(request)
    if (before.stopping) return unavailableAnswer(before)
    try {
      return await handler(request)
    } catch (error) {
      const readiness = deps.readiness()
      if (readiness.ready || !(error instanceof CodedError && (error.code === 'timeout' || error.code === 'unavailable'))) throw error
      return unavailableAnswer(readiness)
    }
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
