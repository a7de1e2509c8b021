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

export interface AlertListener {
  /** An alert that is new, or is not what it was: another object. */
  take(alert: KeptAlert): void
  /** So many of those that were taken go on: they are the same objects, which end later. */
  goOn(count: number): void
}

/** An alert as it is kept. */
export interface KeptAlert extends Alert {
  /** Of its labels. */
  readonly key: string
  /** Set by who took it, and has no more use for it: news of it are told again, whatever clocks say by then. */
  isLetGo: boolean
}

/** Here alone: for all others it is as it is. */
type ChangingAlert = { -readonly [field in keyof KeptAlert]: KeptAlert[field] }

/**
 * The alerts that were sent here, one a label set, until some time after they are over. Those who listen are told of an alert before
 * `put` returns. Source: Alertmanager provider/mem/mem.go.
 */
export class AlertStore {
  readonly #options: AlertStoreOptions
  /** By the key of their labels. */
  readonly #alerts = new Map<string, ChangingAlert>()
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

  /** Tells of every alert that is there, and then of those that come. */
  subscribe(name: string, listener: AlertListener): { cancel(): void } {
    for (const alert of this.#alerts.values()) listener.take(alert)
    this.#listeners.set(listener, name)
    return { cancel: () => void this.#listeners.delete(listener) }
  }

  /** Takes alerts over. `keys`: of their labels, where they are known. */
  put(news: readonly Alert[], keys?: readonly string[]): void {
    const now = this.#options.clock.now()
    let [takenCount, goingOnCount] = [0, 0]
    const texts = new Map<string, string>()
    const listeners = [...this.#listeners.keys()]
    for (let i = 0; i < news.length; i++) {
      const alert = news[i]
      const key = keys?.[i] ?? alert.labels.smallKey()
      const known = this.#alerts.get(key)
      const told = known === undefined ? alert : afterNews(known, alert, now)
      if (known !== undefined && goesOn(known, told, now)) {
        known.endsAt = told.endsAt
        known.updatedAt = told.updatedAt
        known.hasTimeout = told.hasTimeout
        goingOnCount++
        continue
      }
      const kept = known === undefined ? withSharedTexts(key, told, texts) : withTextsOf(known, told)
      if (!this.#admits(kept, key, now)) continue
      this.#alerts.set(key, kept)
      takenCount++
      for (let each = 0; each < listeners.length; each++) listeners[each].take(kept)
    }
    if (goingOnCount > 0) for (const listener of listeners) listener.goOn(goingOnCount)
    takenCount += goingOnCount
    if (takenCount === 0) return
    for (const name of this.#listeners.values()) this.#writes.inc({ subscriber: name }, takenCount)
  }

  get(key: string): KeptAlert | undefined {
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

/**
 * Whether what is told says only that an alert that fires does so for longer, as most do. Whoever has seen it fire sees it fire still, so that it need not be
 * another object: 5,000 that are sent again and again would leave 0.6 MB each time, which is old by then.
 */
function goesOn(known: KeptAlert, told: Alert, now: number): boolean {
  return (
    told.startsAt === known.startsAt &&
    told.generatorUrl === known.generatorUrl &&
    told.annotations.equals(known.annotations) &&
    !known.isLetGo &&
    !isResolved(known, now) &&
    !isResolved(told, now)
  )
}

/**
 * With what is kept already, so that what came with the news is forgotten at once. What is found out about labels is kept by their object: there
 * is one for as long as the alert is known.
 */
function withTextsOf({ key, labels, annotations, generatorUrl }: KeptAlert, told: Alert): KeptAlert {
  return {
    ...told,
    labels,
    annotations: told.annotations.equals(annotations) ? annotations : told.annotations,
    generatorUrl: told.generatorUrl === generatorUrl ? generatorUrl : told.generatorUrl,
    key,
    isLetGo: false,
  }
}

/** With texts that are the same as others' kept once: alerts of one rule differ in few of them. */
function withSharedTexts(key: string, alert: Alert, texts: Map<string, string>): KeptAlert {
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
    key,
    isLetGo: false,
  }
}
