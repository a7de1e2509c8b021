import { Gauge } from 'prom-client'
import type { Env } from '../base/env.ts'
import { type Service, untilAborted } from '../base/service.ts'
import type { ClusterView } from '../cluster/replicated-state.ts'
import { type Alert, isResolved } from '../model/alert.ts'
import type { Labels } from '../model/labels.ts'
import type { AlertmanagerConfig } from './alertmanager-config.ts'
import { AlertStore } from './alerts/alert-store.ts'
import { Claims } from './claims.ts'
import { type AlertGroup, Dispatcher } from './dispatch/dispatcher.ts'
import { DispatcherMetrics } from './dispatch/dispatcher-metrics.ts'
import type { Route } from './dispatch/route.ts'
import { NotificationHistory } from './history/notification-history.ts'
import { Inhibitor } from './inhibitor.ts'
import { NotificationLog } from './nflog/notification-log.ts'
import type { Integration } from './receivers/integration.ts'
import { Silences } from './silences/silences.ts'
import { createPipeline } from './stages/pipeline.ts'
import { PipelineMetrics } from './stages/pipeline-metrics.ts'
import { GroupMutes } from './stages/time-intervals.ts'

export interface AlertmanagerOptions {
  readonly env: Env
  readonly cluster: ClusterView
  /** Directory of the state; it must be there. */
  readonly dir: string
  /** How long silences are kept after their end, the notification log, and the history. */
  readonly retentionMs: number
  readonly maintenanceIntervalMs: number
  readonly silencesMax: number
  readonly silenceBytesMax: number
  readonly logsSilences: boolean
  readonly alertsCollectIntervalMs: number
  readonly alertsPerNameMax: number
  readonly dispatchMaintenanceIntervalMs: number
  readonly dispatchStartDelayMs: number
  /** How long a member waits for each of those before it. */
  readonly peerTimeoutMs: number
  readonly historyRecordsMax: number
  /** Kinds of receivers that show in metrics before their first notification. */
  readonly integrations: Iterable<string>
}

/** What a configuration means here. */
export type AlertmanagerSettings = Omit<AlertmanagerConfig, 'receivers' | 'global' | 'templates'> & {
  /** Ways out of each receiver, by its name. */
  readonly receivers: ReadonlyMap<string, readonly Integration[]>
}

export interface AlertStatus {
  readonly state: 'unprocessed' | 'active' | 'suppressed'
  readonly silencedBy: readonly string[]
  readonly inhibitedBy: readonly string[]
}

/** The least time that a flush has. Source: Alertmanager notify/notify.go, MinTimeout. */
const FLUSH_MS_MIN = 10_000
/** Source: Alertmanager inhibit/inhibit.go, Run. */
const INHIBITOR_COLLECT_MS = 15 * 60_000

/**
 * Alerts on their way from those who send them to receivers, with all that is known of them. Source: Alertmanager
 * cmd/alertmanager/main.go.
 */
export class Alertmanager implements Service {
  readonly name = 'alertmanager'
  readonly alerts: AlertStore
  readonly silences: Silences
  readonly log: NotificationLog
  readonly history: NotificationHistory
  readonly #options: AlertmanagerOptions
  readonly #mutes = new GroupMutes()
  readonly #claims: Claims
  readonly #pipelineMetrics: PipelineMetrics
  readonly #dispatcherMetrics: DispatcherMetrics
  /** What the last flush found of alerts, by their labels; before the first one nothing is. */
  readonly #found = new WeakMap<Labels, 'active' | 'suppressed'>()
  readonly #startedAt: number
  #running: { readonly settings: AlertmanagerSettings; readonly inhibitor: Inhibitor; readonly dispatcher: Dispatcher } | undefined

  private constructor(options: AlertmanagerOptions, silences: Silences, log: NotificationLog, history: NotificationHistory) {
    const { env, alertsPerNameMax, cluster, integrations } = options
    this.#options = options
    this.#startedAt = env.clock.monotonic()
    this.alerts = new AlertStore({ ...env, perNameLimit: alertsPerNameMax })
    this.silences = silences
    this.log = log
    this.history = history
    this.#pipelineMetrics = new PipelineMetrics(env.metrics)
    this.#pipelineMetrics.declare(integrations)
    this.#dispatcherMetrics = new DispatcherMetrics(env.metrics)
    log.onDuplicate(({ idempotencyKey, receiver }) => {
      this.#pipelineMetrics.duplicates.inc({ integration: receiver.integration })
      history.markDuplicate(idempotencyKey)
    })
    silences.connect(cluster.addState(silences))
    log.connect(cluster.addState(log))
    this.#claims = new Claims(env.clock, cluster)
    this.#countAlerts()
  }

  static async open(options: AlertmanagerOptions): Promise<Alertmanager> {
    const { env, dir, retentionMs, silencesMax, silenceBytesMax, logsSilences } = options
    const silences = await Silences.open({
      env,
      path: `${dir}/silences`,
      retentionMs,
      silencesMax,
      silenceBytesMax,
      logsChanges: logsSilences,
    })
    const log = await NotificationLog.open({ env, path: `${dir}/nflog`, retentionMs, member: options.cluster.status().name })
    const history = await NotificationHistory.open({
      env,
      path: `${dir}/notifications.jsonl`,
      recordsMax: options.historyRecordsMax,
      ageMsMax: retentionMs,
    })
    return new Alertmanager(options, silences, log, history)
  }

