import type { Env } from '../base/env.ts'
import { untilAborted } from '../base/service.ts'
import { ConsumerMetrics } from '../discovery/consumer-metrics.ts'
import type { PostableAlert } from '../model/alert.ts'
import { Labels } from '../model/labels.ts'
import type { AlertingConfig, AlertmanagerConfig } from './alerting-config.ts'
import { AlertmanagerSet, type SetContext } from './alertmanager-set.ts'
import { NotifierMetrics } from './notifier-metrics.ts'
import { encodeAlert, relabelAlerts } from './outgoing-alerts.ts'
import type { QueueOptions } from './send-loop.ts'

/** Tells Alertmanagers of alerts. Source: Prometheus notifier/manager.go. */
export class Notifier {
  readonly #context: SetContext
  #config: AlertingConfig = { externalLabels: Labels.empty, alertRelabelConfigs: [], alertmanagers: [] }
  #sets: readonly AlertmanagerSet[] = []
  /** Of sets, in metrics of discovery: one may pass from a set to another. */
  #names: ReadonlySet<string> = new Set()
  /** Sets that are configured no more, until what waited in them is sent. */
  readonly #ending = new Set<Promise<void>>()
  #isRunning = false
  #isStopped = false

  constructor(env: Env, queue: QueueOptions) {
    this.#context = {
      env,
      log: env.log.with({ component: 'notifier' }),
      metrics: new NotifierMetrics(env.metrics),
      discovery: new ConsumerMetrics(env.metrics, 'notify'),
      queue,
    }
  }

  /** From now on this is the configuration. A set that is configured as before goes on; one that is configured anew keeps its queues. */
  apply(config: AlertingConfig): void {
    this.#config = config
    if (this.#isRunning) this.#adjust()
  }

  /** Until the signal aborts; then what waits is sent. */
  async run(signal: AbortSignal): Promise<void> {
    this.#isRunning = true
    this.#adjust()
    await untilAborted(signal)
    this.#isStopped = true
    for (const set of this.#sets) this.#end(set)
    await Promise.all(this.#ending)
  }

  /** Takes alerts that are to be told. Returns at once. */
  send(alerts: readonly PostableAlert[]): void {
    if (this.#isStopped || this.#sets.length === 0) return
    const { alertRelabelConfigs, externalLabels } = this.#config
    const outgoing = relabelAlerts(alerts, alertRelabelConfigs, externalLabels)
    const texts = outgoing.map(encodeAlert)
    for (const set of this.#sets) set.send(outgoing, texts)
  }

  active(): readonly string[] {
    return this.#sets.flatMap((set) => set.active())
  }

  dropped(): readonly string[] {
    return this.#sets.flatMap((set) => set.dropped())
  }

  #adjust(): void {
    const before = new Set(this.#sets)
    const take = (isSame: (config: AlertmanagerConfig) => boolean): AlertmanagerSet | undefined => {
      const found = [...before].find(({ config }) => isSame(config))
      if (found !== undefined) before.delete(found)
      return found
    }
    const wanted = this.#config.alertmanagers
    const same = wanted.map((config) => take(({ fingerprint }) => fingerprint === config.fingerprint))
    this.#sets = wanted.map((config, index) => {
      const set = same[index] ?? take(({ name }) => name === config.name)
      if (set === undefined) return new AlertmanagerSet(this.#context, config)
      if (set.config.fingerprint !== config.fingerprint || set.config.name !== config.name) set.reload(config)
      return set
    })
    for (const set of before) this.#end(set)
    const names = new Set(wanted.map(({ name }) => name))
    for (const name of this.#names) if (!names.has(name)) this.#context.discovery.forget(name)
    this.#names = names
  }

  #end(set: AlertmanagerSet): void {
    const ended = set.stop().then(() => void this.#ending.delete(ended))
    this.#ending.add(ended)
  }
}
