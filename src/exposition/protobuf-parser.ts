// The protobuf exposition format: families, each a message with its length before it. docs/formats/exposition.md has the layout.
//
// 1. A family is told of as text would be: HELP, UNIT where it has one, TYPE, then its samples. Lines and series bytes do not stand in
//    the page: they are made up in buffers of the parser, and are the same whenever the content is.
// 2. A summary or classic histogram becomes series in the order count, sum, quantiles or buckets; one for +Inf is added where it lacks.
// 3. A histogram with spans, a zero threshold or a count of zeroes is a native one; its classic buckets are told of after it where
//    that is asked for. Each metric is looked at by itself (upstream: the first of a family decides for the others).
// 4. Labels are checked when they are asked for: once per new series.
// Source: Prometheus model/textparse/protobufparse.go, prompb/io/prometheus/client/decoder.go.

import type { Exemplar } from '../model/exemplar.ts'
import type { Histogram } from '../model/histogram.ts'
import type { Labels } from '../model/labels.ts'
import type { MetricType } from '../model/metadata.ts'
import type { Timestamp } from '../model/time.ts'
import { ExpositionError } from './exposition-error.ts'
import { isEqual } from './line-bytes.ts'
import { NativeHistograms } from './native-histograms.ts'
import type { NumberList } from './number-list.ts'
import { Entry, type PageParser } from './page-parser.ts'
import { readExemplar } from './protobuf-exemplar.ts'
import { Kind, ProtobufFamily } from './protobuf-family.ts'
import { collectLabels } from './protobuf-labels.ts'
import { ProtobufMetric } from './protobuf-metric.ts'
import { ProtobufReader } from './protobuf-reader.ts'
import { type ProtobufOptions, ProtobufSamples } from './protobuf-samples.ts'
import { ProtobufSeriesBytes } from './protobuf-series-bytes.ts'
import { seriesLabels } from './series-labels.ts'

const NO_EXEMPLARS: readonly Exemplar[] = []

const NO_BYTES: Uint8Array = new Uint8Array(0)
const NO_BUFFER = Buffer.alloc(0)
const encoder = new TextEncoder()

type Stage = 'family' | 'help' | 'unit' | 'type' | 'metrics'

