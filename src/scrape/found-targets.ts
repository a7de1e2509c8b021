import { errorMessage } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { TargetGroup } from '../discovery/discoverer.ts'
import type { Labels } from '../model/labels.ts'
import type { ScrapeMetrics } from './metrics.ts'
import type { ScrapeConfig } from './scrape-config.ts'
import { discoveredLabels, populateTarget, type Target } from './target-labels.ts'

const NOTHING: ReadonlyMap<TargetGroup, readonly Target[]> = new Map()

/** What a job is to scrape, as its groups say at one time. */
export class FoundTargets {
  readonly #metrics: ScrapeMetrics
  readonly #log: Log
  readonly #config: ScrapeConfig
  /** Groups of the last time that have not changed are the same objects. */
  #before: ReadonlyMap<TargetGroup, readonly Target[]> = NOTHING
  /** Of groups that are all targets, which most are. */
  readonly #made = new Map<TargetGroup, readonly Target[]>()
  /** By their keys. */
  targets = new Map<string, Target>()
  /** As many as keep_dropped_targets keeps. */
  readonly dropped: Labels[] = []
  droppedCount = 0
  discoveredCount = 0

  /** `before`: what was found the last time, of which what is the same is taken. */
  constructor(metrics: ScrapeMetrics, log: Log, config: ScrapeConfig, before: FoundTargets | undefined) {
    this.#metrics = metrics
    this.#log = log
    this.#config = config
    if (before !== undefined && before.#config === config) this.#before = before.#made
  }

  /** Lets go of what only the time of taking over needs. */
  settle(): void {
    this.#before = NOTHING
    this.targets = new Map()
  }

  /** Looks at the groups; may be left for a while, or for good, between any two steps. */
  *take(groups: readonly TargetGroup[]): Iterable<void> {
    for (const group of groups) {
      this.discoveredCount += group.targets.length
      const known = this.#before.get(group)
      const made: Target[] = []
      if (known === undefined) yield* this.#makeTargets(group, made)
      const targets = known ?? made
      if (targets.length === group.targets.length) this.#made.set(group, targets)
      for (const target of targets) this.targets.set(target.key, target)
      yield
    }
  }

  /** Without those that relabeling drops, or of which none can be made. */
  *#makeTargets(group: TargetGroup, targets: Target[]): Iterable<void> {
    const config = this.#config
    for (let i = 0; i < group.targets.length; i++) {
      try {
        const populated = populateTarget(discoveredLabels(group.targets[i], group.labels), config)
        if ('target' in populated) targets.push(populated.target)
        else {
          this.droppedCount++
          if (config.keepDroppedTargets === 0 || this.dropped.length < config.keepDroppedTargets) this.dropped.push(populated.dropped)
        }
      } catch (error) {
        this.#metrics.syncFailed.inc({ scrape_job: config.jobName })
        this.#log.error('target could not be made', { group: group.source, instance: i, error: errorMessage(error) })
      }
      yield
    }
  }
}
