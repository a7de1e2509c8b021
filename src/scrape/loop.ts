// One target's scrapes, slot after slot.
//
// 1. At most one scrape of a target is under way, and its page, its report and its staleness markers are one batch.
// 2. `#live` says whether the series of `#page` are current in the storage: a failed scrape marks them stale and clears it.
// 3. A new configuration is taken over between two scrapes only.

import { AssertionFailure } from '../base/assert.ts'
import { CodedError, errorMessage } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { type PageFormat, pageParserFor } from '../exposition/page-formats.ts'
import { formatDuration } from '../model/duration.ts'
import type { Timestamp } from '../model/time.ts'
import type { Appendable, Appender } from '../storage/appender.ts'
import { BodySizeError } from './body-buffer.ts'
import type { CommitGroup } from './commit-group.ts'
import { pageFormat } from './content-type.ts'
import type { FailureLogs } from './failure-log.ts'
import type { FirstScrapes } from './first-scrapes.ts'
import { BODY_BYTES_MAX, BucketLimitError, SampleLimitError } from './limits.ts'
import type { ScrapeMetrics } from './metrics.ts'
import { markStale, PageIngest } from './page-ingest.ts'
import { type MetadataPool, NO_METADATA, type PageMetadata } from './page-metadata.ts'
import type { PageTexts } from './page-texts.ts'
import { ReportSeries } from './report.ts'
import type { SampleAppender } from './sample-appender.ts'
import { LabelLimitError } from './sample-labels.ts'
import { ScrapeClient, type ScrapeClientContext, type ScrapedPage, ScrapeError } from './scrape-client.ts'
import type { ScrapeConfig } from './scrape-config.ts'
import type { ScrapeFeatures } from './scrape-features.ts'
import { acceptHeader } from './scrape-protocol.ts'
import { EMPTY_PAGE, type PageBuilders, type SeriesPage } from './series-page.ts'
import { type SlotStart, slotFrom, slotSlackMs, startOfSlot } from './slots.ts'
import type { StorageOpening } from './storage-opening.ts'
import type { SyncTurns } from './sync-turns.ts'
import type { TargetHealth, TargetStatus } from './target.ts'
import type { Target } from './target-labels.ts'
import { QueuedTimer } from './timer-queue.ts'

/** What all loops of a process share. */
export interface ScrapeContext extends ScrapeClientContext {
  readonly appendable: Appendable
  readonly opening: StorageOpening
  readonly commits: CommitGroup
  readonly firstScrapes: FirstScrapes
  readonly syncTurns: SyncTurns
  readonly texts: PageTexts
  readonly builders: PageBuilders
  readonly metrics: ScrapeMetrics
  readonly metadata: MetadataPool
  readonly features: ScrapeFeatures
  readonly failureLogs: FailureLogs
  readonly log: Log
  /** Salts hashes of what targets send. */
  readonly salt: number
}

/** What is read between two breaths of the event loop: some 2 ms for known series, some 20 ms for new ones. */
const BYTES_PER_TURN = 1 << 20

