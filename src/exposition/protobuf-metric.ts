import { HISTOGRAM_BUCKETS_MAX } from '../model/histogram.ts'
import { ExpositionError } from './exposition-error.ts'
import { NumberList } from './number-list.ts'
import { LABELS_MAX } from './page-parser.ts'
import { type ProtobufReader, WireType } from './protobuf-reader.ts'

const METRIC = 'Metric'
const HISTOGRAM = 'Histogram'

/** A native histogram may have so many exemplars: a few bytes of a page are one. */
const EXEMPLARS_MAX = 65_536

/**
 * One metric of a family, read from its message; used again for the next. Parts that may not be needed (labels, exemplars) are left where
 * they stand: as pairs of positions in the page, from and to.
 * Source of the numbers of fields: prometheus/client_model, io/prometheus/client/metrics.proto.
 */
export class ProtobufMetric {
  /** Four positions a label: name and value, each from and to. */
  readonly #labelAt = new NumberList()
  /** The labels were taken as they stand, and are read when they are asked for. */
  #hasUnread = false
  /** Fields of histograms and summaries were read, and are to be cleared. */
  #isCompound = false
  /** Where all labels stand: their fields, usually without others between them. */
  labelsStart = 0
  labelsEnd = 0
  /** Unix ms; 0: none. */
  timestamp = 0
  counter = 0
  gauge = 0
  untyped = 0
  /** Start time, Unix ms; 0: none. A metric has one of the parts that can have one. */
  created = 0
  /** Of a counter. */
  readonly exemplarAt = new NumberList()

  summaryCount = 0
  summarySum = 0
  readonly quantiles = new NumberList()
  readonly quantileValues = new NumberList()

  count = 0
  countFloat = 0
  sum = 0
  readonly bucketBounds = new NumberList()
  readonly bucketCounts = new NumberList()
  /** Two positions a bucket; -1 where it has no exemplar. */
  readonly bucketExemplarAt = new NumberList()

  schema = 0
  zeroThreshold = 0
  zeroCount = 0
  zeroCountFloat = 0
  /** Pairs: offset, length. */
  readonly positiveSpans = new NumberList()
  readonly negativeSpans = new NumberList()
  readonly positiveDeltas = new NumberList()
  readonly negativeDeltas = new NumberList()
  readonly positiveCounts = new NumberList()
  readonly negativeCounts = new NumberList()
  readonly nativeExemplarAt = new NumberList()

  /** Reads the message that begins where the reader is. Throws ExpositionError. */
  read(reader: ProtobufReader, end: number): void {
    this.#clear()
    this.labelsStart = reader.position
    this.labelsEnd = reader.position
    this.#readFields(reader, end, false)
  }

  /**
   * The same where labels, and nothing else, are known to stand up to `labelsEnd`; they are not looked into. False: there are more of
   * them further on. Hot: once a metric.
   */
  readKnown(reader: ProtobufReader, labelsEnd: number, end: number): boolean {
    this.#clear()
    this.labelsStart = reader.position
    this.labelsEnd = labelsEnd
    this.#hasUnread = true
    reader.position = labelsEnd
    return this.#readFields(reader, end, true)
  }

