import type { AlertStatus } from '../../alertmanager/alertmanager.ts'
import { formatRfc3339 } from '../../base/rfc3339.ts'
import { type Alert, fingerprint } from '../../model/alert.ts'
import type { Labels } from '../../model/labels.ts'
import type { Timestamp } from '../../model/time.ts'
import type { GettableAlert } from '../types/alertmanager.ts'

/** Source: Alertmanager api/v2/compat.go, AlertToOpenAPIAlert. */
export function alertJson(alert: Alert, status: AlertStatus, receivers: readonly string[], mutedBy: readonly string[]): GettableAlert {
  return {
    annotations: labelsJson(alert.annotations),
    endsAt: timeText(alert.endsAt),
    fingerprint: fingerprint(alert.labels),
    receivers: receivers.map((name) => ({ name })),
    startsAt: timeText(alert.startsAt),
    status: {
      inhibitedBy: status.inhibitedBy,
      mutedBy,
      silencedBy: status.silencedBy,
      state: mutedBy.length > 0 ? 'suppressed' : status.state,
    },
    updatedAt: timeText(alert.updatedAt),
    ...(alert.generatorUrl === '' ? {} : { generatorURL: alert.generatorUrl }),
    labels: labelsJson(alert.labels),
  }
}

export function labelsJson(labels: Labels): Readonly<Record<string, string>> {
  return labels.toObject()
}

/** Always with three digits behind the second. Source: go-openapi/strfmt, DateTime. */
export function timeText(time: Timestamp): string {
  return time === 0 ? formatRfc3339(0).replace('Z', '.000Z') : new Date(time).toISOString()
}
