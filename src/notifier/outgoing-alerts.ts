import type { PostableAlert } from '../model/alert.ts'
import { Labels, LabelsBuilder } from '../model/labels.ts'
import { type RelabelConfig, relabel } from '../model/relabel.ts'

/**
 * Alerts with the external labels that they have not themselves, relabeled; what a step drops is gone, and so is what has no labels
 * left. Source: Prometheus notifier/alert.go, relabelAlerts.
 */
export function relabelAlerts(
  alerts: readonly PostableAlert[],
  steps: readonly RelabelConfig[],
  externalLabels: Labels = Labels.empty,
): readonly PostableAlert[] {
  if (steps.length === 0 && externalLabels.size === 0) return alerts
  const out: PostableAlert[] = []
  for (const alert of alerts) {
    const builder = new LabelsBuilder(externalLabels)
    for (const [name, value] of alert.labels) builder.set(name, value)
    const labels = relabel(builder.labels(), steps)
    if (labels !== null && labels.size > 0) out.push({ ...alert, labels })
  }
  return out
}

/** One alert as JSON of Alertmanager's API v2; what is empty is left out. Source: Alertmanager api/v2/openapi.yaml, postableAlert. */
export function encodeAlert({ labels, annotations, startsAt, endsAt, generatorUrl }: PostableAlert): string {
  return JSON.stringify({
    ...(annotations.size === 0 ? {} : { annotations: annotations.toObject() }),
    endsAt: new Date(endsAt).toISOString(),
    startsAt: new Date(startsAt).toISOString(),
    ...(generatorUrl === '' ? {} : { generatorURL: generatorUrl }),
    labels: labels.toObject(),
  })
}
