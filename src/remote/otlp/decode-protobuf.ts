// Source: opentelemetry-proto, collector/metrics/v1, metrics/v1 and common/v1; docs/protocols/otlp.md has the layout.

import { isUtf8 } from 'node:buffer'
import { isStaleMarker } from '../../model/staleness.ts'
import { type MessageShape, WireReader } from '../wire-reader.ts'
import { type AttributeValue, KeyValues } from './attribute-value.ts'
import {
  type ByteRun,
  type ExponentialBuckets,
  type ExponentialPoint,
  type HistogramPoint,
  type Metric,
  type MetricData,
  NO_EXPONENTIAL_BUCKETS,
  NO_NUMBERS,
  type NumberPoint,
  type OtlpExemplar,
  type Points,
  type ResourceMetrics,
  type ScopeMetrics,
  type SummaryPoint,
} from './metrics-data.ts'
import { MessageCount, millisecondsOf, RequestFault, VALUE_DEPTH_MAX } from './request-fault.ts'

const VARINT = 0
const FIXED64 = 1
const BYTES = 2

/** Flags of a point: there is no recorded value. */
const NO_RECORDED_VALUE = 1

/** Reads a request of OTLP, but for its points, which are read when they are asked for. Throws RequestFault, then as well. */
export function decodeProtobuf(bytes: Uint8Array): readonly ResourceMetrics[] {
  const decoder = new Decoder(bytes)
  return decoder.request()
}

const shape = (name: string): MessageShape => ({ name, fields: {} })
const SHAPES = {
  request: shape('ExportMetricsServiceRequest'),
  resourceMetrics: shape('ResourceMetrics'),
  resource: shape('Resource'),
  scopeMetrics: shape('ScopeMetrics'),
  scope: shape('InstrumentationScope'),
  metric: shape('Metric'),
  data: shape('Data'),
  point: shape('DataPoint'),
  buckets: shape('Buckets'),
  quantile: shape('ValueAtQuantile'),
  exemplar: shape('Exemplar'),
  keyValue: shape('KeyValue'),
  value: shape('AnyValue'),
}

class Decoder {
  readonly #reader = new WireReader()
  readonly #buffer: Buffer
  readonly #messages = new MessageCount()
  /** Where the key stands of the field that is taken. */
  #fieldStart = 0

  constructor(bytes: Uint8Array) {
    this.#reader.open(bytes)
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  request(): readonly ResourceMetrics[] {
    const all: ResourceMetrics[] = []
    this.#fields(this.#buffer.length, SHAPES.request, (number, type) => {
      if (number !== 1 || type !== BYTES) return false
      all.push(this.#resourceMetrics(this.#end()))
      return true
    })
    return all
  }

