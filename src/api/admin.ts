import type { Answer } from '../base/http-answer.ts'
import { NO_BODY } from '../base/http-answer.ts'
import type { RouteHandler, RouteRequest, Routes } from '../base/http-routes.ts'
import { parseMetricSelector } from '../promql/parser/parse.ts'
import type { AdminActions, ApiDeps } from './deps.ts'
import { badData } from './failure.ts'
import { dataAnswer, failureAnswer } from './json/envelope.ts'
import { optionalTime, parameter, parseFlag, TIME_MAX, TIME_MIN } from './parameters.ts'
import { whenReadable } from './readiness.ts'

// Statuses, texts and shapes are upstream's. Source: Prometheus web/api/v1/api.go, deleteSeries, snapshot, cleanTombstones.

const NO_CONTENT: Answer = { status: 204, headers: {}, body: NO_BODY }

/** /api/v1/admin/tsdb/…: what changes or copies what is stored. */
export function addAdminRoutes(routes: Routes, deps: ApiDeps): void {
  const { admin } = deps
  const disabled: RouteHandler = () => failureAnswer(500, 'unavailable', 'admin APIs disabled')
  const add = (name: string, serve: (admin: AdminActions, request: RouteRequest) => Promise<Answer>) => {
    const handler = admin === undefined ? disabled : whenReadable(deps, (request) => serve(admin, request))
    routes.add(`/api/v1/admin/tsdb/${name}`, { POST: handler, PUT: handler })
  }
  add('delete_series', deleteSeries)
  add('clean_tombstones', async (actions, { signal }) => {
    await actions.cleanTombstones(signal)
    return NO_CONTENT
  })
  add('snapshot', async (actions, { form, signal }) => {
    const text = form.get('skip_head')
    const skipHead = text !== '' && parameter('skip_head', () => skipHeadOf(text))
    return dataAnswer({ name: await actions.snapshot(!skipHead, signal) })
  })
}

async function deleteSeries(admin: AdminActions, { form, signal }: RouteRequest): Promise<Answer> {
  const selectors = form.all('match[]')
  if (selectors.length === 0) throw badData('no match[] parameter provided')
  const start = optionalTime(form, 'start', TIME_MIN)
  const end = optionalTime(form, 'end', TIME_MAX)
  const sets = parameter('match[]', () => selectors.map((text) => parseMetricSelector(text)))
  for (const matchers of sets) await admin.deleteSamples(matchers, start, end, signal)
  return NO_CONTENT
}

function skipHeadOf(text: string): boolean {
  const flag = parseFlag(text)
  if (flag === undefined) throw badData(`unable to parse boolean: strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`)
  return flag
}
