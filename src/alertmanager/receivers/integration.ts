import type { Env } from '../../base/env.ts'
import type { HttpClients } from '../../http-client/clients.ts'
import type { Alert } from '../../model/alert.ts'
import type { Labels } from '../../model/labels.ts'
import type { Timestamp } from '../../model/time.ts'
import type { NotificationTemplates } from '../notification-templates.ts'

// The seam between the pipeline and the ways out. Source: Alertmanager notify/notify.go, Integration, Notifier.

/** What one receiver is to be told of one group of alerts. */
export interface NotifyRequest {
  /** The receiver's name in alertmanager.yml. */
  readonly receiver: string
  /** As upstream prints it: the route's key, a colon, the group's labels. */
  readonly groupKey: string
  readonly groupLabels: Labels
  /** Those to tell of, firing or resolved at `now`. Not empty. */
  readonly alerts: readonly Alert[]
  readonly now: Timestamp
  /** Why it is told, as templates see it. */
  readonly reason: string
  /** The same for every attempt, by whatever member, to tell the same news: for receivers that take one. */
  readonly idempotencyKey: string
  /**
   * What the integration left with the group's last notification, and leaves with this one: kept in the notification log as upstream's
   * receiver data of texts. Empty for the first notification of a group.
   */
  readonly memory: Map<string, string>
}

/** Upstream's names: the label `reason` of the failed notifications' counter. */
export type FailureReason = 'clientError' | 'serverError' | 'contextCanceled' | 'contextDeadlineExceeded' | 'other'

export interface NotifyFailure {
  readonly message: string
  /** Another attempt may succeed. */
  readonly retry: boolean
  readonly reason: FailureReason
}

/** One entry of a receiver: a webhook, an address, a channel. */
export interface Integration {
  /** As in the label `integration` of upstream's metrics: `webhook`, `email`, `slack` … */
  readonly kind: string
  /** Its place among the receiver's entries of its kind, from 0. */
  readonly index: number
  readonly sendResolved: boolean
  /** Delivers, once; undefined: it arrived. Resolves with a failure instead of throwing; ends soon after `signal`. */
  notify(request: NotifyRequest, signal: AbortSignal): Promise<NotifyFailure | undefined>
}

/** What integrations are made with. */
export interface IntegrationDeps {
  readonly env: Env
  readonly clients: HttpClients
  readonly templates: NotificationTemplates
  /** `--web.external-url`. */
  readonly externalUrl: string
}
