import { Counter, Gauge, type Registry } from 'prom-client'
import type { Clock } from '../base/env.ts'
import type { Answer } from '../base/http-answer.ts'
import { NO_BODY } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { formatRfc3339 } from '../base/rfc3339.ts'
import { dataAnswer } from './json/envelope.ts'
import { jsonText } from './json/text.ts'
import type { NotificationJson } from './types/notifications.ts'

/** What a server tells those who look at its console, with upstream's texts. Source: Prometheus util/notifications. */
export const NOTICE = {
  reloadFailed: 'Configuration reload has failed.',
  startingUp: 'Prometheus is starting and replaying the write-ahead log (WAL).',
  shuttingDown: 'Prometheus is shutting down and gracefully stopping all operations.',
} as const

/** The same for a disk that does not do, by its state. */
export const DISK_NOTICE: Readonly<Record<string, string>> = {
  full: 'The disk is full: no samples are stored.',
  denied: 'The data directory cannot be written: no samples are stored.',
  gone: 'The data directory is gone: no samples are stored.',
  failing: 'The disk fails: no samples are stored.',
}

/** What one slow subscriber may be behind; more is dropped for it, as upstream. */
const QUEUE_LENGTH_MAX = 10

export interface NotificationsOptions {
  readonly clock: Clock
  readonly metrics: Registry
  /** --web.max-notifications-subscribers. */
  readonly subscribersMax: number
}

/** Conditions of the server that hold now, and who is told as they come and go. */
export class Notifications {
  readonly #clock: Clock
  readonly #subscribersMax: number
  readonly #active = new Map<string, NotificationJson>()
  readonly #subscribers = new Set<Subscriber>()
  readonly #sent: Counter
  readonly #dropped: Counter
  #isClosed = false

  constructor({ clock, metrics, subscribersMax }: NotificationsOptions) {
    this.#clock = clock
    this.#subscribersMax = subscribersMax
    const registers = [metrics]
    const subscribers = this.#subscribers
    new Gauge({
      name: 'prometheus_api_notification_active_subscribers',
      help: 'The current number of active notification subscribers.',
      registers,
      collect() {
        this.set(subscribers.size)
      },
    })
    this.#sent = new Counter({
      name: 'prometheus_api_notification_updates_sent_total',
      help: 'Total number of notification updates sent.',
      registers,
    })
    this.#dropped = new Counter({
      name: 'prometheus_api_notification_updates_dropped_total',
      help: 'Total number of notification updates dropped.',
      registers,
    })
  }

  /** Those that hold, in the order in which they came up. */
  get active(): readonly NotificationJson[] {
    return [...this.#active.values()]
  }

  /** Says that something holds, or that it has come up again. */
  add(text: string): void {
    const notification = { text, date: formatRfc3339(this.#clock.now()), active: true }
    this.#active.set(text, notification)
    this.#tell(notification)
  }

  /** Says that something no longer holds; nothing when it did not. */
  remove(text: string): void {
    const notification = this.#active.get(text)
    if (notification === undefined) return
    this.#active.delete(text)
    this.#tell({ ...notification, active: false })
  }

  /** Ends all subscriptions once they have been told what is on its way to them; there are no new ones. */
  close(): void {
    this.#isClosed = true
    for (const subscriber of this.#subscribers) subscriber.end()
  }

  /**
   * What holds, and then each change, until `signal` aborts or `close`. Undefined: there are as many subscribers as may be. The
   * subscription ends only through one of the three: whoever does not read on must abort.
   */
  subscribe(signal: AbortSignal): AsyncIterable<NotificationJson> | undefined {
    if (this.#isClosed || this.#subscribers.size >= this.#subscribersMax) return undefined
    const subscriber = new Subscriber(this.active)
    this.#subscribers.add(subscriber)
    signal.addEventListener(
      'abort',
      () => {
        this.#subscribers.delete(subscriber)
        subscriber.end()
      },
      { once: true },
    )
    return subscriber.read()
  }

  #tell(notification: NotificationJson): void {
    for (const subscriber of this.#subscribers) {
      this.#sent.inc()
      if (!subscriber.push(notification)) this.#dropped.inc()
    }
  }
}

class Subscriber {
  readonly #queue: NotificationJson[]
  #wake: () => void = () => {}
  #hasEnded = false

  constructor(first: readonly NotificationJson[]) {
    this.#queue = [...first]
  }

  push(notification: NotificationJson): boolean {
    if (this.#hasEnded || this.#queue.length >= QUEUE_LENGTH_MAX) return false
    this.#queue.push(notification)
    this.#wake()
    return true
  }

  end(): void {
    this.#hasEnded = true
    this.#wake()
  }

  async *read(): AsyncGenerator<NotificationJson> {
    for (;;) {
      const next = this.#queue.shift()
      if (next !== undefined) yield next
      else if (this.#hasEnded) return
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
    }
  }
}

/** /api/v1/notifications. */
export function notificationList(notifications: Notifications): Answer {
  return dataAnswer(notifications.active)
}

const EVENT_HEADERS = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }

/** /api/v1/notifications/live: server-sent events; 204 when there are too many listeners. */
export function liveNotifications(notifications: Notifications, { signal }: RouteRequest): Answer {
  const subscription = notifications.subscribe(signal)
  if (subscription === undefined) return { status: 204, headers: EVENT_HEADERS, body: NO_BODY }
  return { status: 200, headers: EVENT_HEADERS, body: events(subscription), isLive: true }
}

async function* events(subscription: AsyncIterable<NotificationJson>): AsyncGenerator<Uint8Array> {
  for await (const notification of subscription) yield Buffer.from(`data: ${jsonText(notification)}\n\n`)
}
