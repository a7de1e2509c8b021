import { isStaleBits, STALE_HIGH, STALE_LOW } from '../../model/staleness.ts'
import { SampleKind } from './sample-kind.ts'

/** What a sample is, and the bits of its value; of a histogram those of its digest. */
export interface SampleBits {
  readonly kind: SampleKind
  readonly high: number
  readonly low: number
}

/**
 * Whether a sample is of this kind and has these bits. Staleness markers are one, whatever their series is said to have beside them: one that
 * comes before its series is known to be of histograms is stored as a float.
 */
export function isSameSample(one: SampleBits, kind: SampleKind, high: number, low: number): boolean {
  if (one.kind === kind && one.high === high && one.low === low) return true
  return isStaleBits(one.high, one.low) && isStaleBits(high, low)
}

const value = new Float64Array(1)
const valueWords = new Uint32Array(value.buffer)

/** The same for two floats. */
export function sameBits(high: number, low: number, v: number): boolean {
  value[0] = v
  if (valueWords[0] === low && valueWords[1] === high) return true
  return low === STALE_LOW && (high === STALE_HIGH || isStaleBits(high, low)) && isStaleBits(valueWords[1], valueWords[0])
}

/** The same for a float and a sample of any kind. */
export function isSameFloat(one: SampleBits, v: number): boolean {
  value[0] = v
  return isSameSample(one, SampleKind.float, valueWords[1], valueWords[0])
}
