import type { Answer } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { compareLabels, type Labels } from '../model/labels.ts'
import type { Matcher } from '../model/matcher.ts'
import type { Timestamp } from '../model/time.ts'
import type { QueryContext, SeriesSource } from '../storage/series-source.ts'
import type { ApiDeps } from './deps.ts'
import { badData } from './failure.ts'
import { listAnswer } from './json/envelope.ts'
import { jsonLabels } from './json/text.ts'
import { matcherSets, optionalLimit, optionalTime, parameter, TIME_MAX, TIME_MIN } from './parameters.ts'
import { TRUNCATED } from './query.ts'

/** /api/v1/series: the label sets that selectors find. */
export async function series(deps: ApiDeps, request: RouteRequest): Promise<Answer> {
  const { form } = request
  if (form.all('match[]').length === 0) throw badData('no match[] parameter provided')
  const limit = optionalLimit(form)
  const start = optionalTime(form, 'start', TIME_MIN)
  const end = optionalTime(form, 'end', TIME_MAX)
  const sets = parameter('match[]', () => matcherSets(form))
  const ctx = { signal: request.signal, budget: deps.newBudget() }
  const found =
    start > end
      ? []
      : await labelSets(deps.source, sets, { minTime: start, maxTime: end, countMax: limit === 0 ? Infinity : limit + 1 }, ctx)
  const truncated = limit > 0 && found.length > limit
  return listAnswer(jsonOf(truncated ? found.slice(0, limit) : found), truncated ? { warnings: [TRUNCATED] } : {})
}

function* jsonOf(found: readonly Labels[]): Generator<string> {
  for (const labels of found) yield jsonLabels(labels.pairs)
}

interface LabelSetsRequest {
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
  readonly countMax: number
}

/** Label sets that any of the selectors finds, in label order, each once. */
async function labelSets(
  source: SeriesSource,
  sets: readonly (readonly Matcher[])[],
  { minTime, maxTime, countMax }: LabelSetsRequest,
  ctx: QueryContext,
): Promise<readonly Labels[]> {
  let all: Labels[] = []
  for (const matchers of sets) {
    const found: Labels[] = []
    // The name by which sources know that samples are not wanted.
    for await (const batch of source.select({ minTime, maxTime, matchers, hints: { func: 'series' } }, ctx)) {
      for (const { labels } of batch) found.push(labels)
      if (found.length >= countMax) break
    }
    all = all.length === 0 ? found : mergeUnique(all, found)
  }
  return all.length > countMax ? all.slice(0, countMax) : all
}

function mergeUnique(a: readonly Labels[], b: readonly Labels[]): Labels[] {
  const out: Labels[] = []
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const order = compareLabels(a[i], b[j])
    out.push(order <= 0 ? a[i] : b[j])
    if (order <= 0) i++
    if (order >= 0) j++
  }
  for (; i < a.length; i++) out.push(a[i])
  for (; j < b.length; j++) out.push(b[j])
  return out
}
