import { errorMessage } from '../base/errors.ts'
import { type Answer, errorAnswer, NO_BODY, redirectAnswer, textAnswer } from '../base/http-answer.ts'
import type { RouteHandler, RouteRequest, Routes } from '../base/http-routes.ts'
import { familyPage } from '../exposition/family-page.ts'
import { negotiate } from '../exposition/negotiate.ts'
import { registryFamilies } from '../exposition/registry-families.ts'
import type { ApiDeps, Lifecycle } from './deps.ts'
import { jsonText } from './json/text.ts'
import { unavailableAnswer } from './readiness.ts'
import { buildInfo } from './status.ts'

// Texts and statuses are upstream's, because scripts and load balancers read them. Source: Prometheus web/web.go; docs/management_api.md.

const WRONG_METHOD: RouteHandler = () => textAnswer(405, 'Only POST or PUT requests allowed')
const NOT_ENABLED: RouteHandler = () => textAnswer(403, 'Lifecycle API is not enabled.')

/** /-/healthy, /-/ready, /-/reload, /-/quit, /version and our own /metrics. */
export function addManagementRoutes(routes: Routes, deps: ApiDeps): void {
  const healthy: RouteHandler = () => textAnswer(200, 'Prometheus Server is Healthy.\n')
  routes.add('/-/healthy', { GET: healthy, HEAD: healthy })

  const ready: RouteHandler = () => {
    const readiness = deps.readiness()
    return readiness.ready ? textAnswer(200, 'Prometheus Server is Ready.\n') : unavailableAnswer(readiness)
  }
  routes.add('/-/ready', { GET: ready, HEAD: ready })

  const { lifecycle } = deps
  const reload = lifecycle === undefined ? NOT_ENABLED : () => reloaded(lifecycle)
  const quit = lifecycle === undefined ? NOT_ENABLED : quitter(lifecycle)
  routes.add('/-/reload', { GET: WRONG_METHOD, POST: reload, PUT: reload })
  routes.add('/-/quit', { GET: WRONG_METHOD, POST: quit, PUT: quit })

  routes.add('/version', { GET: () => textAnswer(200, `${jsonText(buildInfo(deps))}\n`) })
  routes.add('/metrics', { GET: (request) => metricsPage(deps, request) })
  routes.add('/graph', { GET: (request) => redirectAnswer(`${deps.routePrefix}/query?${request.queryText}`) })
}

async function reloaded(lifecycle: Lifecycle): Promise<Answer> {
  try {
    await lifecycle.reload()
  } catch (error) {
    return errorAnswer(500, `failed to reload config: ${errorMessage(error)}`)
  }
  return { status: 200, headers: {}, body: NO_BODY }
}

function quitter(lifecycle: Lifecycle): RouteHandler {
  let asked = false
  return () => {
    if (asked) return textAnswer(200, 'Termination already in progress.')
    asked = true
    lifecycle.quit()
    return textAnswer(200, 'Requesting termination... Goodbye!')
  }
}

/** What the server counts of itself, in the format that is asked for. */
async function metricsPage({ env }: ApiDeps, { headers }: RouteRequest): Promise<Answer> {
  const format = negotiate(headers.accept, { openMetrics: true })
  return { status: 200, headers: { 'content-type': format.contentType }, body: familyPage(await registryFamilies(env.metrics), format) }
}
