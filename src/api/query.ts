import { CodedError } from '../base/errors.ts'
import type { FormValues } from '../base/form-values.ts'
import type { Answer } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { parseDurationOrSeconds } from '../model/duration.ts'
import type { QueryOptions } from '../promql/query-engine.ts'
import type { QueryResult } from '../promql/value.ts'
import type { ApiDeps } from './deps.ts'
import { badData, invalidParameter } from './failure.ts'
import { encodeQuery } from './json/encode-query.ts'
import { JSON_HEADERS } from './json/envelope.ts'
import { optionalDuration, optionalLimit, optionalTime, parameter, requiredTime } from './parameters.ts'

/** Points of a series that one answer may have. Source: Prometheus web/api/v1/api.go, queryRange. */
const POINTS_MAX = 11_000

export const TRUNCATED = 'results truncated due to limit'

/** /api/v1/query: an expression at one time. */
export async function query(deps: ApiDeps, request: RouteRequest): Promise<Answer> {
  const { form } = request
  const limit = optionalLimit(form)
  const time = optionalTime(form, 'time', Math.floor(deps.env.clock.now()))
  const options = queryOptions(deps, request)
  return resultAnswer(await evaluated(deps.engine.instant(form.get('query'), time, options)), limit, form)
}

/** /api/v1/query_range: an expression at every step of a range. */
export async function queryRange(deps: ApiDeps, request: RouteRequest): Promise<Answer> {
  const { form } = request
  const limit = optionalLimit(form)
  const start = requiredTime(form, 'start')
  const end = requiredTime(form, 'end')
  if (end < start) throw invalidParameter('end', badData('end timestamp must not be before start time'))
  const stepMs = parameter('step', () => {
    const step = parseDurationOrSeconds(form.get('step'))
    // Steps are whole ms here as in upstream's engine, where a shorter one would be 0.
    if (step < 1) throw badData('zero or negative query resolution step widths are not accepted. Try a positive integer')
    return Math.trunc(step)
  })
  if (Math.floor((end - start) / stepMs) > POINTS_MAX) {
    throw badData('exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)')
  }
  const options = queryOptions(deps, request)
  return resultAnswer(await evaluated(deps.engine.range(form.get('query'), start, end, stepMs, options)), limit, form)
}

function queryOptions({ features }: ApiDeps, { form, signal }: RouteRequest): QueryOptions {
  const timeoutMs = optionalDuration(form, 'timeout')
  if (timeoutMs !== undefined && timeoutMs <= 0) throw new CodedError('timeout', 'query timed out in expression evaluation')
  const perStepStats = form.get('stats') === 'all' && features.has('promql-per-step-stats')
  return { signal, timeoutMs, lookbackMs: lookback(form), perStepStats }
}

function lookback(form: FormValues): number | undefined {
  const text = form.get('lookback_delta')
  if (text === '') return undefined
  try {
    const lookbackMs = parseDurationOrSeconds(text)
    return lookbackMs > 0 ? lookbackMs : undefined
  } catch (error) {
    throw badData(`error parsing lookback delta duration: ${(error as Error).message}`)
  }
}

async function evaluated(result: Promise<QueryResult>): Promise<QueryResult> {
  try {
    return await result
  } catch (error) {
    throw invalidParameter('query', error)
  }
}

function resultAnswer(result: QueryResult, limit: number, form: FormValues): Answer {
  return { status: 200, headers: JSON_HEADERS, body: encodeQuery(truncated(result, limit), { stats: form.get('stats') !== '' }) }
}

function truncated(result: QueryResult, limit: number): QueryResult {
  const { value } = result
  if (limit === 0) return result
  const warnings = [...result.warnings, TRUNCATED]
  if (value.type === 'vector' && value.samples.length > limit)
    return { ...result, warnings, value: { ...value, samples: value.samples.slice(0, limit) } }
  if (value.type === 'matrix' && value.series.length > limit)
    return { ...result, warnings, value: { ...value, series: value.series.slice(0, limit) } }
  return result
}
