import type { Clock, Timer } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Alert } from '../../model/alert.ts'
import type { Labels } from '../../model/labels.ts'
import type { AlertStore, KeptAlert } from '../alerts/alert-store.ts'
import { compareAlerts, compareLabelSets } from '../alerts/order.ts'
import type { Pipeline } from '../stages/pipeline.ts'
import type { GroupMutes } from '../stages/time-intervals.ts'
import { AggregationGroup } from './aggregation-group.ts'
import type { DispatcherMetrics } from './dispatcher-metrics.ts'
import { groupLabels, matchRoutes, type Route } from './route.ts'

export interface DispatcherOptions {
  readonly clock: Clock
  readonly log: Log
  readonly alerts: AlertStore
  readonly route: Route
  readonly pipeline: Pipeline
  readonly mutes: GroupMutes
  readonly metrics: DispatcherMetrics
  /** How long a flush may take, of a route. */
  timeoutMs(route: Route): number
  /** How long alerts are gathered before any group is flushed: the rest of what servers send comes meanwhile. */
  readonly startDelayMs: number
  readonly maintenanceIntervalMs: number
}

/** A group as the API shows it. */
export interface AlertGroup {
  readonly labels: Labels
  readonly receiver: string
  readonly routeId: string
  readonly groupKey: string
  readonly alerts: readonly Alert[]
}

/** Puts alerts into the groups of their routes, and lets those be told of. Source: Alertmanager dispatch/dispatch.go. */
export class Dispatcher {
  readonly #options: DispatcherOptions
  /** By route, then by the key of the group's labels. */
  readonly #groups = new Map<Route, Map<string, AggregationGroup>>()
  readonly #subscription: { cancel(): void }
  readonly #timers: Timer[]
  #isRunning: boolean

  constructor(options: DispatcherOptions) {
    this.#options = options
    const { clock, alerts, startDelayMs, maintenanceIntervalMs, metrics } = options
    this.#isRunning = startDelayMs <= 0
    metrics.groups.set(0)
    this.#subscription = alerts.subscribe('dispatcher', {
      take: (alert) => this.#take(alert),
      // They are in their groups.
      goOn: (count) => metrics.processing.observe(0, count),
    })
    this.#timers = [clock.setTicker(maintenanceIntervalMs, () => this.#maintain())]
    if (!this.#isRunning) this.#timers.push(clock.setTimer(startDelayMs, () => this.#start()))
  }

  /** The receivers of an alert, in the order of its routes. */
  receiversOf(labels: Labels): readonly string[] {
    return matchRoutes(this.#options.route, labels).map(({ receiver }) => receiver)
  }

  /** Groups of the routes that `takesRoute`, with the alerts that `takesAlert`; without empty ones. In upstream's order. */
  groups(takesRoute: (route: Route) => boolean, takesAlert: (alert: Alert) => boolean): readonly AlertGroup[] {
    const found: AlertGroup[] = []
    for (const [route, groups] of this.#groups) {
      if (!takesRoute(route)) continue
      for (const group of groups.values()) {
        const alerts = [...group.alerts()].filter(takesAlert).sort(compareAlerts)
        if (alerts.length === 0) continue
        found.push({ labels: group.labels, receiver: route.receiver, routeId: route.id, groupKey: group.key, alerts })
      }
    }
    return found.sort((a, b) => compareLabelSets(a.labels, b.labels) || (a.receiver < b.receiver ? -1 : a.receiver > b.receiver ? 1 : 0))
  }

  /** Ends flushes that are on their way: who comes after begins them again. */
  async stop(): Promise<void> {
    this.#subscription.cancel()
    for (const timer of this.#timers) timer.cancel()
    await Promise.all([...this.#groups.values()].flatMap((groups) => [...groups.values()].map((group) => group.stop())))
  }

  #start(): void {
    this.#isRunning = true
    for (const groups of this.#groups.values()) for (const group of groups.values()) group.run()
  }

  #take(alert: KeptAlert): void {
    const { clock, metrics } = this.#options
    const started = clock.monotonic()
    for (const route of matchRoutes(this.#options.route, alert.labels)) this.#put(alert, route)
    metrics.processing.observe((clock.monotonic() - started) / 1000)
  }

  #put(alert: KeptAlert, route: Route): void {
    const labels = groupLabels(route, alert.labels)
    const key = labels.key()
    let groups = this.#groups.get(route)
    if (groups === undefined) {
      groups = new Map()
      this.#groups.set(route, groups)
    }
    const known = groups.get(key)
    if (known !== undefined && !known.isDestroyed) {
      known.insert(alert)
      return
    }
    const { clock, metrics, timeoutMs } = this.#options
    const group = new AggregationGroup(
      {
        clock,
        route,
        labels,
        timeoutMs: () => timeoutMs(route),
        notify: (notification, signal) => this.#notify(notification, signal),
        onFlush: (latenessMs) => metrics.lateness.observe(latenessMs / 1000),
      },
      alert,
    )
    if (known === undefined) metrics.groups.inc()
    groups.set(key, group)
    if (this.#isRunning) group.run()
  }

  async #notify(...[notification, signal]: Parameters<Pipeline>): Promise<boolean> {
    const { pipeline, log } = this.#options
    try {
      await pipeline(notification, signal)
      return true
    } catch (error) {
      const fields = { group: notification.groupKey, alerts: notification.alerts.length, error: errorMessage(error) }
      // A reload and a stop end flushes: the next one begins them again.
      if (signal.aborted && signal.reason?.reason === 'contextCanceled') log.debug('notification was ended', fields)
      else log.error('notification did not arrive', fields)
      return false
    }
  }

  #maintain(): void {
    const { metrics, mutes } = this.#options
    for (const groups of this.#groups.values()) {
      for (const [key, group] of groups) {
        if (!group.isDestroyed) continue
        groups.delete(key)
        mutes.set(group.route.id, group.key, [])
        metrics.groups.dec()
      }
    }
  }
}
