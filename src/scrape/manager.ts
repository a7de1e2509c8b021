import type { Env } from '../base/env.ts'
import { type Service, untilAborted } from '../base/service.ts'
import { HttpClients } from '../http-client/clients.ts'
import type { RelabelConfig } from '../model/relabel.ts'
import type { Appendable } from '../storage/appender.ts'
import { BufferPool } from './body-buffer.ts'
import { CommitGroup } from './commit-group.ts'
import { FailureLogs } from './failure-log.ts'
import { FirstScrapes } from './first-scrapes.ts'
import { BODIES_BYTES_MAX } from './limits.ts'
import { scrapeMetrics } from './metrics.ts'
import { MetadataPool } from './page-metadata.ts'
import { PageTexts } from './page-texts.ts'
import { ScrapePool } from './pool.ts'
import type { ScrapeConfig } from './scrape-config.ts'
import type { ScrapeContext } from './scrape-context.ts'
import { type ScrapeFeatures, scrapeFeatures } from './scrape-features.ts'
import { PageBuilders } from './series-page.ts'
import { StorageOpening } from './storage-opening.ts'
import { SyncTurns } from './sync-turns.ts'
import type { DroppedTarget, TargetStatus, TargetsView } from './target.ts'
import { TimerQueue } from './timer-queue.ts'

export interface ScrapeManagerOptions {
  readonly env: Env
  /** Where samples go: one appender a scrape. */
  readonly appendable: Appendable
  /** Resolves when `appendable` takes samples. What is scraped before waits for it. Default: it takes them. */
  readonly open?: Promise<void>
  /** Of this program; part of the User-Agent. */
  readonly version: string
  /** Default: none is asked for. */
  readonly features?: ScrapeFeatures
  /** Whether the process has something more urgent to do than first scrapes of targets. Default: it never has. */
  readonly isBusy?: () => boolean
}

/** Scrapes what the configuration says, from `run` until its signal aborts. */
export interface ScrapeManager extends Service, TargetsView {
  /**
   * Takes over `scrape_configs`: at the start and at each reload. A job whose fingerprint is the same is not touched;
   * a job that is gone has its series marked stale.
   */
  apply(configs: readonly ScrapeConfig[]): void
}

/** One manager an Env: its metrics are registered once. */
export function createScrapeManager(options: ScrapeManagerOptions): ScrapeManager {
  return new Manager(options)
}

class Manager implements ScrapeManager {
  readonly name = 'scrape manager'
  readonly #context: ScrapeContext
  #configs: readonly ScrapeConfig[] = []
  #isRunning = false
  readonly #pools = new Map<string, ScrapePool>()
  /** Pools of jobs that are gone, until their staleness markers are written. */
  readonly #leaving = new Set<ScrapePool>()

  constructor({ env, appendable, open, version, features = scrapeFeatures(new Set()), isBusy = () => false }: ScrapeManagerOptions) {
    const log = env.log.with({ component: 'scrape' })
    const timers = new TimerQueue(env.clock)
    const salt = Math.floor(env.random.next() * 2 ** 32)
    this.#context = {
      env,
      timers,
      commits: new CommitGroup(timers),
      firstScrapes: new FirstScrapes(env.clock, isBusy),
      syncTurns: new SyncTurns(env.clock),
      texts: new PageTexts(salt),
      builders: new PageBuilders(),
      buffers: new BufferPool(BODIES_BYTES_MAX),
      clients: new HttpClients(env),
      opening: new StorageOpening(env.clock, open),
      userAgent: `Promontory/${version}`,
      appendable,
      metrics: scrapeMetrics(env.metrics),
      metadata: new MetadataPool(),
      features,
      failureLogs: new FailureLogs(env, log),
      log,
      salt,
    }
  }

  apply(configs: readonly ScrapeConfig[]): void {
    this.#configs = configs
    if (this.#isRunning) this.#adjust()
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    this.#isRunning = true
    this.#adjust()
    ready()
    await untilAborted(signal)
    this.#isRunning = false
    this.#context.opening.end()
    const pools = [...this.#pools.values(), ...this.#leaving]
    this.#pools.clear()
    this.#leaving.clear()
    await Promise.all(pools.map((pool) => pool.stop()))
    await this.#context.failureLogs.close()
  }

  active(): readonly TargetStatus[] {
    return [...this.#pools.values()].flatMap((pool) => pool.active())
  }

  dropped(): readonly DroppedTarget[] {
    return [...this.#pools.values()].flatMap((pool) => pool.dropped())
  }

  droppedCounts(): ReadonlyMap<string, number> {
    return new Map([...this.#pools].map(([job, pool]) => [job, pool.droppedCount]))
  }

  relabelConfigs(scrapePool: string): readonly RelabelConfig[] | undefined {
    return this.#pools.get(scrapePool)?.config.relabelConfigs
  }

  #adjust(): void {
    this.#context.failureLogs.open(this.#configs.map(({ failureLogFile }) => failureLogFile))
    const wanted = new Map(this.#configs.map((config) => [config.jobName, config]))
    for (const [job, pool] of this.#pools) {
      if (wanted.has(job)) continue
      this.#pools.delete(job)
      this.#leaving.add(pool)
      pool.remove()
    }
    for (const [job, config] of wanted) {
      const pool = this.#pools.get(job)
      if (pool === undefined) this.#start(config)
      else if (pool.config.fingerprint !== config.fingerprint) pool.reload(config)
    }
  }

  #start(config: ScrapeConfig): void {
    const pool: ScrapePool = new ScrapePool(this.#context, config, () => void this.#leaving.delete(pool))
    this.#pools.set(config.jobName, pool)
  }
}
