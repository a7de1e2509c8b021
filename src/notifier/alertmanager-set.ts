import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { ConsumerMetrics } from '../discovery/consumer-metrics.ts'
import { GroupWatcher } from '../discovery/group-watcher.ts'
import type { PostableAlert } from '../model/alert.ts'
import { AlertClient } from './alert-client.ts'
import type { AlertmanagerConfig } from './alerting-config.ts'
import { alertmanagerUrl } from './alertmanager-url.ts'
import type { NotifierMetrics } from './notifier-metrics.ts'
import { encodeAlert, relabelAlerts } from './outgoing-alerts.ts'
import { type QueueOptions, queueUp, SendLoop } from './send-loop.ts'

/** Changes that come together are taken over together. */
const SYNC_DELAY_MS = 20
const SYNC_INTERVAL_MS = 1000
/** How long a reload waits for new discoverers before what the old ones found goes. */
const PENDING_MS_MAX = 5000

/** What all sets share. */
export interface SetContext {
  readonly env: Env
  readonly log: Log
  readonly metrics: NotifierMetrics
  readonly discovery: ConsumerMetrics
  readonly queue: QueueOptions
}

/**
 * Alertmanagers that are found by one entry of the configuration: every alert goes to each of them, each with its own queue, so that
 * a slow one holds up no other. Source: Prometheus notifier/alertmanagerset.go.
 */
export class AlertmanagerSet {
  readonly #context: SetContext
  readonly #watcher: GroupWatcher
  #config: AlertmanagerConfig
  #client: AlertClient
  readonly #loops = new Map<string, SendLoop>()
  /** Of those that are gone, until what waited for them is sent. */
  readonly #ending = new Set<Promise<void>>()
  #dropped: readonly string[] = []
  /** Alerts from before the first word of discovery; undefined since then. */
  #early: string[] | undefined = []
  #timer: { cancel(): void } | undefined
  #lastSync = -Infinity
  /** Monotonic time until which a reload waits for discoverers that have not spoken. */
  #pendingUntil = -Infinity

  constructor(context: SetContext, config: AlertmanagerConfig) {
    this.#context = context
    this.#config = config
    this.#client = new AlertClient(context.env, config)
    this.#watcher = new GroupWatcher(context.env, context.log, context.discovery, () => this.#scheduleSync())
    this.#watcher.apply(config.discoverers)
    if (config.discoverers.length === 0) this.#sync()
  }

  get config(): AlertmanagerConfig {
    return this.#config
  }

  /** Goes over to a changed configuration; what waits for Alertmanagers that stay goes on waiting. */
  reload(config: AlertmanagerConfig): void {
    this.#config = config
    this.#client = new AlertClient(this.#context.env, config)
    for (const loop of this.#loops.values()) loop.use(this.#client)
    this.#watcher.apply(config.discoverers)
    if (!this.#watcher.isPending) {
      this.#sync()
      return
    }
    this.#pendingUntil = this.#context.env.clock.monotonic() + PENDING_MS_MAX
    this.#arm(PENDING_MS_MAX)
  }

  /** Takes alerts that are relabeled for all, and the same as JSON. */
  send(alerts: readonly PostableAlert[], texts: readonly string[]): void {
    const { alertRelabelConfigs } = this.#config
    const own = alertRelabelConfigs.length === 0 ? texts : relabelAlerts(alerts, alertRelabelConfigs).map(encodeAlert)
    if (own.length === 0) return
    for (const loop of this.#loops.values()) loop.add(own)
    if (this.#early === undefined) return
    const excess = queueUp(this.#early, own, this.#context.queue.capacity)
    if (excess > 0) this.#dropEarly(excess)
  }

  /** URLs that alerts are sent to. */
  active(): readonly string[] {
    return [...this.#loops.keys()]
  }

  /** URLs that relabeling dropped. */
  dropped(): readonly string[] {
    return this.#dropped
  }

  /** Resolves when nothing is on its way any more. */
  async stop(): Promise<void> {
    this.#timer?.cancel()
    const watched = this.#watcher.stop()
    for (const loop of this.#loops.values()) this.#end(loop)
    this.#loops.clear()
    if (this.#early !== undefined && this.#early.length > 0) this.#dropEarly(this.#early.length)
    await Promise.all([watched, ...this.#ending])
  }

  #dropEarly(count: number): void {
    const { log, metrics } = this.#context
    log.warn('alerts dropped', { alertmanager: '', count, reason: 'no Alertmanager has been found yet' })
    metrics.dropped.inc({ alertmanager: '' }, count)
  }

  #scheduleSync(): void {
    const now = this.#context.env.clock.monotonic()
    if (this.#watcher.isPending && now < this.#pendingUntil) return
    const waitMs = this.#lastSync + SYNC_INTERVAL_MS - now
    if (waitMs > SYNC_DELAY_MS) this.#context.discovery.delayed()
    this.#arm(Math.max(SYNC_DELAY_MS, waitMs))
  }

  #arm(delayMs: number): void {
    this.#timer?.cancel()
    this.#timer = this.#context.env.clock.setTimer(delayMs, () => this.#sync())
  }

  /** Makes loops of what is found. */
  #sync(): void {
    const { env, log, metrics, discovery, queue } = this.#context
    this.#timer?.cancel()
    this.#lastSync = env.clock.monotonic()
    this.#pendingUntil = -Infinity
    this.#watcher.forgetLeaving()
    const { urls, dropped, foundCount } = this.#find()
    this.#dropped = dropped
    for (const url of urls) {
      if (this.#loops.has(url)) continue
      const loop = new SendLoop({ url, client: this.#client, queue, clock: env.clock, log, metrics })
      this.#loops.set(url, loop)
      if (this.#early !== undefined) loop.add(this.#early)
    }
    if (urls.size > 0) this.#early = undefined
    for (const [url, loop] of this.#loops) {
      if (urls.has(url)) continue
      this.#loops.delete(url)
      this.#end(loop)
    }
    discovery.sent(this.#config.name, foundCount, env.clock.now())
  }

  #find(): { urls: ReadonlySet<string>; dropped: readonly string[]; foundCount: number } {
    const urls = new Set<string>()
    const dropped: string[] = []
    let foundCount = 0
    for (const group of this.#watcher.groups()) {
      for (const target of group.targets) {
        foundCount++
        try {
          const { url, isDropped } = alertmanagerUrl(target, group.labels, this.#config)
          if (isDropped) dropped.push(url)
          else urls.add(url)
        } catch (error) {
          this.#context.log.error('Alertmanager could not be made', { group: group.source, error: errorMessage(error) })
        }
      }
    }
    return { urls, dropped, foundCount }
  }

  #end(loop: SendLoop): void {
    const ended = loop.stop().then(() => void this.#ending.delete(ended))
    this.#ending.add(ended)
  }
}
