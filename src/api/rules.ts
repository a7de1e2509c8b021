import { createHash } from 'node:crypto'
import { quote } from '../base/go-quote.ts'
import type { Answer } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { formatRfc3339 } from '../base/rfc3339.ts'
import { formatExponent } from '../model/go-float.ts'
import type { Matcher } from '../model/matcher.ts'
import { QUERY_FEATURES } from '../promql/parser/features.ts'
import { parseExpr } from '../promql/parser/parse.ts'
import { printExpr } from '../promql/parser/print.ts'
import type { ActiveAlert, AlertingRule } from '../rules/alerting-rule.ts'
import type { EvaluatedRule } from '../rules/evaluated-rule.ts'
import type { RuleHealth } from '../rules/rule-group.ts'
import type { GroupView } from '../rules/rule-manager.ts'
import type { ApiDeps } from './deps.ts'
import { badData } from './failure.ts'
import { dataAnswer } from './json/envelope.ts'
import { matcherSets, parseFlag } from './parameters.ts'
import type {
  AlertingRuleJson,
  AlertJson,
  AlertmanagersData,
  AlertsData,
  RecordingRuleJson,
  RuleGroupJson,
  RulesData,
} from './types/rules.ts'

/** /api/v1/rules, with all of its filters. Source: Prometheus web/api/v1/api.go, rules. */
export function rules(deps: ApiDeps, { form }: RouteRequest): Answer {
  const matchers = matcherSets(form)
  const type = form.get('type').toLowerCase()
  if (!['', 'alert', 'record'].includes(type)) throw badData(`invalid parameter "type": not supported value ${quote(type)}`)
  const isBare = excludesAlerts(form.get('exclude_alerts'))
  const { limit, token } = pageRequest(form.get('group_limit'), form.get('group_next_token'))
  const isNamed = (parameter: string) => {
    const names = new Set(form.all(parameter))
    return (name: string) => names.size === 0 || names.has(name)
  }
  const [isWantedName, isWantedGroup, isWantedFile] = ['rule_name[]', 'rule_group[]', 'file[]'].map(isNamed)
  const isWanted = ({ definition: { kind, name, labels } }: EvaluatedRule) =>
    (type === '' || (type === 'alert') === (kind === 'alerting')) && isWantedName(name) && matchesAny(matchers, labels)

  const all = deps.rules()
  const first = token === '' ? 0 : all.findIndex((view) => tokenOf(view) === token)
  if (first < 0) throw badData(`invalid parameter "group_next_token": invalid group_next_token '${token}'. were rule groups changed?`)
  const groups: RuleGroupJson[] = []
  for (const view of all.slice(first)) {
    if (!isWantedFile(view.definition.file) || !isWantedGroup(view.definition.name)) continue
    const group = groupJson(view, isWanted, isBare)
    if (group.rules.length === 0) continue
    if (groups.length === limit) return rulesAnswer({ groups, groupNextToken: tokenOf(view) })
    groups.push(group)
  }
  return rulesAnswer({ groups })
}

const rulesAnswer = (data: RulesData) => dataAnswer(data)

/** /api/v1/alerts: all that are pending or firing. */
export function alerts(deps: ApiDeps): Answer {
  const data: AlertsData = {
    alerts: deps.rules().flatMap(({ group }) => group.rules.filter(isAlerting).flatMap((rule) => rule.activeAlerts().map(alertJson))),
  }
  return dataAnswer(data)
}

/** /api/v1/alertmanagers: those that alerts go to, and those that relabeling dropped. */
export function alertmanagers({ alertmanagers }: ApiDeps): Answer {
  const shown = (urls: readonly string[]) => urls.map((url) => ({ url }))
  const data: AlertmanagersData = {
    activeAlertmanagers: shown(alertmanagers.active()),
    droppedAlertmanagers: shown(alertmanagers.dropped()),
  }
  return dataAnswer(data)
}

function excludesAlerts(text: string): boolean {
  const flag = text === '' ? false : parseFlag(text)
  if (flag === undefined)
    throw badData(
      `invalid parameter "exclude_alerts": error converting exclude_alerts: strconv.ParseBool: parsing ${quote(text)}: invalid syntax`,
    )
  return flag
}

