import { Counter, Histogram, type Registry } from 'prom-client'

const FAILURE_REASONS = ['clientError', 'serverError', 'contextCanceled', 'contextDeadlineExceeded', 'other']

/** Source of names and texts: Alertmanager notify/notify.go, NewMetrics. */
export class PipelineMetrics {
  readonly notifications: Counter<'integration'>
  readonly failed: Counter<'integration' | 'reason'>
  readonly requests: Counter<'integration'>
  readonly requestsFailed: Counter<'integration'>
  readonly suppressed: Counter<'reason'>
  readonly latency: Histogram<'integration'>
  readonly duplicates: Counter<'integration'>
  readonly possibleDuplicates: Counter<'integration'>

  constructor(registry: Registry) {
    const common = { registers: [registry], labelNames: ['integration'] as const }
    this.notifications = new Counter({
      ...common,
      name: 'alertmanager_notifications_total',
      help: 'The total number of attempted notifications.',
    })
    this.failed = new Counter({
      name: 'alertmanager_notifications_failed_total',
      help: 'The total number of failed notifications.',
      registers: [registry],
      labelNames: ['integration', 'reason'],
    })
    this.requests = new Counter({
      ...common,
      name: 'alertmanager_notification_requests_total',
      help: 'The total number of attempted notification requests.',
    })
    this.requestsFailed = new Counter({
      ...common,
      name: 'alertmanager_notification_requests_failed_total',
      help: 'The total number of failed notification requests.',
    })
    this.suppressed = new Counter({
      name: 'alertmanager_notifications_suppressed_total',
      help: 'The total number of notifications suppressed for being silenced, inhibited, outside of active time intervals or within muted time intervals.',
      registers: [registry],
      labelNames: ['reason'],
    })
    this.latency = new Histogram({
      ...common,
      name: 'alertmanager_notification_latency_seconds',
      help: 'The latency of notifications in seconds.',
      buckets: [1, 5, 10, 15, 20],
    })
    this.duplicates = new Counter({
      ...common,
      name: 'promontory_alertmanager_duplicate_notifications_total',
      help: 'Notifications that another member had sent as well, as its entry of the notification log showed later.',
    })
    this.possibleDuplicates = new Counter({
      ...common,
      name: 'promontory_alertmanager_possible_duplicate_notifications_total',
      help: 'Notifications that a member was about to send before, and died or was cut off before it said whether it had.',
    })
  }

  /** Lets kinds of receivers show, with zero, before their first notification. */
  declare(integrations: Iterable<string>): void {
    for (const integration of integrations) {
      for (const counter of [this.notifications, this.requests, this.requestsFailed, this.duplicates, this.possibleDuplicates])
        counter.inc({ integration }, 0)
      for (const reason of FAILURE_REASONS) this.failed.inc({ integration, reason }, 0)
      this.latency.zero({ integration })
    }
  }
}