  /** Where the labels stand: four positions each, name and value, from and to. */
  labels(reader: ProtobufReader): NumberList {
    if (!this.#hasUnread) return this.#labelAt
    this.#hasUnread = false
    reader.position = this.labelsStart
    while (reader.position < this.labelsEnd) {
      reader.key(METRIC, this.labelsEnd)
      this.#readLabel(reader, reader.lengthEnd(this.labelsEnd))
    }
    return this.#labelAt
  }

  /** False where there are labels and none may be. */
  #readFields(reader: ProtobufReader, end: number, isWithoutLabels: boolean): boolean {
    while (reader.position < end) {
      const start = reader.position
      reader.key(METRIC, end)
      switch (reader.field) {
        case 1:
          if (isWithoutLabels) return false
          reader.want(WireType.length, 'Label')
          this.#readLabel(reader, reader.lengthEnd(end))
          if (this.#labelAt.length === 4) this.labelsStart = start
          this.labelsEnd = reader.position
          break
        case 2:
          reader.want(WireType.length, 'Gauge')
          this.gauge = readValue(reader, reader.lengthEnd(end), 'Gauge', this.gauge)
          break
        case 3:
          reader.want(WireType.length, 'Counter')
          this.#readCounter(reader, reader.lengthEnd(end))
          break
        case 4:
          reader.want(WireType.length, 'Summary')
          this.#readSummary(reader, reader.lengthEnd(end))
          break
        case 5:
          reader.want(WireType.length, 'Untyped')
          this.untyped = readValue(reader, reader.lengthEnd(end), 'Untyped', this.untyped)
          break
        case 6:
          reader.want(WireType.varint, 'TimestampMs')
          reader.varint(end)
          this.timestamp = safeTime(reader.integer)
          break
        case 7:
          reader.want(WireType.length, HISTOGRAM)
          this.#readHistogram(reader, reader.lengthEnd(end))
          break
        default:
          reader.skip(end)
      }
    }
    return true
  }

  #clear(): void {
    this.#labelAt.clear()
    this.#hasUnread = false
    this.timestamp = 0
    this.counter = 0
    this.gauge = 0
    this.untyped = 0
    this.created = 0
    this.exemplarAt.clear()
    if (this.#isCompound) this.#clearCompound()
  }

  #clearCompound(): void {
    this.#isCompound = false
    this.summaryCount = 0
    this.summarySum = 0
    this.quantiles.clear()
    this.quantileValues.clear()
    this.count = 0
    this.countFloat = 0
    this.sum = 0
    this.bucketBounds.clear()
    this.bucketCounts.clear()
    this.bucketExemplarAt.clear()
    this.schema = 0
    this.zeroThreshold = 0
    this.zeroCount = 0
    this.zeroCountFloat = 0
    this.positiveSpans.clear()
    this.negativeSpans.clear()
    this.positiveDeltas.clear()
    this.negativeDeltas.clear()
    this.positiveCounts.clear()
    this.negativeCounts.clear()
    this.nativeExemplarAt.clear()
  }

  #readLabel(reader: ProtobufReader, end: number): void {
    if (this.#labelAt.length >= LABELS_MAX * 4) throw new ExpositionError(`series with more than ${LABELS_MAX} labels`)
    readPair(reader, end, this.#labelAt)
  }

  #readCounter(reader: ProtobufReader, end: number): void {
    while (reader.position < end) {
      reader.key('Counter', end)
      if (reader.field === 1) {
        reader.want(WireType.fixed64, 'Value')
        this.counter = reader.double(end)
      } else if (reader.field === 2) {
        reader.want(WireType.length, 'Exemplar')
        this.exemplarAt.clear()
        takePart(reader, end, this.exemplarAt)
      } else if (reader.field === 3) this.#readCreated(reader, end)
      else reader.skip(end)
    }
  }

