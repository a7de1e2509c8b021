import { HISTOGRAM_BUCKETS_MAX } from '../model/histogram.ts'
import { ExpositionError } from './exposition-error.ts'
import { NumberList } from './number-list.ts'
import { readTime, stepOver } from './protobuf-fields.ts'
import { type ProtobufReader, WireType } from './protobuf-reader.ts'

const HISTOGRAM = 'Histogram'

/** A native histogram may have so many exemplars: a few bytes of a page are one. */
const EXEMPLARS_MAX = 65_536

/**
 * The Histogram of a metric, classic, native or both; used again for the next. Exemplars are left where they stand: as pairs of positions
 * in the page, from and to. Source of the numbers of fields: prometheus/client_model, io/prometheus/client/metrics.proto.
 */
export class ProtobufHistogram {
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
  /** Start time, Unix ms; 0: none. */
  created = 0

  /** Of the observations, whole or not. */
  get total(): number {
    return this.countFloat === 0 ? this.count : this.countFloat
  }

  /** Whether there is more to it than classic buckets. */
  get isNative(): boolean {
    return (
      this.positiveSpans.length > 0 ||
      this.negativeSpans.length > 0 ||
      this.zeroThreshold > 0 ||
      this.zeroCount > 0 ||
      this.zeroCountFloat > 0
    )
  }

  clear(): void {
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
    this.created = 0
  }

  /** Hot: once a metric. */
  read(reader: ProtobufReader, end: number): void {
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
          reader.want(WireType.length, 'CreatedTimestamp')
          this.created = readTime(reader, reader.lengthEnd(end))
          break
        case 16:
          reader.want(WireType.length, 'Exemplars')
          if (this.nativeExemplarAt.length >= EXEMPLARS_MAX * 2)
            throw new ExpositionError(`histogram with more than ${EXEMPLARS_MAX} exemplars`)
          stepOver(reader, end, this.nativeExemplarAt)
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