export class ProtobufParser implements PageParser {
  readonly #reader = new ProtobufReader()
  #buffer: Buffer = NO_BUFFER
  #stage: Stage = 'family'
  readonly #family = new ProtobufFamily(this.#reader)
  #metricIndex = 0
  readonly #metric = new ProtobufMetric()
  /** An entry was looked at and not taken. */
  #pending: Entry | undefined
  readonly #seriesBytes = new ProtobufSeriesBytes(this.#family, this.#metric)
  readonly #samples: ProtobufSamples
  /** Where the series bytes stand: those, or the expected ones. */
  #series = NO_BYTES
  #comment = NO_BYTES
  readonly #histograms = new NativeHistograms()
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
    this.#samples = new ProtobufSamples(options, this.#family, this.#metric, this.#seriesBytes)
  }

  reset(bytes: Uint8Array, length: number): void {
    this.#reader.reset(bytes)
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#family.reset(this.#buffer, length)
    this.#seriesBytes.reset(this.#buffer, length)
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
      if (this.#samples.hasMore) this.#samples.next()
      else {
        if (this.#metricIndex >= this.#family.metricAt.length) return false
        isKnown = this.#readKnownMetric(expected, from, to)
        if (!isKnown) this.#readMetric()
      }
      this.#takeSample()
      this.#pending = Entry.series
    } else if (this.#pending !== Entry.series) return false
    if (!this.#seriesBytes.isExpected(expected, from, to, isKnown)) return false
    this.#pending = undefined
    this.#series = expected
    this.seriesStart = from
    this.seriesEnd = to
    return true
  }

  takeExpectedComment(expected: Uint8Array, from: number, to: number): boolean {
    if (this.#pending === undefined) {
      if (this.#stage === 'metrics' && !this.#samples.hasMore && this.#metricIndex >= this.#family.metricAt.length) this.#stage = 'family'
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
    if (entry === Entry.series) {
      this.#series = this.#seriesBytes.make()
      this.seriesStart = 0
      this.seriesEnd = this.#seriesBytes.madeLength
    }
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
          if (this.#samples.hasMore) this.#samples.next()
          else if (this.#metricIndex < this.#family.metricAt.length) this.#readMetric()
          else {
            this.#stage = 'family'
            continue
          }
          this.#takeSample()
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
    this.#samples.hasMore = false
    this.type = this.#family.type
  }

  #readMetric(): void {
    const reader = this.#reader
    const metric = this.#metric
    const at = this.#family.metricAt
    reader.position = at.at(this.#metricIndex)
    const end = at.at(this.#metricIndex + 1)
    metric.read(reader, end)
    this.#seriesBytes.begin()
    this.#beginMetric(end)
  }

  /**
   * Reads the next metric without looking into its labels, if they and its name are those that the expected series has; else answers
   * false and stays where it is. Hot: once a metric.
   */
  #readKnownMetric(expected: Uint8Array, from: number, to: number): boolean {
    const reader = this.#reader
    const start = this.#family.metricAt.at(this.#metricIndex)
    const end = this.#family.metricAt.at(this.#metricIndex + 1)
    const labelsEnd = this.#seriesBytes.knownLabelsEnd(reader, start, end, expected, from, to)
    if (labelsEnd < 0) return false
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
    this.#samples.first()
  }

  #takeSample(): void {
    const samples = this.#samples
    this.numbers[0] = samples.value
    this.isPlain = samples.isPlain
    this.isHistogram = samples.isHistogram
  }

  labels(): Labels {
    const pairs = this.#samples.ownLabels()
    collectLabels(this.#buffer, this.#metric.labels(this.#reader), pairs)
    // What is canonical here is so already; a label of that name which the target gave is its own.
    return seriesLabels(pairs, 'unknown', (what) => new ExpositionError(what))
  }

  emptyLabelNames(): readonly string[] {
    const pairs: string[] = []
    collectLabels(this.#buffer, this.#metric.labels(this.#reader), pairs)
    return pairs.filter((_, i) => i % 2 === 0 && pairs[i + 1] === '')
  }

  histogram(): Histogram {
    return this.#histograms.compact(this.#metric.histogram, this.#family.kind === Kind.gaugeHistogram)
  }

  exemplars(sampleTime: Timestamp): readonly Exemplar[] {
    if (this.isPlain) return NO_EXEMPLARS
    const { exemplarAt, histogram } = this.#metric
    if (this.#family.kind === Kind.counter) return [this.#exemplar(exemplarAt, 0, sampleTime)]
    const { bucketIndex } = this.#samples
    if (bucketIndex >= 0) return [this.#exemplar(histogram.bucketExemplarAt, bucketIndex * 2, sampleTime)]
    // Of a native histogram those count that have a time, and where it has none at all, those of its classic buckets.
    const at = histogram.nativeExemplarAt.length > 0 ? histogram.nativeExemplarAt : histogram.bucketExemplarAt
    const exemplars: Exemplar[] = []
    for (let i = 0; i < at.length; i += 2) {
      if (at.at(i) < 0) continue
      const exemplar = this.#exemplar(at, i, sampleTime)
      if (exemplar.hasTimestamp) exemplars.push(exemplar)
    }
    return exemplars
  }

  #exemplar(at: NumberList, index: number, sampleTime: Timestamp): Exemplar {
    return readExemplar(this.#reader, this.#buffer, at.at(index), at.at(index + 1), sampleTime)
  }

  startTime(): Timestamp {
    return this.#family.kind === Kind.gauge || this.#family.kind === Kind.untyped ? 0 : this.#metric.created
  }
}
