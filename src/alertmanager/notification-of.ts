import { fingerprint, isResolved } from '../model/alert.ts'
import { Labels } from '../model/labels.ts'
import { GoTime } from '../template/time-value.ts'
import type { NotificationData } from './notification-data.ts'
import type { NotifyRequest } from './receivers/integration.ts'

/** What templates see of a request. Source: Alertmanager template/template.go, Data. */
export function notificationOf(request: NotifyRequest, externalUrl: string): NotificationData {
  const { alerts, now } = request
  const isFiring = alerts.some((alert) => !isResolved(alert, now))
  return {
    receiver: quoteMeta(request.receiver),
    status: isFiring ? 'firing' : 'resolved',
    alerts: alerts.map((alert) => ({
      status: isResolved(alert, now) ? 'resolved' : 'firing',
      labels: mapOf(alert.labels),
      annotations: mapOf(alert.annotations),
      startsAt: GoTime.fromMs(alert.startsAt),
      // An end that is not reached yet is not told.
      endsAt: isResolved(alert, now) ? GoTime.fromMs(alert.endsAt) : NO_TIME,
      generatorUrl: alert.generatorUrl,
      fingerprint: fingerprint(alert.labels),
    })),
    notificationReason: request.reason,
    groupLabels: mapOf(request.groupLabels),
    commonLabels: mapOf(commonPairs(alerts.map(({ labels }) => labels))),
    commonAnnotations: mapOf(commonPairs(alerts.map(({ annotations }) => annotations))),
    externalUrl,
  }
}

/** Go's zero time. */
const NO_TIME = GoTime.fromMs(-62_135_596_800_000)

const mapOf = ({ pairs }: Labels): ReadonlyMap<string, string> => {
  const out = new Map<string, string>()
  for (let i = 0; i < pairs.length; i += 2) out.set(pairs[i], pairs[i + 1])
  return out
}

/** Those that all have with the same value. */
export function commonPairs(all: readonly Labels[]): Labels {
  if (all.length < 2) return all[0] ?? Labels.empty
  const { pairs } = all[0]
  const kept: string[] = []
  for (let i = 0; i < pairs.length; i += 2) {
    if (all.every((labels) => labels.get(pairs[i]) === pairs[i + 1])) kept.push(pairs[i], pairs[i + 1])
  }
  return Labels.fromSortedPairs(kept)
}

/** Source: Go regexp.QuoteMeta. */
export function quoteMeta(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')
}
