import { errorMessage } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { TargetGroup } from '../discovery/discoverer.ts'
import { GroupWatcher } from '../discovery/group-watcher.ts'
import type { Labels } from '../model/labels.ts'
import { targetLimitMessage } from './limits.ts'
import { type ScrapeContext, ScrapeLoop } from './loop.ts'
import type { ScrapeConfig } from './scrape-config.ts'
import type { DroppedTarget, TargetStatus } from './target.ts'
import { discoveredLabels, populateTarget, type Target } from './target-labels.ts'
import { QueuedTimer } from './timer-queue.ts'

/** Changes that come together are taken over together. */
const SYNC_DELAY_MS = 20
const SYNC_INTERVAL_MS = 1000
/** How long a reload waits for new discoverers before the targets of the old ones go. */
const PENDING_MS_MAX = 5000

interface Scraped {
  target: Target
  readonly loop: ScrapeLoop
}

/** The targets of one job and their loops. */
export class ScrapePool {
  readonly #context: ScrapeContext
  readonly #log: Log
  readonly #watcher: GroupWatcher
  readonly #syncTimer: QueuedTimer
  readonly #onEmpty: () => void
  #config: ScrapeConfig
  readonly #scraped = new Map<string, Scraped>()
  /** Gone, and waiting for their staleness markers; some come back before. */
  readonly #retiring = new Map<string, ScrapeLoop>()
  /** Of groups that are all targets, which most are. Groups that have not changed are the same objects. */
  #made = new Map<TargetGroup, readonly Target[]>()
  /** What they were made for. */
  #madeFor: ScrapeConfig | undefined
  #dropped: Labels[] = []
  #droppedCount = 0
  #lastSync = -Infinity
  /** Monotonic time until which a reload waits for discoverers that have not spoken. */
  #pendingUntil = -Infinity
  #isReloaded = false
  #isRemoved = false

  /** `onEmpty` is called after `remove`, when the last staleness marker has been written. */
  constructor(context: ScrapeContext, config: ScrapeConfig, onEmpty: () => void) {
    this.#context = context
    this.#config = config
    this.#onEmpty = onEmpty
    this.#log = context.log.with({ job: config.jobName })
    this.#watcher = new GroupWatcher(context.env, this.#log, context.metrics.discovery, () => this.#scheduleSync())
    this.#syncTimer = new QueuedTimer(context.timers, () => this.#sync())
    context.metrics.poolsTotal.inc()
    context.metrics.poolTargetLimit.set({ scrape_job: config.jobName }, config.targetLimit)
    this.#watcher.apply(config.discoverers)
    // Nobody will speak up: the job is complete as it is.
    if (config.discoverers.length === 0) this.#scheduleSync()
  }

  get config(): ScrapeConfig {
    return this.#config
  }

  /** Goes over to a changed configuration of the same job; loops of targets that stay go on in their slots. */
  reload(config: ScrapeConfig): void {
    const { metrics, env } = this.#context
    this.#config = config
    this.#isReloaded = true
    metrics.poolReloads.inc()
    metrics.poolTargetLimit.set({ scrape_job: config.jobName }, config.targetLimit)
    this.#watcher.apply(config.discoverers)
    if (!this.#watcher.isPending) {
      this.#sync()
      return
    }
    this.#pendingUntil = env.clock.monotonic() + PENDING_MS_MAX
    this.#syncTimer.arm(PENDING_MS_MAX)
  }

