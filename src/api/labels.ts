import type { FormValues } from '../base/form-values.ts'
import type { Answer } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { unescapeName } from '../model/name-escaping.ts'
import { askerOf } from './asker.ts'
import type { ApiDeps } from './deps.ts'
import { badData } from './failure.ts'
import { optionalLimit, optionalTime, selectors, TIME_MAX, TIME_MIN } from './parameters.ts'

/** /api/v1/labels: names of labels. */
export function labelNames({ reads }: ApiDeps, request: RouteRequest): Promise<Answer> {
  return reads.answer({ kind: 'labelNames', ...scopeOf(request.form) }, askerOf(request))
}

/** /api/v1/label/NAME/values. */
export function labelValues({ reads }: ApiDeps, request: RouteRequest): Promise<Answer> {
  const name = unescapeName(request.param('name'))
  if (name === '') throw badData(`invalid label name: ${JSON.stringify(name)}`)
  return reads.answer({ kind: 'labelValues', name, ...scopeOf(request.form) }, askerOf(request))
}

function scopeOf(form: FormValues) {
  const limit = optionalLimit(form)
  const minTime = optionalTime(form, 'start', TIME_MIN)
  const maxTime = optionalTime(form, 'end', TIME_MAX)
  return { limit, minTime, maxTime, selectors: selectors(form) }
}
