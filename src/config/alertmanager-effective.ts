import type { RouteSection } from '../alertmanager/dispatch/route-schema.ts'
import { RECEIVER_FIELDS } from '../alertmanager/receivers/registry.ts'
import { schemaInfo } from '../base/schema.ts'
import type { RouteReader } from './alertmanager-routes.ts'
import type { AlertmanagerSection } from './alertmanager-schema.ts'

/** A configuration as it is printed: matchers in their order and with quotes, and what entries of receivers take from `global`. */
export function effectiveAlertmanager(value: AlertmanagerSection, reader: RouteReader): AlertmanagerSection {
  const { global = {}, route, inhibit_rules: rules, receivers } = value
  const showRoute = (section: RouteSection): RouteSection => ({
    ...section,
    matchers: reader.shownMatchers(section.matchers),
    routes: section.routes?.map(showRoute),
  })
  return {
    ...value,
    global,
    route: route && showRoute(route),
    inhibit_rules: rules?.map((rule) => ({
      ...rule,
      source_matchers: reader.shownMatchers(rule.source_matchers) as string[] | undefined,
      target_matchers: reader.shownMatchers(rule.target_matchers) as string[] | undefined,
    })),
    receivers: receivers?.map((receiver) => withHttpConfig(receiver, global.http_config ?? {})),
  }
}

/** Upstream prints how entries are reached, even where that is how all are. */
function withHttpConfig<R extends object>(receiver: R, http: object): R {
  const out = { ...receiver } as Record<string, unknown>
  for (const [field, schema] of Object.entries(RECEIVER_FIELDS)) {
    const entries = out[field] as readonly object[] | undefined
    const list = schemaInfo(schema)
    const entry = list.kind === 'list' ? schemaInfo(list.item) : undefined
    if (entries === undefined || entry?.kind !== 'section' || !entry.fields.has('http_config')) continue
    out[field] = entries.map((section) => ({ ...section, http_config: (section as { http_config?: object }).http_config ?? http }))
  }
  return out as R
}
