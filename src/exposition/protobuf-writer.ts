// Writes families as the protobuf exposition format has them: each a message with its length before it. What stands where is in
// docs/formats/exposition.md. Source: prometheus/client_model, io/prometheus/client/metrics.proto.

import { MessageWriter, zigzag } from '../base/message-writer.ts'
import type { Histogram, Spans } from '../model/histogram.ts'
import type { MetricType } from '../model/metadata.ts'
import type { Timestamp } from '../model/time.ts'
import type { ExposedExemplar, ExposedFamily, ExposedHistogram, ExposedMetric, LabelPairs } from './exposed-family.ts'

/** Numbers of metrics.proto's MetricType. It has no more types; the others are untyped. */
const TYPE_NUMBERS: Readonly<Partial<Record<MetricType, number>>> = { counter: 0, gauge: 1, summary: 2, histogram: 4, gaugehistogram: 5 }
const UNTYPED = 3

/** One family with its length before it. */
export function protobufFamily(family: ExposedFamily): Uint8Array {
  const out = new MessageWriter()
  const type = TYPE_NUMBERS[family.type] ?? UNTYPED
  out.lengthBefore((body) => {
    body.text(1, family.name)
    if (family.help !== '') body.text(2, family.help)
    body.integer(3, type)
    for (const metric of family.metrics) body.message(4, (part) => writeMetric(part, metric, type))
    if (family.unit !== '') body.text(5, family.unit)
  })
  return out.bytes
}

function writeMetric(out: MessageWriter, metric: ExposedMetric, type: number): void {
  writeLabels(out, metric.labels)
  switch (metric.kind) {
    case 'value':
      out.message(FIELD_OF_TYPE[type], (value) => {
        value.double(1, metric.value)
        if (type !== 0) return
        if (metric.exemplar !== undefined) writeExemplar(value, 2, metric.exemplar)
        writeTime(value, 3, metric.startTime)
      })
      break
    case 'summary':
      out.message(4, (summary) => {
        summary.integer(1, metric.count)
        summary.double(2, metric.sum)
        for (const [quantile, value] of metric.quantiles) {
          summary.message(3, (part) => {
            part.double(1, quantile)
            part.double(2, value)
          })
        }
        writeTime(summary, 4, metric.startTime)
      })
      break
    case 'histogram':
      out.message(7, (histogram) => writeHistogram(histogram, metric))
  }
  if (metric.timestamp !== undefined) out.integer(6, metric.timestamp)
}

/** Where a metric's value stands, by the number of its type. */
const FIELD_OF_TYPE: Readonly<Record<number, number>> = { 0: 3, 1: 2, 3: 5 }

function writeHistogram(out: MessageWriter, { count, sum, buckets, native, exemplars = [], startTime }: ExposedHistogram): void {
  const isFloat = native?.isFloat === true || !Number.isInteger(count) || buckets.some((bucket) => !Number.isInteger(bucket.count))
  if (isFloat) out.double(4, count)
  else out.integer(1, count)
  out.double(2, sum)
  for (const bucket of buckets) {
    out.message(3, (part) => {
      if (Number.isInteger(bucket.count)) part.integer(1, bucket.count)
      else part.double(4, bucket.count)
      part.double(2, bucket.upperBound)
      if (bucket.exemplar !== undefined) writeExemplar(part, 3, bucket.exemplar)
    })
  }
  if (native !== undefined) writeNative(out, native)
  writeTime(out, 15, startTime)
  for (const exemplar of exemplars) writeExemplar(out, 16, exemplar)
}

function writeNative(out: MessageWriter, histogram: Histogram): void {
  out.signed(5, histogram.schema)
  out.double(6, histogram.zeroThreshold)
  if (histogram.isFloat) out.double(8, histogram.zeroCount)
  else out.integer(7, histogram.zeroCount)
  writeSpans(out, 9, histogram.negativeSpans)
  writeBuckets(out, 10, histogram.negativeBuckets, histogram.isFloat)
  writeSpans(out, 12, histogram.positiveSpans)
  writeBuckets(out, 13, histogram.positiveBuckets, histogram.isFloat)
  // Without spans and with an empty zero bucket a reader would take it for a classic one: a span of nothing says what it is.
  if (histogram.positiveSpans.length === 0 && histogram.negativeSpans.length === 0 && histogram.zeroThreshold === 0) {
    writeSpans(out, 12, Int32Array.of(0, 0))
  }
}

function writeSpans(out: MessageWriter, field: number, spans: Spans): void {
  for (let i = 0; i < spans.length; i += 2) {
    out.message(field, (span) => {
      span.signed(1, spans[i])
      span.integer(2, spans[i + 1])
    })
  }
}

/** `field`: of the differences; counts of float histograms have the next one. Packed, which every reader takes. */
function writeBuckets(out: MessageWriter, field: number, counts: Float64Array, isFloat: boolean): void {
  if (counts.length === 0) return
  out.message(isFloat ? field + 1 : field, (packed) => {
    let last = 0
    for (const count of counts) {
      if (isFloat) packed.rawDouble(count)
      else packed.varint(zigzag(BigInt(count) - BigInt(last)))
      last = count
    }
  })
}

function writeLabels(out: MessageWriter, labels: LabelPairs): void {
  for (const [name, value] of labels) {
    out.message(1, (pair) => {
      pair.text(1, name)
      pair.text(2, value)
    })
  }
}

function writeExemplar(out: MessageWriter, field: number, exemplar: ExposedExemplar): void {
  out.message(field, (body) => {
    writeLabels(body, exemplar.labels)
    body.double(2, exemplar.value)
    writeTime(body, 3, exemplar.timestamp)
  })
}

/** A google.protobuf.Timestamp. */
function writeTime(out: MessageWriter, field: number, time: Timestamp | undefined): void {
  if (time === undefined) return
  out.message(field, (body) => {
    const seconds = Math.floor(time / 1000)
    body.integer(1, seconds)
    body.integer(2, Math.round((time - seconds * 1000) * 1e6))
  })
}