  /** Calls back for each field up to `end`; one that is not taken is stepped over. */
  #fields(end: number, shape: MessageShape, take: (number: number, type: number, end: number) => boolean): void {
    this.#messages.add()
    const reader = this.#reader
    while (reader.position < end) {
      const fieldStart = reader.position
      const tag = reader.varint(end)
      this.#fieldStart = fieldStart
      this.#check()
      if (!take(Math.floor(tag / 8), tag % 8, end)) reader.skip(tag, end, shape)
      this.#check()
      if (reader.position > end) throw new RequestFault('unexpected EOF')
    }
  }

  #check(): void {
    if (this.#reader.fault !== undefined) throw new RequestFault(this.#reader.fault)
  }

  /** Reads a length: where the message at hand ends. That is within what it lies in when all is read, since `#fields` looks. */
  #end(): number {
    const end = this.#reader.fieldEnd(this.#buffer.length)
    this.#check()
    return end
  }

  #text(): string {
    const end = this.#end()
    const start = this.#reader.position
    this.#reader.position = end
    const text = this.#buffer.toString('utf8', start, end)
    if (text.includes('\ufffd') && !isUtf8(this.#buffer.subarray(start, end))) throw new RequestFault('string field contains invalid UTF-8')
    return text
  }

  #hex(): string {
    const end = this.#end()
    const start = this.#reader.position
    this.#reader.position = end
    const text = this.#buffer.toString('hex', start, end)
    return /^0*$/.test(text) ? '' : text
  }

  #double(end: number): number {
    return this.#reader.double(end)
  }

  #milliseconds(end: number): number {
    const at = this.#fixed64(end)
    return millisecondsOf(this.#reader.view.getUint32(at + 4, true), this.#reader.view.getUint32(at, true))
  }

  #unsigned64(end: number): number {
    const at = this.#fixed64(end)
    return this.#reader.view.getUint32(at + 4, true) * 2 ** 32 + this.#reader.view.getUint32(at, true)
  }

  #signed64(end: number): number {
    const at = this.#fixed64(end)
    return this.#reader.view.getInt32(at + 4, true) * 2 ** 32 + this.#reader.view.getUint32(at, true)
  }

  /** Steps over 64 bits; where they begin. */
  #fixed64(end: number): number {
    const reader = this.#reader
    const at = reader.position
    if (at + 8 > end) throw new RequestFault('unexpected EOF')
    reader.position = at + 8
    return at
  }

  /** More of a repeated number: a packed run, or a single one. False when the wire type is another. */
  #numbers(type: number, single: number, end: number, into: NumberList, read: (end: number) => number): boolean {
    if (type === single) {
      into.push(read(end))
      return true
    }
    if (type !== BYTES) return false
    const runEnd = this.#end()
    if (runEnd > end) throw new RequestFault('unexpected EOF')
    while (this.#reader.position < runEnd) {
      into.push(read(runEnd))
      this.#check()
    }
    return true
  }

  #resourceMetrics(end: number): ResourceMetrics {
    let attributes = KeyValues.empty
    const scopes: ScopeMetrics[] = []
    this.#fields(end, SHAPES.resourceMetrics, (number, type) => {
      if (type !== BYTES) return false
      if (number === 1) attributes = this.#attributesOf(this.#end(), SHAPES.resource)
      else if (number === 2) scopes.push(this.#scopeMetrics(this.#end()))
      else return false
      return true
    })
    return { attributes, scopes }
  }

  #attributesOf(end: number, shape: MessageShape): KeyValues {
    const attributes = new KeyValues()
    this.#fields(end, shape, (number, type) => number === 1 && type === BYTES && this.#keyValue(attributes))
    return attributes
  }

  #scopeMetrics(end: number): ScopeMetrics {
    let [name, version, schemaUrl] = ['', '', '']
    const attributes = new KeyValues()
    const metrics: Metric[] = []
    this.#fields(end, SHAPES.scopeMetrics, (number, type) => {
      if (type !== BYTES) return false
      if (number === 1) {
        this.#fields(this.#end(), SHAPES.scope, (field, fieldType) => {
          if (fieldType !== BYTES) return false
          if (field === 1) name = this.#text()
          else if (field === 2) version = this.#text()
          else return field === 3 && this.#keyValue(attributes)
          return true
        })
      } else if (number === 2) metrics.push(this.#metric(this.#end()))
      else if (number === 3) schemaUrl = this.#text()
      else return false
      return true
    })
    return { name, version, schemaUrl, attributes, metrics }
  }

  #metric(end: number): Metric {
    let [name, description, unit] = ['', '', '']
    let data: MetricData | undefined
    this.#fields(end, SHAPES.metric, (number, type) => {
      if (type !== BYTES) return false
      if (number === 1) name = this.#text()
      else if (number === 2) description = this.#text()
      else if (number === 3) unit = this.#text()
      else if (number === 5) {
        const { points } = this.#points((pointEnd) => this.#numberPoint(pointEnd))
        data = { kind: 'gauge', points }
      } else if (number === 7) data = { kind: 'sum', ...this.#points((pointEnd) => this.#numberPoint(pointEnd)) }
      else if (number === 9) {
        const { points, temporality } = this.#points((pointEnd) => this.#histogramPoint(pointEnd))
        data = { kind: 'histogram', points, temporality }
      } else if (number === 10) {
        const { points, temporality } = this.#points((pointEnd) => this.#exponentialPoint(pointEnd))
        data = { kind: 'exponential', points, temporality }
      } else if (number === 11) {
        const { points } = this.#points((pointEnd) => this.#summaryPoint(pointEnd))
        data = { kind: 'summary', points }
      } else return false
      return true
    })
    return { name, description, unit, data }
  }

  /** What all kinds of a metric have in the same fields. */
  #points<P>(read: (end: number) => P): { readonly points: Points<P>; readonly temporality: number; readonly isMonotonic: boolean } {
    const bounds: number[] = []
    let temporality = 0
    let isMonotonic = false
    this.#fields(this.#end(), SHAPES.data, (number, type, end) => {
      if (number === 1 && type === BYTES) {
        const pointEnd = this.#end()
        bounds.push(this.#reader.position, pointEnd)
        this.#reader.position = pointEnd
      } else if (number === 2 && type === VARINT) temporality = this.#reader.varint(end)
      else if (number === 3 && type === VARINT) isMonotonic = this.#reader.varint(end) !== 0
      else return false
      return true
    })
    const at = (start: number, end: number): P => {
      this.#reader.position = start
      return read(end)
    }
    return { points: new PointsInBytes(bounds, at), temporality, isMonotonic }
  }

  /** The attributes of the point from `start` up to `end`, in fields of this number. */
  #attributesIn(start: number, end: number, field: number): KeyValues {
    const attributes = new KeyValues()
    this.#reader.position = start
    this.#fields(end, SHAPES.point, (number, type) => number === field && type === BYTES && this.#keyValue(attributes))
    return attributes
  }

  /** Steps over an attribute. Always true. */
  #attribute(run: AttributeRun): boolean {
    const start = this.#fieldStart
    const end = this.#end()
    this.#reader.position = end
    if (run.end < 0) run.start = start
    else if (run.end !== start) run.isBroken = true
    run.end = end
    return true
  }

  /** Reads the attributes of a point when they are asked for. */
  #reading(start: number, end: number, field: number): () => KeyValues {
    let known: KeyValues | undefined
    return () => (known ??= this.#attributesIn(start, end, field))
  }

  #numberPoint(end: number): NumberPoint {
    const pointStart = this.#reader.position
    const run = new AttributeRun()
    const exemplars: OtlpExemplar[] = []
    let [startTime, time, value, flags, isStale] = [0, 0, 0, 0, false]
    this.#fields(end, SHAPES.point, (number, type) => {
      if (number === 7 && type === BYTES) return this.#attribute(run)
      if (number === 2 && type === FIXED64) startTime = this.#milliseconds(end)
      else if (number === 3 && type === FIXED64) time = this.#milliseconds(end)
      else if (number === 4 && type === FIXED64) {
        value = this.#double(end)
        isStale = isStaleMarker(value)
      } else if (number === 6 && type === FIXED64) {
        value = this.#signed64(end)
        isStale = false
      } else if (number === 5 && type === BYTES) exemplars.push(this.#exemplar(this.#end()))
      else if (number === 8 && type === VARINT) flags = this.#reader.varint(end)
      else return false
      return true
    })
    const attributes = this.#reading(pointStart, end, 7)
    return {
      get attributes() {
        return attributes()
      },
      attributeBytes: run.bytes(this.#reader.view),
      startTime,
      time,
      value,
      isStale: isStale || isMarked(flags),
      exemplars,
    }
  }

  #histogramPoint(end: number): HistogramPoint {
    const pointStart = this.#reader.position
    const run = new AttributeRun()
    const exemplars: OtlpExemplar[] = []
    const bucketCounts = new NumberList()
    const bounds = new NumberList()
    let [startTime, time, count, flags] = [0, 0, 0, 0]
    let sum: number | undefined
    this.#fields(end, SHAPES.point, (number, type) => {
      if (number === 9 && type === BYTES) return this.#attribute(run)
      if (number === 6) return this.#numbers(type, FIXED64, end, bucketCounts, (runEnd) => this.#unsigned64(runEnd))
      if (number === 7) return this.#numbers(type, FIXED64, end, bounds, (runEnd) => this.#double(runEnd))
      if (number === 2 && type === FIXED64) startTime = this.#milliseconds(end)
      else if (number === 3 && type === FIXED64) time = this.#milliseconds(end)
      else if (number === 4 && type === FIXED64) count = this.#unsigned64(end)
      else if (number === 5 && type === FIXED64) sum = this.#double(end)
      else if (number === 8 && type === BYTES) exemplars.push(this.#exemplar(this.#end()))
      else if (number === 10 && type === VARINT) flags = this.#reader.varint(end)
      else return false
      return true
    })
    const attributes = this.#reading(pointStart, end, 9)
    return {
      get attributes() {
        return attributes()
      },
      attributeBytes: run.bytes(this.#reader.view),
      startTime,
      time,
      isStale: isMarked(flags),
      count,
      sum,
      bucketCounts: bucketCounts.take(),
      bounds: bounds.take(),
      exemplars,
    }
  }

  #exponentialPoint(end: number): ExponentialPoint {
    const pointStart = this.#reader.position
    const run = new AttributeRun()
    const exemplars: OtlpExemplar[] = []
    let [startTime, time, count, flags, scale, zeroCount] = [0, 0, 0, 0, 0, 0]
    let [positive, negative] = [NO_EXPONENTIAL_BUCKETS, NO_EXPONENTIAL_BUCKETS]
    let sum: number | undefined
    this.#fields(end, SHAPES.point, (number, type) => {
      if (number === 1 && type === BYTES) return this.#attribute(run)
      if (number === 2 && type === FIXED64) startTime = this.#milliseconds(end)
      else if (number === 3 && type === FIXED64) time = this.#milliseconds(end)
      else if (number === 4 && type === FIXED64) count = this.#unsigned64(end)
      else if (number === 5 && type === FIXED64) sum = this.#double(end)
      else if (number === 6 && type === VARINT) scale = this.#reader.zigzag32(end)
      else if (number === 7 && type === FIXED64) zeroCount = this.#unsigned64(end)
      else if (number === 8 && type === BYTES) positive = this.#buckets(this.#end())
      else if (number === 9 && type === BYTES) negative = this.#buckets(this.#end())
      else if (number === 10 && type === VARINT) flags = this.#reader.varint(end)
      else if (number === 11 && type === BYTES) exemplars.push(this.#exemplar(this.#end()))
      else return false
      return true
    })
    const attributes = this.#reading(pointStart, end, 1)
    return {
      get attributes() {
        return attributes()
      },
      attributeBytes: run.bytes(this.#reader.view),
      startTime,
      time,
      isStale: isMarked(flags),
      count,
      sum,
      scale,
      zeroCount,
      positive,
      negative,
      exemplars,
    }
  }

  #buckets(end: number): ExponentialBuckets {
    let offset = 0
    const counts = new NumberList()
    this.#fields(end, SHAPES.buckets, (number, type) => {
      if (number === 2) return this.#numbers(type, VARINT, end, counts, (runEnd) => this.#reader.varint(runEnd))
      if (number !== 1 || type !== VARINT) return false
      offset = this.#reader.zigzag32(end)
      return true
    })
    return { offset, counts: counts.take() }
  }

  #summaryPoint(end: number): SummaryPoint {
    const pointStart = this.#reader.position
    const run = new AttributeRun()
    const quantiles = new NumberList()
    let [startTime, time, count, sum, flags] = [0, 0, 0, 0, 0]
    this.#fields(end, SHAPES.point, (number, type) => {
      if (number === 7 && type === BYTES) return this.#attribute(run)
      if (number === 2 && type === FIXED64) startTime = this.#milliseconds(end)
      else if (number === 3 && type === FIXED64) time = this.#milliseconds(end)
      else if (number === 4 && type === FIXED64) count = this.#unsigned64(end)
      else if (number === 5 && type === FIXED64) sum = this.#double(end)
      else if (number === 6 && type === BYTES) this.#quantile(quantiles)
      else if (number === 8 && type === VARINT) flags = this.#reader.varint(end)
      else return false
      return true
    })
    const attributes = this.#reading(pointStart, end, 7)
    return {
      get attributes() {
        return attributes()
      },
      attributeBytes: run.bytes(this.#reader.view),
      startTime,
      time,
      isStale: isMarked(flags),
      count,
      sum,
      quantiles: quantiles.take(),
    }
  }

  #quantile(into: NumberList): void {
    let [quantile, value] = [0, 0]
    const end = this.#end()
    this.#fields(end, SHAPES.quantile, (number, type) => {
      if (type !== FIXED64) return false
      if (number === 1) quantile = this.#double(end)
      else if (number === 2) value = this.#double(end)
      else return false
      return true
    })
    into.push(quantile)
    into.push(value)
  }

  #exemplar(end: number): OtlpExemplar {
    const attributes = new KeyValues()
    let time = 0
    let value: number | undefined
    let [traceId, spanId] = ['', '']
    this.#fields(end, SHAPES.exemplar, (number, type) => {
      if (number === 7 && type === BYTES) return this.#keyValue(attributes)
      if (number === 2 && type === FIXED64) time = this.#milliseconds(end)
      else if (number === 3 && type === FIXED64) value = this.#double(end)
      else if (number === 6 && type === FIXED64) value = this.#signed64(end)
      else if (number === 4 && type === BYTES) spanId = this.#hex()
      else if (number === 5 && type === BYTES) traceId = this.#hex()
      else return false
      return true
    })
    return { attributes, time, value, traceId, spanId }
  }

  /** Always true. */
  #keyValue(into: KeyValues, depth = 0): boolean {
    let key = ''
    let value: AttributeValue
    this.#fields(this.#end(), SHAPES.keyValue, (number, type) => {
      if (type !== BYTES) return false
      if (number === 1) key = this.#text()
      else if (number === 2) value = this.#value(this.#end(), depth)
      else return false
      return true
    })
    into.push(key, value)
    return true
  }

  #value(end: number, depth: number): AttributeValue {
    if (depth > VALUE_DEPTH_MAX) throw new RequestFault(`attribute nests deeper than ${VALUE_DEPTH_MAX}`)
    let value: AttributeValue
    this.#fields(end, SHAPES.value, (number, type) => {
      if (number === 1 && type === BYTES) value = this.#text()
      else if (number === 2 && type === VARINT) value = this.#reader.varint(end) !== 0
      else if (number === 3 && type === VARINT) value = this.#int64(end)
      else if (number === 4 && type === FIXED64) value = this.#double(end)
      else if (number === 5 && type === BYTES) value = this.#array(this.#end(), depth)
      else if (number === 6 && type === BYTES) {
        const map = new KeyValues()
        this.#fields(this.#end(), SHAPES.value, (field, fieldType) => field === 1 && fieldType === BYTES && this.#keyValue(map, depth + 1))
        value = map
      } else if (number === 7 && type === BYTES) {
        const bytesEnd = this.#end()
        value = this.#buffer.subarray(this.#reader.position, bytesEnd)
        this.#reader.position = bytesEnd
      } else return false
      return true
    })
    return value
  }

  #array(end: number, depth: number): readonly AttributeValue[] {
    const items: AttributeValue[] = []
    this.#fields(end, SHAPES.value, (number, type) => {
      if (number !== 1 || type !== BYTES) return false
      items.push(this.#value(this.#end(), depth + 1))
      return true
    })
    return items
  }

  /** With all its digits. */
  #int64(end: number): number | bigint {
    const start = this.#reader.position
    const near = this.#reader.int64(end)
    if (Number.isSafeInteger(near) || this.#reader.fault !== undefined) return near
    let exact = 0n
    for (let at = start, shift = 0n; at < this.#reader.position; at++, shift += 7n) exact |= BigInt(this.#buffer[at] & 0x7f) << shift
    return BigInt.asIntN(64, exact)
  }
}

