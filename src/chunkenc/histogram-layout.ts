import { CUSTOM_BUCKETS_SCHEMA, type Spans } from '../model/histogram.ts'
import type { BitWriter } from './bit-writer.ts'

// Which buckets the histograms of a chunk have: told once, before the first sample. Source: Prometheus tsdb/chunkenc/histogram_meta.go.

/** What all histograms of a chunk have in common. */
export interface HistogramLayout {
  readonly schema: number
  readonly zeroThreshold: number
  readonly positiveSpans: Spans
  readonly negativeSpans: Spans
  readonly customValues: Float64Array
}

/** Thresholds that are a power of two from 2^-243 to 2^10 take one byte: their exponent and this. */
const THRESHOLD_EXPONENT_BIAS = 244
const THRESHOLD_EXPONENT_MIN = -243
const THRESHOLD_EXPONENT_MAX = 10
export const THRESHOLD_IS_FLOAT = 255

/** Custom bounds that are thousandths up to this many are written as integers. */
const CUSTOM_THOUSANDTHS_MAX = 33554430

export function writeLayout(bits: BitWriter, layout: HistogramLayout): void {
  const { schema, zeroThreshold, positiveSpans, negativeSpans, customValues } = layout
  bits.reserve(32 + 9 * (positiveSpans.length + negativeSpans.length + customValues.length))
  writeZeroThreshold(bits, zeroThreshold)
  bits.putVarbitInt(schema)
  writeSpans(bits, positiveSpans)
  writeSpans(bits, negativeSpans)
  if (schema !== CUSTOM_BUCKETS_SCHEMA) return
  bits.putVarbitUint(customValues.length)
  for (const bound of customValues) writeCustomBound(bits, bound)
}

function writeZeroThreshold(bits: BitWriter, threshold: number): void {
  const exponent = threshold > 0 ? Math.round(Math.log2(threshold)) : Number.NaN
  if (threshold === 0) bits.put(0, 8)
  else if (exponent >= THRESHOLD_EXPONENT_MIN && exponent <= THRESHOLD_EXPONENT_MAX && threshold === 2 ** exponent)
    bits.put(exponent + THRESHOLD_EXPONENT_BIAS, 8)
  else {
    bits.put(THRESHOLD_IS_FLOAT, 8)
    bits.putFloat(threshold)
  }
}

/** The threshold that one byte below THRESHOLD_IS_FLOAT stands for. */
export function thresholdOfByte(byte: number): number {
  return byte === 0 ? 0 : 2 ** (byte - THRESHOLD_EXPONENT_BIAS)
}

function writeSpans(bits: BitWriter, spans: Spans): void {
  bits.putVarbitUint(spans.length >> 1)
  for (let i = 0; i < spans.length; i += 2) {
    bits.putVarbitUint(spans[i + 1])
    bits.putVarbitInt(spans[i])
  }
}

function writeCustomBound(bits: BitWriter, bound: number): void {
  const thousandths = Math.round(bound * 1000)
  if (bound * 1000 >= 0 && bound * 1000 <= CUSTOM_THOUSANDTHS_MAX && thousandths / 1000 === bound) bits.putVarbitUint(thousandths + 1)
  else {
    bits.put(0, 1)
    bits.putFloat(bound)
  }
}
