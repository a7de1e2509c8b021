import { formatRfc3339 } from '../base/rfc3339.ts'
import { type Alert, fingerprint, isResolved } from '../model/alert.ts'
import type { Labels } from '../model/labels.ts'
import { goJsonText } from '../template/go-json.ts'
import { formatGoTime } from '../template/time-layout.ts'
import { GoTime } from '../template/time-value.ts'
import { commonPairs, quoteMeta } from './notification-of.ts'
import type { NotifyRequest } from './receivers/integration.ts'

/** The version of the message, which never changed. */
const VERSION = '4'

/** Go's zero time: an end that is not reached yet is not told. */
const NO_TIME = '0001-01-01T00:00:00Z'

/**
 * What a webhook is sent, a line of JSON, written as it goes: hundreds of groups may be due at once. The same fields as `notificationOf` finds, in
 * the order of Go's struct. Source: Alertmanager notify/webhook, Message; template/template.go, Data.
 */
export function webhookMessage(
  { receiver, groupKey, groupLabels, alerts, now, reason }: NotifyRequest,
  externalUrl: string,
  truncatedAlerts: number,
): string {
  const isFiring = alerts.some((alert) => !isResolved(alert, now))
  const commonLabels = commonPairs(alerts.map(({ labels }) => labels))
  const commonAnnotations = commonPairs(alerts.map(({ annotations }) => annotations))
  const rest = `],"notification_reason":${goJsonText(reason)},"groupLabels":${pairsJson(groupLabels)},"commonLabels":${pairsJson(commonLabels)},"commonAnnotations":${pairsJson(commonAnnotations)},"externalURL":${goJsonText(externalUrl)},"version":"${VERSION}","groupKey":${goJsonText(groupKey)},"truncatedAlerts":${truncatedAlerts}}\n`
  const parts = [`{"receiver":${goJsonText(quoteMeta(receiver))},"status":"${isFiring ? 'firing' : 'resolved'}","alerts":[`]
  for (let i = 0; i < alerts.length; i++) parts.push(i === 0 ? alertJson(alerts[i], now) : `,${alertJson(alerts[i], now)}`)
  parts.push(rest)
  // One text: the engine keeps what texts were added from until somebody reads them, and most wait before they are sent.
  return parts.join('')
}

function alertJson(alert: Alert, now: number): string {
  const isOver = isResolved(alert, now)
  const endsAt = isOver ? timeText(alert.endsAt) : NO_TIME
  return `{"status":"${isOver ? 'resolved' : 'firing'}","labels":${pairsJson(alert.labels)},"annotations":${pairsJson(alert.annotations)},"startsAt":"${timeText(alert.startsAt)}","endsAt":"${endsAt}","generatorURL":${goJsonText(alert.generatorUrl)},"fingerprint":"${fingerprint(alert.labels)}"}`
}

function pairsJson({ pairs }: Labels): string {
  let out = '{'
  for (let i = 0; i < pairs.length; i += 2) out += `${i === 0 ? '' : ','}${goJsonText(pairs[i])}:${goJsonText(pairs[i + 1])}`
  return `${out}}`
}

/** The year 10000, from which on Go writes years its own way. */
const LATE = 253_402_300_800_000

function timeText(time: number): string {
  return time > 0 && time < LATE ? formatRfc3339(time) : formatGoTime(GoTime.fromMs(time), '2006-01-02T15:04:05.999999999Z07:00')
}
