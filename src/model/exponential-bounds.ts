import { CUSTOM_BUCKETS_SCHEMA, EXPONENTIAL_SCHEMA_MAX } from './histogram.ts'

const STEPS = 2 ** EXPONENTIAL_SCHEMA_MAX
const PRECISION = 160n

/** 2^(k / 256) / 2 for each k, rounded to the nearest float64: found with 160 bits, as pow may be off by one in the last. */
const FRACTIONS = powersOfRoot()

function powersOfRoot(): Float64Array {
  const one = 1n << PRECISION
  let root = one * 2n
  for (let i = 0; i < EXPONENTIAL_SCHEMA_MAX; i++) root = squareRoot(root << PRECISION)
  const fractions = new Float64Array(STEPS)
  let power = one
  for (let k = 0; k < STEPS; k++) {
    const shift = PRECISION - 52n
    fractions[k] = Number((power + (1n << (shift - 1n))) >> shift) * 2 ** -53
    power = (power * root) >> PRECISION
  }
  return fractions
}

function squareRoot(value: bigint): bigint {
  let guess = 1n << BigInt(Math.ceil(value.toString(2).length / 2))
  for (;;) {
    const next = (guess + value / guess) >> 1n
    if (next >= guess) return guess
    guess = next
  }
}

/**
 * Upper bound of a bucket with exponential bounds; its lower bound is that of the index before. The largest finite bound is the
 * largest float64. Source: Prometheus model/histogram/generic.go, getBoundExponential.
 */
export function exponentialBound(index: number, schema: number): number {
  if (schema <= 0) {
    const exponent = index * 2 ** -schema
    return exponent === 1024 ? Number.MAX_VALUE : 2 ** exponent
  }
  const steps = 2 ** schema
  const step = ((index % steps) + steps) % steps
  const exponent = Math.floor(index / steps)
  if (step === 0 && exponent === 1024) return Number.MAX_VALUE
  return FRACTIONS[step * (STEPS / steps)] * 2 * 2 ** exponent
}

/** Upper bound of a bucket: the first bucket with custom bounds has index 0, and -Inf below it. */
export function bucketBound(index: number, schema: number, customValues: Float64Array): number {
  if (schema !== CUSTOM_BUCKETS_SCHEMA) return exponentialBound(index, schema)
  if (index < 0) return -Infinity
  return index < customValues.length ? customValues[index] : Infinity
}
