import { Counter, Gauge, Histogram, type Registry, Summary } from 'prom-client'

/** Of one Alertmanager each, by its URL. Names and helps are upstream's: notifier/metric.go. */
export class NotifierMetrics {
  readonly latency: Summary<'alertmanager'>
  readonly latencyHistogram: Histogram<'alertmanager'>
  readonly errors: Counter<'alertmanager'>
  readonly sent: Counter<'alertmanager'>
  readonly dropped: Counter<'alertmanager'>
  readonly queueLength: Gauge<'alertmanager'>
  /** How many send to each: several sets may know it, and one that comes back may be sent the rest of before. */
  readonly #senders = new Map<string, number>()

  constructor(registry: Registry) {
    const base = { labelNames: ['alertmanager'] as const, registers: [registry] }
    const counter = (name: string, help: string) => new Counter({ ...base, name, help })
    this.latency = new Summary({
      ...base,
      name: 'prometheus_notifications_latency_seconds',
      help: 'Latency quantiles for sending alert notifications.',
      percentiles: [0.5, 0.9, 0.99],
      maxAgeSeconds: 600,
      ageBuckets: 5,
    })
    this.latencyHistogram = new Histogram({
      ...base,
      name: 'prometheus_notifications_latency_histogram_seconds',
      help: 'Latency histogram for sending alert notifications.',
      buckets: [0.01, 0.1, 1, 10],
    })
    this.errors = counter('prometheus_notifications_errors_total', 'Total number of sent alerts affected by errors.')
    this.sent = counter('prometheus_notifications_sent_total', 'Total number of alerts sent.')
    this.dropped = counter(
      'prometheus_notifications_dropped_total',
      'Total number of alerts dropped due to errors when sending to Alertmanager.',
    )
    this.queueLength = new Gauge({
      ...base,
      name: 'prometheus_notifications_queue_length',
      help: 'The number of alert notifications in the queue.',
    })
  }

  /** From now on there is somebody who sends to an Alertmanager. */
  begin(alertmanager: string): void {
    const senders = this.#senders.get(alertmanager) ?? 0
    this.#senders.set(alertmanager, senders + 1)
    if (senders > 0) return
    for (const counter of [this.errors, this.sent, this.dropped]) counter.inc({ alertmanager }, 0)
    this.queueLength.set({ alertmanager }, 0)
  }

  /** One of these has ended. */
  end(alertmanager: string): void {
    const senders = (this.#senders.get(alertmanager) ?? 0) - 1
    this.#senders.set(alertmanager, senders)
    if (senders > 0) return
    this.#senders.delete(alertmanager)
    for (const metric of [this.latency, this.latencyHistogram, this.errors, this.sent, this.dropped, this.queueLength])
      metric.remove({ alertmanager })
  }
}
