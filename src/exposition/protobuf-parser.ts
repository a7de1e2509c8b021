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
import { quote } from '../base/go-quote.ts'
import type { Exemplar } from '../model/exemplar.ts'
import { CounterResetHint, type Histogram, NO_BUCKETS } from '../model/histogram.ts'
import { Labels, METRIC_NAME } from '../model/labels.ts'
import type { MetricType } from '../model/metadata.ts'
import type { Timestamp } from '../model/time.ts'
import { compactHistogram } from './compact-buckets.ts'
import { ExpositionError } from './exposition-error.ts'
import { formatBucketBound } from './float.ts'
import { knownSpans } from './known-spans.ts'
import { hasHighBit, isEqual } from './line-bytes.ts'
import { NAME_CLASSES as classes, METRIC_REST, METRIC_START } from './name-bytes.ts'
import { NumberList } from './number-list.ts'
import { Entry, type PageParser, SERIES_BYTES_MAX } from './page-parser.ts'
import { ProtobufMetric, readPair, readTime } from './protobuf-metric.ts'
import { ProtobufReader, WireType } from './protobuf-reader.ts'
import { seriesLabels } from './series-labels.ts'
import { helpLine, shownName } from './text-writer.ts'

const NO_EXEMPLARS: readonly Exemplar[] = []

const NO_BYTES: Uint8Array = new Uint8Array(0)
const NO_BUFFER = Buffer.alloc(0)
const encoder = new TextEncoder()

/** Numbers of metrics.proto's MetricType. */
const Kind = { counter: 0, gauge: 1, summary: 2, untyped: 3, histogram: 4, gaugeHistogram: 5 } as const
const TYPES: readonly MetricType[] = ['counter', 'gauge', 'summary', 'unknown', 'histogram', 'gaugehistogram']

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
/** A family may have so many metrics: two bytes of a page are one. */
const METRICS_MAX = 4_194_304

/** Counts of histograms that one piece of memory is taken for. */
const COUNTS_AT_ONCE = 1024

/** Of bytes that an error shows. */
const SHOWN_BYTES_MAX = 1000
/** The length before a message takes at most so many bytes. */
const LENGTH_BYTES_MAX = 5

type Stage = 'family' | 'help' | 'unit' | 'type' | 'metrics'

