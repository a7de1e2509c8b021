import type { AlertStatus } from '../../alertmanager/alertmanager.ts'
import type { Answer } from '../../base/http-answer.ts'
import type { RouteRequest } from '../../base/http-routes.ts'
import { type Alert, fingerprint, isResolved } from '../../model/alert.ts'
import type { Labels } from '../../model/labels.ts'
import type { GroupOverviewJson, SuppressionReason } from '../types/alertmanager.ts'
import { alertJson, labelsJson } from './alert-json.ts'
import { escapedAnswer } from './answers.ts'
import type { AlertmanagerApiDeps } from './deps.ts'
import { filterOf, meetsFilter, ParameterError, receiverFilter, switchOf } from './filters.ts'

const GROUPS_DEFAULT = 50
const ALERTS_DEFAULT = 200
const LIMIT_MAX = 10_000

/** An alert as one of its groups has it. */
interface Seen {
  readonly alert: Alert
  readonly status: AlertStatus
  readonly reasons: readonly SuppressionReason[]
}

/**
 * GET /api/v2/promontory/groups: what a page shows of groups, without sending thousands of alerts time and again. `filter` and `receiver` are those of
 * `/api/v2/alerts/groups`; `active`, `silenced`, `inhibited` and `muted` say what is shown: an alert that is suppressed for two reasons needs both.
 * At most `groups` groups are listed, and their alerts where no more than `alerts` are shown in all; `key` is one group, with at most so many alerts.
 */
export function getGroupOverview(deps: AlertmanagerApiDeps, { query }: RouteRequest): Answer {
  const { manager, env } = deps
  const groupsMax = limitOf('groups', query.get('groups'), GROUPS_DEFAULT)
  const alertsMax = limitOf('alerts', query.get('alerts'), ALERTS_DEFAULT)
  const key = query.get('key')
  const matchers = filterOf(deps, query)
  const takesReceiver = receiverFilter(deps, query)
  const shown = {
    active: switchOf(query, 'active'),
    silenced: switchOf(query, 'silenced'),
    inhibited: switchOf(query, 'inhibited'),
    muted: switchOf(query, 'muted'),
  }
  const now = env.clock.now()
  const groups = manager.groups(
    ({ receiver }) => takesReceiver.byName(receiver) && takesReceiver.byLabels(receiver),
    (alert) => !isResolved(alert, now) && meetsFilter(matchers, alert.labels),
  )
  const counted = { active: new Set<Labels>(), silenced: new Set<Labels>(), inhibited: new Set<Labels>(), muted: new Set<Labels>() }
  const statuses = new Map<Labels, AlertStatus>()
  const receivers = new Map<Labels, string[]>()
  let alertCount = 0
  const kept = groups.flatMap((group) => {
    const mutedBy = manager.mutedBy(group)
    const seen = group.alerts.map((alert): Seen => {
      let status = statuses.get(alert.labels)
      if (status === undefined) {
        status = manager.statusOf(alert.labels)
        statuses.set(alert.labels, status)
      }
      receivers.set(alert.labels, [...(receivers.get(alert.labels) ?? []), group.receiver])
      const reasons = reasonsOf(status, mutedBy)
      for (const reason of reasons) counted[reason].add(alert.labels)
      if (reasons.length === 0) counted.active.add(alert.labels)
      return { alert, status, reasons }
    })
    if (key !== '' && group.groupKey !== key) return []
    const visible = seen.filter(({ reasons }) => (reasons.length === 0 ? shown.active : reasons.every((reason) => shown[reason])))
    alertCount += visible.length
    return visible.length === 0 ? [] : [{ group, mutedBy, visible }]
  })
  const inhibitors = new Set<string>()
  const listsAlerts = key !== '' || alertCount <= alertsMax
  const overview: GroupOverviewJson = {
    groups: kept.slice(0, groupsMax).map(({ group, mutedBy, visible }) => ({
      key: group.groupKey,
      labels: labelsJson(group.labels),
      receiver: { name: group.receiver },
      alertCount: visible.length,
      ...(listsAlerts
        ? {
            alerts: visible.slice(0, alertsMax).map(({ alert, status }) => {
              for (const one of status.inhibitedBy) inhibitors.add(one)
              return alertJson(alert, status, [...new Set(receivers.get(alert.labels))].sort(), mutedBy)
            }),
          }
        : {}),
    })),
    groupCount: kept.length,
    alertCount,
    counts: {
      active: counted.active.size,
      silenced: counted.silenced.size,
      inhibited: counted.inhibited.size,
      muted: counted.muted.size,
    },
    inhibitors: labelsByFingerprint(deps, inhibitors),
  }
  return escapedAnswer(overview)
}

function reasonsOf({ silencedBy, inhibitedBy }: AlertStatus, mutedBy: readonly string[]): readonly SuppressionReason[] {
  const by = { silenced: silencedBy, inhibited: inhibitedBy, muted: mutedBy }
  return (['silenced', 'inhibited', 'muted'] as const).filter((reason) => by[reason].length > 0)
}

function labelsByFingerprint({ manager }: AlertmanagerApiDeps, wanted: ReadonlySet<string>): GroupOverviewJson['inhibitors'] {
  const found: Record<string, Readonly<Record<string, string>>> = {}
  if (wanted.size === 0) return found
  for (const { labels } of manager.alerts.all()) {
    const id = fingerprint(labels)
    if (wanted.has(id)) found[id] = labelsJson(labels)
  }
  return found
}

function limitOf(name: string, text: string, otherwise: number): number {
  const limit = text === '' ? otherwise : Number(text)
  if (!Number.isInteger(limit) || limit < 0 || limit > LIMIT_MAX)
    throw new ParameterError(`${name}: found ${JSON.stringify(text)}, want a whole number from 0 to ${LIMIT_MAX}`)
  return limit
}
