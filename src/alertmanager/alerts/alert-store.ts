import { Counter, Gauge, type Registry } from 'prom-client'
import type { Clock } from '../../base/env.ts'
import type { Log } from '../../base/log.ts'
import { type Alert, isResolved } from '../../model/alert.ts'
import { Labels } from '../../model/labels.ts'
import { afterNews } from './merge.ts'

export interface AlertStoreOptions {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Registry
  /** Most alerts that fire under one name; 0: no limit. */
  readonly perNameLimit: number
}

/** `key`: of the alert's labels. */
export type AlertListener = (alert: Alert, key: string) => void

/**
 * The alerts that were sent here, one a label set, until some time after they are over. Those who listen are told of an alert before
 * `put` returns. Source: Alertmanager provider/mem/mem.go.
 */
export class AlertStore {
  readonly #options: AlertStoreOptions
  /** By the key of their labels. */
  readonly #alerts = new Map<string, Alert>()
  readonly #listeners = new Map<AlertListener, string>()
  /** Keys of the alerts of each name, where names are limited. */
  readonly #byName = new Map<string, Set<string>>()
  readonly #limited: Counter
  readonly #writes: Counter<'subscriber'>

  constructor(options: AlertStoreOptions) {
    this.#options = options
    const registers = [options.metrics]
    this.#limited = new Counter({
      name: 'alertmanager_alerts_limited_total',
      help: 'Total number of alerts that were not taken because their name has as many as it may.',
      registers,
    })
    new Gauge({
      name: 'alertmanager_alerts_per_alert_limit',
      help: 'Current limit on number of alerts per alert name',
      registers,
    }).set(options.perNameLimit)
    this.#writes = new Counter({
      name: 'alertmanager_alerts_subscriber_channel_writes_total',
      help: 'Number of times alerts were written to subscriber channels',
      labelNames: ['subscriber'],
      registers,
    })
  }

  /** Calls back for every alert that is there, and then for each that comes. */
  subscribe(name: string, listener: AlertListener): { cancel(): void } {
    for (const [key, alert] of this.#alerts) listener(alert, key)
    this.#listeners.set(listener, name)
    return { cancel: () => void this.#listeners.delete(listener) }
  }

  /** `keys`: of their labels, where they are known. */
  put(news: readonly Alert[], keys?: readonly string[]): void {
    const now = this.#options.clock.now()
    let takenCount = 0
    const texts = new Map<string, string>()
    const listeners = [...this.#listeners.keys()]
    for (let i = 0; i < news.length; i++) {
      const alert = news[i]
      const key = keys?.[i] ?? alert.labels.key()
      const known = this.#alerts.get(key)
      // What is found out about labels is kept by their object: there is one for as long as the alert is known.
      const merged = known === undefined ? shared(alert, texts) : withLabelsOf(known, afterNews(known, alert, now))
      if (!this.#admits(merged, key, now)) continue
      this.#alerts.set(key, merged)
      takenCount++
      for (let each = 0; each < listeners.length; each++) listeners[each](merged, key)
    }
    if (takenCount === 0) return
    for (const name of this.#listeners.values()) this.#writes.inc({ subscriber: name }, takenCount)
  }

  get(key: string): Alert | undefined {
    return this.#alerts.get(key)
  }

  all(): Iterable<Alert> {
    return this.#alerts.values()
  }

  get size(): number {
    return this.#alerts.size
  }

  /** Forgets alerts that are over. Groups that have yet to tell of them hold their own. */
  collect(): void {
    const now = this.#options.clock.now()
    for (const [key, alert] of this.#alerts) {
      if (!isResolved(alert, now)) continue
      this.#alerts.delete(key)
      this.#dropName(alert, key)
    }
  }

  /** An alert that is known always may change; of a name that is full, one that is over makes room. Source: Alertmanager limit/bucket.go. */
  #admits(alert: Alert, key: string, now: number): boolean {
    const { perNameLimit, log } = this.#options
    if (perNameLimit <= 0) return true
    const name = alert.labels.get('alertname')
    let keys = this.#byName.get(name)
    if (keys === undefined) {
      keys = new Set()
      this.#byName.set(name, keys)
    }
    if (!keys.has(key) && keys.size >= perNameLimit) {
      const over = [...keys].find((each) => isResolved(this.#alerts.get(each)!, now))
      if (over === undefined) {
        this.#limited.inc()
        log.warn('alert not taken: its name has as many as it may', { alertname: name, limit: perNameLimit })
        return false
      }
      keys.delete(over)
    }
    keys.add(key)
    return true
  }

  #dropName(alert: Alert, key: string): void {
    const name = alert.labels.get('alertname')
    const keys = this.#byName.get(name)
    keys?.delete(key)
    if (keys?.size === 0) this.#byName.delete(name)
  }
}

/** The same story with what is kept already, so that what came with the news is forgotten at once: most news repeat what is known. */
function withLabelsOf(known: Alert, news: Alert): Alert {
  const { startsAt, endsAt, generatorUrl, updatedAt, hasTimeout } = news
  const annotations = news.annotations.equals(known.annotations) ? known.annotations : news.annotations
  // Made of what is known already, by who took it.
  if (news.labels === known.labels && news.annotations === annotations) return news
  return {
    labels: known.labels,
    annotations,
    startsAt,
    endsAt,
    generatorUrl: generatorUrl === known.generatorUrl ? known.generatorUrl : generatorUrl,
    updatedAt,
    hasTimeout,
  }
}

/** With texts that are the same as others' kept once: alerts of one rule differ in few of them. */
function shared(alert: Alert, texts: Map<string, string>): Alert {
  const kept = (text: string) => {
    const known = texts.get(text)
    if (known === undefined) texts.set(text, text)
    return known ?? text
  }
  return {
    ...alert,
    labels: Labels.fromSortedPairs(alert.labels.pairs.map(kept)),
    annotations: Labels.fromSortedPairs(alert.annotations.pairs.map(kept)),
    generatorUrl: kept(alert.generatorUrl),
  }
}
