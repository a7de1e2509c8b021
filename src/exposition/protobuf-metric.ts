import { ExpositionError } from './exposition-error.ts'
import { NumberList } from './number-list.ts'
import { LABELS_MAX } from './page-parser.ts'
import { readPair, readTime, safeTime, stepOver } from './protobuf-fields.ts'
import { ProtobufHistogram } from './protobuf-histogram.ts'
import { type ProtobufReader, WireType } from './protobuf-reader.ts'
import { ProtobufSummary } from './protobuf-summary.ts'

const METRIC = 'Metric'

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
  /** Fields of these were read, and are to be cleared. */
  #hasSummary = false
  #hasHistogram = false
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
  readonly summary = new ProtobufSummary()
  readonly histogram = new ProtobufHistogram()

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
          this.#hasSummary = true
          this.summary.read(reader, reader.lengthEnd(end))
          this.created = this.summary.created || this.created
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
          reader.want(WireType.length, 'Histogram')
          this.#hasHistogram = true
          this.histogram.read(reader, reader.lengthEnd(end))
          this.created = this.histogram.created || this.created
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
    if (this.#hasSummary) this.summary.clear()
    if (this.#hasHistogram) this.histogram.clear()
    this.#hasSummary = false
    this.#hasHistogram = false
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
        stepOver(reader, end, this.exemplarAt)
      } else if (reader.field === 3) {
        reader.want(WireType.length, 'CreatedTimestamp')
        this.created = readTime(reader, reader.lengthEnd(end))
      } else reader.skip(end)
    }
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
