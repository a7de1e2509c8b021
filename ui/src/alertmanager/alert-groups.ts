import type { AlertGroupJson, GettableAlert } from '../../../src/api/types/alertmanager.ts'

/** Why nobody is told of an alert; an alert may have several reasons. */
export const REASONS = ['silenced', 'inhibited', 'muted'] as const
export type Reason = (typeof REASONS)[number]

/** Which alerts are shown: those that are told of, and those of each reason not to. */
export type Shown = Readonly<Record<'active' | Reason, boolean>>

/** Names of upstream's addresses, and its defaults. */
export function decodeShown(search: Readonly<Record<string, string>>): Shown {
  const has = (reason: Reason) => search[reason] === 'true'
  return { active: search['active'] !== 'false', silenced: has('silenced'), inhibited: has('inhibited'), muted: has('muted') }
}

/** What differs from the defaults. */
export function encodeShown({ active, silenced, inhibited, muted }: Shown): Readonly<Record<string, string>> {
  const on = { silenced, inhibited, muted }
  return Object.fromEntries([
    ...(active ? [] : [['active', 'false']]),
    ...REASONS.filter((reason) => on[reason]).map((reason) => [reason, 'true']),
  ])
}

export function reasonsOf({ status }: GettableAlert): readonly Reason[] {
  const by = { silenced: status.silencedBy, inhibited: status.inhibitedBy, muted: status.mutedBy }
  return REASONS.filter((reason) => by[reason].length > 0)
}

/** The groups that have alerts to show, with these alone: one that is suppressed for two reasons needs both. */
export function shownGroups(groups: readonly AlertGroupJson[], shown: Shown): readonly AlertGroupJson[] {
  return groups
    .map((group) => ({
      ...group,
      alerts: group.alerts.filter((alert) => {
        const reasons = reasonsOf(alert)
        return reasons.length === 0 ? shown.active : reasons.every((reason) => shown[reason])
      }),
    }))
    .filter(({ alerts }) => alerts.length > 0)
}

/** How many alerts there are of each: one that is in several groups counts once in all. */
export function countAlerts(groups: readonly AlertGroupJson[]): Readonly<Record<'active' | Reason, number>> {
  const counts = { active: new Set<string>(), silenced: new Set<string>(), inhibited: new Set<string>(), muted: new Set<string>() }
  for (const { alerts } of groups) {
    for (const alert of alerts) {
      const reasons = reasonsOf(alert)
      for (const reason of reasons) counts[reason].add(alert.fingerprint)
      if (reasons.length === 0) counts.active.add(alert.fingerprint)
    }
  }
  return { active: counts.active.size, silenced: counts.silenced.size, inhibited: counts.inhibited.size, muted: counts.muted.size }
}

/** What an alert has beyond its group, in order, its name first. */
export function ownLabels(labels: GettableAlert['labels'], groupLabels: AlertGroupJson['labels']): Readonly<Record<string, string>> {
  const names = Object.keys(labels).filter((name) => groupLabels[name] !== labels[name])
  names.sort((a, b) => Number(b === 'alertname') - Number(a === 'alertname') || (a < b ? -1 : 1))
  return Object.fromEntries(names.map((name) => [name, labels[name]]))
}
