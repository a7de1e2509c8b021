import { CodedError } from '../../base/errors.ts'
import type { Answer } from '../../base/http-answer.ts'
import type { RouteRequest } from '../../base/http-routes.ts'
import { formatRfc3339 } from '../../base/rfc3339.ts'
import type { FinishedQuery, QueryDescription, RunningQuery } from '../../promql/query-desk.ts'
import type { ApiDeps } from '../deps.ts'
import { badData } from '../failure.ts'
import { dataAnswer, failureAnswer } from '../json/envelope.ts'
import { optionalLimit, TIME_MAX, TIME_MIN, wholeNumber } from '../parameters.ts'
import type { FinishedQueryJson, QueriesData, RunningQueryJson } from '../types/queries.ts'

const LIMIT_DEFAULT = 100

/** What is known of the queries of a server. */
export interface QueriesView {
  /** The oldest first. */
  running(): readonly RunningQuery[]
  /** The newest first. */
  finished(): readonly FinishedQuery[]
}

/** /api/v1/status/queries: what runs, and what ran; `sort` is `newest` or `slowest`. */
export function queriesStatus({ queries, env }: ApiDeps, { form }: RouteRequest): Answer {
  const limit = form.get('limit') === '' ? LIMIT_DEFAULT : optionalLimit(form)
  const sort = form.get('sort') || 'newest'
  if (sort !== 'newest' && sort !== 'slowest')
    throw badData(`invalid parameter "sort": found ${JSON.stringify(sort)}, want newest or slowest`)
  const finished = [...queries.finished()]
  if (sort === 'slowest') finished.sort((a, b) => b.durationMs - a.durationMs)
  const now = env.clock.now()
  const data: QueriesData = {
    running: queries.running().map((query) => runningJson(query, now)),
    finished: (limit === 0 ? finished : finished.slice(0, limit)).map(finishedJson),
  }
  return dataAnswer(data)
}

/** DELETE of /api/v1/status/queries/ID: ends a query that runs, or waits. */
export function cancelQuery({ queries, admin }: ApiDeps, request: RouteRequest): Answer {
  if (admin === undefined) return failureAnswer(500, 'unavailable', 'admin APIs disabled')
  const text = request.param('id')
  const id = wholeNumber(text)
  const query = queries.running().find((one) => one.id === id)
  if (query === undefined) throw new CodedError('not_found', `no query ${JSON.stringify(text)} is running`)
  query.cancel('by request of a client')
  return dataAnswer({})
}

function runningJson(query: RunningQuery, now: number): RunningQueryJson {
  const state = query.turnTime === undefined ? 'waiting' : 'running'
  return { ...askedJson(query), durationSeconds: seconds(now - query.startTime), state }
}

function finishedJson(query: FinishedQuery): FinishedQueryJson {
  const { durationMs, queueMs, outcome, error, cost } = query
  return {
    ...askedJson(query),
    durationSeconds: seconds(durationMs),
    queueSeconds: seconds(queueMs),
    outcome,
    ...(error === '' ? {} : { error }),
    samples: cost?.stats?.samplesTotal ?? 0,
    peakSamples: cost?.stats?.samplesPeak ?? 0,
    peakBytes: cost?.bytesPeak ?? 0,
  }
}

function askedJson({ id, kind, query, start, end, stepMs, client, startTime }: QueryDescription & { id: number; startTime: number }) {
  return {
    id,
    kind,
    query,
    ...(start === TIME_MIN ? {} : { start: start / 1000 }),
    ...(end === TIME_MAX ? {} : { end: end / 1000 }),
    step: stepMs / 1000,
    ...(client === undefined ? {} : { client }),
    startTime: formatRfc3339(startTime),
  }
}

/** To the microsecond. */
function seconds(ms: number): number {
  return Math.round(ms * 1000) / 1_000_000
}
