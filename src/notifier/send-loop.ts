import type { Clock } from '../base/env.ts'
import type { Log } from '../base/log.ts'
import type { AlertClient } from './alert-client.ts'
import type { NotifierMetrics } from './notifier-metrics.ts'

export interface SendLoopOptions {
  readonly url: string
  readonly client: AlertClient
  readonly queue: QueueOptions
  readonly clock: Clock
  readonly log: Log
  readonly metrics: NotifierMetrics
}

export interface QueueOptions {
  /** Alerts that may wait for one Alertmanager; the oldest give way. */
  readonly capacity: number
  /** Alerts in one request. */
  readonly batchSize: number
  /** Whether what waits is sent before a stop. */
  readonly drainsAtStop: boolean
}

/** Appends what comes to what waits; the oldest give way. Returns how many. */
export function queueUp(waiting: string[], alerts: readonly string[], capacity: number): number {
  // Not spread into an argument each: a rule may bring more of them than the stack holds.
  for (const alert of alerts) waiting.push(alert)
  const excess = Math.max(0, waiting.length - capacity)
  waiting.splice(0, excess)
  return excess
}

/**
 * What waits for one Alertmanager, in order, and who sends it: one request at a time. A request that fails is not repeated: alerts that
 * go on firing are told again soon, and with newer times. Source: Prometheus notifier/sendloop.go.
 */
export class SendLoop {
  readonly url: string
  readonly #options: SendLoopOptions
  #client: AlertClient
  #waiting: string[] = []
  #running: Promise<void> | undefined
  readonly #abort = new AbortController()
  #isStopped = false

  constructor(options: SendLoopOptions) {
    this.url = options.url
    this.#options = options
    this.#client = options.client
    options.metrics.begin(options.url)
  }

  /** Sends in another way from the next request on. */
  use(client: AlertClient): void {
    this.#client = client
  }

  /** Takes alerts as JSON. Returns at once. */
  add(alerts: readonly string[]): void {
    if (this.#isStopped || alerts.length === 0) return
    const excess = queueUp(this.#waiting, alerts, this.#options.queue.capacity)
    if (excess > 0) this.#drop(excess, 'the queue is full')
    this.#measure()
    this.#running ??= this.#send()
  }

  /** Takes no more. Resolves when what waits has been sent, or given up: at the first request that nobody answers. */
  async stop(): Promise<void> {
    this.#isStopped = true
    const { queue, metrics } = this.#options
    if (!queue.drainsAtStop) {
      this.#giveUp('what waits is not sent before a stop')
      this.#abort.abort()
    }
    await this.#running
    metrics.end(this.url)
  }

  async #send(): Promise<void> {
    while (this.#waiting.length > 0) {
      const isReached = await this.#sendBatch(this.#waiting.splice(0, this.#options.queue.batchSize))
      if (this.#isStopped && !isReached) this.#giveUp('the Alertmanager cannot be reached')
    }
    this.#running = undefined
  }

  async #sendBatch(batch: readonly string[]): Promise<boolean> {
    const { clock, metrics, log } = this.#options
    this.#measure()
    const alertmanager = this.url
    const begun = clock.monotonic()
    const outcome = await this.#client.post(this.url, `[${batch.join(',')}]`, this.#abort.signal)
    if (outcome.kind === 'taken') {
      const seconds = (clock.monotonic() - begun) / 1000
      metrics.latency.observe({ alertmanager }, seconds)
      metrics.latencyHistogram.observe({ alertmanager }, seconds)
      metrics.sent.inc({ alertmanager }, batch.length)
      return true
    }
    log.error('alerts not sent', { alertmanager, count: batch.length, error: outcome.error })
    metrics.errors.inc({ alertmanager }, batch.length)
    metrics.dropped.inc({ alertmanager }, batch.length)
    return outcome.kind === 'refused'
  }

  #giveUp(reason: string): void {
    const count = this.#waiting.length
    this.#waiting = []
    if (count > 0) this.#drop(count, reason)
  }

  #drop(count: number, reason: string): void {
    const { metrics, log } = this.#options
    log.warn('alerts dropped', { alertmanager: this.url, count, reason })
    metrics.dropped.inc({ alertmanager: this.url }, count)
  }

  #measure(): void {
    this.#options.metrics.queueLength.set({ alertmanager: this.url }, this.#waiting.length)
  }
}
