import type { Answer } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { compareStrings } from '../model/labels.ts'
import { parseMetricSelector } from '../promql/parser/parse.ts'
import type { MetricFamily } from '../scrape/metric-family.ts'
import type { PageMetadata } from '../scrape/page-metadata.ts'
import type { ApiDeps } from './deps.ts'
import { badData } from './failure.ts'
import { dataAnswer, listAnswer } from './json/envelope.ts'
import { jsonText } from './json/text.ts'
import { parameter, wholeNumber } from './parameters.ts'
import type { MetadataJson, TargetMetadataJson } from './types/metadata.ts'

/** /api/v1/metadata: what targets say about metrics. */
export function metricMetadata(deps: ApiDeps, { form }: RouteRequest): Answer {
  const limit = plainLimit(form.get('limit'), 'limit')
  const perMetric = plainLimit(form.get('limit_per_metric'), 'limit_per_metric')
  const metric = form.get('metric')
  const found = new Map<string, Map<string, MetadataJson>>()
  // Most targets share what they say with others, and need not be looked at twice.
  for (const page of new Set(deps.targets.active().map((target) => target.metadata))) {
    for (const { name, type, unit, help } of familiesOf(page, metric)) {
      let known = found.get(name)
      if (known === undefined) found.set(name, (known = new Map()))
      if (perMetric > 0 && known.size >= perMetric) continue
      known.set(`${type}\xff${unit}\xff${help}`, { type, unit, help })
    }
  }
  const names = [...found.keys()].sort(compareStrings)
  const shown = limit < 0 ? names : names.slice(0, limit)
  return dataAnswer(Object.fromEntries(shown.map((name) => [name, [...found.get(name)!.values()]])))
}

/** /api/v1/targets/metadata: the same by target. */
export function targetMetadata(deps: ApiDeps, { form }: RouteRequest): Answer {
  const limit = plainLimit(form.get('limit'), 'limit')
  const selector = form.get('match_target')
  const matchers = selector === '' ? [] : parameter('match_target', () => parseMetricSelector(selector))
  const metric = form.get('metric')
  const targets = deps.targets.active().filter(({ labels }) => matchers.every((matcher) => matcher.matches(labels.get(matcher.name))))
  return listAnswer(elements())

  function* elements(): Generator<string> {
    let count = 0
    for (const { labels, metadata } of targets) {
      // A target that has been begun is shown whole, as upstream.
      if (limit >= 0 && count >= limit) return
      const target = labels.toObject()
      for (const { name, type, help, unit } of familiesOf(metadata, metric)) {
        const element: TargetMetadataJson = { target, ...(metric === '' ? { metric: name } : {}), type, help, unit }
        count++
        yield jsonText(element)
      }
    }
  }
}

function familiesOf(page: PageMetadata, metric: string): readonly MetricFamily[] {
  if (metric === '') return page.list()
  const family = page.find(metric)
  return family === undefined ? [] : [family]
}

/** -1: none. */
function plainLimit(text: string, name: string): number {
  if (text === '') return -1
  const limit = wholeNumber(text)
  if (limit === undefined) throw badData(`${name} must be a number`)
  return limit
}
