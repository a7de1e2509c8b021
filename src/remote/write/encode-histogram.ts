import type { Histogram, Spans } from '../../model/histogram.ts'
import { STALE_MARKER } from '../../model/staleness.ts'
import type { Timestamp } from '../../model/time.ts'
import { varintSize, type WireWriter } from './wire-writer.ts'

// Fields as docs/protocols/remote-write.md, "Histograms, the same in both".

/** A histogram as a message field of one byte tag; undefined: its series has ended. `startTime` is of 2.0, 0: none. */
export function writeHistogram(
  writer: WireWriter,
  tag: number,
  t: Timestamp,
  isFloat: boolean,
  histogram: Histogram | undefined,
  startTime: Timestamp,
): void {
  writer.reserve(160)
  writer.byte(tag)
  const start = writer.length++
  const { count, zeroCount, sum, schema, zeroThreshold, counterResetHint } = histogram ?? STALE
  if (isFloat) {
    writer.byte(0x11)
    writer.double(count)
  } else {
    writer.byte(0x08)
    writer.varint(count)
  }
  writer.byte(0x19)
  writer.double(histogram === undefined ? STALE_MARKER : sum)
  writer.byte(0x20)
  writer.zigzag(schema)
  writer.byte(0x29)
  writer.double(zeroThreshold)
  if (isFloat) {
    writer.byte(0x39)
    writer.double(zeroCount)
  } else {
    writer.byte(0x30)
    writer.varint(zeroCount)
  }
  if (histogram !== undefined) {
    writeSide(writer, 8, isFloat, histogram.negativeSpans, histogram.negativeBuckets)
    writeSide(writer, 11, isFloat, histogram.positiveSpans, histogram.positiveBuckets)
  }
  writer.reserve(64)
  writer.byte(0x70)
  writer.byte(counterResetHint)
  writer.byte(0x78)
  writer.int64(t)
  const bounds = histogram?.customValues
  if (bounds !== undefined && bounds.length > 0) {
    writer.reserve(16 + 8 * bounds.length)
    writer.varint(16 * 8 + 2)
    writer.varint(8 * bounds.length)
    for (let i = 0; i < bounds.length; i++) writer.double(bounds[i])
  }
  if (startTime !== 0) {
    writer.reserve(16)
    writer.varint(17 * 8)
    writer.int64(startTime)
  }
  writer.closeLength(start)
}

const STALE = { count: 0, zeroCount: 0, sum: 0, schema: 0, zeroThreshold: 0, counterResetHint: 0 }

/** Spans are field `field`, differences of integer counts the next one, float counts the one after. */
function writeSide(writer: WireWriter, field: number, isFloat: boolean, spans: Spans, buckets: Float64Array): void {
  for (let i = 0; i < spans.length; i += 2) {
    writer.reserve(24)
    writer.byte(field * 8 + 2)
    const start = writer.length++
    writer.byte(0x08)
    writer.zigzag(spans[i])
    writer.byte(0x10)
    writer.varint(spans[i + 1])
    writer.closeLength(start)
  }
  if (buckets.length === 0) return
  writer.reserve(16 + 9 * buckets.length)
  if (isFloat) {
    writer.byte((field + 2) * 8 + 2)
    writer.varint(8 * buckets.length)
    for (let i = 0; i < buckets.length; i++) writer.double(buckets[i])
    return
  }
  let size = 0
  for (let i = 0; i < buckets.length; i++) size += varintSize(zigzagged(buckets[i] - (i === 0 ? 0 : buckets[i - 1])))
  writer.byte((field + 1) * 8 + 2)
  writer.varint(size)
  for (let i = 0; i < buckets.length; i++) writer.zigzag(buckets[i] - (i === 0 ? 0 : buckets[i - 1]))
}

function zigzagged(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}
