// Answers of /api/v1/rules, /api/v1/alerts and /api/v1/alertmanagers.
// Source: Prometheus docs/querying/api.md, "Rules", "Alerts", "Alertmanagers".

export interface RulesData {
  readonly groups: readonly RuleGroupJson[]
  /** For the next page, where there is one. */
  readonly groupNextToken?: string
}

export interface RuleGroupJson {
  readonly name: string
  readonly file: string
  readonly rules: readonly (AlertingRuleJson | RecordingRuleJson)[]
  /** Seconds. */
  readonly interval: number
  readonly limit: number
  /** Seconds. */
  readonly evaluationTime: number
  readonly lastEvaluation: string
}

interface RuleJson {
  readonly name: string
  readonly query: string
  readonly labels?: Readonly<Record<string, string>>
  readonly health: 'unknown' | 'ok' | 'err'
  readonly lastError?: string
  /** What was not to be had of what it reads. Not known upstream. */
  readonly warnings?: readonly string[]
  readonly evaluationTime: number
  readonly lastEvaluation: string
}

export interface RecordingRuleJson extends RuleJson {
  readonly type: 'recording'
}

export interface AlertingRuleJson extends RuleJson {
  readonly type: 'alerting'
  readonly state: 'inactive' | 'pending' | 'firing'
  /** Seconds. */
  readonly duration: number
  readonly keepFiringFor: number
  readonly annotations: Readonly<Record<string, string>>
  /** null: not asked for. */
  readonly alerts: readonly AlertJson[] | null
}

export interface AlertJson {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly state: 'pending' | 'firing' | 'inactive'
  readonly activeAt: string
  readonly keepFiringSince?: string
  readonly value: string
}

export interface AlertsData {
  readonly alerts: readonly AlertJson[]
}

export interface AlertmanagerJson {
  /** Where it takes alerts. */
  readonly url: string
}

export interface AlertmanagersData {
  readonly activeAlertmanagers: readonly AlertmanagerJson[]
  readonly droppedAlertmanagers: readonly AlertmanagerJson[]
}
