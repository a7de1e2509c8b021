// One target's scrapes, slot after slot.
//
// 1. At most one scrape of a target is under way, and its page, its report and its staleness markers are one batch.
// 2. A new configuration is taken over between two scrapes only.

import { AssertionFailure } from '../base/assert.ts'
import { CodedError, errorMessage } from '../base/errors.ts'
import { formatDuration } from '../model/duration.ts'
import type { Timestamp } from '../model/time.ts'
import { BodySizeError } from './body-buffer.ts'
import { BODY_BYTES_MAX } from './limits.ts'
import { ReportSeries } from './report.ts'
import { ScrapeClient, type ScrapedPage, ScrapeError } from './scrape-client.ts'
import type { ScrapeConfig } from './scrape-config.ts'
import type { ScrapeContext } from './scrape-context.ts'
import { acceptHeader } from './scrape-protocol.ts'
import { type SlotStart, slotFrom, slotSlackMs, startOfSlot } from './slots.ts'
import type { TargetHealth, TargetStatus } from './target.ts'
import type { Target } from './target-labels.ts'
import { TargetPage } from './target-page.ts'
import { QueuedTimer } from './timer-queue.ts'

type Phase = 'idle' | 'waiting' | 'scraping' | 'retiring' | 'ended'

export class ScrapeLoop {
  readonly #context: ScrapeContext
  readonly #timer: QueuedTimer
  readonly #onRetired: () => void
  #target: Target
  #config: ScrapeConfig
  #client: ScrapeClient
  #intervalText: string
  /** What `reconfigure` left for the end of the scrape under way. */
  #next: { readonly target: Target; readonly config: ScrapeConfig } | undefined
  #phase: Phase = 'idle'
  #scrape: Promise<void> = Promise.resolve()
  #retires = false
  /** It has waited for its turn among the first scrapes. */
  #hasTurn = false
  /** The slot that is waited for or under way. */
  #slot: Timestamp = 0
  #lastTimestamp: Timestamp = 0
  #lastStart = 0

  readonly #page: TargetPage
  readonly #report = new ReportSeries()
  /** Why every scrape fails without being tried. */
  #forcedError: string | undefined

  #health: TargetHealth = 'unknown'
  #lastError = ''
  #lastScrape = 0
  #lastScrapeDurationMs = 0

  /** `onRetired` is called once after `retire`, when the staleness markers have been written. */
  constructor(context: ScrapeContext, target: Target, config: ScrapeConfig, onRetired: () => void) {
    this.#context = context
    this.#page = new TargetPage(context)
    this.#target = target
    this.#config = config
    this.#onRetired = onRetired
    this.#client = this.#makeClient()
    this.#intervalText = formatDuration(target.slots.intervalMs)
    this.#timer = new QueuedTimer(context.timers, () => this.#wake())
  }

  status(): TargetStatus {
    const target = this.#next?.target ?? this.#target
    return {
      discoveredLabels: target.discoveredLabels,
      labels: target.labels,
      scrapePool: this.#config.jobName,
      scrapeUrl: target.url.text,
      lastError: this.#lastError,
      lastScrape: this.#lastScrape,
      lastScrapeDurationMs: this.#lastScrapeDurationMs,
      health: this.#health,
      scrapeIntervalMs: target.slots.intervalMs,
      scrapeTimeoutMs: target.timeoutMs,
      metadata: this.#page.metadata,
    }
  }

  start(): void {
    this.#waitFrom(this.#context.env.clock.now())
  }

  setForcedError(message: string | undefined): void {
    this.#forcedError = message
  }

