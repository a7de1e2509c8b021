import { Entry, type PageParser } from '../exposition/page-parser.ts'
import type { Histogram } from '../model/histogram.ts'
import { type Labels, METRIC_NAME } from '../model/labels.ts'
import { STALE_MARKER } from '../model/staleness.ts'
import type { Timestamp } from '../model/time.ts'
import { type Appender, AppendStatus, type SeriesRef } from '../storage/appender.ts'
import type { BodyBuffer } from './body-buffer.ts'
import { BucketLimitError, SampleLimitError } from './limits.ts'
import { isOfFamily, withTypeAndUnit } from './metric-family.ts'
import { type MetadataPool, MetadataReader, type PageMetadata } from './page-metadata.ts'
import { SampleAppender, TOO_MANY_BUCKETS } from './sample-appender.ts'
import { storedLabels } from './sample-labels.ts'
import type { ScrapeConfig } from './scrape-config.ts'
import type { ScrapeFeatures } from './scrape-features.ts'
import {
  EMPTY_PAGE,
  includesRef,
  type PageBuilders,
  SeriesFlag,
  type SeriesPage,
  type SeriesPageBuilder,
  startTimeOf,
  trackedRefs,
} from './series-page.ts'
import { equalBytes, hashBytes, type SeriesTable } from './series-table.ts'

const NO_NAMES: readonly string[] = []

export interface IngestOptions {
  readonly appender: Appender
  readonly config: ScrapeConfig
  readonly features: ScrapeFeatures
  readonly targetLabels: Labels
  /** Of samples without a timestamp of their own. */
  readonly timestamp: Timestamp
  readonly body: BodyBuffer
  /** Of the page's format. */
  readonly parser: PageParser
  /** What the lines are compared with: the last good page under the same configuration. */
  readonly page: SeriesPage
  /** What the comment lines are compared with: the last good page's. */
  readonly metadata: PageMetadata
  /** Salts the table of series. */
  readonly salt: number
  readonly builders: PageBuilders
}

/**
 * Reads one page into one appender. Lines that stand where they stood last time are recognised by their bytes; from the first line
 * that does not, a new page is built, series are looked up by their bytes, and only those not found there are parsed.
 */
export class PageIngest {
  /** Lines with a sample. */
  scrapedCount = 0
  /** Of them, those that metric relabeling left. */
  addedCount = 0
  seriesAddedCount = 0
  /** Takes the samples; knows what was refused. */
  readonly samples: SampleAppender
  readonly #options: IngestOptions
  readonly #appender: Appender
  readonly #parser: PageParser
  readonly #metadata: MetadataReader
  /** Samples that count towards `#sampleLimit`: those added, without repetitions of a series on the page. */
  #limitedCount = 0
  readonly #sampleLimit: number
  /** Lines whose series were refused, since a budget is full, and which are known again. */
  #refusedCount = 0
  /** The scrape fails: what is left is only counted. */
  #hasTooManyBuckets = false
  readonly #honorTimestamps: boolean
  readonly #tracksTimestamps: boolean
  readonly #notesMetadata: boolean
  /** Nothing but value and time is asked of a plain sample. */
  readonly #isPlain: boolean
  /** Nothing in the configuration drops or refuses series. */
  readonly #takesAllSeries: boolean
  readonly #page: SeriesPage
  /** The entry that the next line should be. */
  #cursor = 0
  #builder: SeriesPageBuilder | undefined
  /** 1 for entries of the last page that this one has as well. Only while building. */
  #seen: Uint8Array | undefined
  /** Entries of the last page by number; those of the new one, as far as they are new, by number + count of the last page. */
  #table: SeriesTable | undefined

  constructor(options: IngestOptions) {
    this.#options = options
    this.#appender = options.appender
    this.#page = options.page
    this.#metadata = new MetadataReader(options.metadata)
    this.#sampleLimit = options.config.sampleLimit > 0 ? options.config.sampleLimit : Infinity
    this.#honorTimestamps = options.config.honorTimestamps
    const { metricRelabelConfigs, labelLimit, labelNameLengthLimit, labelValueLengthLimit } = options.config
    this.#takesAllSeries = metricRelabelConfigs.length === 0 && labelLimit + labelNameLengthLimit + labelValueLengthLimit === 0
    this.#tracksTimestamps = options.config.trackTimestampsStaleness
    const { startTimeZeros, startTimes, metadata } = options.features
    this.#notesMetadata = metadata
    this.#isPlain = !startTimeZeros && !startTimes && !metadata
    this.samples = new SampleAppender(options)
    this.#parser = options.parser
    this.#parser.reset(options.body.bytes, options.body.length)
  }

