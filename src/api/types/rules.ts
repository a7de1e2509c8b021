// Answers of /api/v1/rules, /api/v1/alerts and /api/v1/alertmanagers, as far as there is anything to say yet.
// Source: Prometheus docs/querying/api.md, "Rules", "Alerts", "Alertmanagers".

export interface RulesData {
  readonly groups: readonly never[]
}

export interface AlertsData {
  readonly alerts: readonly never[]
}

export interface AlertmanagersData {
  readonly activeAlertmanagers: readonly never[]
  readonly droppedAlertmanagers: readonly never[]
}
