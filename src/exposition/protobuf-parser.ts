// The protobuf exposition format: families, each a message with its length before it. docs/formats/exposition.md has the layout.
//
// 1. A family is told of as text would be: HELP, UNIT where it has one, TYPE, then its samples. Lines and series bytes do not stand in
//    the page: they are made up in buffers of the parser, and are the same whenever the content is.
// 2. A summary or classic histogram becomes series in the order count, sum, quantiles or buckets; one for +Inf is added where it lacks.
// 3. A histogram with spans, a zero threshold or a count of zeroes is a native one; its classic buckets are told of after it where
//    that is asked for. Each metric is looked at by itself (upstream: the first of a family decides for the others).
// 4. Labels are checked when they are asked for: once per new series.
// Source: Prometheus model/textparse/protobufparse.go, prompb/io/prometheus/client/decoder.go.

import { isUtf8 } from 'node:buffer'
import type { Exemplar } from '../model/exemplar.ts'
import type { Histogram } from '../model/histogram.ts'
import { type Labels, METRIC_NAME } from '../model/labels.ts'
import type { MetricType } from '../model/metadata.ts'
import type { Timestamp } from '../model/time.ts'
import { ExpositionError } from './exposition-error.ts'
import { formatBucketBound } from './float.ts'
import { hasHighBit, isEqual } from './line-bytes.ts'
import type { NumberList } from './number-list.ts'
import { Entry, type PageParser, SERIES_BYTES_MAX } from './page-parser.ts'
import { readExemplar } from './protobuf-exemplar.ts'
import { Kind, ProtobufFamily, shownBytes } from './protobuf-family.ts'
import { isNative, ProtobufHistograms, totalCount } from './protobuf-histograms.ts'
import { ProtobufMetric } from './protobuf-metric.ts'
import { ProtobufReader, WireType } from './protobuf-reader.ts'
import { seriesLabels } from './series-labels.ts'

const NO_EXEMPLARS: readonly Exemplar[] = []

const NO_BYTES: Uint8Array = new Uint8Array(0)
const NO_BUFFER = Buffer.alloc(0)
const encoder = new TextEncoder()

/** What of a metric is told of next. From 0 on: the bucket or quantile of that number. */
const Part = { native: -3, count: -2, sum: -1, first: 0 } as const

/** A byte that no name has: behind the name and behind the labels of a series, which may have it too. */
const SEPARATOR = 0xff
/** What a series is of its metric: ends its bytes, before the bound of a bucket or quantile. */
const Role = { whole: 0, count: 99, sum: 115, bucket: 98, quantile: 113 } as const
/** What a bound may take. */
const BOUND_BYTES_MAX = 32

/**
 * Most bytes of series that a page may tell of beside its own: a metric's labels stand in it once, and in the series of each of its
 * buckets. As much as a page of text may have where nothing limits it.
 */
const SERIES_TOTAL_BYTES_MAX = 256 * 1024 * 1024

type Stage = 'family' | 'help' | 'unit' | 'type' | 'metrics'

/** The key of a metric's label. */
const LABEL_KEY = (1 << 3) | WireType.length

export interface ProtobufOptions {
  /** Native histograms are not looked at: what is classic in them is kept. Source: Prometheus' scrape_native_histograms. */
  readonly ignoreNative: boolean
  /** Classic buckets are told of even where there is a native histogram. Source: Prometheus' always_scrape_classic_histograms. */
  readonly keepClassic: boolean
}