function matchesAny(matcherSets: readonly (readonly Matcher[])[], labels: Readonly<Record<string, string>>): boolean {
  return (
    matcherSets.length === 0 || matcherSets.some((matchers) => matchers.every((matcher) => matcher.matches(labels[matcher.name] ?? '')))
  )
}

interface PageRequest {
  /** Groups that have a rule to show. */
  readonly limit: number
  /** Of the group to begin with; empty: the first. */
  readonly token: string
}

/** Source: Prometheus web/api/v1/api.go, parseListRulesPaginationRequest. */
function pageRequest(limitText: string, token: string): PageRequest {
  if (limitText === '') {
    if (token !== '')
      throw badData('invalid parameter "group_next_token": group_limit needs to be present in order to paginate over the groups')
    return { limit: Number.POSITIVE_INFINITY, token }
  }
  const refuse = (why: string) => badData(`invalid parameter "group_limit": group_limit needs to be ${why}`)
  const limit = Number(limitText)
  const wrong = !/^[+-]?\d+$/.test(limitText) ? 'invalid syntax' : limit !== (limit | 0) ? 'value out of range' : undefined
  if (wrong !== undefined) throw refuse(`a valid number: strconv.ParseInt: parsing ${quote(limitText)}: ${wrong}`)
  if (limit <= 0) throw refuse('greater than 0')
  return { limit, token }
}

/** Of the group that a page begins with. Source: Prometheus web/api/v1/api.go, getRuleGroupNextToken. */
function tokenOf({ definition: { file, name } }: GroupView): string {
  return createHash('sha1').update(`${file};${name}`).digest('hex')
}

function groupJson(view: GroupView, isWanted: (rule: EvaluatedRule) => boolean, isBare: boolean): RuleGroupJson {
  const { definition, group } = view
  const rules = group.rules.flatMap((rule, index) => (isWanted(rule) ? [ruleJson(rule, group.health(index), isBare)] : []))
  return {
    name: definition.name,
    file: definition.file,
    rules,
    interval: view.intervalMs / 1000,
    limit: definition.limit,
    evaluationTime: view.durationMs / 1000,
    lastEvaluation: formatRfc3339(view.lastEvaluation),
  }
}

function ruleJson(rule: EvaluatedRule, health: RuleHealth, isBare: boolean): AlertingRuleJson | RecordingRuleJson {
  const { name, expr, labels, annotations, forMs, keepFiringForMs } = rule.definition
  const common = {
    health: health.health,
    ...(health.lastError === '' ? {} : { lastError: health.lastError }),
    ...(health.missing.length === 0 ? {} : { warnings: health.missing }),
    evaluationTime: health.durationMs / 1000,
    lastEvaluation: formatRfc3339(health.lastEvaluation),
  }
  const query = printExpr(parseExpr(expr, { features: QUERY_FEATURES }))
  if (!isAlerting(rule)) {
    return { name, query, ...(Object.keys(labels).length === 0 ? {} : { labels }), ...common, type: 'recording' }
  }
  const active = rule.activeAlerts()
  const state = active.some((alert) => alert.state === 'firing') ? 'firing' : active.length > 0 ? 'pending' : 'inactive'
  return {
    state,
    name,
    query,
    duration: forMs / 1000,
    keepFiringFor: keepFiringForMs / 1000,
    labels,
    annotations,
    alerts: isBare ? null : active.map(alertJson),
    ...common,
    type: 'alerting',
  }
}

// By kind: the class is not loaded where there are no rules.
const isAlerting = (rule: EvaluatedRule): rule is AlertingRule => rule.definition.kind === 'alerting'

function alertJson(alert: ActiveAlert): AlertJson {
  return {
    labels: alert.labels.toObject(),
    annotations: alert.annotations.toObject(),
    state: alert.state,
    activeAt: formatRfc3339(alert.activeAt),
    ...(alert.keepFiringSince === 0 ? {} : { keepFiringSince: formatRfc3339(alert.keepFiringSince) }),
    value: formatExponent(alert.value),
  }
}
