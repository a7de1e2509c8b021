import {
  type CounterResetHint,
  CUSTOM_BUCKETS_SCHEMA,
  EXPONENTIAL_SCHEMA_MAX,
  type Histogram,
  NO_BUCKETS,
  NO_SPANS,
  type Spans,
} from '../../model/histogram.ts'
import { reduceResolution } from '../../model/histogram-resolution.ts'
import { isKnownSchema } from '../../model/histogram-schema.ts'
import { validateHistogram } from '../../model/histogram-validation.ts'
import { isStaleMarker } from '../../model/staleness.ts'
import type { RecordCursor } from './record-cursor.ts'

/** A histogram of a record; a stale one; or one that nobody could store or read. */
export type RecordHistogram = Histogram | 'stale' | 'unusable'

/** Reads a histogram. Throws `RangeError`. Source: Prometheus tsdb/record/record.go, DecodeHistogram and DecodeFloatHistogram. */
export function readHistogram(cursor: RecordCursor, isFloat: boolean): RecordHistogram {
  const hint = cursor.u8()
  const schema = cursor.varint()
  const zeroThreshold = cursor.float()
  const zeroCount = isFloat ? cursor.float() : cursor.varuint()
  const count = isFloat ? cursor.float() : cursor.varuint()
  const sum = cursor.float()
  const histogram: Histogram = {
    isFloat,
    counterResetHint: (hint & 3) as CounterResetHint,
    schema,
    zeroThreshold,
    zeroCount,
    count,
    sum,
    positiveSpans: readSpans(cursor),
    negativeSpans: readSpans(cursor),
    positiveBuckets: isFloat ? readFloats(cursor) : readDifferences(cursor),
    negativeBuckets: isFloat ? readFloats(cursor) : readDifferences(cursor),
    customValues: schema === CUSTOM_BUCKETS_SCHEMA ? readFloats(cursor) : NO_BUCKETS,
  }
  if (isStaleMarker(sum)) return 'stale'
  if (!isKnownSchema(schema)) return 'unusable'
  const readable = schema > EXPONENTIAL_SCHEMA_MAX ? reduceResolution(histogram, EXPONENTIAL_SCHEMA_MAX) : histogram
  return validateHistogram(readable) === undefined ? readable : 'unusable'
}

function readSpans(cursor: RecordCursor): Spans {
  const count = cursor.count(2)
  if (count === 0) return NO_SPANS
  const spans = new Int32Array(2 * count)
  for (let i = 0; i < spans.length; i += 2) {
    spans[i] = cursor.varint()
    spans[i + 1] = cursor.varuint()
  }
  return spans
}

function readFloats(cursor: RecordCursor): Float64Array {
  const count = cursor.count(8)
  if (count === 0) return NO_BUCKETS
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) values[i] = cursor.float()
  return values
}

function readDifferences(cursor: RecordCursor): Float64Array {
  const count = cursor.count(1)
  if (count === 0) return NO_BUCKETS
  const values = new Float64Array(count)
  let value = 0
  for (let i = 0; i < count; i++) {
    value += cursor.varint()
    values[i] = value
  }
  return values
}
