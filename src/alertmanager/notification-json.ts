import * as z from 'zod'
import { CodedError } from '../base/errors.ts'
import { parseRfc3339 } from '../base/rfc3339.ts'
import { GoTime } from '../template/time-value.ts'
import type { NotificationData } from './notification-data.ts'

// The data of a notification as webhooks carry it. Source: Alertmanager docs/configuration.md, "webhook_config"; template/template.go, Data.

const textMap = z.record(z.string(), z.string()).nullish()

const schema = z.object({
  receiver: z.string().default(''),
  status: z.string().default(''),
  alerts: z
    .array(
      z.object({
        status: z.string().default(''),
        labels: textMap,
        annotations: textMap,
        startsAt: z.string().optional(),
        endsAt: z.string().optional(),
        generatorURL: z.string().default(''),
        fingerprint: z.string().default(''),
      }),
    )
    .nullish(),
  notification_reason: z.string().default(''),
  groupLabels: textMap,
  commonLabels: textMap,
  commonAnnotations: textMap,
  externalURL: z.string().default(''),
})

/** Reads a notification's data; fields that are not there are empty. Throws `bad_data` with the place of what is wrong. */
export function parseNotificationData(json: string): NotificationData {
  let tree: unknown
  try {
    tree = JSON.parse(json)
  } catch (cause) {
    throw new CodedError('bad_data', `found no JSON: ${(cause as Error).message}`, { cause })
  }
  const parsed = schema.safeParse(tree)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new CodedError('bad_data', `${issue?.path.join('.') || 'the document'}: ${issue?.message ?? 'is not as it should be'}`)
  }
  const { data } = parsed
  return {
    receiver: data.receiver,
    status: data.status,
    alerts: (data.alerts ?? []).map((alert) => ({
      status: alert.status,
      labels: mapOf(alert.labels),
      annotations: mapOf(alert.annotations),
      startsAt: timeOf(alert.startsAt),
      endsAt: timeOf(alert.endsAt),
      generatorUrl: alert.generatorURL,
      fingerprint: alert.fingerprint,
    })),
    notificationReason: data.notification_reason,
    groupLabels: mapOf(data.groupLabels),
    commonLabels: mapOf(data.commonLabels),
    commonAnnotations: mapOf(data.commonAnnotations),
    externalUrl: data.externalURL,
  }
}

const mapOf = (texts: Record<string, string> | null | undefined): ReadonlyMap<string, string> => new Map(Object.entries(texts ?? {}))

const ZERO_TIME = '0001-01-01T00:00:00Z'

function timeOf(text: string = ZERO_TIME): GoTime {
  const ms = parseRfc3339(text)
  if (ms === undefined) throw new CodedError('bad_data', `found time ${JSON.stringify(text)}, want one such as 2026-01-02T03:04:05Z`)
  const fraction = /[.,](\d+)/.exec(text)?.[1] ?? ''
  const subMs = BigInt(fraction.slice(3, 9).padEnd(6, '0'))
  const zone = /[+-]\d\d:\d\d$/.exec(text)?.[0]
  return new GoTime(BigInt(ms) * 1_000_000n + subMs, zone === undefined || /00:00$/.test(zone) ? 'UTC' : zone)
}
