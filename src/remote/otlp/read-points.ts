// Points of metrics of each kind. Source: opentelemetry-proto, metrics/v1.

import { isStaleMarker } from '../../model/staleness.ts'
import type { MessageShape } from '../wire-reader.ts'
import { KeyValues } from './attribute-value.ts'
import { BYTES, FIXED64, type MessageReader, NumberList, VARINT } from './message-reader.ts'
import {
  type ByteRun,
  type ExponentialBuckets,
  type ExponentialPoint,
  type HistogramPoint,
  NO_EXPONENTIAL_BUCKETS,
  type NumberPoint,
  type OtlpExemplar,
  type SummaryPoint,
} from './metrics-data.ts'
import { readAttribute } from './read-attributes.ts'

/** Flags of a point: there is no recorded value. */
const NO_RECORDED_VALUE = 1

const shape = (name: string): MessageShape => ({ name, fields: {} })
const POINT = shape('DataPoint')
const BUCKETS = shape('Buckets')
const QUANTILE = shape('ValueAtQuantile')
const EXEMPLAR = shape('Exemplar')

/** The attributes of the point from `start` up to `end`, in fields of this number. */
function attributesIn(message: MessageReader, start: number, end: number, field: number): KeyValues {
  const attributes = new KeyValues()
  message.wire.position = start
  message.fields(end, POINT, (number, type) => number === field && type === BYTES && readAttribute(message, attributes))
  return attributes
}

/** Steps over an attribute. Always true. */
function stepOverAttribute(message: MessageReader, run: AttributeRun): boolean {
  const start = message.fieldStart
  const end = message.end()
  message.wire.position = end
  if (run.end < 0) run.start = start
  else if (run.end !== start) run.isBroken = true
  run.end = end
  return true
}

/** Reads the attributes of a point when they are asked for. */
function lazily(message: MessageReader, start: number, end: number, field: number): () => KeyValues {
  let known: KeyValues | undefined
  return () => (known ??= attributesIn(message, start, end, field))
}

export function readNumberPoint(message: MessageReader, end: number): NumberPoint {
  const pointStart = message.wire.position
  const run = new AttributeRun()
  const exemplars: OtlpExemplar[] = []
  let [startTime, time, value, flags, isStale] = [0, 0, 0, 0, false]
  message.fields(end, POINT, (number, type) => {
    if (number === 7 && type === BYTES) return stepOverAttribute(message, run)
    if (number === 2 && type === FIXED64) startTime = message.milliseconds(end)
    else if (number === 3 && type === FIXED64) time = message.milliseconds(end)
    else if (number === 4 && type === FIXED64) {
      value = message.double(end)
      isStale = isStaleMarker(value)
    } else if (number === 6 && type === FIXED64) {
      value = message.signed64(end)
      isStale = false
    } else if (number === 5 && type === BYTES) exemplars.push(readExemplar(message, message.end()))
    else if (number === 8 && type === VARINT) flags = message.wire.varint(end)
    else return false
    return true
  })
  const attributes = lazily(message, pointStart, end, 7)
  return {
    get attributes() {
      return attributes()
    },
    attributeBytes: run.bytes(message.wire.view),
    startTime,
    time,
    value,
    isStale: isStale || isMarked(flags),
    exemplars,
  }
}

