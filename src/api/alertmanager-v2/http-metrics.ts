import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { RouteMetrics } from '../../base/http-routes.ts'

/** Source of names and buckets: Alertmanager cmd/alertmanager/main.go; of those of `/metrics`: client_golang prometheus/promhttp/http.go. */
export class AlertmanagerHttpMetrics implements RouteMetrics {
  readonly #duration: Histogram<'code' | 'handler' | 'method'>
  readonly #size: Histogram<'handler' | 'method'>
  readonly #scrapes: Counter<'code'>

  constructor(registry: Registry) {
    this.#duration = new Histogram({
      name: 'alertmanager_http_request_duration_seconds',
      help: 'Histogram of latencies for HTTP requests.',
      labelNames: ['code', 'handler', 'method'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [registry],
    })
    this.#size = new Histogram({
      name: 'alertmanager_http_response_size_bytes',
      help: 'Histogram of response size for HTTP requests.',
      labelNames: ['handler', 'method'],
      buckets: [1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8],
      registers: [registry],
    })
    this.#scrapes = new Counter({
      name: 'promhttp_metric_handler_requests_total',
      help: 'Total number of scrapes by HTTP status code.',
      labelNames: ['code'],
      registers: [registry],
    })
    for (const code of ['200', '500', '503']) this.#scrapes.inc({ code }, 0)
    new Gauge({
      name: 'promhttp_metric_handler_requests_in_flight',
      help: 'Current number of scrapes being served.',
      registers: [registry],
      // Pages are made one after the other: who asks is the only one.
      collect() {
        this.set(1)
      },
    })
  }

  declare(): void {}

  observe(handler: string, status: number, durationMs: number, sizeBytes: number, method: string): void {
    const labels = { handler: handler.replace(/:id$/, '{silenceID}'), method: method.toLowerCase() }
    this.#duration.observe({ ...labels, code: String(status) }, durationMs / 1000)
    this.#size.observe(labels, sizeBytes)
    if (handler === '/metrics') this.#scrapes.inc({ code: String(status) })
  }
}
