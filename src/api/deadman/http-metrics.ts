import { Counter, type Registry } from 'prom-client'
import type { RouteMetrics } from '../../base/http-routes.ts'

/** How requests went, by route: `handler` is its pattern. */
export class DeadmanHttpMetrics implements RouteMetrics {
  readonly #requests: Counter<'handler' | 'code'>

  constructor(registry: Registry) {
    this.#requests = new Counter({
      name: 'promontory_deadman_http_requests_total',
      help: 'HTTP requests that were answered.',
      labelNames: ['handler', 'code'],
      registers: [registry],
    })
  }

  declare(): void {}

  observe(handler: string, status: number): void {
    this.#requests.inc({ handler, code: String(status) })
  }
}