function isMarked(flags: number): boolean {
  return flags % 2 === NO_RECORDED_VALUE
}

/** Where the attributes of a point stand. */
class AttributeRun {
  start = 0
  /** -1: there are none yet. */
  end = -1
  /** There is something else between them. */
  isBroken = false

  bytes(view: DataView): ByteRun | undefined {
    return this.isBroken ? undefined : { view, start: this.start, end: Math.max(this.start, this.end) }
  }
}

class PointsInBytes<P> implements Points<P> {
  /** Where each point begins and ends. */
  readonly #bounds: readonly number[]
  readonly #read: (start: number, end: number) => P

  constructor(bounds: readonly number[], read: (start: number, end: number) => P) {
    this.#bounds = bounds
    this.#read = read
  }

  get length(): number {
    return this.#bounds.length / 2
  }

  *[Symbol.iterator](): Iterator<P> {
    for (let i = 0; i < this.#bounds.length; i += 2) yield this.#read(this.#bounds[i], this.#bounds[i + 1])
  }
}

/** Numbers of a repeated field as they come. */
class NumberList {
  #numbers = NO_NUMBERS
  #length = 0

  push(value: number): void {
    if (this.#length === this.#numbers.length) {
      const grown = new Float64Array(Math.max(8, this.#length * 2))
      grown.set(this.#numbers)
      this.#numbers = grown
    }
    this.#numbers[this.#length++] = value
  }

  take(): Float64Array {
    return this.#numbers.subarray(0, this.#length)
  }
}
