import type { Clock, Timer } from '../../base/env.ts'
import { isResolved } from '../../model/alert.ts'
import type { Labels } from '../../model/labels.ts'
import type { KeptAlert } from '../alerts/alert-store.ts'
import { compareAlerts } from '../alerts/order.ts'
import { FlushEnded, type Notification } from '../stages/notification.ts'
import { groupKey } from './group-key.ts'
import type { Route } from './route.ts'

export interface GroupOptions {
  readonly clock: Clock
  readonly route: Route
  readonly labels: Labels
  /** How long a flush may take. */
  timeoutMs(): number
  /** Answers whether all who should be told were. */
  notify(notification: Notification, signal: AbortSignal): Promise<boolean>
  /** Told of every flush how long after its time it began. */
  onFlush(latenessMs: number): void
}

/**
 * Alerts of one route with the same values of its labels, told of together: first after `group_wait`, then every `group_interval`, for as
 * long as there are any. Source: Alertmanager dispatch/dispatch.go, aggrGroup.
 */
export class AggregationGroup {
  readonly route: Route
  readonly labels: Labels
  readonly key: string
  readonly #options: GroupOptions
  readonly #alerts = new Map<string, KeptAlert>()
  /** When the next flush is due, by the clock that never goes back. */
  #due: number
  #timer: Timer | undefined
  #flush: { readonly controller: AbortController; readonly done: Promise<void> } | undefined
  #isRunning = false
  #isDestroyed = false

  constructor(options: GroupOptions, first: KeptAlert) {
    const { clock, route, labels } = options
    this.#options = options
    this.route = route
    this.labels = labels
    this.key = groupKey(route, labels)
    this.insert(first)
    const now = clock.now()
    // Who restarts, or reloads, lets nobody wait again.
    const waited = first.startsAt + route.groupWaitMs < now
    this.#due = clock.monotonic() + (waited ? 0 : route.groupWaitMs)
  }

  /** Nothing is left to tell of, and nothing comes to it any more: an alert that belongs here begins another group. */
  get isDestroyed(): boolean {
    return this.#isDestroyed
  }

  alerts(): Iterable<KeptAlert> {
    return this.#alerts.values()
  }

  insert(alert: KeptAlert): void {
    this.#alerts.set(alert.key, alert)
  }

  run(): void {
    if (this.#isRunning || this.#isDestroyed) return
    this.#isRunning = true
    this.#schedule()
  }

  /** Ends a flush that is on its way, but for what is at a receiver already, and flushes no more. */
  async stop(): Promise<void> {
    this.#isDestroyed = true
    this.#timer?.cancel()
    this.#flush?.controller.abort(new FlushEnded('contextCanceled'))
    await this.#flush?.done
  }

  #schedule(): void {
    const { clock } = this.#options
    this.#timer = clock.setTimer(Math.max(0, this.#due - clock.monotonic()), () => {
      const controller = new AbortController()
      this.#flush = { controller, done: this.#flushNow(controller) }
    })
  }

  async #flushNow(controller: AbortController): Promise<void> {
    const { clock, route, onFlush, timeoutMs } = this.#options
    const started = clock.monotonic()
    onFlush(started - this.#due)
    this.#due = started + route.groupIntervalMs
    const timeout = clock.setTimer(timeoutMs(), () => controller.abort(new FlushEnded('contextDeadlineExceeded')))
    try {
      await this.#tell(controller.signal)
    } finally {
      timeout.cancel()
      this.#flush = undefined
    }
    if (this.#isDestroyed) return
    if (this.#alerts.size === 0) this.#isDestroyed = true
    else this.#schedule()
  }

  #snapshot(): Notification {
    const { clock, route } = this.#options
    const now = Math.floor(clock.now())
    return {
      now,
      receiver: route.receiver,
      groupKey: this.key,
      groupLabels: this.labels,
      routeId: route.id,
      repeatIntervalMs: route.repeatIntervalMs,
      muteTimeIntervals: route.muteTimeIntervals,
      activeTimeIntervals: route.activeTimeIntervals,
      alerts: [...this.#alerts.values()].sort(compareAlerts),
      refreshed: () => this.#snapshot(),
    }
  }

  async #tell(signal: AbortSignal): Promise<void> {
    const notification = this.#snapshot()
    const resolved = [...this.#alerts.values()].filter((alert) => isResolved(alert, notification.now))
    const wasTold = await this.#options.notify(notification, signal)
    if (!wasTold) return
    for (const alert of resolved) {
      // One that fires again, be it in the same ms, has been told of as over, and is not forgotten.
      if (this.#alerts.get(alert.key) !== alert || !isResolved(alert, notification.now)) continue
      this.#alerts.delete(alert.key)
      alert.isLetGo = true
    }
  }
}
