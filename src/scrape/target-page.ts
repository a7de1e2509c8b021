// The page of a target as it was stored last, and what becomes of it when the next one comes.
//
// `#live` says whether its series are current in the storage: a failed scrape marks them stale and clears it.

import { AssertionFailure } from '../base/assert.ts'
import { type PageFormat, pageParserFor } from '../exposition/page-formats.ts'
import type { Timestamp } from '../model/time.ts'
import type { Appendable, Appender } from '../storage/appender.ts'
import { BodySizeError } from './body-buffer.ts'
import { pageFormat } from './content-type.ts'
import { BucketLimitError, SampleLimitError } from './limits.ts'
import { markStale, PageIngest } from './page-ingest.ts'
import { NO_METADATA, type PageMetadata } from './page-metadata.ts'
import type { SampleAppender } from './sample-appender.ts'
import { LabelLimitError } from './sample-labels.ts'
import type { ScrapedPage } from './scrape-client.ts'
import type { ScrapeConfig } from './scrape-config.ts'
import type { ScrapeContext } from './scrape-context.ts'
import { EMPTY_PAGE, type SeriesPage } from './series-page.ts'
import type { Target } from './target-labels.ts'

/** What is read between two breaths of the event loop: some 2 ms for known series, some 20 ms for new ones. */
const BYTES_PER_TURN = 1 << 20

const NOTHING = { scrapedCount: 0, addedCount: 0, seriesAddedCount: 0 }

/** A scrape that is over: `page`, or why there is none. */
export interface EndedScrape {
  readonly target: Target
  readonly config: ScrapeConfig
  readonly timestamp: Timestamp
  readonly page: ScrapedPage | undefined
  readonly error: unknown
}

export interface TakenScrape {
  /** Has the samples, to be committed. */
  readonly appender: Appender
  readonly counts: Pick<PageIngest, 'scrapedCount' | 'addedCount' | 'seriesAddedCount'>
  /** Why nothing of a page was taken. */
  readonly error: unknown
}

export class TargetPage {
  readonly #context: ScrapeContext
  #page: SeriesPage = EMPTY_PAGE
  #metadata: PageMetadata = NO_METADATA
  #live = false
  #format: PageFormat | undefined
  /** It was made under another configuration, or is in another format: good for staleness only. */
  #isForeign = false

  constructor(context: ScrapeContext) {
    this.#context = context
  }

  get isEmpty(): boolean {
    return this.#page === EMPTY_PAGE
  }

  get metadata(): PageMetadata {
    return this.#metadata
  }

  /** The configuration has changed: what is known of lines says nothing about those of the next page. */
  readAnew(): void {
    this.#isForeign = true
  }

  /** Takes what a scrape brought, or that it failed. Undefined: `hasEnded` says that nobody wants it any more. */
  async take(appendable: Appendable, scrape: EndedScrape, hasEnded: () => boolean): Promise<TakenScrape | undefined> {
    const { env, metrics } = this.#context
    const { timestamp, page } = scrape
    let { error } = scrape
    let appender = appendable.appender()
    let counts = NOTHING
    try {
      if (page !== undefined && page.body.length > 0) {
        try {
          const ingest = this.#ingest(appender, scrape, page)
          counts = ingest
          while (!ingest.step(BYTES_PER_TURN)) {
            await nextTurn(env.clock)
            if (hasEnded()) {
              appender.rollback()
              return undefined
            }
          }
          this.#takeOver(ingest, appender, scrape)
        } catch (cause) {
          if (cause instanceof AssertionFailure) throw cause
          error = cause
          const fresh = appendable.appender()
          appender.rollback()
          appender = fresh
        }
        metrics.samplesScraped.inc(counts.scrapedCount)
      } else if (error === undefined) this.markStale(appender, timestamp)
      if (error !== undefined) {
        this.#countFailure(error)
        this.markStale(appender, timestamp)
      }
      return { appender, counts, error }
    } catch (cause) {
      appender.rollback()
      throw cause
    }
  }

  markStale(appender: Appender, timestamp: Timestamp): void {
    if (this.#live) markStale(appender, timestamp, this.#page)
    this.#live = false
  }

  /** The page was read to its end: it is the one that stands now. */
  #takeOver(ingest: PageIngest, appender: Appender, scrape: EndedScrape): void {
    const { features, texts, metadata: pool } = this.#context
    const read = ingest.page
    const shared = read === this.#page ? read : texts.share(read)
    ingest.release()
    if (this.#live) markStale(appender, scrape.timestamp, this.#page, shared)
    this.#page = shared
    const metadata = ingest.metadata(pool)
    // Where they are labels, series may have others now: the next page is read anew.
    this.#isForeign = features.typeAndUnitLabels && metadata !== this.#metadata
    this.#metadata = metadata
    this.#live = true
    this.#countRefused(ingest.samples, scrape)
  }

  #ingest(appender: Appender, { target, config, timestamp }: EndedScrape, { body, contentType }: ScrapedPage): PageIngest {
    const { features, salt, builders } = this.#context
    const { fallbackProtocol, nativeHistograms, alwaysClassicHistograms, convertClassicHistograms } = config
    const format = pageFormat(contentType, fallbackProtocol)
    // Bytes of one format say nothing about those of another.
    const isOtherFormat = format !== this.#format
    this.#format = format
    if (isOtherFormat) this.#isForeign = true
    return new PageIngest({
      appender,
      parser: pageParserFor(format, {
        ignoreNativeHistograms: !nativeHistograms,
        keepClassicHistograms: alwaysClassicHistograms,
        convertClassicHistograms,
        startTimes: features.startTimeZeros || features.startTimes,
      }),
      config,
      features,
      targetLabels: target.labels,
      timestamp,
      body,
      page: this.#isForeign ? EMPTY_PAGE : this.#page,
      metadata: isOtherFormat ? NO_METADATA : this.#metadata,
      salt,
      builders,
    })
  }

  #countFailure(error: unknown): void {
    const { metrics } = this.#context
    if (error instanceof SampleLimitError) metrics.exceededSampleLimit.inc()
    else if (error instanceof BodySizeError) metrics.exceededBodySize.inc()
    else if (error instanceof LabelLimitError) metrics.exceededLabelLimits.inc()
    else if (error instanceof BucketLimitError) metrics.exceededBucketLimit.inc()
  }

  #countRefused(samples: SampleAppender, { target, config }: EndedScrape): void {
    const { outOfOrderCount, duplicateCount, outOfBoundsCount, exemplarsOutOfOrderCount } = samples
    const { metrics, log } = this.#context
    if (outOfOrderCount + duplicateCount + outOfBoundsCount + exemplarsOutOfOrderCount === 0) return
    metrics.outOfOrder.inc(outOfOrderCount)
    metrics.duplicateTimestamp.inc(duplicateCount)
    metrics.outOfBounds.inc(outOfBoundsCount)
    metrics.exemplarOutOfOrder.inc(exemplarsOutOfOrderCount)
    log.warn('samples of a scrape were not taken', {
      target: target.url.text,
      job: config.jobName,
      outOfOrderCount,
      duplicateCount,
      outOfBoundsCount,
      exemplarsOutOfOrderCount,
    })
  }
}

function nextTurn(clock: ScrapeContext['env']['clock']): Promise<void> {
  return new Promise((resolve) => void clock.setTimer(0, resolve))
}
