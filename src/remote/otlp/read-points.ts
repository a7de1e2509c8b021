// Points of metrics of each kind. Source: opentelemetry-proto, metrics/v1.

import { isStaleMarker } from '../../model/staleness.ts'
import type { MessageShape } from '../wire-reader.ts'
import { BYTES, FIXED64, type MessageReader, NumberList, VARINT } from './message-reader.ts'
import {
  type ExponentialBuckets,
  type ExponentialPoint,
  type HistogramPoint,
  NO_EXPONENTIAL_BUCKETS,
  type NumberPoint,
  type SummaryPoint,
} from './metrics-data.ts'
import { type HeadFields, POINT, PointHead } from './point-head.ts'

const BUCKETS: MessageShape = { name: 'Buckets', fields: {} }
const QUANTILE: MessageShape = { name: 'ValueAtQuantile', fields: {} }

const NUMBER_POINT: HeadFields = { attributes: 7, exemplars: 5, flags: 8 }
const HISTOGRAM_POINT: HeadFields = { attributes: 9, exemplars: 8, flags: 10 }
const EXPONENTIAL_POINT: HeadFields = { attributes: 1, exemplars: 11, flags: 10 }
const SUMMARY_POINT: HeadFields = { attributes: 7, exemplars: undefined, flags: 8 }

export function readNumberPoint(message: MessageReader, end: number): NumberPoint {
  const head = new PointHead(message, end, NUMBER_POINT)
  let [value, isStale] = [0, false]
  message.fields(end, POINT, (number, type) => {
    if (head.take(number, type)) return true
    if (number === 4 && type === FIXED64) {
      value = message.double(end)
      isStale = isStaleMarker(value)
    } else if (number === 6 && type === FIXED64) {
      value = message.signed64(end)
      isStale = false
    } else return false
    return true
  })
  const { attributes, startTime, time, exemplars } = head
  return { attributes, startTime, time, value, isStale: isStale || head.isStale, exemplars }
}

export function readHistogramPoint(message: MessageReader, end: number): HistogramPoint {
  const head = new PointHead(message, end, HISTOGRAM_POINT)
  const bucketCounts = new NumberList()
  const bounds = new NumberList()
  let count = 0
  let sum: number | undefined
  message.fields(end, POINT, (number, type) => {
    if (head.take(number, type)) return true
    if (number === 6) return message.numbers(type, FIXED64, end, bucketCounts, (runEnd) => message.unsigned64(runEnd))
    if (number === 7) return message.numbers(type, FIXED64, end, bounds, (runEnd) => message.double(runEnd))
    if (number === 4 && type === FIXED64) count = message.unsigned64(end)
    else if (number === 5 && type === FIXED64) sum = message.double(end)
    else return false
    return true
  })
  const { attributes, startTime, time, isStale, exemplars } = head
  return { attributes, startTime, time, isStale, count, sum, bucketCounts: bucketCounts.take(), bounds: bounds.take(), exemplars }
}

export function readExponentialPoint(message: MessageReader, end: number): ExponentialPoint {
  const head = new PointHead(message, end, EXPONENTIAL_POINT)
  let [count, scale, zeroCount] = [0, 0, 0]
  let [positive, negative] = [NO_EXPONENTIAL_BUCKETS, NO_EXPONENTIAL_BUCKETS]
  let sum: number | undefined
  message.fields(end, POINT, (number, type) => {
    if (head.take(number, type)) return true
    if (number === 4 && type === FIXED64) count = message.unsigned64(end)
    else if (number === 5 && type === FIXED64) sum = message.double(end)
    else if (number === 6 && type === VARINT) scale = message.wire.zigzag32(end)
    else if (number === 7 && type === FIXED64) zeroCount = message.unsigned64(end)
    else if (number === 8 && type === BYTES) positive = readBuckets(message, message.end())
    else if (number === 9 && type === BYTES) negative = readBuckets(message, message.end())
    else return false
    return true
  })
  const { attributes, startTime, time, isStale, exemplars } = head
  return { attributes, startTime, time, isStale, count, sum, scale, zeroCount, positive, negative, exemplars }
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
  const head = new PointHead(message, end, SUMMARY_POINT)
  const quantiles = new NumberList()
  let [count, sum] = [0, 0]
  message.fields(end, POINT, (number, type) => {
    if (head.take(number, type)) return true
    if (number === 4 && type === FIXED64) count = message.unsigned64(end)
    else if (number === 5 && type === FIXED64) sum = message.double(end)
    else if (number === 6 && type === BYTES) readQuantile(message, quantiles)
    else return false
    return true
  })
  const { attributes, startTime, time, isStale } = head
  return { attributes, startTime, time, isStale, count, sum, quantiles: quantiles.take() }
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
