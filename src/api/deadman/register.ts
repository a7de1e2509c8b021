import type { Deadman } from '../../alertmanager/deadman/deadman.ts'
import { deadmanStatus } from '../../alertmanager/deadman/deadman-status.ts'
import type { Env } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { quote } from '../../base/go-quote.ts'
import { type Answer, errorAnswer, NO_BODY, redirectAnswer, textAnswer } from '../../base/http-answer.ts'
import { type RouteHandler, type RouteRequest, Routes } from '../../base/http-routes.ts'
import type { HttpApp } from '../../base/http-server.ts'
import { familyPage } from '../../exposition/family-page.ts'
import { negotiate } from '../../exposition/negotiate.ts'
import { registryFamilies } from '../../exposition/registry-families.ts'
import { DeadmanHttpMetrics } from './http-metrics.ts'
import { deadmanPage } from './page.ts'

export interface DeadmanApiDeps {
  readonly env: Env
  readonly deadman: Pick<Deadman, 'heartbeats' | 'drills' | 'heard' | 'drillsArrived'>
  readonly version: string
  /** Empty, or `/prefix`. */
  readonly routePrefix: string
  /** The configuration that runs. */
  config(): string
  /** Rejects with what is wrong. */
  reload(): Promise<void>
}

/** An Alertmanager's message of a group with many alerts. */
const BODY_BYTES_MAX = 8 * 1024 * 1024

/** Adds all of a deadman's HTTP to an app. */
export function registerDeadmanApi(app: HttpApp, deps: DeadmanApiDeps): void {
  const { env, deadman, routePrefix } = deps
  const routes = new Routes(app, {
    env,
    metrics: new DeadmanHttpMetrics(env.metrics),
    prefix: routePrefix,
    onError: (error, { method, path }) => {
      env.log.error('request failed', { method, path, error: errorMessage(error) })
      return errorAnswer(500, errorMessage(error))
    },
  })
  const watch: RouteHandler = (request) => heard(deps, request)
  routes.add('/watch/:name', { GET: watch, POST: watch, PUT: watch }, { bodyBytesMax: BODY_BYTES_MAX })
  routes.add('/drill', { POST: ({ body }) => arrived(deadman.drillsArrived(body)) }, { bodyBytesMax: BODY_BYTES_MAX })

  const ok: RouteHandler = () => textAnswer(200, 'OK')
  routes.add('/-/healthy', { GET: ok, HEAD: ok })
  routes.add('/-/ready', { GET: ok, HEAD: ok })
  const reload: RouteHandler = () => reloaded(deps)
  routes.add('/-/reload', { POST: reload, PUT: reload })
  routes.add('/metrics', { GET: ({ headers }) => metricsPage(env, headers.accept) })
  routes.add('/api/v1/status', { GET: () => jsonAnswer(deadmanStatus(deadman)) })
  routes.add('/api/v1/status/config', { GET: () => jsonAnswer({ yaml: deps.config() }) })
  routes.add('/', { GET: () => deadmanPage(deadmanStatus(deadman), deps) })
  if (routePrefix === '') return
  const bare = routes.with({ prefix: '' })
  for (const path of ['/', routePrefix]) bare.add(path, { GET: () => redirectAnswer(`${routePrefix}/`) })
}

function heard({ deadman }: DeadmanApiDeps, request: RouteRequest): Answer {
  const name = request.param('name')
  switch (deadman.heard(name, request.body)) {
    case 'heard':
      return textAnswer(200, 'heard\n')
    // Who asked has done what he could: he need not try again.
    case 'nothing fires':
      return textAnswer(200, 'not counted: no alert of this message fires\n')
    case 'unknown':
      return errorAnswer(404, `no heartbeat ${quote(name)} is configured`)
  }
}

function arrived(count: number | undefined): Answer {
  if (count === undefined) return errorAnswer(400, 'found something else, want the message of an Alertmanager’s webhook')
  return textAnswer(200, `${count} arrived\n`)
}

async function reloaded({ reload }: DeadmanApiDeps): Promise<Answer> {
  try {
    await reload()
  } catch (error) {
    return errorAnswer(500, `failed to reload config: ${errorMessage(error)}`)
  }
  return { status: 200, headers: {}, body: NO_BODY }
}

function jsonAnswer(data: unknown): Answer {
  const body = Buffer.from(JSON.stringify({ status: 'success', data }))
  return { status: 200, headers: { 'content-type': 'application/json' }, body }
}

async function metricsPage({ metrics }: Env, accept: string | undefined): Promise<Answer> {
  const format = negotiate(accept, { openMetrics: true })
  return { status: 200, headers: { 'content-type': format.contentType }, body: familyPage(await registryFamilies(metrics), format) }
}
