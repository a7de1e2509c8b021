import { Gauge } from 'prom-client'
import type { Env } from '../base/env.ts'
import { type Service, untilAborted } from '../base/service.ts'
import type { PostableAlert } from '../model/alert.ts'
import type { AlertingConfig } from './alerting-config.ts'
import type { Notifier } from './notifier.ts'
import type { QueueOptions } from './send-loop.ts'

/** A notifier that is loaded with the first Alertmanager: a server without any needs none of it. */
export class LazyNotifier implements Service {
  readonly name = 'notifier'
  readonly #env: Env
  readonly #queue: QueueOptions
  #notifier: Notifier | undefined
  readonly #needed = Promise.withResolvers<Notifier>()

  constructor(env: Env, queue: QueueOptions) {
    this.#env = env
    this.#queue = queue
    const registers = [env.metrics]
    new Gauge({
      name: 'prometheus_notifications_queue_capacity',
      help: 'The capacity of the alert notifications queue.',
      registers,
    }).set(queue.capacity)
    const active = () => this.active().length
    new Gauge({
      name: 'prometheus_notifications_alertmanagers_discovered',
      help: 'The number of alertmanagers discovered and active.',
      registers,
      collect() {
        this.set(active())
      },
    })
  }

  /** From now on this is the configuration. */
  async apply(config: AlertingConfig): Promise<void> {
    if (this.#notifier === undefined && config.alertmanagers.length > 0) {
      const { Notifier } = await import('./notifier.ts')
      this.#notifier ??= new Notifier(this.#env, this.#queue)
      this.#needed.resolve(this.#notifier)
    }
    this.#notifier?.apply(config)
  }

  /** Takes alerts that are to be told. Returns at once. */
  send(alerts: readonly PostableAlert[]): void {
    this.#notifier?.send(alerts)
  }

  /** URLs that alerts are sent to. */
  active(): readonly string[] {
    return this.#notifier?.active() ?? []
  }

  /** URLs that relabeling dropped. */
  dropped(): readonly string[] {
    return this.#notifier?.dropped() ?? []
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    ready()
    const notifier = await Promise.race([this.#needed.promise, untilAborted(signal)])
    await notifier?.run(signal)
  }
}