  #readSummary(reader: ProtobufReader, end: number): void {
    this.#isCompound = true
    while (reader.position < end) {
      reader.key('Summary', end)
      switch (reader.field) {
        case 1:
          reader.want(WireType.varint, 'SampleCount')
          reader.varint(end)
          this.summaryCount = reader.unsigned
          break
        case 2:
          reader.want(WireType.fixed64, 'SampleSum')
          this.summarySum = reader.double(end)
          break
        case 3:
          reader.want(WireType.length, 'Quantile')
          this.#readQuantile(reader, reader.lengthEnd(end))
          break
        case 4:
          this.#readCreated(reader, end)
          break
        default:
          reader.skip(end)
      }
    }
  }

  #readQuantile(reader: ProtobufReader, end: number): void {
    let quantile = 0
    let value = 0
    while (reader.position < end) {
      reader.key('Quantile', end)
      if (reader.field === 1) {
        reader.want(WireType.fixed64, 'Quantile')
        quantile = reader.double(end)
      } else if (reader.field === 2) {
        reader.want(WireType.fixed64, 'Value')
        value = reader.double(end)
      } else reader.skip(end)
    }
    this.quantiles.push(quantile)
    this.quantileValues.push(value)
  }

  #readHistogram(reader: ProtobufReader, end: number): void {
    this.#isCompound = true
    while (reader.position < end) {
      reader.key(HISTOGRAM, end)
      switch (reader.field) {
        case 1:
          reader.want(WireType.varint, 'SampleCount')
          reader.varint(end)
          this.count = reader.unsigned
          break
        case 2:
          reader.want(WireType.fixed64, 'SampleSum')
          this.sum = reader.double(end)
          break
        case 3:
          reader.want(WireType.length, 'Bucket')
          this.#readBucket(reader, reader.lengthEnd(end))
          break
        case 4:
          reader.want(WireType.fixed64, 'SampleCountFloat')
          this.countFloat = reader.double(end)
          break
        case 5:
          reader.want(WireType.varint, 'Schema')
          reader.varint(end)
          this.schema = reader.zigzag32
          break
        case 6:
          reader.want(WireType.fixed64, 'ZeroThreshold')
          this.zeroThreshold = reader.double(end)
          break
        case 7:
          reader.want(WireType.varint, 'ZeroCount')
          reader.varint(end)
          this.zeroCount = reader.unsigned
          break
        case 8:
          reader.want(WireType.fixed64, 'ZeroCountFloat')
          this.zeroCountFloat = reader.double(end)
          break
        case 9:
          reader.want(WireType.length, 'NegativeSpan')
          readSpan(reader, reader.lengthEnd(end), this.negativeSpans)
          break
        case 10:
          readDeltas(reader, end, 'NegativeDelta', this.negativeDeltas)
          break
        case 11:
          readDoubles(reader, end, 'NegativeCount', this.negativeCounts)
          break
        case 12:
          reader.want(WireType.length, 'PositiveSpan')
          readSpan(reader, reader.lengthEnd(end), this.positiveSpans)
          break
        case 13:
          readDeltas(reader, end, 'PositiveDelta', this.positiveDeltas)
          break
        case 14:
          readDoubles(reader, end, 'PositiveCount', this.positiveCounts)
          break
        case 15:
          this.#readCreated(reader, end)
          break
        case 16:
          reader.want(WireType.length, 'Exemplars')
          if (this.nativeExemplarAt.length >= EXEMPLARS_MAX * 2)
            throw new ExpositionError(`histogram with more than ${EXEMPLARS_MAX} exemplars`)
          takePart(reader, end, this.nativeExemplarAt)
          break
        default:
          reader.skip(end)
      }
    }
  }

  #readBucket(reader: ProtobufReader, end: number): void {
    let count = 0
    let countFloat = 0
    let bound = 0
    const at = this.bucketExemplarAt
    const exemplar = at.length
    at.push(-1)
    at.push(-1)
    while (reader.position < end) {
      reader.key('Bucket', end)
      switch (reader.field) {
        case 1:
          reader.want(WireType.varint, 'CumulativeCount')
          reader.varint(end)
          count = reader.unsigned
          break
        case 2:
          reader.want(WireType.fixed64, 'UpperBound')
          bound = reader.double(end)
          break
        case 3:
          reader.want(WireType.length, 'Exemplar')
          at.set(exemplar + 1, reader.lengthEnd(end))
          at.set(exemplar, reader.position)
          reader.position = at.at(exemplar + 1)
          break
        case 4:
          reader.want(WireType.fixed64, 'CumulativeCountFloat')
          countFloat = reader.double(end)
          break
        default:
          reader.skip(end)
      }
    }
    this.bucketBounds.push(bound)
    this.bucketCounts.push(countFloat === 0 ? count : countFloat)
  }

  #readCreated(reader: ProtobufReader, end: number): void {
    reader.want(WireType.length, 'CreatedTimestamp')
    this.created = readTime(reader, reader.lengthEnd(end))
  }
}

