import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { ConsumerMetrics } from './consumer-metrics.ts'
import type { DiscovererConfig, TargetGroup } from './discoverer.ts'

interface Watched {
  readonly controller: AbortController
  readonly groups: Map<string, TargetGroup>
  hasYielded: boolean
  hasFailed: boolean
  done: Promise<void>
}

/** Runs the discoverers of one job, or of one set of Alertmanagers, and holds the newest groups of each. */
export class GroupWatcher {
  readonly #env: Env
  readonly #log: Log
  readonly #metrics: ConsumerMetrics
  readonly #onChange: () => void
  #running = new Map<string, Watched>()
  /** Their discoverers have been replaced; their targets stay until those that replace them have spoken. */
  #leaving: Watched[] = []

  constructor(env: Env, log: Log, metrics: ConsumerMetrics, onChange: () => void) {
    this.#env = env
    this.#log = log
    this.#metrics = metrics
    this.#onChange = onChange
  }

  /** Goes over to a configuration: a mechanism that is configured as before goes on and keeps what it found. */
  apply(configs: readonly DiscovererConfig[]): void {
    const before = this.#running
    this.#running = new Map()
    for (const config of configs) {
      let key = `${config.mechanism}\xff${config.fingerprint}`
      while (this.#running.has(key)) key += '\xff'
      this.#running.set(key, before.get(key) ?? this.#start(config))
      before.delete(key)
    }
    for (const watched of before.values()) {
      this.#end(watched)
      this.#leaving.push(watched)
    }
  }

  /** Whether a discoverer may yet say its first word. */
  get isPending(): boolean {
    for (const watched of this.#running.values()) if (!watched.hasYielded && !watched.hasFailed) return true
    return false
  }

  /** Whether all discoverers have said their first word, and something was found. */
  get isComplete(): boolean {
    for (const watched of this.#running.values()) if (watched.groups.size > 0) return !this.isPending
    return false
  }

  /** Lets go of what replaced discoverers had found. */
  forgetLeaving(): void {
    this.#leaving = []
  }

  *groups(): Iterable<TargetGroup> {
    for (const watched of this.#running.values()) yield* watched.groups.values()
    for (const watched of this.#leaving) yield* watched.groups.values()
  }

  /** Ends all discoverers; resolves when they have ended. */
  async stop(): Promise<void> {
    const all = [...this.#running.values()]
    for (const watched of all) this.#end(watched)
    this.#running.clear()
    this.#leaving = []
    await Promise.all(all.map((watched) => watched.done))
  }

  #end(watched: Watched): void {
    watched.controller.abort()
    if (watched.hasFailed) this.#metrics.failureGone()
  }

  #start(config: DiscovererConfig): Watched {
    const watched: Watched = {
      controller: new AbortController(),
      groups: new Map(),
      hasYielded: false,
      hasFailed: false,
      done: Promise.resolve(),
    }
    watched.done = this.#watch(config, watched)
    return watched
  }

  async #watch(config: DiscovererConfig, watched: Watched): Promise<void> {
    const { signal } = watched.controller
    try {
      for await (const groups of config.create(this.#env).watch(signal)) {
        if (signal.aborted) return
        this.#metrics.received()
        for (const group of groups) {
          if (group.targets.length === 0) watched.groups.delete(group.source)
          else watched.groups.set(group.source, group)
        }
        watched.hasYielded = true
        this.#onChange()
      }
    } catch (error) {
      if (signal.aborted) return
      watched.hasFailed = true
      this.#metrics.failed()
      this.#log.error('discovery ended', { mechanism: config.mechanism, error: errorMessage(error) })
      this.#onChange()
    }
  }
}
