import { CUSTOM_BUCKETS_SCHEMA, EXPONENTIAL_SCHEMA_MAX, EXPONENTIAL_SCHEMA_MIN } from './histogram.ts'

// Schemas that are reserved for exponential buckets of finer or coarser resolution than anybody writes today.
// Source: Prometheus model/histogram/generic.go.
const RESERVED_SCHEMA_MIN = -9
const RESERVED_SCHEMA_MAX = 52

export function isExponentialSchema(schema: number): boolean {
  return schema >= EXPONENTIAL_SCHEMA_MIN && schema <= EXPONENTIAL_SCHEMA_MAX
}

/** A schema that can be read. Finer than EXPONENTIAL_SCHEMA_MAX is read by reducing the resolution to that. */
export function isKnownSchema(schema: number): boolean {
  return schema === CUSTOM_BUCKETS_SCHEMA || (schema >= RESERVED_SCHEMA_MIN && schema <= RESERVED_SCHEMA_MAX)
}

/** Upstream's words for a schema that no sample may have. */
export function invalidSchema(schema: number): string {
  return `histogram has an invalid schema, which must be between ${EXPONENTIAL_SCHEMA_MIN} and ${EXPONENTIAL_SCHEMA_MAX} for exponential buckets, or ${CUSTOM_BUCKETS_SCHEMA} for custom buckets, got schema ${schema}`
}

/** Upstream's words for a schema that cannot even be reduced to one of those. */
export function unknownSchema(schema: number): string {
  return `histogram has an unknown schema, which must be between ${RESERVED_SCHEMA_MIN} and ${RESERVED_SCHEMA_MAX} for exponential buckets, or ${CUSTOM_BUCKETS_SCHEMA} for custom buckets, got schema ${schema}`
}
