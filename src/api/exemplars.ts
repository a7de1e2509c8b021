import { type Answer, NO_BODY } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import type { Matcher } from '../model/matcher.ts'
import type { Expr } from '../promql/parser/ast.ts'
import { childrenOf } from '../promql/parser/children.ts'
import { parseExpr } from '../promql/parser/parse.ts'
import type { SeriesExemplars } from '../storage/exemplar-source.ts'
import type { ApiDeps } from './deps.ts'
import { badData } from './failure.ts'
import { listAnswer } from './json/envelope.ts'
import { formatValue, NUMBER_BYTES_MAX, writeTimestamp } from './json/number-bytes.ts'
import { jsonLabels } from './json/text.ts'
import { optionalTime, TIME_MAX, TIME_MIN } from './parameters.ts'

/**
 * /api/v1/query_exemplars: the exemplars of all series that an expression selects, whatever it makes of them.
 * Source: Prometheus docs/querying/api.md, "Querying exemplars"; web/api/v1/api.go, queryExemplars.
 */
export async function queryExemplars(deps: ApiDeps, request: RouteRequest): Promise<Answer> {
  const { form, signal } = request
  const minTime = optionalTime(form, 'start', TIME_MIN)
  const maxTime = optionalTime(form, 'end', TIME_MAX)
  if (maxTime < minTime) throw badData('end timestamp must not be before start timestamp')
  const matcherSets = selectorsOf(parseExpr(form.get('query'), { features: deps.features }))
  // Nothing is selected: upstream has no data, and then no answer.
  if (matcherSets.length === 0) return { status: 204, headers: {}, body: NO_BODY }
  const series = await deps.exemplars.exemplars({ minTime, maxTime, matcherSets }, { signal, budget: deps.newBudget() })
  return listAnswer(series.map(seriesText))
}

/** The matchers of each selector, in the order in which they stand. */
function selectorsOf(expr: Expr): readonly (readonly Matcher[])[] {
  return expr.kind === 'vectorSelector' ? [expr.matchers] : childrenOf(expr).flatMap(selectorsOf)
}

function seriesText({ labels, exemplars }: SeriesExemplars): string {
  const texts = exemplars.map(({ labels: own, value, timestamp }) => {
    return `{"labels":${jsonLabels(own.pairs)},"value":"${formatValue(value)}","timestamp":${timeText(timestamp)}}`
  })
  return `{"seriesLabels":${jsonLabels(labels.pairs)},"exemplars":[${texts.join(',')}]}`
}

const bytes = new Uint8Array(NUMBER_BYTES_MAX)

function timeText(t: number): string {
  return Buffer.from(bytes.subarray(0, writeTimestamp(bytes, 0, t))).toString('latin1')
}
