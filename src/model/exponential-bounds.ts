import { CUSTOM_BUCKETS_SCHEMA, EXPONENTIAL_SCHEMA_MAX } from './histogram.ts'

const STEPS = 2 ** EXPONENTIAL_SCHEMA_MAX

/**
 * 2^(k / 256) / 2 for each k, with the rounding of upstream's table: the bounds of a schema are those of the one before it, and between
 * them the one below times 2^(2^-schema), which for schema 1 is one bit less than the nearest float64. Most are not the nearest ones.
 */
const FRACTIONS = powersOfRoot()

function powersOfRoot(): Float64Array {
  const fractions = new Float64Array(STEPS)
  fractions[0] = 0.5
  for (let schema = 1; schema <= EXPONENTIAL_SCHEMA_MAX; schema++) {
    const factor = schema === 1 ? Math.SQRT2 - Number.EPSILON : 2 ** (2 ** -schema)
    const step = STEPS >> schema
    for (let k = step; k < STEPS; k += 2 * step) fractions[k] = fractions[k - step] * factor
  }
  return fractions
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
