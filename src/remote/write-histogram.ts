// Source: Prometheus prompb/types.proto and prompb/io/prometheus/write/v2/types.proto (Histogram), prompb/codec.go;
// docs/protocols/remote-write.md has the layout, which both versions share.

import {
  CounterResetHint,
  EXPONENTIAL_SCHEMA_MAX,
  HISTOGRAM_BUCKETS_MAX,
  type Histogram,
  NO_BUCKETS,
  NO_SPANS,
  type Spans,
} from '../model/histogram.ts'
import { reduceResolution } from '../model/histogram-resolution.ts'
import { isKnownSchema } from '../model/histogram-schema.ts'
import { isStaleMarker } from '../model/staleness.ts'
import type { Timestamp } from '../model/time.ts'
import type { MessageShape, WireReader } from './wire-reader.ts'

const SHAPE: MessageShape = {
  name: 'Histogram',
  fields: {
    1: 'CountInt',
    2: 'CountFloat',
    3: 'Sum',
    4: 'Schema',
    5: 'ZeroThreshold',
    6: 'ZeroCountInt',
    7: 'ZeroCountFloat',
    8: 'NegativeSpans',
    9: 'NegativeDeltas',
    10: 'NegativeCounts',
    11: 'PositiveSpans',
    12: 'PositiveDeltas',
    13: 'PositiveCounts',
    14: 'ResetHint',
    15: 'Timestamp',
    16: 'CustomValues',
    17: 'StartTimestamp',
  },
}
const SPAN_SHAPE: MessageShape = { name: 'BucketSpan', fields: { 1: 'Offset', 2: 'Length' } }

/** One sample of a native histogram as it was sent. */
export interface SentHistogram {
  readonly timestamp: Timestamp
  /** 0: not known. */
  readonly startTime: Timestamp
  readonly histogram: Histogram
  /** It ends its series; the histogram says nothing. */
  readonly isStale: boolean
  /** Why it cannot be taken, whatever it says. */
  readonly refusal: string | undefined
}

/** Reads a histogram from the reader's position up to `end`. The reader's fault says when its bytes are none. */
export function readHistogram(reader: WireReader, end: number): SentHistogram {
  let isFloat = false
  let count = 0
  let sum = 0
  let schema = 0
  let zeroThreshold = 0
  let zeroCountInt = 0
  let zeroCountFloat = 0
  let resetHint = 0
  let timestamp = 0
  let startTime = 0
  const positive = new Side()
  const negative = new Side()
  const customValues: number[] = []
  while (reader.position < end && reader.fault === undefined) {
    const tag = reader.varint(end)
    switch (tag) {
      case 0x08:
        count = reader.varint(end)
        isFloat = false
        break
      case 0x11:
        count = reader.double(end)
        isFloat = true
        break
      case 0x19:
        sum = reader.double(end)
        break
      case 0x20:
        schema = reader.zigzag32(end)
        break
      case 0x29:
        zeroThreshold = reader.double(end)
        break
      case 0x30:
        zeroCountInt = reader.varint(end)
        zeroCountFloat = 0
        break
      case 0x39:
        zeroCountFloat = reader.double(end)
        zeroCountInt = 0
        break
      case 0x42:
        negative.readSpan(reader, reader.fieldEnd(end))
        break
      case 0x4a:
      case 0x48:
        negative.readDeltas(reader, tag === 0x4a ? reader.fieldEnd(end) : end, tag === 0x4a)
        break
      case 0x52:
      case 0x51:
        readDoubles(reader, tag === 0x52 ? reader.fieldEnd(end) : end, tag === 0x52, negative.counts)
        break
      case 0x5a:
        positive.readSpan(reader, reader.fieldEnd(end))
        break
      case 0x62:
      case 0x60:
        positive.readDeltas(reader, tag === 0x62 ? reader.fieldEnd(end) : end, tag === 0x62)
        break
      case 0x6a:
      case 0x69:
        readDoubles(reader, tag === 0x6a ? reader.fieldEnd(end) : end, tag === 0x6a, positive.counts)
        break
      case 0x70:
        resetHint = reader.varint(end)
        break
      case 0x78:
        timestamp = reader.int64(end)
        break
      case 0x82:
      case 0x81:
        readDoubles(reader, tag === 0x82 ? reader.fieldEnd(end) : end, tag === 0x82, customValues)
        break
      case 0x88:
        startTime = reader.int64(end)
        break
      default:
        reader.skip(tag, end, SHAPE)
    }
  }
  const longest = Math.max(positive.length, negative.length, customValues.length)
  const histogram: Histogram = {
    isFloat,
    counterResetHint: isHint(resetHint) ? resetHint : CounterResetHint.unknown,
    schema,
    zeroThreshold,
    zeroCount: isFloat ? zeroCountFloat : zeroCountInt,
    count,
    sum,
    positiveSpans: positive.spansColumn(),
    negativeSpans: negative.spansColumn(),
    positiveBuckets: positive.buckets(isFloat),
    negativeBuckets: negative.buckets(isFloat),
    customValues: columnOf(customValues),
  }
  return {
    timestamp,
    startTime,
    histogram: canBeReduced(histogram) ? reduceResolution(histogram, EXPONENTIAL_SCHEMA_MAX) : histogram,
    isStale: isStaleMarker(sum),
    refusal: longest > HISTOGRAM_BUCKETS_MAX ? `histogram has more than ${HISTOGRAM_BUCKETS_MAX} buckets` : undefined,
  }
}

