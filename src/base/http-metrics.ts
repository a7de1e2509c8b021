import { Counter, Histogram, type Registry } from 'prom-client'

/**
 * How requests went, by route. `handler` is the route's pattern, so that no client can make new series.
 * Source of names and buckets: Prometheus web/web.go, newMetrics.
 */
export class HttpMetrics {
  readonly #requests: Counter
  readonly #duration: Histogram
  readonly #responseSize: Histogram

  constructor(registry: Registry) {
    const common = { registers: [registry], labelNames: ['handler'] }
    this.#requests = new Counter({
      ...common,
      name: 'prometheus_http_requests_total',
      help: 'Counter of HTTP requests.',
      labelNames: ['handler', 'code'],
    })
    this.#duration = new Histogram({
      ...common,
      name: 'prometheus_http_request_duration_seconds',
      help: 'Histogram of latencies for HTTP requests.',
      buckets: [0.1, 0.2, 0.4, 1, 3, 8, 20, 60, 120],
    })
    this.#responseSize = new Histogram({
      ...common,
      name: 'prometheus_http_response_size_bytes',
      help: 'Histogram of response size for HTTP requests.',
      buckets: [100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9],
    })
  }

  /** Lets a route show, with zero, before its first request. */
  declare(handler: string): void {
    this.#requests.inc({ handler, code: '200' }, 0)
  }

  observe(handler: string, status: number, durationMs: number, sizeBytes: number): void {
    this.#requests.inc({ handler, code: String(status) })
    this.#duration.observe({ handler }, durationMs / 1000)
    this.#responseSize.observe({ handler }, sizeBytes)
  }
}