  /**
   * Reads some `sizeBytes` further; true when the page is read. Throws what is wrong with the page: ExpositionError, a label or sample
   * limit, labels that are no series. Then nothing of the appender must be committed.
   */
  step(sizeBytes: number): boolean {
    const parser = this.#parser
    const { bytes, offsets, refs, flags, count } = this.#page
    const { timestamp } = this.#options
    const until = parser.position + sizeBytes
    const isPlain = this.#isPlain
    const honorTimestamps = this.#honorTimestamps
    while (parser.position < until) {
      const cursor = this.#cursor
      if (cursor < count && parser.takeExpected(bytes, offsets[cursor], offsets[cursor + 1])) {
        this.scrapedCount++
        const isUsual = this.#builder === undefined && flags[cursor] === 0
        if (isUsual && isPlain && parser.isPlain && !(parser.hasTimestamp && honorTimestamps)) {
          this.#cursor = cursor + 1
          this.addedCount++
          if (++this.#limitedCount > this.#sampleLimit) continue
          const status = this.#appender.append(refs[cursor], timestamp, parser.numbers[0])
          if (status === AppendStatus.unknownSeries) this.#appendAgain(cursor, timestamp, undefined)
          else if (status !== AppendStatus.ok) this.samples.count(status)
        } else this.#takeKnown(cursor)
        continue
      }
      if (this.#metadata.takeExpected(parser)) continue
      const entry = parser.next()
      if (entry === Entry.end) return this.#endPage()
      if (entry !== Entry.series) {
        if (entry !== Entry.comment) {
          const { commentBytes, commentStart, commentEnd, type } = parser
          this.#metadata.take(commentBytes, commentStart, commentEnd, entry === Entry.type ? type : undefined)
        }
        continue
      }
      this.scrapedCount++
      this.#takeElsewhere()
    }
    return false
  }

  /** The page to compare the next scrape with: the one there was, or one whose text is lent until `release`. */
  get page(): SeriesPage {
    return this.#builder === undefined ? this.#page : this.#builder.page()
  }

  /** Gives back what was only needed for reading. */
  release(): void {
    if (this.#builder !== undefined) this.#options.builders.give(this.#builder)
    this.#builder = undefined
  }

  /** What the page, read to its end, says about its metrics. */
  metadata(pool: MetadataPool): PageMetadata {
    return this.#metadata.result(pool)
  }

  #endPage(): boolean {
    if (this.#limitedCount > this.#sampleLimit) throw new SampleLimitError()
    if (this.#hasTooManyBuckets) throw new BucketLimitError()
    if (this.#builder === undefined && this.#cursor < this.#page.count) this.#startBuilding()
    return true
  }

  /** From here on the page differs from the last one. */
  #startBuilding(): void {
    const page = this.#page
    this.#builder = this.#options.builders.take(this.#options.features.startTimeZeros)
    this.#builder.copyFrom(page, this.#cursor)
    this.#seen = new Uint8Array(page.count).fill(1, 0, this.#cursor)
  }

  /** The line is entry `index` of the last page, and not the plain case. */
  #takeKnown(index: number): void {
    const page = this.#page
    this.#cursor = index + 1
    if (this.#hasFailed) {
      if ((page.flags[index] & SeriesFlag.dropped) === 0) this.addedCount++
      return
    }
    const before = page.flags[index]
    const startTime = startTimeOf(page, index)
    if (this.#builder === undefined) {
      const flags = this.#appendKnown(page.refs[index], before, startTime, index)
      if (flags === before && this.samples.startTime === startTime) return
      this.#cursor = index
      this.#startBuilding()
      this.#cursor = index + 1
      this.#seen![index] = 1
      this.#addKnown(index, flags)
      return
    }
    if ((before & SeriesFlag.repeated) !== 0) {
      // Whether it is still a repetition depends on the first of the equal lines.
      this.#seen![index] = 1
      this.#takeElsewhere()
      this.#cursor = index + 1
      return
    }
    const repeated = this.#seen![index] === 1 ? SeriesFlag.repeated : 0
    this.#seen![index] = 1
    this.#addKnown(index, this.#appendKnown(page.refs[index], (before & SeriesFlag.dropped) | repeated, startTime, index))
  }

  /** Entry `index` of the last page becomes the next one of the new page. */
  #addKnown(index: number, flags: number): void {
    const { bytes, offsets, refs } = this.#page
    this.#builder!.add(bytes, offsets[index], offsets[index + 1], refs[index], flags, this.samples.startTime)
  }

  /** Takes the sample of a series whose handle is known; answers its flags. */
  #appendKnown(ref: SeriesRef, flags: number, startTimeBefore: Timestamp, index: number): number {
    const { samples } = this
    samples.startTime = startTimeBefore
    if ((flags & SeriesFlag.dropped) !== 0) return flags
    this.addedCount++
    const parser = this.#parser
    const ownTime = parser.hasTimestamp && this.#honorTimestamps
    const timestamp = ownTime ? parser.numbers[1] : this.#options.timestamp
    if ((flags & SeriesFlag.repeated) !== 0 && !ownTime) {
      samples.duplicateCount++
      samples.appendExemplars(ref, timestamp)
      return flags
    }
    const isPlain = this.#isPlain && parser.isPlain
    const histogram = isPlain ? undefined : this.#histogram()
    if (this.#hasTooManyBuckets || ++this.#limitedCount > this.#sampleLimit) return flags
    const status = isPlain ? samples.appendPlain(ref, timestamp) : samples.append(ref, timestamp, histogram, startTimeBefore)
    if (status === AppendStatus.unknownSeries && index >= 0) ref = this.#appendAgain(index, timestamp, histogram)
    else samples.count(status)
    const isRefused = status === AppendStatus.overBudget || ref < -1
    if (!isPlain) {
      samples.appendExemplars(ref, timestamp)
      if (this.#notesMetadata && this.#metadata.hasChanged) this.#noteMetadata(ref, parser.labels())
    }
    const kept = flags & SeriesFlag.repeated
    // With a time of its own it is there as long as its samples are taken.
    const isTaken = status === AppendStatus.ok || status === AppendStatus.unknownSeries
    const isTracked = !isRefused && (!ownTime || (this.#tracksTimestamps && isTaken))
    return isTracked ? kept : kept | SeriesFlag.untracked
  }

  /** Of the sample the parser stands on; undefined for a float, or for one that fails the scrape. */
  #histogram(): Histogram | undefined {
    const histogram = this.samples.histogram()
    if (histogram !== TOO_MANY_BUCKETS) return histogram
    this.#hasTooManyBuckets = true
    return undefined
  }

  get #hasFailed(): boolean {
    return this.#limitedCount > this.#sampleLimit || this.#hasTooManyBuckets
  }

  #noteMetadata(ref: SeriesRef, labels: Labels): void {
    const family = this.#metadata.family()
    if (family !== undefined && isOfFamily(labels.get(METRIC_NAME), family)) this.#appender.setMetadata(ref, family)
  }

  /** The line is not the one that stood here last time. */
  #takeElsewhere(): void {
    if (this.#hasFailed) {
      // The scrape has failed; what is left is only counted.
      if (this.#takesAllSeries || this.#storedLabels() !== null) this.addedCount++
      return
    }
    if (this.#builder === undefined) this.#startBuilding()
    const { seriesBytes: bytes, seriesStart, seriesEnd } = this.#parser
    const page = this.#page
    const builder = this.#builder!
    const table = (this.#table ??= this.#makeTable())
    const hash = hashBytes(bytes, seriesStart, seriesEnd, this.#options.salt)
    const found = table.find(hash, (number) =>
      number < page.count
        ? equalBytes(page.bytes, page.offsets[number], page.offsets[number + 1], bytes, seriesStart, seriesEnd)
        : equalBytes(builder.bytes, builder.start(number - page.count), builder.end(number - page.count), bytes, seriesStart, seriesEnd),
    )
    if (found >= 0 && found < page.count) {
      this.#takeKnown(found)
      return
    }
    if (found >= 0) {
      const index = found - page.count
      const ref = builder.ref(index)
      const repeated = (builder.flags(index) & SeriesFlag.dropped) | SeriesFlag.repeated
      const flags = this.#appendKnown(ref, repeated, builder.startTime(index), -1)
      builder.add(bytes, seriesStart, seriesEnd, ref, flags, this.samples.startTime)
      return
    }
    const index = builder.count
    this.#takeNew()
    if (builder.count > index) table.add(hash, page.count + index)
  }

  #makeTable(): SeriesTable {
    const { bytes, offsets, flags, count } = this.#page
    const { table } = this.#builder!
    table.begin(count)
    for (let i = 0; i < count; i++) {
      // Of equal lines the first stands for all.
      if ((flags[i] & SeriesFlag.repeated) === 0) table.add(hashBytes(bytes, offsets[i], offsets[i + 1], this.#options.salt), i)
    }
    // What the builder already has was copied from the page.
    return table
  }

  #storedLabels(): Labels | null {
    const { targetLabels, config } = this.#options
    const emptyNames = config.honorLabels ? this.#parser.emptyLabelNames() : NO_NAMES
    const exposed = this.#parser.labels()
    const labels = this.#options.features.typeAndUnitLabels ? withTypeAndUnit(exposed, this.#metadata.family()) : exposed
    return storedLabels(labels, emptyNames, targetLabels, config)
  }

  /** A series that was not on the last page: slow path. */
  #takeNew(): void {
    const parser = this.#parser
    const { seriesBytes: bytes, seriesStart, seriesEnd } = parser
    const labels = this.#storedLabels()
    if (labels === null) {
      this.#builder!.add(bytes, seriesStart, seriesEnd, -1, SeriesFlag.dropped, 0)
      return
    }
    this.addedCount++
    const histogram = this.#histogram()
    if (this.#hasTooManyBuckets || ++this.#limitedCount > this.#sampleLimit) return
    const { samples } = this
    const ownTime = parser.hasTimestamp && this.#honorTimestamps
    const timestamp = ownTime ? parser.numbers[1] : this.#options.timestamp
    const ref = this.#appender.series(labels)
    const status = samples.append(ref, timestamp, histogram, 0)
    samples.count(status)
    if (status === AppendStatus.ok) this.seriesAddedCount++
    samples.appendExemplars(ref, timestamp)
    if (this.#notesMetadata) this.#noteMetadata(ref, labels)
    // What comes under other names each time need not be known again: a page knows no more of the refused than of others.
    if (status === AppendStatus.overBudget && 2 * ++this.#refusedCount > this.#builder!.count) return
    const isTracked = status === AppendStatus.ok && (!ownTime || this.#tracksTimestamps)
    this.#builder!.add(bytes, seriesStart, seriesEnd, ref, isTracked ? 0 : SeriesFlag.untracked, samples.startTime)
  }

  /** The storage has let go of the series of entry `index`: takes its sample with a new handle, and answers that. */
  #appendAgain(index: number, timestamp: Timestamp, histogram: Histogram | undefined): SeriesRef {
    const labels = this.#storedLabels()
    if (labels === null) return this.#page.refs[index]
    const ref = this.#appender.series(labels)
    this.#page.refs[index] = ref
    this.samples.count(this.samples.append(ref, timestamp, histogram, startTimeOf(this.#page, index)))
    if (this.#notesMetadata) this.#noteMetadata(ref, labels)
    return ref
  }
}

/** Marks what `before` has and `after` has not, or has from now on with timestamps of its own. A marker that the storage refuses is not missed: the series has gone on elsewhere. */
export function markStale(appender: Appender, timestamp: Timestamp, before: SeriesPage, after: SeriesPage = EMPTY_PAGE): void {
  if (before === after) return
  const kept = after.count === 0 ? undefined : trackedRefs(after)
  appender.takesLate = false
  for (let i = 0; i < before.count; i++) {
    if (before.flags[i] !== 0) continue
    if (kept !== undefined && includesRef(kept, before.refs[i])) continue
    appender.append(before.refs[i], timestamp, STALE_MARKER)
  }
  appender.takesLate = true
}