  /** The job is gone: its series are marked stale as those of targets that go. */
  remove(): void {
    this.#syncTimer.cancel()
    // A discoverer that is slow to end holds nothing up; what it would still find is not asked for any more.
    void this.#watcher.stop()
    for (const { target, loop } of this.#scraped.values()) this.#retire(target, loop)
    this.#scraped.clear()
    const { metrics } = this.#context
    const job = { scrape_job: this.#config.jobName }
    metrics.poolTargets.remove(job)
    metrics.poolTargetLimit.remove(job)
    metrics.poolSyncs.remove(job)
    metrics.syncFailed.remove(job)
    metrics.syncLength.remove(job)
    metrics.discovery.forget(this.#config.jobName)
    this.#isRemoved = true
    this.#checkEmpty()
  }

  /** The process stops: no markers. Resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#syncTimer.cancel()
    const loops = [...this.#retiring.values(), ...[...this.#scraped.values()].map(({ loop }) => loop)]
    await Promise.all([this.#watcher.stop(), ...loops.map((loop) => loop.stop())])
  }

  active(): TargetStatus[] {
    return [...this.#scraped.values()].map(({ loop }) => loop.status())
  }

  /** As many as keep_dropped_targets keeps. */
  dropped(): DroppedTarget[] {
    return this.#dropped.map((labels) => ({ discoveredLabels: labels, scrapePool: this.#config.jobName }))
  }

  get droppedCount(): number {
    return this.#droppedCount
  }

  #scheduleSync(): void {
    const now = this.#context.env.clock.monotonic()
    if (this.#watcher.isPending && now < this.#pendingUntil) return
    const waitMs = this.#lastSync + SYNC_INTERVAL_MS - now
    if (waitMs > SYNC_DELAY_MS) this.#context.metrics.discovery.delayed()
    this.#syncTimer.arm(Math.max(SYNC_DELAY_MS, waitMs))
  }

  /** Makes loops and targets the same. */
  #sync(): void {
    const { env, metrics } = this.#context
    const began = env.clock.monotonic()
    this.#lastSync = began
    this.#pendingUntil = -Infinity
    this.#watcher.forgetLeaving()
    const found = this.#findTargets()
    for (const [key, target] of found) this.#scrape(key, target)
    for (const [key, { target, loop }] of this.#scraped) {
      if (found.has(key)) continue
      this.#scraped.delete(key)
      this.#retire(target, loop)
    }
    this.#isReloaded = false
    const exceeded = targetLimitMessage(this.#scraped.size, this.#config.targetLimit)
    if (exceeded !== undefined) metrics.exceededTargetLimit.inc()
    for (const { loop } of this.#scraped.values()) loop.setForcedError(exceeded)
    const job = { scrape_job: this.#config.jobName }
    metrics.poolTargets.set(job, this.#scraped.size)
    metrics.poolSyncs.inc(job)
    metrics.syncLength.observe(job, (env.clock.monotonic() - began) / 1000)
  }

  #findTargets(): Map<string, Target> {
    const { metrics } = this.#context
    const found = new Map<string, Target>()
    const config = this.#config
    this.#dropped = []
    this.#droppedCount = 0
    let discoveredCount = 0
    const before = this.#madeFor === config ? this.#made : undefined
    this.#made = new Map()
    this.#madeFor = config
    for (const group of this.#watcher.groups()) {
      discoveredCount += group.targets.length
      const targets = before?.get(group) ?? this.#makeTargets(group)
      if (targets.length === group.targets.length) this.#made.set(group, targets)
      for (const target of targets) found.set(target.key, target)
    }
    metrics.discovery.sent(config.jobName, discoveredCount, this.#context.env.clock.now())
    return found
  }

  /** Without those that relabeling drops, or of which none can be made. */
  #makeTargets(group: TargetGroup): readonly Target[] {
    const config = this.#config
    const targets: Target[] = []
    for (let i = 0; i < group.targets.length; i++) {
      try {
        const populated = populateTarget(discoveredLabels(group.targets[i], group.labels), config)
        if ('target' in populated) targets.push(populated.target)
        else {
          this.#droppedCount++
          if (config.keepDroppedTargets === 0 || this.#dropped.length < config.keepDroppedTargets) this.#dropped.push(populated.dropped)
        }
      } catch (error) {
        this.#context.metrics.syncFailed.inc({ scrape_job: config.jobName })
        this.#log.error('target could not be made', { group: group.source, instance: i, error: errorMessage(error) })
      }
    }
    return targets
  }

  #scrape(key: string, target: Target): void {
    const known = this.#scraped.get(key)
    if (known !== undefined) {
      const isTimedAnew = known.target.slots.intervalMs !== target.slots.intervalMs || known.target.timeoutMs !== target.timeoutMs
      if (this.#isReloaded || isTimedAnew) known.loop.reconfigure(target, this.#config)
      else known.loop.refresh(target)
      known.target = target
      return
    }
    const retiring = this.#retiring.get(key)
    if (retiring !== undefined) {
      this.#retiring.delete(key)
      this.#scraped.set(key, { target, loop: retiring })
      retiring.reconfigure(target, this.#config)
      retiring.revive()
      return
    }
    const loop: ScrapeLoop = new ScrapeLoop(this.#context, target, this.#config, () => {
      if (this.#retiring.get(key) === loop) this.#retiring.delete(key)
      this.#checkEmpty()
    })
    this.#scraped.set(key, { target, loop })
    loop.start()
  }

  #retire(target: Target, loop: ScrapeLoop): void {
    this.#retiring.set(target.key, loop)
    loop.retire()
  }

  #checkEmpty(): void {
    if (this.#isRemoved && this.#retiring.size === 0) this.#onEmpty()
  }
}
