import type { PostableAlert } from '../model/alert.ts'
import type { Timestamp } from '../model/time.ts'
import { tableLink } from '../template/rule-functions.ts'
import type { ActiveAlert } from './alerting-rule.ts'

export interface SendContext {
  /** Of the rule, as it is printed. */
  readonly expr: string
  readonly externalUrl: string
  /** When a firing alert ends unless it is sent again. */
  readonly validUntil: Timestamp
}

/** What an Alertmanager is told of an alert. Source: Prometheus rules/manager.go, SendAlerts. */
export function postableAlert({ labels, annotations, firedAt, resolvedAt }: ActiveAlert, context: SendContext): PostableAlert {
  return {
    labels,
    annotations,
    startsAt: firedAt,
    endsAt: resolvedAt === 0 ? context.validUntil : resolvedAt,
    generatorUrl: `${context.externalUrl}${tableLink(context.expr)}`,
  }
}
