import { list, oneOf, type Report, section } from '../base/schema.ts'
import type { Output } from '../base/schema-type.ts'
import { regex } from '../model/relabel-schema.ts'

// `rules.coverage` of Promontory's own configuration file: which rules rely on seeing all that there is. What it means:
// docs/operating/rules.md.

const coverageSchema = section(
  'rule_coverage',
  { file: regex(), group: regex(), rule: regex(), requires: oneOf(['all', 'any']) },
  {
    check({ requires }, report: Report) {
      if (requires === undefined) report([], 'found no requires, want all or any')
    },
  },
)

export const ownRulesSchema = section('rules', { coverage: list(coverageSchema) })

/** A rule, by where it stands. */
export interface RulePlace {
  readonly file: string
  readonly group: string
  readonly rule: string
}

/** Whether a rule gives nothing where an answer may lack something. */
export type CoverageRequirement = (place: RulePlace) => boolean

/** The first entry that is about a rule counts; without any it takes what there is, as upstream. */
export function toCoverageRequirement(section: Output<typeof ownRulesSchema> | undefined): CoverageRequirement {
  const entries = section?.coverage ?? []
  return (place) =>
    entries.find(
      ({ file, group, rule }) => (file?.test(place.file) ?? true) && (group?.test(place.group) ?? true) && (rule?.test(place.rule) ?? true),
    )?.requires === 'all'
}