const HELP_BEGINS = encoder.encode('# HELP ')
const TYPE_BEGINS = encoder.encode('# TYPE ')
const TYPE_ENDS = TYPES.map((type) => encoder.encode(` ${type}\n`))
const NEWLINE = 10
const SPACE = 32
const BACKSLASH = 92
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
  /** Where the next family's length stands. */
  #familyEnd = 0
  #stage: Stage = 'family'
  /** Where name and help stand in the page. */
  #nameStart = 0
  #nameEnd = 0
  #helpStart = 0
  #helpEnd = 0
  /** Made when it is asked for. */
  #nameText: string | undefined
  #unit = ''
  #kind = 0
  /** Two positions a metric of the family. */
  readonly #metricAt = new NumberList()
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
  /** Counts of histograms that were given out, side by side: small arrays with memory of their own are dear. */
  #counts = NO_BUCKETS
  #countsUsed = 0
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
    this.#familyEnd = 0
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
        if (this.#metricIndex >= this.#metricAt.length) return false
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
      if (this.#stage === 'metrics' && !this.#hasMore && this.#metricIndex >= this.#metricAt.length) this.#stage = 'family'
      if (this.#stage === 'family' && !this.#nextFamily()) return false
      if (this.#stage === 'help' && this.#isHelpLine(expected, from, to)) this.#stage = this.#unit === '' ? 'type' : 'unit'
      else if (this.#stage === 'type' && this.#isTypeLine(expected, from, to)) this.#beginMetrics()
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
          this.#stage = this.#unit === '' ? 'type' : 'unit'
          return this.#tell(Entry.help, helpLine(this.#name, this.#buffer.toString('utf8', this.#helpStart, this.#helpEnd)))
        case 'unit':
          this.#stage = 'type'
          return this.#tell(Entry.unit, `# UNIT ${shownName(this.#name)} ${this.#unit}\n`)
        case 'type':
          this.#beginMetrics()
          return this.#tell(Entry.type, `# TYPE ${shownName(this.#name)} ${this.type}\n`)
        case 'metrics':
          if (this.#hasMore) this.#part++
          else if (this.#metricIndex < this.#metricAt.length) this.#readMetric()
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

  /** Reads up to the next family that has metrics; false when there is none. */
  #nextFamily(): boolean {
    while (this.#familyEnd < this.#length) {
      this.#readFamily()
      // A family without metrics says nothing, not even what it is.
      if (this.#metricAt.length === 0) continue
      this.#checkFamily()
      this.#stage = 'help'
      return true
    }
    this.position = this.#length
    return false
  }

  #beginMetrics(): void {
    this.#stage = 'metrics'
    this.#hasMore = false
    this.type = TYPES[this.#kind]
  }

  /** Whether the line says what the family says, where nothing in it has to be quoted or escaped. */
  #isHelpLine(expected: Uint8Array, from: number, to: number): boolean {
    const buffer = this.#buffer
    const textStart = from + HELP_BEGINS.length + this.#nameEnd - this.#nameStart + 1
    if (to - textStart - 1 !== this.#helpEnd - this.#helpStart || expected[to - 1] !== NEWLINE || expected[textStart - 1] !== SPACE)
      return false
    if (!this.#hasPlainName(expected, from, HELP_BEGINS)) return false
    for (let i = textStart, p = this.#helpStart; p < this.#helpEnd; i++, p++) {
      const c = buffer[p]
      if (c !== expected[i] || c === BACKSLASH || c === NEWLINE) return false
    }
    return true
  }

  #isTypeLine(expected: Uint8Array, from: number, to: number): boolean {
    const ends = TYPE_ENDS[this.#kind]
    const endsAt = from + TYPE_BEGINS.length + this.#nameEnd - this.#nameStart
    return isEqual(ends, 0, ends.length, expected, endsAt, to) && this.#hasPlainName(expected, from, TYPE_BEGINS)
  }

  /** Whether the line begins so and with the family's name, which needs no quotes. */
  #hasPlainName(expected: Uint8Array, from: number, begins: Uint8Array): boolean {
    for (let i = 0; i < begins.length; i++) if (expected[from + i] !== begins[i]) return false
    const buffer = this.#buffer
    for (let i = from + begins.length, p = this.#nameStart; p < this.#nameEnd; i++, p++) {
      if (buffer[p] !== expected[i] || (classes[buffer[p]] & (p === this.#nameStart ? METRIC_START : METRIC_REST)) === 0) return false
    }
    return true
  }

  get #name(): string {
    return (this.#nameText ??= this.#buffer.toString('utf8', this.#nameStart, this.#nameEnd))
  }

  #readFamily(): void {
    const reader = this.#reader
    reader.position = this.#familyEnd
    const end = this.#familyLength()
    this.#familyEnd = end
    this.#metricAt.clear()
    this.#metricIndex = 0
    this.#nameStart = this.#nameEnd = this.#helpStart = this.#helpEnd = 0
    this.#nameText = undefined
    this.#unit = ''
    this.#kind = 0
    while (reader.position < end) {
      reader.key('MetricFamily', end)
      switch (reader.field) {
        case 1:
          reader.want(WireType.length, 'Name')
          this.#nameEnd = reader.lengthEnd(end)
          this.#nameStart = reader.position
          reader.position = this.#nameEnd
          break
        case 2:
          reader.want(WireType.length, 'Help')
          this.#helpEnd = reader.lengthEnd(end)
          this.#helpStart = reader.position
          reader.position = this.#helpEnd
          break
        case 3:
          reader.want(WireType.varint, 'Type')
          reader.varint(end)
          this.#kind = reader.integer32
          break
        case 4: {
          reader.want(WireType.length, 'Metric')
          const stop = reader.lengthEnd(end)
          if (this.#metricAt.length >= METRICS_MAX * 2) throw new ExpositionError(`family with more than ${METRICS_MAX} metrics`)
          this.#metricAt.push(reader.position)
          this.#metricAt.push(stop)
          reader.position = stop
          break
        }
        case 5:
          reader.want(WireType.length, 'Unit')
          this.#unit = this.#textOf(end)
          break
        default:
          reader.skip(end)
      }
    }
    this.position = this.#metricAt.length === 0 ? end : this.#metricAt.at(0)
    const [helpStart, helpEnd] = [this.#helpStart, this.#helpEnd]
    if (this.#metricAt.length > 0 && hasHighBit(this.#buffer, helpStart, helpEnd)) {
      const help = this.#buffer.subarray(helpStart, helpEnd)
      if (!isUtf8(help)) throw new ExpositionError(`invalid help for metric ${quote(this.#name)}: ${shownBytes(help)}`)
    }
  }

  /** Reads the length before a family; answers where the family ends. */
  #familyLength(): number {
    const reader = this.#reader
    const start = reader.position
    const lengthEnd = Math.min(this.#length, start + LENGTH_BYTES_MAX)
    let p = start
    while (p < lengthEnd && this.#buffer[p] >= 128) p++
    if (p >= lengthEnd) throw new ExpositionError('clientpb: invalid varint encountered')
    reader.varint(lengthEnd)
    const end = reader.position + reader.unsigned
    if (end > this.#length) {
      throw new ExpositionError(
        `clientpb: insufficient length of buffer, expected at least ${end - start} bytes, got ${this.#length - start} bytes`,
      )
    }
    return end
  }

  #textOf(end: number): string {
    const reader = this.#reader
    const stop = reader.lengthEnd(end)
    const text = this.#buffer.toString('utf8', reader.position, stop)
    reader.position = stop
    return text
  }

  #checkFamily(): void {
    const [start, end] = [this.#nameStart, this.#nameEnd]
    const isOdd = start === end || hasHighBit(this.#buffer, start, end)
    if (isOdd && (start === end || !isUtf8(this.#buffer.subarray(start, end)))) {
      throw new ExpositionError(`invalid metric name: ${shownBytes(this.#buffer.subarray(start, end))}`)
    }
    if (this.#kind < 0 || this.#kind >= TYPES.length) {
      throw new ExpositionError(`unknown metric type for metric ${quote(this.#name)}: ${this.#kind}`)
    }
    const unit = this.#unit
    if (unit === '') return
    const name = this.#name
    const isTotal = this.#kind === Kind.counter && name.endsWith('_total')
    const stem = isTotal ? name.slice(0, -'_total'.length) : name
    if (!stem.endsWith(`_${unit}`)) {
      throw new ExpositionError(`unit ${quote(unit)} not a suffix of ${isTotal ? 'counter' : 'metric'} ${quote(name)}`)
    }
  }

  #readMetric(): void {
    const reader = this.#reader
    const metric = this.#metric
    const at = this.#metricAt
    reader.position = at.at(this.#metricIndex)
    const end = at.at(this.#metricIndex + 1)
    metric.read(reader, end)
    const size = this.#nameEnd - this.#nameStart + metric.labelsEnd - metric.labelsStart + BOUND_BYTES_MAX
    if (size > SERIES_BYTES_MAX) throw new ExpositionError(`series of ${size} bytes, at most ${SERIES_BYTES_MAX}`)
    this.#beginMetric(end)
  }

  /**
   * Reads the next metric without looking into its labels, if they and its name are those that the expected series has; else answers
   * false and stays where it is. Hot: once a metric.
   */
  #readKnownMetric(expected: Uint8Array, from: number, to: number): boolean {
    const buffer = this.#buffer
    const start = this.#metricAt.at(this.#metricIndex)
    const end = this.#metricAt.at(this.#metricIndex + 1)
    // The first part of a metric is the whole of it, or its count.
    const separatorAt = expected[to - 1] === SEPARATOR ? to - 1 : to - 2
    const labelsFrom = from + this.#nameEnd - this.#nameStart + 1
    const labelsEnd = start + separatorAt - labelsFrom
    if (labelsEnd < start || labelsEnd > end || expected[separatorAt] !== SEPARATOR || expected[labelsFrom - 1] !== SEPARATOR) return false
    for (let i = separatorAt - 1, p = labelsEnd - 1; p >= start; i--, p--) if (buffer[p] !== expected[i]) return false
    for (let i = from, p = this.#nameStart; p < this.#nameEnd; i++, p++) if (buffer[p] !== expected[i]) return false
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
    const isHistogram = this.#kind === Kind.histogram || this.#kind === Kind.gaugeHistogram
    if (isHistogram && !this.#options.ignoreNative && isNative(metric)) this.#part = Part.native
    else this.#part = isHistogram || this.#kind === Kind.summary ? Part.count : Part.first
  }

  /**
   * Makes up the series bytes: the name, the labels as they stand in the page, which are the same next time if whoever wrote them is,
   * and what the sample is of its metric.
   */
  #writeSeries(): void {
    const { labelsStart, labelsEnd } = this.#metric
    const size = this.#nameEnd - this.#nameStart + labelsEnd - labelsStart + BOUND_BYTES_MAX
    if (this.#made.length < size) this.#made = new Uint8Array(size * 2)
    const series = this.#made
    let p = this.#buffer.copy(series, 0, this.#nameStart, this.#nameEnd)
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
    const labelsFrom = from + this.#nameEnd - this.#nameStart + 1
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
    for (let i = from, p = this.#nameStart; p < this.#nameEnd; i++, p++) if (buffer[p] !== expected[i]) return false
    return true
  }

  /** The sample that is next. */
  #readPart(): void {
    const metric = this.#metric
    const part = this.#part
    this.isHistogram = false
    switch (this.#kind) {
      case Kind.counter:
        this.isPlain = metric.exemplarAt.length === 0
        this.#sample(metric.counter, Role.whole, false)
        return
      case Kind.gauge:
      case Kind.untyped:
        this.isPlain = true
        this.#sample(this.#kind === Kind.gauge ? metric.gauge : metric.untyped, Role.whole, false)
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
    this.#seriesTotalBytes += this.#nameEnd - this.#nameStart + labelsEnd - labelsStart + 2
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
    if (part >= Part.first && this.#kind === Kind.summary) pairs.push('quantile', this.#boundTexts[part])
    else if (part >= Part.first && this.#kind >= Kind.histogram) pairs.push('le', this.#boundTexts[part])
    // What is canonical here is so already; a label of that name which the target gave is its own.
    return seriesLabels(pairs, 'unknown', (what) => new ExpositionError(what))
  }

  #seriesName(): string {
    const isHistogram = this.#kind >= Kind.histogram
    if (!isHistogram && this.#kind !== Kind.summary) return this.#name
    switch (this.#part) {
      case Part.native:
        return this.#name
      case Part.count:
        return `${this.#name}_count`
      case Part.sum:
        return `${this.#name}_sum`
      default:
        return isHistogram ? `${this.#name}_bucket` : this.#name
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
    const metric = this.#metric
    const isFloat = metric.countFloat > 0 || metric.zeroCountFloat > 0
    return compactHistogram(
      {
        isFloat,
        counterResetHint: this.#kind === Kind.gaugeHistogram ? CounterResetHint.gauge : CounterResetHint.unknown,
        schema: metric.schema,
        zeroThreshold: metric.zeroThreshold,
        zeroCount: isFloat ? metric.zeroCountFloat : metric.zeroCount,
        count: isFloat ? metric.countFloat : metric.count,
        sum: metric.sum,
        positiveSpans: knownSpans(metric.positiveSpans),
        negativeSpans: knownSpans(metric.negativeSpans),
        positiveBuckets: isFloat ? metric.positiveCounts.used.slice() : this.#absolute(metric.positiveDeltas),
        negativeBuckets: isFloat ? metric.negativeCounts.used.slice() : this.#absolute(metric.negativeDeltas),
        customValues: NO_BUCKETS,
      },
      0,
    )
  }

  #absolute(deltas: NumberList): Float64Array {
    const size = deltas.length
    if (size === 0) return NO_BUCKETS
    if (this.#countsUsed + size > this.#counts.length) {
      this.#counts = new Float64Array(Math.max(COUNTS_AT_ONCE, size))
      this.#countsUsed = 0
    }
    const counts = new Float64Array(this.#counts.buffer, this.#countsUsed * 8, size)
    this.#countsUsed += size
    let count = 0
    for (let i = 0; i < size; i++) {
      count += deltas.at(i)
      counts[i] = count
    }
    return counts
  }

  exemplars(sampleTime: Timestamp): readonly Exemplar[] {
    const metric = this.#metric
    if (this.isPlain) return NO_EXEMPLARS
    if (this.#kind === Kind.counter) return [this.#exemplar(metric.exemplarAt.at(0), metric.exemplarAt.at(1), sampleTime)]
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
    const reader = this.#reader
    reader.position = start
    const labelAt = new NumberList()
    let value = 0
    let timestamp: Timestamp | undefined
    while (reader.position < end) {
      reader.key('Exemplar', end)
      switch (reader.field) {
        case 1:
          reader.want(WireType.length, 'Label')
          readPair(reader, reader.lengthEnd(end), labelAt)
          break
        case 2:
          reader.want(WireType.fixed64, 'Value')
          value = reader.double(end)
          break
        case 3:
          reader.want(WireType.length, 'Timestamp')
          timestamp = readTime(reader, reader.lengthEnd(end))
          break
        default:
          reader.skip(end)
      }
    }
    // Nobody checks the labels of an exemplar.
    const text = (at: number) => this.#buffer.toString('utf8', labelAt.at(at), labelAt.at(at + 1))
    const labels = new Map<string, string>()
    for (let i = 0; i < labelAt.length; i += 4) labels.set(text(i), text(i + 2))
    return { labels: Labels.of(labels), value, timestamp: timestamp ?? sampleTime, hasTimestamp: timestamp !== undefined }
  }

  startTime(): Timestamp {
    return this.#kind === Kind.gauge || this.#kind === Kind.untyped ? 0 : this.#metric.created
  }
}

function isNative(metric: ProtobufMetric): boolean {
  return (
    metric.positiveSpans.length > 0 ||
    metric.negativeSpans.length > 0 ||
    metric.zeroThreshold > 0 ||
    metric.zeroCount > 0 ||
    metric.zeroCountFloat > 0
  )
}

function totalCount(metric: ProtobufMetric): number {
  return metric.countFloat === 0 ? metric.count : metric.countFloat
}

function shownBytes(bytes: Buffer): string {
  return bytes.toString('utf8', 0, SHOWN_BYTES_MAX)
}
