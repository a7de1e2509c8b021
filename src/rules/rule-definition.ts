import type { Output } from '../base/schema-type.ts'
import { compareStrings } from '../model/labels.ts'
import type { ruleFileSchema } from './rule-schema.ts'

/** One rule as its file has it, with the labels of its group. */
export interface RuleDefinition {
  readonly kind: 'recording' | 'alerting'
  readonly name: string
  readonly expr: string
  readonly forMs: number
  readonly keepFiringForMs: number
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** A group of rules that are evaluated together. */
export interface GroupDefinition {
  readonly name: string
  readonly file: string
  /** Undefined: the server's evaluation interval. */
  readonly intervalMs: number | undefined
  /** How far in the past its queries look; undefined: the server's rule query offset. */
  readonly queryOffsetMs: number | undefined
  /** Series or alerts that one rule may make; 0: any number. */
  readonly limit: number
  readonly rules: readonly RuleDefinition[]
}

/** The groups of a file that has been checked. */
export function groupDefinitions(file: string, value: Output<typeof ruleFileSchema>): readonly GroupDefinition[] {
  return (value.groups ?? []).map((group) => ({
    name: group.name ?? '',
    file,
    intervalMs: group.interval === 0 ? undefined : group.interval,
    queryOffsetMs: group.query_offset,
    limit: group.limit ?? 0,
    rules: (group.rules ?? []).map((rule) => ({
      kind: rule.alert ? 'alerting' : 'recording',
      name: rule.alert || rule.record || '',
      expr: rule.expr ?? '',
      forMs: rule.for ?? 0,
      keepFiringForMs: rule.keep_firing_for ?? 0,
      labels: sortedByName({ ...group.labels, ...rule.labels }),
      annotations: sortedByName(rule.annotations ?? {}),
    })),
  }))
}

function sortedByName(texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).sort(([a], [b]) => compareStrings(a, b)))
}