export class ProtobufParser implements PageParser {
  readonly #options: ProtobufOptions
  readonly #reader = new ProtobufReader()
  #buffer: Buffer = NO_BUFFER
  #length = 0
  #stage: Stage = 'family'
  readonly #family = new ProtobufFamily(this.#reader)
  #metricIndex = 0
  readonly #metric = new ProtobufMetric()
  #part = 0
  /** The metric has more parts. */
  #hasMore = false
  /** An entry was looked at and not taken. */
  #pending: Entry | undefined
  /** What stands behind the labels in the series bytes: a role, and the number of the bound, -1 for none. */
  #role = 0
  #boundIndex = -1
  /** Series bytes that were made up. */
  #made = NO_BYTES
  /** Where the series bytes stand: those, or the expected ones. */
  #series = NO_BYTES
  /** Bytes of all series of the page so far. */
  #seriesTotalBytes = 0
  #comment = NO_BYTES
  readonly #histograms = new ProtobufHistograms()
  /** Texts of the bounds of the last buckets, by their number: neighbours have the same. */
  readonly #bounds: number[] = []
  readonly #boundTexts: string[] = []
  position = 0
  seriesStart = 0
  seriesEnd = 0
  readonly numbers = new Float64Array(2)
  hasTimestamp = false
  isPlain = true
  isHistogram = false
  commentStart = 0
  commentEnd = 0
  type: MetricType = 'unknown'

  constructor(options: ProtobufOptions) {
    this.#options = options
  }

  reset(bytes: Uint8Array, length: number): void {
    this.#reader.reset(bytes)
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#length = length
    this.#family.reset(this.#buffer, length)
    this.#seriesTotalBytes = 0
    this.#stage = 'family'
    this.#pending = undefined
    this.position = 0
    this.type = 'unknown'
  }

  get seriesBytes(): Uint8Array {
    return this.#series
  }

  get commentBytes(): Uint8Array {
    return this.#comment
  }

