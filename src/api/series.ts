import type { Answer } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { askerOf } from './asker.ts'
import type { ApiDeps } from './deps.ts'
import { badData } from './failure.ts'
import { optionalLimit, optionalTime, parameter, selectors, TIME_MAX, TIME_MIN } from './parameters.ts'

/** /api/v1/series: the label sets that selectors find. */
export function series({ reads }: ApiDeps, request: RouteRequest): Promise<Answer> {
  const { form } = request
  if (form.all('match[]').length === 0) throw badData('no match[] parameter provided')
  const limit = optionalLimit(form)
  const minTime = optionalTime(form, 'start', TIME_MIN)
  const maxTime = optionalTime(form, 'end', TIME_MAX)
  return reads.answer({ kind: 'series', minTime, maxTime, selectors: parameter('match[]', () => selectors(form)), limit }, askerOf(request))
}