  /** Goes by other settings from now on: groups are made anew from the alerts that are known. */
  async apply(settings: AlertmanagerSettings): Promise<void> {
    const { env, cluster, dispatchMaintenanceIntervalMs, dispatchStartDelayMs } = this.#options
    await this.#stop()
    const inhibitor = new Inhibitor(settings.inhibitRules, this.alerts)
    const pipeline = createPipeline({
      env,
      cluster,
      claims: this.#claims,
      inhibitor: {
        inhibitedBy: (labels, now) => {
          const inhibitedBy = inhibitor.inhibitedBy(labels, now)
          this.#found.set(labels, inhibitedBy === undefined ? 'active' : 'suppressed')
          return inhibitedBy
        },
      },
      silences: {
        silencedBy: (labels) => {
          const silencedBy = this.silences.silencedBy(labels)
          if (silencedBy.length > 0) this.#found.set(labels, 'suppressed')
          return silencedBy
        },
      },
      intervals: settings.timeIntervals,
      mutes: this.#mutes,
      log: this.log,
      history: this.history,
      metrics: this.#pipelineMetrics,
      receivers: settings.receivers,
      waitMs: () => this.#waitMs(),
    })
    const dispatcher = new Dispatcher({
      ...env,
      alerts: this.alerts,
      route: settings.route,
      pipeline,
      mutes: this.#mutes,
      metrics: this.#dispatcherMetrics,
      timeoutMs: ({ groupIntervalMs }) => Math.max(groupIntervalMs, FLUSH_MS_MIN) + this.#waitMs(),
      startDelayMs: dispatchStartDelayMs - (env.clock.monotonic() - this.#startedAt),
      maintenanceIntervalMs: dispatchMaintenanceIntervalMs,
    })
    this.#running = { settings, inhibitor, dispatcher }
  }

  /** What it goes by; a mistake before `apply`. */
  get settings(): AlertmanagerSettings {
    return this.#current.settings
  }

  /** Alerts that came at `now`, with their ends filled in where they were not told. */
  put(alerts: readonly Alert[], keys?: readonly string[]): void {
    this.alerts.put(alerts, keys)
  }

  receiversOf(labels: Labels): readonly string[] {
    return this.#current.dispatcher.receiversOf(labels)
  }

  groups(takesRoute: (route: Route) => boolean, takesAlert: (alert: Alert) => boolean): readonly AlertGroup[] {
    return this.#current.dispatcher.groups(takesRoute, takesAlert)
  }

  /** Names of the time intervals that keep a group from its receiver. */
  mutedBy({ routeId, groupKey }: AlertGroup): readonly string[] {
    return this.#mutes.get(routeId, groupKey)
  }

  /** What is found out about an alert's labels now. */
  statusOf(labels: Labels): AlertStatus {
    const inhibitedBy = this.#current.inhibitor.inhibitedBy(labels, this.#options.env.clock.now())
    const silencedBy = this.silences.silencedBy(labels)
    const isSuppressed = inhibitedBy !== undefined || silencedBy.length > 0
    return { state: isSuppressed ? 'suppressed' : 'active', silencedBy, inhibitedBy: inhibitedBy === undefined ? [] : [inhibitedBy] }
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const { env, maintenanceIntervalMs, alertsCollectIntervalMs } = this.#options
    const timers = [
      env.clock.setTicker(maintenanceIntervalMs, () => void this.#maintain()),
      env.clock.setTicker(alertsCollectIntervalMs, () => this.alerts.collect()),
      env.clock.setTicker(INHIBITOR_COLLECT_MS, () => this.#running?.inhibitor.collect(env.clock.now())),
    ]
    ready()
    await untilAborted(signal)
    for (const timer of timers) timer.cancel()
    await this.#stop()
    await this.#maintain()
    await Promise.all([this.silences.close(), this.log.close(), this.history.close()])
  }

  /** Lets what is on its way to receivers end, and sends nothing more: before the cluster is left, which is to hear of it. */
  sending(): Service {
    return {
      name: 'notifications',
      run: async (signal, ready) => {
        ready()
        await untilAborted(signal)
        await this.#stop()
      },
    }
  }

  get #current() {
    if (this.#running === undefined) throw new TypeError('no configuration is applied yet')
    return this.#running
  }

  async #stop(): Promise<void> {
    const running = this.#running
    if (running === undefined) return
    running.inhibitor.close()
    await running.dispatcher.stop()
  }

  async #maintain(): Promise<void> {
    await Promise.all([this.silences.maintain(), this.log.maintain()])
  }

  #waitMs(): number {
    return this.#options.cluster.position() * this.#options.peerTimeoutMs
  }

  /** Of the alerts there are now, as the last flush found them: as upstream counts. Source of name and text: Alertmanager provider/mem/mem.go. */
  #countAlerts(): void {
    const { env } = this.#options
    const manager = this
    new Gauge({
      name: 'alertmanager_alerts',
      help: 'How many alerts by state.',
      labelNames: ['state'],
      registers: [env.metrics],
      collect() {
        const counts = { active: 0, suppressed: 0, unprocessed: 0 }
        const now = env.clock.now()
        for (const alert of manager.alerts.all()) {
          if (isResolved(alert, now)) continue
          counts[manager.#found.get(alert.labels) ?? 'unprocessed']++
        }
        for (const [state, count] of Object.entries(counts)) this.set({ state }, count)
      },
    })
  }
}
