import { Entry, type PageParser } from '../exposition/page-parser.ts'
import type { Labels } from '../model/labels.ts'
import { STALE_MARKER } from '../model/staleness.ts'
import type { Timestamp } from '../model/time.ts'
import { type Appender, AppendStatus, type SeriesRef } from '../storage/appender.ts'
import type { BodyBuffer } from './body-buffer.ts'
import { SampleLimitError } from './limits.ts'
import { type MetadataPool, MetadataReader, type PageMetadata } from './page-metadata.ts'
import { storedLabels } from './sample-labels.ts'
import type { ScrapeConfig } from './scrape-config.ts'
import { EMPTY_PAGE, includesRef, SeriesFlag, type SeriesPage, SeriesPageBuilder, trackedRefs } from './series-page.ts'
import { equalBytes, hashBytes, SeriesTable } from './series-table.ts'

/** How far ahead of the clock a target's own timestamp may be. Source: Prometheus scrape/scrape.go, maxAheadTime. */
const AHEAD_MS_MAX = 10 * 60_000

const NO_NAMES: readonly string[] = []

export interface IngestOptions {
  readonly appender: Appender
  readonly config: ScrapeConfig
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
  outOfOrderCount = 0
  duplicateCount = 0
  outOfBoundsCount = 0
  readonly #options: IngestOptions
  readonly #appender: Appender
  readonly #parser: PageParser
  readonly #metadata: MetadataReader
  /** Samples that count towards `#sampleLimit`: those added, without repetitions of a series on the page. */
  #limitedCount = 0
  readonly #sampleLimit: number
  readonly #honorTimestamps: boolean
  /** Nothing in the configuration drops or refuses series. */
  readonly #takesAllSeries: boolean
  readonly #timestampMax: Timestamp
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
    this.#timestampMax = options.timestamp + AHEAD_MS_MAX
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
    while (parser.position < until) {
      const cursor = this.#cursor
      if (cursor < count && parser.takeExpected(bytes, offsets[cursor], offsets[cursor + 1])) {
        this.scrapedCount++
        if (this.#builder === undefined && flags[cursor] === 0 && !(parser.hasTimestamp && this.#honorTimestamps)) {
          this.#cursor = cursor + 1
          this.addedCount++
          if (++this.#limitedCount > this.#sampleLimit) continue
          const status = this.#appender.append(refs[cursor], timestamp, parser.numbers[0])
          if (status !== AppendStatus.ok) this.#appendAgain(cursor, status)
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

  /** The page to compare the next scrape with. */
  get page(): SeriesPage {
    return this.#builder === undefined ? this.#page : this.#builder.build()
  }

  /** What the page, read to its end, says about its metrics. */
  metadata(pool: MetadataPool): PageMetadata {
    return this.#metadata.result(pool)
  }

  #endPage(): boolean {
    if (this.#limitedCount > this.#sampleLimit) throw new SampleLimitError()
    if (this.#builder === undefined && this.#cursor < this.#page.count) this.#startBuilding()
    return true
  }

  /** From here on the page differs from the last one. */
  #startBuilding(): void {
    const page = this.#page
    this.#builder = new SeriesPageBuilder(page.count, page.bytes.length)
    this.#builder.copyFrom(page, this.#cursor)
    this.#seen = new Uint8Array(page.count).fill(1, 0, this.#cursor)
  }

  /** The line is entry `index` of the last page, and not the plain case. */
  #takeKnown(index: number): void {
    const page = this.#page
    this.#cursor = index + 1
    if (this.#limitedCount > this.#sampleLimit) {
      if ((page.flags[index] & SeriesFlag.dropped) === 0) this.addedCount++
      return
    }
    if (this.#builder === undefined) {
      const flags = this.#appendKnown(page.refs[index], page.flags[index], index)
      if (flags === page.flags[index]) return
      this.#cursor = index
      this.#startBuilding()
      this.#cursor = index + 1
      this.#seen![index] = 1
      this.#builder!.add(page.bytes, page.offsets[index], page.offsets[index + 1], page.refs[index], flags)
      return
    }
    if ((page.flags[index] & SeriesFlag.repeated) !== 0) {
      // Whether it is still a repetition depends on the first of the equal lines.
      this.#seen![index] = 1
      this.#takeElsewhere()
      this.#cursor = index + 1
      return
    }
    const repeated = this.#seen![index] === 1 ? SeriesFlag.repeated : 0
    this.#seen![index] = 1
    const flags = this.#appendKnown(page.refs[index], (page.flags[index] & SeriesFlag.dropped) | repeated, index)
    this.#builder.add(page.bytes, page.offsets[index], page.offsets[index + 1], page.refs[index], flags)
  }

  /** Takes the sample of a series whose handle is known; answers its flags. */
  #appendKnown(ref: SeriesRef, flags: number, index: number): number {
    if ((flags & SeriesFlag.dropped) !== 0) return flags
    this.addedCount++
    const parser = this.#parser
    const ownTime = parser.hasTimestamp && this.#honorTimestamps
    if ((flags & SeriesFlag.repeated) !== 0 && !ownTime) {
      this.duplicateCount++
      return flags
    }
    if (++this.#limitedCount > this.#sampleLimit) return flags
    const timestamp = ownTime ? parser.numbers[1] : this.#options.timestamp
    const status = timestamp > this.#timestampMax ? AppendStatus.tooFarAhead : this.#appender.append(ref, timestamp, parser.numbers[0])
    if (status !== AppendStatus.ok && index >= 0) this.#appendAgain(index, status, timestamp)
    else this.#count(status)
    const kept = flags & SeriesFlag.repeated
    return ownTime ? kept | SeriesFlag.untracked : kept
  }

  /** The line is not the one that stood here last time. */
  #takeElsewhere(): void {
    if (this.#limitedCount > this.#sampleLimit) {
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
      const flags = this.#appendKnown(ref, (builder.flags(index) & SeriesFlag.dropped) | SeriesFlag.repeated, -1)
      builder.add(bytes, seriesStart, seriesEnd, ref, flags)
      return
    }
    table.add(hash, page.count + builder.count)
    this.#takeNew()
  }

  #makeTable(): SeriesTable {
    const { bytes, offsets, flags, count } = this.#page
    const table = new SeriesTable(count)
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
    return storedLabels(this.#parser.labels(), emptyNames, targetLabels, config)
  }

  /** A series that was not on the last page: slow path. */
  #takeNew(): void {
    const parser = this.#parser
    const { seriesBytes: bytes, seriesStart, seriesEnd } = parser
    const labels = this.#storedLabels()
    if (labels === null) {
      this.#builder!.add(bytes, seriesStart, seriesEnd, -1, SeriesFlag.dropped)
      return
    }
    this.addedCount++
    if (++this.#limitedCount > this.#sampleLimit) return
    const ownTime = parser.hasTimestamp && this.#honorTimestamps
    const timestamp = ownTime ? parser.numbers[1] : this.#options.timestamp
    const ref = this.#appender.series(labels)
    const status = timestamp > this.#timestampMax ? AppendStatus.tooFarAhead : this.#appender.append(ref, timestamp, parser.numbers[0])
    this.#count(status)
    if (status === AppendStatus.ok) this.seriesAddedCount++
    this.#builder!.add(bytes, seriesStart, seriesEnd, ref, ownTime || status !== AppendStatus.ok ? SeriesFlag.untracked : 0)
  }

  /** A sample of a known series was not taken: with a new handle when the old one is no longer good, else it is counted. */
  #appendAgain(index: number, status: AppendStatus, timestamp = this.#options.timestamp): void {
    if (status === AppendStatus.unknownSeries) {
      const labels = this.#storedLabels()
      if (labels === null) return
      const ref = this.#appender.series(labels)
      this.#page.refs[index] = ref
      status = this.#appender.append(ref, timestamp, this.#parser.numbers[0])
    }
    this.#count(status)
  }

  #count(status: AppendStatus): void {
    switch (status) {
      case AppendStatus.outOfOrder:
        this.outOfOrderCount++
        return
      case AppendStatus.duplicateTimestamp:
        this.duplicateCount++
        return
      case AppendStatus.tooOld:
      case AppendStatus.tooFarAhead:
        this.outOfBoundsCount++
    }
  }
}

/** Marks what `before` has and `after` has not, or has from now on with timestamps of its own. A marker that the storage refuses is not missed: the series has gone on elsewhere. */
export function markStale(appender: Appender, timestamp: Timestamp, before: SeriesPage, after: SeriesPage = EMPTY_PAGE): void {
  if (before === after) return
  const kept = after.count === 0 ? undefined : trackedRefs(after)
  for (let i = 0; i < before.count; i++) {
    if (before.flags[i] !== 0) continue
    if (kept !== undefined && includesRef(kept, before.refs[i])) continue
    appender.append(before.refs[i], timestamp, STALE_MARKER)
  }
}