export function readHistogramPoint(message: MessageReader, end: number): HistogramPoint {
  const pointStart = message.wire.position
  const run = new AttributeRun()
  const exemplars: OtlpExemplar[] = []
  const bucketCounts = new NumberList()
  const bounds = new NumberList()
  let [startTime, time, count, flags] = [0, 0, 0, 0]
  let sum: number | undefined
  message.fields(end, POINT, (number, type) => {
    if (number === 9 && type === BYTES) return stepOverAttribute(message, run)
    if (number === 6) return message.numbers(type, FIXED64, end, bucketCounts, (runEnd) => message.unsigned64(runEnd))
    if (number === 7) return message.numbers(type, FIXED64, end, bounds, (runEnd) => message.double(runEnd))
    if (number === 2 && type === FIXED64) startTime = message.milliseconds(end)
    else if (number === 3 && type === FIXED64) time = message.milliseconds(end)
    else if (number === 4 && type === FIXED64) count = message.unsigned64(end)
    else if (number === 5 && type === FIXED64) sum = message.double(end)
    else if (number === 8 && type === BYTES) exemplars.push(readExemplar(message, message.end()))
    else if (number === 10 && type === VARINT) flags = message.wire.varint(end)
    else return false
    return true
  })
  const attributes = lazily(message, pointStart, end, 9)
  return {
    get attributes() {
      return attributes()
    },
    attributeBytes: run.bytes(message.wire.view),
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

export function readExponentialPoint(message: MessageReader, end: number): ExponentialPoint {
  const pointStart = message.wire.position
  const run = new AttributeRun()
  const exemplars: OtlpExemplar[] = []
  let [startTime, time, count, flags, scale, zeroCount] = [0, 0, 0, 0, 0, 0]
  let [positive, negative] = [NO_EXPONENTIAL_BUCKETS, NO_EXPONENTIAL_BUCKETS]
  let sum: number | undefined
  message.fields(end, POINT, (number, type) => {
    if (number === 1 && type === BYTES) return stepOverAttribute(message, run)
    if (number === 2 && type === FIXED64) startTime = message.milliseconds(end)
    else if (number === 3 && type === FIXED64) time = message.milliseconds(end)
    else if (number === 4 && type === FIXED64) count = message.unsigned64(end)
    else if (number === 5 && type === FIXED64) sum = message.double(end)
    else if (number === 6 && type === VARINT) scale = message.wire.zigzag32(end)
    else if (number === 7 && type === FIXED64) zeroCount = message.unsigned64(end)
    else if (number === 8 && type === BYTES) positive = readBuckets(message, message.end())
    else if (number === 9 && type === BYTES) negative = readBuckets(message, message.end())
    else if (number === 10 && type === VARINT) flags = message.wire.varint(end)
    else if (number === 11 && type === BYTES) exemplars.push(readExemplar(message, message.end()))
    else return false
    return true
  })
  const attributes = lazily(message, pointStart, end, 1)
  return {
    get attributes() {
      return attributes()
    },
    attributeBytes: run.bytes(message.wire.view),
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

function readBuckets(message: MessageReader, end: number): ExponentialBuckets {
  let offset = 0
  const counts = new NumberList()
  message.fields(end, BUCKETS, (number, type) => {
    if (number === 2) return message.numbers(type, VARINT, end, counts, (runEnd) => message.wire.varint(runEnd))
    if (number !== 1 || type !== VARINT) return false
    offset = message.wire.zigzag32(end)
    return true
  })
  return { offset, counts: counts.take() }
}

export function readSummaryPoint(message: MessageReader, end: number): SummaryPoint {
  const pointStart = message.wire.position
  const run = new AttributeRun()
  const quantiles = new NumberList()
  let [startTime, time, count, sum, flags] = [0, 0, 0, 0, 0]
  message.fields(end, POINT, (number, type) => {
    if (number === 7 && type === BYTES) return stepOverAttribute(message, run)
    if (number === 2 && type === FIXED64) startTime = message.milliseconds(end)
    else if (number === 3 && type === FIXED64) time = message.milliseconds(end)
    else if (number === 4 && type === FIXED64) count = message.unsigned64(end)
    else if (number === 5 && type === FIXED64) sum = message.double(end)
    else if (number === 6 && type === BYTES) readQuantile(message, quantiles)
    else if (number === 8 && type === VARINT) flags = message.wire.varint(end)
    else return false
    return true
  })
  const attributes = lazily(message, pointStart, end, 7)
  return {
    get attributes() {
      return attributes()
    },
    attributeBytes: run.bytes(message.wire.view),
    startTime,
    time,
    isStale: isMarked(flags),
    count,
    sum,
    quantiles: quantiles.take(),
  }
}

function readQuantile(message: MessageReader, into: NumberList): void {
  let [quantile, value] = [0, 0]
  const end = message.end()
  message.fields(end, QUANTILE, (number, type) => {
    if (type !== FIXED64) return false
    if (number === 1) quantile = message.double(end)
    else if (number === 2) value = message.double(end)
    else return false
    return true
  })
  into.push(quantile)
  into.push(value)
}

function readExemplar(message: MessageReader, end: number): OtlpExemplar {
  const attributes = new KeyValues()
  let time = 0
  let value: number | undefined
  let [traceId, spanId] = ['', '']
  message.fields(end, EXEMPLAR, (number, type) => {
    if (number === 7 && type === BYTES) return readAttribute(message, attributes)
    if (number === 2 && type === FIXED64) time = message.milliseconds(end)
    else if (number === 3 && type === FIXED64) value = message.double(end)
    else if (number === 6 && type === FIXED64) value = message.signed64(end)
    else if (number === 4 && type === BYTES) spanId = message.hex()
    else if (number === 5 && type === BYTES) traceId = message.hex()
    else return false
    return true
  })
  return { attributes, time, value, traceId, spanId }
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
