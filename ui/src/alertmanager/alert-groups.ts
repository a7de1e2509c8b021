import type { AlertGroupJson, GettableAlert, SuppressionReason } from '../../../src/api/types/alertmanager.ts'

export const REASONS = ['silenced', 'inhibited', 'muted'] as const satisfies readonly SuppressionReason[]

/** Which alerts are shown: those that are told of, and those of each reason not to. */
export type Shown = Readonly<Record<'active' | SuppressionReason, boolean>>

/** Names of upstream's addresses, and its defaults. */
export function decodeShown(search: Readonly<Record<string, string>>): Shown {
  const has = (reason: SuppressionReason) => search[reason] === 'true'
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

export function reasonsOf({ status }: GettableAlert): readonly SuppressionReason[] {
  const by = { silenced: status.silencedBy, inhibited: status.inhibitedBy, muted: status.mutedBy }
  return REASONS.filter((reason) => by[reason].length > 0)
}

/** What an alert has beyond its group, in order, its name first. */
export function ownLabels(labels: GettableAlert['labels'], groupLabels: AlertGroupJson['labels']): Readonly<Record<string, string>> {
  const names = Object.keys(labels).filter((name) => groupLabels[name] !== labels[name])
  names.sort((a, b) => Number(b === 'alertname') - Number(a === 'alertname') || (a < b ? -1 : 1))
  return Object.fromEntries(names.map((name) => [name, labels[name]]))
}