  /** Hot: once a sample. */
  takeExpected(expected: Uint8Array, from: number, to: number): boolean {
    let isKnown = false
    if (this.#pending === undefined) {
      if (this.#stage !== 'metrics') return false
      if (this.#hasMore) this.#part++
      else {
        if (this.#metricIndex >= this.#family.metricAt.length) return false
        isKnown = this.#readKnownMetric(expected, from, to)
        if (!isKnown) this.#readMetric()
      }
      this.#readPart()
      this.#pending = Entry.series
    } else if (this.#pending !== Entry.series) return false
    if (!this.#isSeries(expected, from, to, isKnown)) return false
    this.#pending = undefined
    this.#series = expected
    this.seriesStart = from
    this.seriesEnd = to
    return true
  }

  takeExpectedComment(expected: Uint8Array, from: number, to: number): boolean {
    if (this.#pending === undefined) {
      if (this.#stage === 'metrics' && !this.#hasMore && this.#metricIndex >= this.#family.metricAt.length) this.#stage = 'family'
      if (this.#stage === 'family' && !this.#nextFamily()) return false
      if (this.#stage === 'help' && this.#family.isHelpLine(expected, from, to)) this.#stage = this.#family.unit === '' ? 'type' : 'unit'
      else if (this.#stage === 'type' && this.#family.isTypeLine(expected, from, to)) this.#beginMetrics()
      else {
        if (this.#stage === 'metrics') return false
        this.#pending = this.#advance()
      }
    }
    if (this.#pending !== undefined) {
      if (this.#pending === Entry.series || this.#pending === Entry.end) return false
      if (!isEqual(this.#comment, 0, this.commentEnd, expected, from, to)) return false
      this.#pending = undefined
    }
    this.#comment = expected
    this.commentStart = from
    this.commentEnd = to
    return true
  }

  next(): Entry {
    const entry = this.#pending ?? this.#advance()
    this.#pending = undefined
    if (entry === Entry.series) this.#writeSeries()
    return entry
  }

  #advance(): Entry {
    for (;;) {
      switch (this.#stage) {
        case 'family':
          if (!this.#nextFamily()) return Entry.end
          continue
        case 'help':
          this.#stage = this.#family.unit === '' ? 'type' : 'unit'
          return this.#tell(Entry.help, this.#family.helpLine)
        case 'unit':
          this.#stage = 'type'
          return this.#tell(Entry.unit, this.#family.unitLine)
        case 'type':
          this.#beginMetrics()
          return this.#tell(Entry.type, this.#family.typeLine)
        case 'metrics':
          if (this.#hasMore) this.#part++
          else if (this.#metricIndex < this.#family.metricAt.length) this.#readMetric()
          else {
            this.#stage = 'family'
            continue
          }
          this.#readPart()
          return Entry.series
      }
    }
  }

  #tell(entry: Entry, line: string): Entry {
    this.#comment = encoder.encode(line)
    this.commentStart = 0
    this.commentEnd = this.#comment.length
    return entry
  }

  #nextFamily(): boolean {
    const family = this.#family
    family.position = this.position
    try {
      if (!family.next()) return false
    } finally {
      this.position = family.position
    }
    this.#metricIndex = 0
    this.#stage = 'help'
    return true
  }

  #beginMetrics(): void {
    this.#stage = 'metrics'
    this.#hasMore = false
    this.type = this.#family.type
  }

  #readMetric(): void {
    const reader = this.#reader
    const metric = this.#metric
    const at = this.#family.metricAt
    reader.position = at.at(this.#metricIndex)
    const end = at.at(this.#metricIndex + 1)
    metric.read(reader, end)
    const size = this.#family.nameEnd - this.#family.nameStart + metric.labelsEnd - metric.labelsStart + BOUND_BYTES_MAX
    if (size > SERIES_BYTES_MAX) throw new ExpositionError(`series of ${size} bytes, at most ${SERIES_BYTES_MAX}`)
    this.#beginMetric(end)
  }

  /**
   * Reads the next metric without looking into its labels, if they and its name are those that the expected series has; else answers
   * false and stays where it is. Hot: once a metric.
   */
  #readKnownMetric(expected: Uint8Array, from: number, to: number): boolean {
    const buffer = this.#buffer
    const start = this.#family.metricAt.at(this.#metricIndex)
    const end = this.#family.metricAt.at(this.#metricIndex + 1)
    // The first part of a metric is the whole of it, or its count.
    const separatorAt = expected[to - 1] === SEPARATOR ? to - 1 : to - 2
    const labelsFrom = from + this.#family.nameEnd - this.#family.nameStart + 1
    const labelsEnd = start + separatorAt - labelsFrom
    if (labelsEnd < start || labelsEnd > end || expected[separatorAt] !== SEPARATOR || expected[labelsFrom - 1] !== SEPARATOR) return false
    for (let i = separatorAt - 1, p = labelsEnd - 1; p >= start; i--, p--) if (buffer[p] !== expected[i]) return false
    for (let i = from, p = this.#family.nameStart; p < this.#family.nameEnd; i++, p++) if (buffer[p] !== expected[i]) return false
    // Nothing but labels stands there.
    const reader = this.#reader
    for (let p = start; p < labelsEnd; p = reader.lengthEnd(end)) {
      if (buffer[p] !== LABEL_KEY) return false
      reader.position = p + 1
    }
    reader.position = start
    if (!this.#metric.readKnown(reader, labelsEnd, end)) return false
    this.#beginMetric(end)
    return true
  }

  #beginMetric(end: number): void {
    const metric = this.#metric
    this.#metricIndex += 2
    this.position = end
    this.hasTimestamp = metric.timestamp !== 0
    this.numbers[1] = metric.timestamp
    const isHistogram = this.#family.kind === Kind.histogram || this.#family.kind === Kind.gaugeHistogram
    if (isHistogram && !this.#options.ignoreNative && isNative(metric)) this.#part = Part.native
    else this.#part = isHistogram || this.#family.kind === Kind.summary ? Part.count : Part.first
  }

  /**
   * Makes up the series bytes: the name, the labels as they stand in the page, which are the same next time if whoever wrote them is,
   * and what the sample is of its metric.
   */
  #writeSeries(): void {
    const { labelsStart, labelsEnd } = this.#metric
    const size = this.#family.nameEnd - this.#family.nameStart + labelsEnd - labelsStart + BOUND_BYTES_MAX
    if (this.#made.length < size) this.#made = new Uint8Array(size * 2)
    const series = this.#made
    let p = this.#buffer.copy(series, 0, this.#family.nameStart, this.#family.nameEnd)
    series[p++] = SEPARATOR
    p += this.#buffer.copy(series, p, labelsStart, labelsEnd)
    series[p++] = SEPARATOR
    if (this.#role !== Role.whole) series[p++] = this.#role
    const text = this.#boundIndex < 0 ? '' : this.#boundTexts[this.#boundIndex]
    for (let i = 0; i < text.length; i++) series[p++] = text.charCodeAt(i)
    this.#series = series
    this.seriesStart = 0
    this.seriesEnd = p
  }

  /** Whether the sample's series has these bytes; of those that are known up to the labels only what follows is looked at. */
  #isSeries(expected: Uint8Array, from: number, to: number, isKnown: boolean): boolean {
    const { labelsStart, labelsEnd } = this.#metric
    const labelsFrom = from + this.#family.nameEnd - this.#family.nameStart + 1
    const separatorAt = labelsFrom + labelsEnd - labelsStart
    const text = this.#boundIndex < 0 ? '' : this.#boundTexts[this.#boundIndex]
    const roleSize = this.#role === Role.whole ? 0 : 1
    if (to - separatorAt - 1 !== roleSize + text.length || expected[separatorAt] !== SEPARATOR) return false
    if (roleSize === 1 && expected[separatorAt + 1] !== this.#role) return false
    for (let i = 0, p = separatorAt + 2; i < text.length; i++, p++) if (expected[p] !== text.charCodeAt(i)) return false
    if (isKnown) return true
    if (expected[labelsFrom - 1] !== SEPARATOR) return false
    const buffer = this.#buffer
    for (let i = separatorAt - 1, p = labelsEnd - 1; p >= labelsStart; i--, p--) if (buffer[p] !== expected[i]) return false
    for (let i = from, p = this.#family.nameStart; p < this.#family.nameEnd; i++, p++) if (buffer[p] !== expected[i]) return false
    return true
  }

  /** The sample that is next. */
  #readPart(): void {
    const metric = this.#metric
    const part = this.#part
    this.isHistogram = false
    switch (this.#family.kind) {
      case Kind.counter:
        this.isPlain = metric.exemplarAt.length === 0
        this.#sample(metric.counter, Role.whole, false)
        return
      case Kind.gauge:
      case Kind.untyped:
        this.isPlain = true
        this.#sample(this.#family.kind === Kind.gauge ? metric.gauge : metric.untyped, Role.whole, false)
        return
      case Kind.summary:
        this.isPlain = true
        if (part === Part.count) this.#sample(metric.summaryCount, Role.count, true)
        else if (part === Part.sum) this.#sample(metric.summarySum, Role.sum, metric.quantiles.length > 0)
        else {
          this.#sample(metric.quantileValues.at(part), Role.quantile, part + 1 < metric.quantiles.length)
          this.#bound(metric.quantiles.at(part), part)
        }
        return
      default:
        this.#readHistogramPart(part)
    }
  }

  #readHistogramPart(part: number): void {
    const metric = this.#metric
    this.isPlain = true
    switch (part) {
      case Part.native:
        this.isPlain = false
        this.isHistogram = true
        this.#sample(0, Role.whole, this.#options.keepClassic && metric.bucketBounds.length > 0)
        return
      case Part.count:
        this.#sample(totalCount(metric), Role.count, true)
        return
      case Part.sum:
        this.#sample(metric.sum, Role.sum, true)
        return
      default: {
        const isExposed = part < metric.bucketBounds.length
        const bound = isExposed ? metric.bucketBounds.at(part) : Infinity
        this.isPlain = !isExposed || metric.bucketExemplarAt.at(part * 2) < 0
        this.#sample(isExposed ? metric.bucketCounts.at(part) : totalCount(metric), Role.bucket, bound !== Infinity)
        this.#bound(bound, part)
      }
    }
  }

  #sample(value: number, role: number, hasMore: boolean): void {
    this.numbers[0] = value
    this.#hasMore = hasMore
    this.#role = role
    this.#boundIndex = -1
    const { labelsStart, labelsEnd } = this.#metric
    this.#seriesTotalBytes += this.#family.nameEnd - this.#family.nameStart + labelsEnd - labelsStart + 2
    if (this.#seriesTotalBytes > this.#length + SERIES_TOTAL_BYTES_MAX) {
      throw new ExpositionError(`series of a page of ${this.#length} bytes take more than ${SERIES_TOTAL_BYTES_MAX} bytes`)
    }
  }

  #bound(bound: number, index: number): void {
    if (!Object.is(this.#bounds[index], bound)) {
      this.#bounds[index] = bound
      this.#boundTexts[index] = formatBucketBound(bound)
    }
    this.#boundIndex = index
  }

  labels(): Labels {
    const pairs: string[] = [METRIC_NAME, this.#seriesName()]
    this.#collectPairs(this.#metric.labels(this.#reader), pairs)
    const part = this.#part
    if (part >= Part.first && this.#family.kind === Kind.summary) pairs.push('quantile', this.#boundTexts[part])
    else if (part >= Part.first && this.#family.kind >= Kind.histogram) pairs.push('le', this.#boundTexts[part])
    // What is canonical here is so already; a label of that name which the target gave is its own.
    return seriesLabels(pairs, 'unknown', (what) => new ExpositionError(what))
  }

  #seriesName(): string {
    const isHistogram = this.#family.kind >= Kind.histogram
    if (!isHistogram && this.#family.kind !== Kind.summary) return this.#family.name
    switch (this.#part) {
      case Part.native:
        return this.#family.name
      case Part.count:
        return `${this.#family.name}_count`
      case Part.sum:
        return `${this.#family.name}_sum`
      default:
        return isHistogram ? `${this.#family.name}_bucket` : this.#family.name
    }
  }

  emptyLabelNames(): readonly string[] {
    const pairs: string[] = []
    this.#collectPairs(this.#metric.labels(this.#reader), pairs)
    return pairs.filter((_, i) => i % 2 === 0 && pairs[i + 1] === '')
  }

  #collectPairs(at: NumberList, pairs: string[]): void {
    for (let i = 0; i < at.length; i += 4) {
      const name = this.#text(at.at(i), at.at(i + 1), 'name')
      if (name === '') throw new ExpositionError('invalid label name: ')
      pairs.push(name, this.#text(at.at(i + 2), at.at(i + 3), 'value'))
    }
  }

  #text(start: number, end: number, what: string): string {
    const buffer = this.#buffer
    if (!hasHighBit(buffer, start, end)) return buffer.toString('latin1', start, end)
    const bytes = buffer.subarray(start, end)
    if (!isUtf8(bytes)) throw new ExpositionError(`invalid label ${what}: ${shownBytes(bytes)}`)
    return bytes.toString('utf8')
  }

  histogram(): Histogram {
    return this.#histograms.of(this.#metric, this.#family.kind === Kind.gaugeHistogram)
  }

  exemplars(sampleTime: Timestamp): readonly Exemplar[] {
    const metric = this.#metric
    if (this.isPlain) return NO_EXEMPLARS
    if (this.#family.kind === Kind.counter) return [this.#exemplar(metric.exemplarAt.at(0), metric.exemplarAt.at(1), sampleTime)]
    if (this.#part >= Part.first) {
      const at = this.#part * 2
      return [this.#exemplar(metric.bucketExemplarAt.at(at), metric.bucketExemplarAt.at(at + 1), sampleTime)]
    }
    // Of a native histogram those count that have a time, and where it has none at all, those of its classic buckets.
    const at = metric.nativeExemplarAt.length > 0 ? metric.nativeExemplarAt : metric.bucketExemplarAt
    const exemplars: Exemplar[] = []
    for (let i = 0; i < at.length; i += 2) {
      if (at.at(i) < 0) continue
      const exemplar = this.#exemplar(at.at(i), at.at(i + 1), sampleTime)
      if (exemplar.hasTimestamp) exemplars.push(exemplar)
    }
    return exemplars
  }

  #exemplar(start: number, end: number, sampleTime: Timestamp): Exemplar {
    return readExemplar(this.#reader, this.#buffer, start, end, sampleTime)
  }

  startTime(): Timestamp {
    return this.#family.kind === Kind.gauge || this.#family.kind === Kind.untyped ? 0 : this.#metric.created
  }
}
