import { CodedError, errorMessage } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import { integer, list, map, type Report, scalar, section, text } from '../base/schema.ts'
import { duration } from '../model/config-schema.ts'
import { METRIC_NAME } from '../model/labels.ts'
import { isLabelName } from '../model/relabel.ts'
import { QUERY_FEATURES } from '../promql/parser/features.ts'
import { parseExpr } from '../promql/parser/parse.ts'
import { RuleTemplate } from './rule-template.ts'

// Files of recording and alerting rules. Source: Prometheus model/rulefmt/rulefmt.go; docs/configuration/recording_rules.md.

/** PromQL that parses. */
const expression = () =>
  scalar(
    'an expression',
    ({ text }) => {
      if (text.trim() === '') throw new CodedError('bad_data', "field 'expr' must be set in rule")
      try {
        parseExpr(text, { features: QUERY_FEATURES })
      } catch (cause) {
        throw new CodedError('bad_data', `could not parse expression: ${errorMessage(cause)}`, { cause })
      }
      return text
    },
    String,
  )

const ruleLabels = () => map(text(), (name) => (isLabelName(name) && name !== METRIC_NAME ? undefined : `invalid label name: ${name}`))

const annotations = () => map(text(), (name) => (isLabelName(name) ? undefined : `invalid annotation name: ${name}`))

const ruleSchema = section(
  'rule',
  {
    record: text(),
    alert: text(),
    expr: expression(),
    for: duration(),
    keep_firing_for: duration(),
    labels: ruleLabels(),
    annotations: annotations(),
  },
  { check: checkRule },
)

interface RuleFields {
  readonly record?: string | undefined
  readonly alert?: string | undefined
  readonly expr?: string | undefined
  readonly for?: number | undefined
  readonly keep_firing_for?: number | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly annotations?: Readonly<Record<string, string>> | undefined
}

function checkRule(rule: RuleFields, report: Report): void {
  const { record = '', alert = '' } = rule
  if (record !== '' && alert !== '') report(['record'], "only one of 'record' and 'alert' must be set")
  if (record === '' && alert === '') report([], "one of 'record' or 'alert' must be set")
  if (rule.expr === undefined) report([], "field 'expr' must be set in rule")
  if (record !== '') {
    for (const field of ['annotations', 'for', 'keep_firing_for'] as const) {
      const value = rule[field]
      const isGiven = typeof value === 'object' ? Object.keys(value).length > 0 : (value ?? 0) !== 0
      if (isGiven) report([field], `invalid field '${field}' in recording rule`)
    }
    if (!record.isWellFormed()) report(['record'], `invalid recording rule name: ${record}`)
    if (/[{}]/.test(record)) report(['record'], `braces present in the recording rule name; should it be in expr?: ${record}`)
  }
  if (alert !== '') {
    checkTemplates(alert, 'label', rule.labels, (name, message) => report(['labels', name], message))
    checkTemplates(alert, 'annotation', rule.annotations, (name, message) => report(['annotations', name], message))
  }
}

function checkTemplates(
  alert: string,
  what: string,
  texts: Readonly<Record<string, string>> | undefined,
  report: (name: string, message: string) => void,
): void {
  for (const [name, template] of Object.entries(texts ?? {})) {
    try {
      new RuleTemplate(alert, template).parse()
    } catch (error) {
      report(name, `${what} ${quote(name)}: ${errorMessage(error)}`)
    }
  }
}

const groupSchema = section(
  'group',
  {
    name: text(),
    interval: duration(),
    query_offset: duration(),
    limit: integer(),
    labels: ruleLabels(),
    rules: list(ruleSchema, { empty: "one of 'record' or 'alert' must be set" }),
  },
  {
    check({ name = '' }, report) {
      if (name === '') report(['name'], 'Groupname must not be empty')
    },
  },
)

/** A file of rules. */
export const ruleFileSchema = section(
  'rulegroups',
  { groups: list(groupSchema, { empty: 'Groupname must not be empty' }) },
  {
    check({ groups = [] }, report) {
      const seen = new Set<string>()
      groups.forEach(({ name = '' }, index) => {
        if (seen.has(name)) report(['groups', index, 'name'], `groupname: ${quote(name)} is repeated in the same file`)
        seen.add(name)
      })
    },
  },
)
