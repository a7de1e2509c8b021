import type { LabelMatcher } from '../../alertmanager/label-matcher.ts'
import type { Answer } from '../../base/http-answer.ts'
import type { RouteRequest } from '../../base/http-routes.ts'
import { type Alert, isResolved } from '../../model/alert.ts'
import { compareStrings } from '../../model/labels.ts'
import type { AlertGroupJson, GettableAlert } from '../types/alertmanager.ts'
import { alertJson, labelsJson } from './alert-json.ts'
import { escapedAnswer } from './answers.ts'
import type { AlertmanagerApiDeps } from './deps.ts'
import { filterOf, meetsFilter, receiverFilter, switchOf } from './filters.ts'

/** GET /api/v2/alerts. Source: Alertmanager api/v2/api.go, getAlertsHandler. */
export function getAlerts(deps: AlertmanagerApiDeps, { query }: RouteRequest): Answer {
  const { manager } = deps
  const takes = alertFilter(deps, query, filterOf(deps, query))
  const receiver = receiverFilter(deps, query)
  const found: GettableAlert[] = []
  for (const alert of manager.alerts.all()) {
    const receivers = manager.receiversOf(alert.labels)
    if (!receivers.some(receiver.byName) || !receivers.some(receiver.byLabels)) continue
    if (takes(alert)) found.push(alertJson(alert, manager.statusOf(alert.labels), receivers, []))
  }
  return escapedAnswer(found.sort((a, b) => compareStrings(a.fingerprint, b.fingerprint)))
}

/** GET /api/v2/alerts/groups. Source: Alertmanager api/v2/api.go, getAlertGroupsHandler. */
export function getAlertGroups(deps: AlertmanagerApiDeps, { query }: RouteRequest): Answer {
  const { manager } = deps
  const takes = alertFilter(deps, query, filterOf(deps, query))
  const takesReceiver = receiverFilter(deps, query)
  const showsMuted = switchOf(query, 'muted')
  const groups = manager.groups(({ receiver }) => takesReceiver.byName(receiver) && takesReceiver.byLabels(receiver), takes)
  // Of the groups that are shown: an alert may be in several.
  const receivers = new Map<Alert['labels'], string[]>()
  for (const { receiver, alerts } of groups) {
    for (const { labels } of alerts) {
      const known = receivers.get(labels)
      if (known === undefined) receivers.set(labels, [receiver])
      else known.push(receiver)
    }
  }
  for (const names of receivers.values()) names.sort(compareStrings)
  const found: AlertGroupJson[] = []
  for (const group of groups) {
    const mutedBy = manager.mutedBy(group)
    if (!showsMuted && mutedBy.length > 0) continue
    found.push({
      alerts: group.alerts.map((alert) => alertJson(alert, manager.statusOf(alert.labels), receivers.get(alert.labels) ?? [], mutedBy)),
      labels: labelsJson(group.labels),
      receiver: { name: group.receiver },
    })
  }
  return escapedAnswer(found)
}

/** Source: Alertmanager api/v2/api.go, alertFilter: what is over is not shown, and `unprocessed` changes nothing. */
function alertFilter(
  { manager, env }: AlertmanagerApiDeps,
  query: RouteRequest['query'],
  matchers: readonly LabelMatcher[],
): (alert: Alert) => boolean {
  const [active, silenced, inhibited] = ['active', 'silenced', 'inhibited'].map((name) => switchOf(query, name))
  const now = env.clock.now()
  return (alert) => {
    if (isResolved(alert, now) || !meetsFilter(matchers, alert.labels)) return false
    const { state, silencedBy, inhibitedBy } = manager.statusOf(alert.labels)
    if (!active && state === 'active') return false
    if (!silenced && silencedBy.length > 0) return false
    return inhibited || inhibitedBy.length === 0
  }
}