/** A finer schema than ours, with as many buckets as its spans say. Whoever takes another histogram says what is wrong with it. */
function canBeReduced({ schema, positiveSpans, positiveBuckets, negativeSpans, negativeBuckets }: Histogram): boolean {
  return (
    schema > EXPONENTIAL_SCHEMA_MAX &&
    isKnownSchema(schema) &&
    areInOrder(positiveSpans, positiveBuckets.length) &&
    areInOrder(negativeSpans, negativeBuckets.length)
  )
}

function areInOrder(spans: Spans, bucketCount: number): boolean {
  let count = 0
  for (let i = 0; i < spans.length; i += 2) {
    if ((i > 0 && spans[i] < 0) || spans[i + 1] < 0) return false
    count += spans[i + 1]
  }
  return count === bucketCount
}

function isHint(value: number): value is CounterResetHint {
  return value <= CounterResetHint.gauge
}

/** The positive or the negative buckets. Nothing grows beyond HISTOGRAM_BUCKETS_MAX and one. */
class Side {
  readonly spans: number[] = []
  /** Counts of an integer histogram: sums of the differences that were sent. */
  readonly sums: number[] = []
  readonly counts: number[] = []

  get length(): number {
    return Math.max(this.spans.length / 2, this.sums.length, this.counts.length)
  }

  readSpan(reader: WireReader, end: number): void {
    let offset = 0
    let length = 0
    while (reader.position < end && reader.fault === undefined) {
      const tag = reader.varint(end)
      if (tag === 0x08) offset = reader.zigzag32(end)
      else if (tag === 0x10) length = Math.min(reader.varint(end), 0x7fffffff)
      else reader.skip(tag, end, SPAN_SHAPE)
    }
    if (this.spans.length <= HISTOGRAM_BUCKETS_MAX * 2) this.spans.push(offset, length)
  }

  /** Reads one difference, or all up to `end`. */
  readDeltas(reader: WireReader, end: number, isPacked: boolean): void {
    let sum = this.sums.at(-1) ?? 0
    do {
      if (isPacked && reader.position >= end) return
      sum += reader.zigzag(end)
      if (this.sums.length <= HISTOGRAM_BUCKETS_MAX) this.sums.push(sum)
    } while (isPacked && reader.fault === undefined)
  }

  spansColumn(): Spans {
    return this.spans.length === 0 ? NO_SPANS : Int32Array.from(this.spans)
  }

  buckets(isFloat: boolean): Float64Array {
    return columnOf(isFloat ? this.counts : this.sums)
  }
}

/** Reads one number, or all up to `end`. */
function readDoubles(reader: WireReader, end: number, isPacked: boolean, out: number[]): void {
  do {
    if (isPacked && reader.position >= end) return
    const value = reader.double(end)
    if (out.length <= HISTOGRAM_BUCKETS_MAX) out.push(value)
  } while (isPacked && reader.fault === undefined)
}

function columnOf(values: readonly number[]): Float64Array {
  return values.length === 0 ? NO_BUCKETS : Float64Array.from(values)
}
