import { Counter, type Registry } from 'prom-client'

/** Source of names and texts: Alertmanager api/metrics/metrics.go. */
export class AlertMetrics {
  readonly #received: Counter<'status' | 'version'>
  readonly #invalid: Counter<'version'>

  constructor(registry: Registry) {
    this.#received = new Counter({
      name: 'alertmanager_alerts_received_total',
      help: 'The total number of received alerts.',
      labelNames: ['status', 'version'],
      registers: [registry],
    })
    this.#invalid = new Counter({
      name: 'alertmanager_alerts_invalid_total',
      help: 'The total number of received alerts that were invalid.',
      labelNames: ['version'],
      registers: [registry],
    })
    for (const status of ['firing', 'resolved'] as const) this.received(status, 0)
    this.invalid(0)
  }

  received(status: 'firing' | 'resolved', count = 1): void {
    this.#received.inc({ status, version: 'v2' }, count)
  }

  invalid(count = 1): void {
    this.#invalid.inc({ version: 'v2' }, count)
  }
}
