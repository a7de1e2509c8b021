import { quote } from '../../base/go-quote.ts'
import type { Labels } from '../../model/labels.ts'
import type { Route } from './route.ts'

/** Names a group of a route, in the log that members share and for receivers. Source: Alertmanager dispatch/dispatch.go, GroupKey. */
export function groupKey(route: Route, labels: Labels): string {
  return `${route.key}:${labelSetText(labels)}`
}

/** As prometheus/common prints a model.LabelSet. */
function labelSetText(labels: Labels): string {
  return `{${[...labels].map(([name, value]) => `${name}=${quote(value)}`).join(', ')}}`
}
