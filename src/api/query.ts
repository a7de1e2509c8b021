import { CodedError } from '../base/errors.ts'
import type { FormValues } from '../base/form-values.ts'
import type { Answer } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { parseDurationOrSeconds } from '../model/duration.ts'
import { instantQuestion, type Question, rangeQuestion } from '../promql/evaluate.ts'
import { askerOf } from './asker.ts'
import type { ApiDeps } from './deps.ts'
import { badData, invalidParameter } from './failure.ts'
import { optionalDuration, optionalLimit, optionalTime, parameter, requiredTime } from './parameters.ts'

/** Points of a series that one answer may have. Source: Prometheus web/api/v1/api.go, queryRange. */
const POINTS_MAX = 11_000

/** /api/v1/query: an expression at one time. */
export async function query(deps: ApiDeps, request: RouteRequest): Promise<Answer> {
  const { form } = request
  const limit = optionalLimit(form)
  const time = optionalTime(form, 'time', Math.floor(deps.env.clock.now()))
  const { timeoutMs, ...options } = queryOptions(deps, form)
  return answer(deps, request, instantQuestion(form.get('query'), time, options), { limit, timeoutMs })
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
  const { timeoutMs, ...options } = queryOptions(deps, form)
  return answer(deps, request, rangeQuestion(form.get('query'), [start, end, stepMs], options), { limit, timeoutMs })
}

function queryOptions({ features }: ApiDeps, form: FormValues) {
  const timeoutMs = optionalDuration(form, 'timeout')
  if (timeoutMs !== undefined && timeoutMs <= 0) throw new CodedError('timeout', 'query timed out in expression evaluation')
  const perStepStats = form.get('stats') === 'all' && features.has('promql-per-step-stats')
  return { timeoutMs, lookbackMs: lookback(form), perStepStats, explain: form.get('stats') === 'plan' }
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

async function answer(
  { reads }: ApiDeps,
  request: RouteRequest,
  question: Question,
  { limit, timeoutMs }: { readonly limit: number; readonly timeoutMs: number | undefined },
): Promise<Answer> {
  const stats = request.form.get('stats') !== ''
  try {
    return await reads.answer({ kind: 'query', question, timeoutMs, limit, stats }, askerOf(request))
  } catch (error) {
    throw invalidParameter('query', error)
  }
}
