import type { Log } from '../base/log.ts'
import { GroupWatcher } from '../discovery/group-watcher.ts'
import { FoundTargets } from './found-targets.ts'
import { targetLimitMessage } from './limits.ts'
import { ScrapeLoop } from './loop.ts'
import type { ScrapeConfig } from './scrape-config.ts'
import type { ScrapeContext } from './scrape-context.ts'
import type { DroppedTarget, TargetStatus } from './target.ts'
import type { Target } from './target-labels.ts'
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
  /** By the last sync that came so far. */
  #found: FoundTargets | undefined
  #lastSync = -Infinity
  /** Monotonic time until which a reload waits for discoverers that have not spoken. */
  #pendingUntil = -Infinity
  #isReloaded = false
  #isRemoved = false
  /** Of the sync under way: another one is the sign for it to end. */
  #syncNumber = 0
  #isSyncing = false
  /** Something has come since the sync under way began. */
  #hasMore = false

  /** `onEmpty` is called after `remove`, when the last staleness marker has been written. */
  constructor(context: ScrapeContext, config: ScrapeConfig, onEmpty: () => void) {
    this.#context = context
    this.#config = config
    this.#onEmpty = onEmpty
    this.#log = context.log.with({ job: config.jobName })
    this.#watcher = new GroupWatcher(context.env, this.#log, context.metrics.discovery, () => this.#scheduleSync())
    this.#syncTimer = new QueuedTimer(context.timers, () => this.#startSync())
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
    this.#endSync()
    if (!this.#watcher.isPending) {
      this.#startSync()
      return
    }
    this.#pendingUntil = env.clock.monotonic() + PENDING_MS_MAX
    this.#syncTimer.arm(PENDING_MS_MAX)
  }

  /** The job is gone: its series are marked stale as those of targets that go. */
  remove(): void {
    this.#syncTimer.cancel()
    this.#endSync()
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
    this.#endSync()
    const loops = [...this.#retiring.values(), ...[...this.#scraped.values()].map(({ loop }) => loop)]
    await Promise.all([this.#watcher.stop(), ...loops.map((loop) => loop.stop())])
  }

  active(): TargetStatus[] {
    return [...this.#scraped.values()].map(({ loop }) => loop.status())
  }

  /** As many as keep_dropped_targets keeps. */
  dropped(): DroppedTarget[] {
    return (this.#found?.dropped ?? []).map((labels) => ({ discoveredLabels: labels, scrapePool: this.#config.jobName }))
  }

  get droppedCount(): number {
    return this.#found?.droppedCount ?? 0
  }

  #scheduleSync(): void {
    if (this.#isSyncing) {
      this.#hasMore = true
      return
    }
    const now = this.#context.env.clock.monotonic()
    if (this.#watcher.isPending && now < this.#pendingUntil) return
    if (this.#found === undefined && this.#watcher.isComplete) {
      this.#startSync()
      // Of some mechanisms the first word is a part: what comes right after it need not wait as what comes later does.
      this.#lastSync = -Infinity
      return
    }
    const waitMs = this.#lastSync + SYNC_INTERVAL_MS - now
    if (waitMs > SYNC_DELAY_MS) this.#context.metrics.discovery.delayed()
    this.#syncTimer.arm(Math.max(SYNC_DELAY_MS, waitMs))
  }

  /** Few targets are taken over before it returns. */
  #startSync(): void {
    this.#syncTimer.cancel()
    const number = ++this.#syncNumber
    this.#isSyncing = true
    this.#hasMore = false
    void this.#sync(number)
  }

  /** The sync under way stops where it is. What it has done stands, and the next one does all of it. */
  #endSync(): void {
    this.#syncNumber++
    this.#isSyncing = false
  }

  /**
   * Makes loops and targets the same, in turns. All targets are known before the first loop changes: one that has moved to another group is
   * never gone in between.
   */
  async #sync(number: number): Promise<void> {
    const { env, metrics, syncTurns } = this.#context
    const began = env.clock.monotonic()
    this.#lastSync = began
    this.#pendingUntil = -Infinity
    this.#watcher.forgetLeaving()
    syncTurns.begin()
    const goesOn = async () => {
      await syncTurns.rest()
      return number === this.#syncNumber
    }
    const found = new FoundTargets(metrics, this.#log, this.#config, this.#found)
    for (const _ of found.take([...this.#watcher.groups()])) if (syncTurns.isDue() && !(await goesOn())) return
    this.#found = found
    metrics.discovery.sent(this.#config.jobName, found.discoveredCount, env.clock.now())
    const exceeded = targetLimitMessage(found.targets.size, this.#config.targetLimit)
    for (const [key, target] of found.targets) {
      this.#scrape(key, target, exceeded)
      if (syncTurns.isDue() && !(await goesOn())) return
    }
    for (const [key, { target, loop }] of this.#scraped) {
      if (found.targets.has(key)) continue
      this.#scraped.delete(key)
      this.#retire(target, loop)
      if (syncTurns.isDue() && !(await goesOn())) return
    }
    found.settle()
    this.#isReloaded = false
    this.#isSyncing = false
    if (exceeded !== undefined) metrics.exceededTargetLimit.inc()
    const job = { scrape_job: this.#config.jobName }
    metrics.poolTargets.set(job, this.#scraped.size)
    metrics.poolSyncs.inc(job)
    metrics.syncLength.observe(job, (env.clock.monotonic() - began) / 1000)
    if (this.#hasMore) this.#scheduleSync()
  }

  #scrape(key: string, target: Target, forcedError: string | undefined): void {
    const known = this.#scraped.get(key)
    if (known !== undefined) {
      const isTimedAnew = known.target.slots.intervalMs !== target.slots.intervalMs || known.target.timeoutMs !== target.timeoutMs
      if (this.#isReloaded || isTimedAnew) known.loop.reconfigure(target, this.#config)
      else known.loop.refresh(target)
      known.target = target
      known.loop.setForcedError(forcedError)
      return
    }
    const retiring = this.#retiring.get(key)
    if (retiring !== undefined) {
      this.#retiring.delete(key)
      this.#scraped.set(key, { target, loop: retiring })
      retiring.reconfigure(target, this.#config)
      retiring.setForcedError(forcedError)
      retiring.revive()
      return
    }
    const loop: ScrapeLoop = new ScrapeLoop(this.#context, target, this.#config, () => {
      if (this.#retiring.get(key) === loop) this.#retiring.delete(key)
      this.#checkEmpty()
    })
    this.#scraped.set(key, { target, loop })
    loop.setForcedError(forcedError)
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