function readValue(reader: ProtobufReader, end: number, message: string, value: number): number {
  let found = value
  while (reader.position < end) {
    reader.key(message, end)
    if (reader.field !== 1) reader.skip(end)
    else {
      reader.want(WireType.fixed64, 'Value')
      found = reader.double(end)
    }
  }
  return found
}

/** A LabelPair: where name and value stand is added to `at`. */
export function readPair(reader: ProtobufReader, end: number, at: NumberList): void {
  const index = at.length
  for (let i = 0; i < 4; i++) at.push(end)
  while (reader.position < end) {
    reader.key('LabelPair', end)
    const { field } = reader
    if (field !== 1 && field !== 2) {
      reader.skip(end)
      continue
    }
    reader.want(WireType.length, field === 1 ? 'Name' : 'Value')
    const stop = reader.lengthEnd(end)
    at.set(index + field * 2 - 2, reader.position)
    at.set(index + field * 2 - 1, stop)
    reader.position = stop
  }
}

/** A google.protobuf.Timestamp as Unix ms. */
export function readTime(reader: ProtobufReader, end: number): number {
  let seconds = 0
  let nanos = 0
  while (reader.position < end) {
    reader.key('Timestamp', end)
    if (reader.field !== 1 && reader.field !== 2) {
      reader.skip(end)
      continue
    }
    reader.want(WireType.varint, reader.field === 1 ? 'Seconds' : 'Nanos')
    const isSeconds = reader.field === 1
    reader.varint(end)
    if (isSeconds) seconds = reader.integer
    else nanos = reader.integer32
  }
  return safeTime(seconds * 1000 + Math.trunc(nanos / 1e6))
}

function safeTime(time: number): number {
  if (!Number.isSafeInteger(time)) throw new ExpositionError(`timestamp ${time} is out of range`)
  return time
}

function takePart(reader: ProtobufReader, end: number, at: NumberList): void {
  const stop = reader.lengthEnd(end)
  at.push(reader.position)
  at.push(stop)
  reader.position = stop
}

function readSpan(reader: ProtobufReader, end: number, spans: NumberList): void {
  let offset = 0
  let length = 0
  while (reader.position < end) {
    reader.key('BucketSpan', end)
    if (reader.field !== 1 && reader.field !== 2) {
      reader.skip(end)
      continue
    }
    reader.want(WireType.varint, reader.field === 1 ? 'Offset' : 'Length')
    const isOffset = reader.field === 1
    reader.varint(end)
    if (isOffset) offset = reader.zigzag32
    else length = reader.unsigned32
  }
  if (spans.length >= HISTOGRAM_BUCKETS_MAX * 2) throw new ExpositionError(`histogram with more than ${HISTOGRAM_BUCKETS_MAX} spans`)
  spans.push(offset)
  spans.push(length)
}

/** One, or many in one field. */
function readDeltas(reader: ProtobufReader, end: number, name: string, out: NumberList): void {
  if (reader.wireType === WireType.varint) {
    reader.varint(end)
    pushBucket(out, reader.zigzag)
    return
  }
  reader.want(WireType.length, name)
  const stop = reader.lengthEnd(end)
  while (reader.position < stop) {
    reader.varint(stop)
    pushBucket(out, reader.zigzag)
  }
}

function readDoubles(reader: ProtobufReader, end: number, name: string, out: NumberList): void {
  if (reader.wireType === WireType.fixed64) {
    pushBucket(out, reader.double(end))
    return
  }
  reader.want(WireType.length, name)
  const stop = reader.lengthEnd(end)
  while (reader.position < stop) pushBucket(out, reader.double(stop))
}

function pushBucket(out: NumberList, count: number): void {
  if (out.length >= HISTOGRAM_BUCKETS_MAX) throw new ExpositionError(`histogram with more than ${HISTOGRAM_BUCKETS_MAX} buckets`)
  out.push(count)
}
