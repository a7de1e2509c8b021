import { hash } from 'node:crypto'
import { printable } from '../base/schema.ts'
import { Labels } from '../model/labels.ts'
import { type RelabelConfig, relabel } from '../model/relabel.ts'
import { toRelabelConfigs } from '../model/relabel-schema.ts'
import type { AlertingConfig } from '../notifier/alerting-config.ts'
import { type AlertmanagerSection, alertmanagerSchema, toAlertmanagerConfig } from '../notifier/alerting-schema.ts'
import { discoverers } from './discoverers.ts'
import { toHttpClientConfig } from './http-client.ts'
import type { PrometheusSection } from './prometheus-schema.ts'

export interface AlertingContext {
  readonly externalLabels: Labels
  readonly variables: Readonly<Record<string, string | undefined>>
  /** Makes a path complete. */
  resolve(path: string): string
  /** The complete path of a file of secrets or certificates; `field` is where it stands in the entry `index`. */
  file(index: number, field: readonly (string | number)[], name: string): string
}

/** Where alerts go. */
export function toAlertingConfig(alerting: PrometheusSection['alerting'], context: AlertingContext): AlertingConfig {
  const { externalLabels, variables, resolve } = context
  return {
    externalLabels,
    alertRelabelConfigs: toRelabelConfigs(alerting?.alert_relabel_configs),
    alertmanagers: (alerting?.alertmanagers ?? []).map((section: AlertmanagerSection, index) => {
      const name = `config-${index}`
      const file = (field: readonly (string | number)[], path: string) => context.file(index, field, path)
      const http = toHttpClientConfig(section, { file, variables })
      const found = discoverers(section, { name, resolve, file, variables })
      // Printing hides secrets, and discoverers resolve paths.
      const parts = [printable(alertmanagerSchema, section), resolve('.'), http, section.sigv4, found.map(({ fingerprint }) => fingerprint)]
      return toAlertmanagerConfig(section, {
        name,
        http,
        discoverers: found,
        variables,
        fingerprint: hash('sha256', JSON.stringify(parts)),
      })
    }),
  }
}

/** What replicas of a server are told apart by. */
const REPLICA_LABELS = ['replica', 'prometheus_replica']

/** External labels that tell replicas apart and are still on alerts when they are sent: Alertmanager would take the alerts of two replicas for different ones. */
export function keptReplicaLabels({ externalLabels, alertRelabelConfigs, alertmanagers }: AlertingConfig): readonly string[] {
  const after = (labels: Labels | null, steps: readonly RelabelConfig[]) => labels && relabel(labels, steps)
  const sent = alertmanagers.map((set) =>
    after(relabel(Labels.of({ ...externalLabels.toObject(), alertname: 'Any' }), alertRelabelConfigs), set.alertRelabelConfigs),
  )
  return REPLICA_LABELS.filter(
    (name) => externalLabels.get(name) !== '' && sent.some((labels) => labels !== null && labels.get(name) !== ''),
  )
}
