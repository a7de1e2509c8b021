import { Counter, Gauge, type Registry } from 'prom-client'
import { knownMetric } from './known-metric.ts'
import { forgetRefreshes } from './refresh.ts'

/**
 * What goes from discoverers to those who use their targets. `name` is the part of the program that does: `scrape`.
 * Source of names: Prometheus discovery/metrics.go.
 */
export class ConsumerMetrics {
  readonly #registry: Registry
  readonly #name: string
  readonly #failed: Gauge<'name'>
  readonly #discovered: Gauge<'name' | 'config'>
  readonly #received: Counter<'name'>
  readonly #sent: Counter<'name'>
  readonly #delayed: Counter<'name'>
  readonly #lastUpdate: Gauge<'name' | 'config'>

  constructor(registry: Registry, name: string) {
    const labelNames = ['name'] as const
    const gauge = <L extends string>(metric: string, help: string, labels: readonly L[]) =>
      knownMetric(registry, metric, (base) => new Gauge<L>({ ...base, help, labelNames: labels }))
    const counter = (metric: string, help: string) => knownMetric(registry, metric, (base) => new Counter({ ...base, help, labelNames }))
    this.#registry = registry
    this.#name = name
    this.#failed = gauge(
      'prometheus_sd_failed_configs',
      'Current number of service discovery configurations that failed to load.',
      labelNames,
    )
    this.#discovered = gauge('prometheus_sd_discovered_targets', 'Current number of discovered targets.', ['name', 'config'])
    this.#received = counter('prometheus_sd_received_updates_total', 'Total number of update events received from the SD providers.')
    this.#sent = counter('prometheus_sd_updates_total', 'Total number of update events sent to the SD consumers.')
    this.#delayed = counter('prometheus_sd_updates_delayed_total', "Total number of update events that couldn't be sent immediately.")
    this.#lastUpdate = gauge('prometheus_sd_last_update_timestamp_seconds', 'Timestamp of the last update sent to the SD consumers.', [
      'name',
      'config',
    ])
    this.#failed.set({ name }, 0)
    for (const metric of [this.#received, this.#sent, this.#delayed]) metric.inc({ name }, 0)
  }

  /** A discoverer could not be made, or came to an end of its own. */
  failed(): void {
    this.#failed.inc({ name: this.#name })
  }

  /** One that had failed is not configured any more. */
  failureGone(): void {
    this.#failed.dec({ name: this.#name })
  }

  /** A discoverer has said something. */
  received(): void {
    this.#received.inc({ name: this.#name })
  }

  /** What was said waits, as the last update was just now. */
  delayed(): void {
    this.#delayed.inc({ name: this.#name })
  }

  /** The targets of a job are taken over. `time` is in Unix ms. */
  sent(config: string, targetCount: number, time: number): void {
    const job = { name: this.#name, config }
    this.#sent.inc({ name: this.#name })
    this.#discovered.set(job, targetCount)
    this.#lastUpdate.set(job, time / 1000)
  }

  /** The job is gone. */
  forget(config: string): void {
    const job = { name: this.#name, config }
    this.#discovered.remove(job)
    this.#lastUpdate.remove(job)
    forgetRefreshes(this.#registry, config)
  }
}
