import type { FormValues } from '../base/form-values.ts'
import type { Answer } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { unescapeName } from '../model/name-escaping.ts'
import type { LabelRequest } from '../storage/series-source.ts'
import type { ApiDeps } from './deps.ts'
import { badData } from './failure.ts'
import { listAnswer } from './json/envelope.ts'
import { jsonText } from './json/text.ts'
import { matcherSets, optionalLimit, optionalTime, TIME_MAX, TIME_MIN } from './parameters.ts'
import { TRUNCATED } from './query.ts'

/** /api/v1/labels: names of labels. */
export async function labelNames(deps: ApiDeps, request: RouteRequest): Promise<Answer> {
  const limit = optionalLimit(request.form)
  const wanted = labelRequest(request.form, limit)
  const ctx = { signal: request.signal, budget: deps.newBudget() }
  return namesAnswer(wanted.minTime > wanted.maxTime ? [] : await deps.source.labelNames(wanted, ctx), limit)
}

/** /api/v1/label/NAME/values. */
export async function labelValues(deps: ApiDeps, request: RouteRequest): Promise<Answer> {
  const name = unescapeName(request.param('name'))
  if (name === '') throw badData(`invalid label name: ${JSON.stringify(name)}`)
  const limit = optionalLimit(request.form)
  const wanted = labelRequest(request.form, limit)
  const ctx = { signal: request.signal, budget: deps.newBudget() }
  return namesAnswer(wanted.minTime > wanted.maxTime ? [] : await deps.source.labelValues(name, wanted, ctx), limit)
}

function labelRequest(form: FormValues, limit: number): LabelRequest {
  return {
    minTime: optionalTime(form, 'start', TIME_MIN),
    maxTime: optionalTime(form, 'end', TIME_MAX),
    matcherSets: matcherSets(form),
    // One more than asked for tells whether something was cut off.
    limit: limit === 0 ? 0 : limit + 1,
  }
}

function namesAnswer(names: readonly string[], limit: number): Answer {
  const truncated = limit > 0 && names.length > limit
  return listAnswer(jsonOf(truncated ? names.slice(0, limit) : names), truncated ? { warnings: [TRUNCATED] } : {})
}

function* jsonOf(names: readonly string[]): Generator<string> {
  for (const name of names) yield jsonText(name)
}