const NOTHING = { scrapedCount: 0, addedCount: 0, seriesAddedCount: 0 }

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

  #page: SeriesPage = EMPTY_PAGE
  #metadata: PageMetadata = NO_METADATA
  #live = false
  #format: PageFormat | undefined
  /** The page was made under another configuration, or is in another format: good for staleness only. */
  #pageIsForeign = false
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
      metadata: this.#metadata,
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
    this.#pageIsForeign = true
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
    if (this.#page === EMPTY_PAGE && !this.#hasTurn) {
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
  async #store(timestamp: Timestamp, began: number, page: ScrapedPage | undefined, error: unknown): Promise<void> {
    const { env, appendable, metrics, features } = this.#context
    let appender = appendable.appender()
    let counts = NOTHING
    const bodyBytes = page?.body.length ?? (error instanceof BodySizeError ? -1 : 0)
    try {
      if (page !== undefined && page.body.length > 0) {
        try {
          const ingest = this.#ingest(appender, timestamp, page)
          counts = ingest
          while (!ingest.step(BYTES_PER_TURN)) {
            await nextTurn(env.clock)
            if (this.#hasEnded()) {
              appender.rollback()
              return
            }
          }
          const read = ingest.page
          const shared = read === this.#page ? read : this.#context.texts.share(read)
          ingest.release()
          if (this.#live) markStale(appender, timestamp, this.#page, shared)
          this.#page = shared
          const metadata = ingest.metadata(this.#context.metadata)
          // Where they are labels, series may have others now: the next page is read anew.
          this.#pageIsForeign = features.typeAndUnitLabels && metadata !== this.#metadata
          this.#metadata = metadata
          this.#live = true
          this.#countRefused(ingest.samples)
        } catch (cause) {
          if (cause instanceof AssertionFailure) throw cause
          error = cause
          const fresh = appendable.appender()
          appender.rollback()
          appender = fresh
        }
        metrics.samplesScraped.inc(counts.scrapedCount)
      } else if (error === undefined) this.#markPageStale(appender, timestamp)
      if (error !== undefined) {
        this.#countFailure(error)
        this.#markPageStale(appender, timestamp)
      }
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
    page?.body.release()
    await this.#context.commits.commit(appender)
  }

  #ingest(appender: Appender, timestamp: Timestamp, { body, contentType }: ScrapedPage): PageIngest {
    const { features, salt, builders } = this.#context
    const { fallbackProtocol, nativeHistograms, alwaysClassicHistograms, convertClassicHistograms } = this.#config
    const format = pageFormat(contentType, fallbackProtocol)
    // Bytes of one format say nothing about those of another.
    const isOtherFormat = format !== this.#format
    this.#format = format
    if (isOtherFormat) this.#pageIsForeign = true
    return new PageIngest({
      appender,
      parser: pageParserFor(format, {
        ignoreNativeHistograms: !nativeHistograms,
        keepClassicHistograms: alwaysClassicHistograms,
        convertClassicHistograms,
        startTimes: features.startTimeZeros || features.startTimes,
      }),
      config: this.#config,
      features,
      targetLabels: this.#target.labels,
      timestamp,
      body,
      page: this.#pageIsForeign ? EMPTY_PAGE : this.#page,
      metadata: isOtherFormat ? NO_METADATA : this.#metadata,
      salt,
      builders,
    })
  }

  #markPageStale(appender: Appender, timestamp: Timestamp): void {
    if (this.#live) markStale(appender, timestamp, this.#page)
    this.#live = false
  }

  #note(error: unknown, durationMs: number): void {
    this.#health = error === undefined ? 'up' : 'down'
    this.#lastError = error === undefined ? '' : errorMessage(error)
    this.#lastScrapeDurationMs = durationMs
    if (error !== undefined) {
      this.#context.log.debug('scrape failed', { target: this.#target.url.text, job: this.#config.jobName, error: this.#lastError })
    }
  }

  #countFailure(error: unknown): void {
    const { metrics } = this.#context
    if (error instanceof SampleLimitError) metrics.exceededSampleLimit.inc()
    else if (error instanceof BodySizeError) metrics.exceededBodySize.inc()
    else if (error instanceof LabelLimitError) metrics.exceededLabelLimits.inc()
    else if (error instanceof BucketLimitError) metrics.exceededBucketLimit.inc()
  }

  #countRefused({ outOfOrderCount, duplicateCount, outOfBoundsCount, exemplarsOutOfOrderCount }: SampleAppender): void {
    const { metrics, log } = this.#context
    if (outOfOrderCount + duplicateCount + outOfBoundsCount + exemplarsOutOfOrderCount === 0) return
    metrics.outOfOrder.inc(outOfOrderCount)
    metrics.duplicateTimestamp.inc(duplicateCount)
    metrics.outOfBounds.inc(outOfBoundsCount)
    metrics.exemplarOutOfOrder.inc(exemplarsOutOfOrderCount)
    log.warn('samples of a scrape were not taken', {
      target: this.#target.url.text,
      job: this.#config.jobName,
      outOfOrderCount,
      duplicateCount,
      outOfBoundsCount,
      exemplarsOutOfOrderCount,
    })
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
        this.#markPageStale(appender, this.#slot)
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

function nextTurn(clock: ScrapeContext['env']['clock']): Promise<void> {
  return new Promise((resolve) => void clock.setTimer(0, resolve))
}
