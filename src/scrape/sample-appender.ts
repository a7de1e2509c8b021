import { CodedError } from '../base/errors.ts'
import type { PageParser } from '../exposition/page-parser.ts'
import type { Exemplar } from '../model/exemplar.ts'
import type { Histogram } from '../model/histogram.ts'
import type { Timestamp } from '../model/time.ts'
import { zeroHistogram } from '../model/zero-histogram.ts'
import { type Appender, AppendStatus, ExemplarStatus, type SeriesRef } from '../storage/appender.ts'
import { limitBuckets } from './bucket-limits.ts'
import type { ScrapeConfig } from './scrape-config.ts'
import type { ScrapeFeatures } from './scrape-features.ts'

/** How far ahead of the clock a target's own timestamp may be. Source: Prometheus scrape/scrape.go, maxAheadTime. */
const AHEAD_MS_MAX = 10 * 60_000

export interface SampleAppenderOptions {
  readonly appender: Appender
  readonly parser: PageParser
  readonly config: ScrapeConfig
  readonly features: ScrapeFeatures
  /** Of the scrape. */
  readonly timestamp: Timestamp
}

/** Takes what the parser stands on into the appender: a float or a histogram, its start time, its exemplars. Counts what is refused. */
export class SampleAppender {
  outOfOrderCount = 0
  duplicateCount = 0
  outOfBoundsCount = 0
  /** Of samples none of whose exemplars was taken. */
  exemplarsOutOfOrderCount = 0
  /** The start time of the sample that was taken last, where a sample at zero was stored for it. */
  startTime: Timestamp = 0
  readonly #appender: Appender
  readonly #parser: PageParser
  readonly #config: ScrapeConfig
  readonly #features: ScrapeFeatures
  readonly #takesStartTimes: boolean
  readonly #timestampMax: Timestamp

  constructor({ appender, parser, config, features, timestamp }: SampleAppenderOptions) {
    this.#appender = appender
    this.#parser = parser
    this.#config = config
    this.#features = features
    this.#takesStartTimes = features.startTimeZeros || features.startTimes
    this.#timestampMax = timestamp + AHEAD_MS_MAX
  }

  /** The parser's histogram as the job wants it, undefined where the sample is a float; `tooManyBuckets`: it cannot be had. */
  histogram(): Histogram | undefined | typeof TOO_MANY_BUCKETS {
    if (!this.#parser.isHistogram) return undefined
    const { bucketLimit, schemaMax } = this.#config
    return limitBuckets(this.#parser.histogram(), bucketLimit, schemaMax) ?? TOO_MANY_BUCKETS
  }

  /** A float of which nothing but value and time is wanted. */
  appendPlain(ref: SeriesRef, timestamp: Timestamp): AppendStatus {
    if (timestamp > this.#timestampMax) return AppendStatus.tooFarAhead
    return this.#appender.append(ref, timestamp, this.#parser.numbers[0])
  }

  /**
   * The sample of a series whose zero is stored for `startTimeBefore`. What is refused is not counted yet.
   * Throws a `bad_data` CodedError for a histogram whose parts contradict each other: that fails the scrape.
   */
  append(ref: SeriesRef, timestamp: Timestamp, histogram: Histogram | undefined, startTimeBefore: Timestamp): AppendStatus {
    this.startTime = startTimeBefore
    if (timestamp > this.#timestampMax) return AppendStatus.tooFarAhead
    const startTime = this.#takesStartTimes ? this.#parser.startTime() : 0
    if (this.#features.startTimeZeros && startTime !== startTimeBefore && startTime !== 0 && startTime < timestamp) {
      // What is refused here has its zero already, or went on without one.
      this.#appender.takesLate = false
      if (histogram === undefined) this.#appender.append(ref, startTime, 0)
      else this.#appender.appendHistogram(ref, startTime, zeroHistogram(histogram))
      this.#appender.takesLate = true
      this.startTime = startTime
    }
    const kept = this.#features.startTimes ? startTime : 0
    if (histogram === undefined) return this.#appender.append(ref, timestamp, this.#parser.numbers[0], kept)
    const status = this.#appender.appendHistogram(ref, timestamp, histogram, kept)
    if (status === AppendStatus.badHistogram) throw new CodedError('bad_data', this.#appender.refusal)
    return status
  }

  /** Those of the parser's sample, which has this time. */
  appendExemplars(ref: SeriesRef, timestamp: Timestamp): void {
    if (this.#parser.isPlain || !this.#features.exemplars) return
    let given = this.#parser.exemplars(timestamp)
    // Of a histogram, one without a time cannot be told from the same one seen again.
    if (this.#parser.isHistogram) given = given.filter(({ hasTimestamp }) => hasTimestamp)
    const exemplars = given.length > 1 ? [...given].sort(compareExemplars) : given
    let lateCount = 0
    for (const exemplar of exemplars) {
      if (this.#appender.appendExemplar(ref, exemplar) === ExemplarStatus.outOfOrder) lateCount++
    }
    // Where only some are late, these were on the last page as well, and the others are new.
    if (lateCount === exemplars.length) this.exemplarsOutOfOrderCount += lateCount
  }

  count(status: AppendStatus): void {
    switch (status) {
      case AppendStatus.outOfOrder:
        this.outOfOrderCount++
        return
      case AppendStatus.duplicateTimestamp:
        this.duplicateCount++
        return
      case AppendStatus.tooOld:
      case AppendStatus.tooLate:
      case AppendStatus.tooFarAhead:
        this.outOfBoundsCount++
    }
  }
}

/** In the order in which a series takes them. Source: Prometheus model/exemplar/exemplar.go, Compare. */
function compareExemplars(a: Exemplar, b: Exemplar): number {
  return a.timestamp - b.timestamp || Number(a.hasTimestamp) - Number(b.hasTimestamp) || a.value - b.value
}

export const TOO_MANY_BUCKETS = Symbol('too many buckets')