  /** The same target as discovered anew: only what is shown can differ. */
  refresh(target: Target): void {
    if (this.#next === undefined) this.#target = target
    else this.#next = { ...this.#next, target }
  }

  /** Goes on with a changed configuration; series that it no longer yields are marked stale with the next scrape. */
  reconfigure(target: Target, config: ScrapeConfig): void {
    this.#next = { target, config }
    if (this.#phase !== 'scraping') this.#takeOver()
  }

  /** The target is gone: scrapes no more; marks its series stale when it has not come back for a while. */
  retire(): void {
    this.#retires = true
    if (this.#phase !== 'scraping') this.#beginRetirement()
  }

  /** The target is back before its series were marked stale. */
  revive(): void {
    if (!this.#retires) return
    this.#retires = false
    if (this.#phase === 'retiring') this.#waitFrom(this.#context.env.clock.now())
  }

  /** Ends at once and leaves no markers: the process stops and will go on where it was. Resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#phase = 'ended'
    this.#timer.cancel()
    this.#client.abort(new ScrapeError('shutting down'))
    await this.#scrape
  }

  #makeClient(): ScrapeClient {
    const { http, enableCompression, bodyBytesMax, scrapeProtocols, nameEscaping } = this.#config
    return new ScrapeClient(this.#context, {
      url: this.#target.url,
      http,
      accept: acceptHeader(scrapeProtocols, nameEscaping),
      enableCompression,
      timeoutMs: this.#target.timeoutMs,
      bodyBytesMax: bodyBytesMax > 0 ? bodyBytesMax : BODY_BYTES_MAX,
    })
  }

  #takeOver(): void {
    if (this.#next === undefined) return
    this.#client.abort(new ScrapeError('the configuration has changed'))
    this.#target = this.#next.target
    this.#config = this.#next.config
    this.#next = undefined
    this.#client = this.#makeClient()
    this.#intervalText = formatDuration(this.#target.slots.intervalMs)
    this.#page.readAnew()
    if (this.#phase === 'waiting') this.#waitFrom(this.#context.env.clock.now())
  }

  /** Waits for the first slot from `now` on. */
  #waitFrom(now: number): void {
    this.#waitFor(slotFrom(this.#target.slots, now))
  }

  #waitFor(slot: Timestamp): void {
    this.#phase = 'waiting'
    this.#slot = slot
    const { slots } = this.#target
    this.#timer.arm(Math.max(0, slot - this.#context.env.clock.now()), slotSlackMs(slots.intervalMs))
  }

  #wake(): void {
    if (this.#phase === 'retiring') {
      this.#scrape = this.#endRetirement()
      return
    }
    const { env, metrics, firstScrapes } = this.#context
    if (this.#page.isEmpty && !this.#hasTurn) {
      const { intervalMs } = this.#target.slots
      const delayMs = firstScrapes.delayMs(intervalMs)
      this.#hasTurn = delayMs > 0
      if (this.#hasTurn) {
        this.#timer.arm(delayMs, slotSlackMs(intervalMs))
        return
      }
    }
    this.#hasTurn = false
    const now = env.clock.now()
    const start = startOfSlot(this.#target.slots, this.#slot, now)
    if (start.missedCount > 0) metrics.slotsMissed.inc(start.missedCount)
    if (start.nominal === undefined) {
      this.#waitFrom(now)
      return
    }
    metrics.lateness.observe(Math.max(0, now - start.nominal) / 1000)
    this.#slot = start.nominal
    this.#phase = 'scraping'
    this.#scrape = this.#scrapeSlot(start, now)
  }

  async #scrapeSlot(start: SlotStart, now: number): Promise<void> {
    const { env, metrics, log, failureLogs } = this.#context
    const began = env.clock.monotonic()
    if (this.#lastStart > 0) metrics.intervalLength.observe({ interval: this.#intervalText }, (began - this.#lastStart) / 1000)
    this.#lastStart = began
    this.#lastScrape = Math.floor(now)
    let page: ScrapedPage | undefined
    let error: unknown = this.#forcedError === undefined ? undefined : new ScrapeError(this.#forcedError)
    if (error === undefined) {
      try {
        page = await this.#client.scrape()
      } catch (cause) {
        error = cause
        const failure = { message: errorMessage(cause), job: this.#config.jobName, target: this.#target.url.text }
        if (!this.#hasEnded()) failureLogs.write(this.#config.failureLogFile, failure)
      }
    }
    const opening = this.#context.opening.wait(this.#target.slots.intervalMs)
    if (opening !== undefined) await opening
    try {
      // Told to stop while it was fetched: what came is not stored, and nothing is marked stale.
      if (!this.#hasEnded()) await this.#store(start.timestamp, began, page, error)
    } catch (cause) {
      if (cause instanceof AssertionFailure) throw cause
      this.#lastError = errorMessage(cause)
      metrics.notStored.inc()
      // That the storage takes nothing it says itself, once and not for every target.
      const isKnown = cause instanceof CodedError && cause.code === 'unavailable'
      const fields = { target: this.#target.url.text, job: this.#config.jobName, error: this.#lastError }
      if (isKnown) log.debug('scrape not stored', fields)
      else log.error('scrape commit failed', fields)
    } finally {
      page?.body.release()
    }
    this.#lastTimestamp = start.timestamp
    this.#goOn()
  }

  #hasEnded(): boolean {
    return this.#phase === 'ended'
  }

  #goOn(): void {
    if (this.#phase === 'ended') return
    this.#phase = 'idle'
    if (this.#retires) {
      this.#beginRetirement()
      return
    }
    if (this.#next === undefined) {
      this.#waitFor(this.#slot + this.#target.slots.intervalMs)
      return
    }
    this.#takeOver()
    this.#waitFrom(this.#context.env.clock.now())
  }

  /** Stores what a scrape brought, or that it failed, and the report. Rejects when the storage could not take it. */
  async #store(timestamp: Timestamp, began: number, scraped: ScrapedPage | undefined, failure: unknown): Promise<void> {
    const { env, appendable, commits, features } = this.#context
    const bodyBytes = scraped?.body.length ?? (failure instanceof BodySizeError ? -1 : 0)
    const scrape = { target: this.#target, config: this.#config, timestamp, page: scraped, error: failure }
    const taken = await this.#page.take(appendable, scrape, () => this.#hasEnded())
    if (taken === undefined) return
    const { appender, error, counts } = taken
    try {
      const durationMs = env.clock.monotonic() - began
      this.#note(error, durationMs)
      const { scrapedCount, addedCount, seriesAddedCount } = counts
      const { extraMetrics, sampleLimit } = this.#config
      const extra = extraMetrics || features.extraMetrics ? { timeoutMs: this.#target.timeoutMs, sampleLimit, bodyBytes } : undefined
      const report = { isUp: error === undefined, durationMs, scrapedCount, addedCount, seriesAddedCount, extra }
      this.#report.append(appender, timestamp, this.#target.labels, report, features.metadata)
    } catch (cause) {
      appender.rollback()
      throw cause
    }
    // What waits for the storage is the samples.
    scraped?.body.release()
    await commits.commit(appender)
  }

  #note(error: unknown, durationMs: number): void {
    this.#health = error === undefined ? 'up' : 'down'
    this.#lastError = error === undefined ? '' : errorMessage(error)
    this.#lastScrapeDurationMs = durationMs
    if (error !== undefined) {
      this.#context.log.debug('scrape failed', { target: this.#target.url.text, job: this.#config.jobName, error: this.#lastError })
    }
  }

  /**
   * Waits until a target that only flaps, or that another configuration scrapes from now on, would have new samples: the markers
   * carry the time of the next slot and are then refused as too old. Source: Prometheus scrape/scrape.go, endOfRunStaleness.
   */
  #beginRetirement(): void {
    this.#timer.cancel()
    const { intervalMs } = this.#target.slots
    const { env } = this.#context
    if (this.#lastTimestamp === 0) {
      this.#phase = 'ended'
      this.#onRetired()
      return
    }
    this.#phase = 'retiring'
    this.#slot = slotFrom(this.#target.slots, Math.max(env.clock.now(), this.#lastTimestamp + 1))
    this.#timer.arm(Math.max(0, this.#slot - env.clock.now()) + intervalMs * 1.1)
  }

  async #endRetirement(): Promise<void> {
    this.#phase = 'ended'
    const { appendable, log } = this.#context
    try {
      const appender = appendable.appender()
      try {
        this.#page.markStale(appender, this.#slot)
        this.#report.markStale(appender, this.#slot)
      } catch (cause) {
        appender.rollback()
        throw cause
      }
      await appender.commit()
    } catch (cause) {
      log.error('staleness markers were not stored', {
        target: this.#target.url.text,
        job: this.#config.jobName,
        error: errorMessage(cause),
      })
    }
    this.#client.abort(new ScrapeError('the target is gone'))
    this.#onRetired()
  }
}
