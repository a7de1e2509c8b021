import type { AlertingRuleJson, RecordingRuleJson, RuleGroupJson } from '../../../src/api/types/rules.ts'

type Rule = AlertingRuleJson | RecordingRuleJson
export type AlertState = AlertingRuleJson['state']
export type RuleHealth = Rule['health']

/** A group with those of its rules that pass a filter. */
export interface ShownGroup<R extends Rule> {
  readonly group: RuleGroupJson
  readonly rules: readonly R[]
}

export interface Filter<T> {
  readonly only: T | 'all'
  /** Every word must occur in the rule, its group or its alerts; case does not matter. */
  readonly text: string
}

/** Groups that have an alerting rule that passes. */
export function alertGroups(groups: readonly RuleGroupJson[], { only, text }: Filter<AlertState>): readonly ShownGroup<AlertingRuleJson>[] {
  return shown(
    groups,
    text,
    (rule) => rule.type === 'alerting' && (only === 'all' || rule.state === only),
  ) as ShownGroup<AlertingRuleJson>[]
}

/** Groups that have a rule that passes; without a filter those without rules, too. */
export function ruleGroups(groups: readonly RuleGroupJson[], { only, text }: Filter<RuleHealth>): readonly ShownGroup<Rule>[] {
  if (only === 'all' && text.trim() === '') return groups.map((group) => ({ group, rules: group.rules }))
  return shown(groups, text, (rule) => only === 'all' || rule.health === only)
}

/** Alerting rules by their state. */
export function countStates(groups: readonly RuleGroupJson[]): Readonly<Record<AlertState, number>> {
  const counts = { firing: 0, pending: 0, inactive: 0 }
  for (const { rules } of groups) for (const rule of rules) if (rule.type === 'alerting') counts[rule.state]++
  return counts
}

/** How many alerts groups show in all. */
export function countAlerts(groups: readonly ShownGroup<AlertingRuleJson>[]): number {
  let count = 0
  for (const { rules } of groups) for (const { alerts } of rules) count += alerts?.length ?? 0
  return count
}

/** Rules by their health. */
export function countHealth(groups: readonly RuleGroupJson[]): Readonly<Record<RuleHealth, number>> {
  const counts = { ok: 0, err: 0, unknown: 0 }
  for (const { rules } of groups) for (const rule of rules) counts[rule.health]++
  return counts
}

/** Unix ms of an evaluation; undefined before the first, which the API gives as a time long ago. */
export function evaluationTime({ lastEvaluation }: { readonly lastEvaluation: string }): number | undefined {
  const time = Date.parse(lastEvaluation)
  return Number.isNaN(time) || time <= 0 ? undefined : time
}

function shown(groups: readonly RuleGroupJson[], text: string, passes: (rule: Rule) => boolean): readonly ShownGroup<Rule>[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return groups
    .map((group) => ({ group, rules: group.rules.filter((rule) => passes(rule) && hasWords(group, rule, words)) }))
    .filter(({ rules }) => rules.length > 0)
}

function hasWords(group: RuleGroupJson, rule: Rule, words: readonly string[]): boolean {
  if (words.length === 0) return true
  const pairs = (labels: Readonly<Record<string, string>> = {}) => Object.entries(labels).map(([name, value]) => `${name}="${value}"`)
  const parts = [group.name, group.file, rule.name, rule.query, rule.lastError ?? '', ...pairs(rule.labels)]
  if (rule.type === 'alerting') parts.push(...pairs(rule.annotations), ...(rule.alerts ?? []).flatMap(({ labels }) => pairs(labels)))
  const all = parts.join('\n').toLowerCase()
  return words.every((word) => all.includes(word))
}
