import fc from 'fast-check'
import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram } from '../model/histogram.ts'
import { STALE_MARKER } from '../model/staleness.ts'

// Samples as the tests of chunks make them.

export const anyFloat = fc.oneof(
  { weight: 3, arbitrary: fc.double() },
  { weight: 3, arbitrary: fc.integer().map(Number) },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 5e-324, STALE_MARKER) },
)

export const anyStep = fc.oneof(
  { weight: 5, arbitrary: fc.constant(15000) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 30000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 ** 31 }) },
)

/** Spans and how many buckets they have; a span may be empty. */
const anySpans = fc
  .tuple(
    fc.integer({ min: -20, max: 20 }),
    fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 6 })), { maxLength: 4 }),
  )
  .map(([first, rest]) => Int32Array.from(rest.flatMap(([offset, length], i) => [i === 0 ? first : offset, length])))

function bucketsOf(spans: Int32Array): number {
  let count = 0
  for (let i = 1; i < spans.length; i += 2) count += spans[i]
  return count
}

/** A layout and, per sample, what is added to each bucket, to the zero bucket and to the sum. */
export interface Growth {
  readonly isFloat: boolean
  readonly schema: number
  readonly zeroThreshold: number
  readonly positiveSpans: Int32Array
  readonly negativeSpans: Int32Array
  readonly customValues: Float64Array
  readonly additions: readonly { readonly seed: number; readonly sum: number; readonly step: number; readonly size: number }[]
}

export const anyGrowth: fc.Arbitrary<Growth> = fc.record({
  isFloat: fc.boolean(),
  schema: fc.constantFrom(-4, 0, 3, 8, CUSTOM_BUCKETS_SCHEMA),
  zeroThreshold: fc.constantFrom(0, 2 ** -128, 2 ** -243, 2 ** 10, 2 ** -244, 2 ** 11, 0.001, 1),
  positiveSpans: anySpans,
  negativeSpans: anySpans,
  customValues: fc
    .uniqueArray(
      fc.oneof(
        fc.integer({ min: 0, max: 40_000_000 }).map((thousandths) => thousandths / 1000),
        fc.double({ noNaN: true }),
      ),
      {
        maxLength: 5,
      },
    )
    .map((bounds) => Float64Array.from(bounds).sort()),
  additions: fc.array(
    fc.record({
      seed: fc.nat(),
      sum: fc.double({ noNaN: true, noDefaultInfinity: true }),
      step: anyStep,
      size: fc.constantFrom(0, 1, 10, 1e3, 1e6, 1e12),
    }),
    { minLength: 1, maxLength: 30 },
  ),
})

/** The histograms that a growth describes: counters that only rise. */
export function histogramsOf(growth: Growth): Histogram[] {
  const isCustom = growth.schema === CUSTOM_BUCKETS_SCHEMA
  const positive = new Float64Array(bucketsOf(growth.positiveSpans))
  const negativeSpans = isCustom ? new Int32Array(0) : growth.negativeSpans
  const negative = new Float64Array(bucketsOf(negativeSpans))
  let zeroCount = 0
  return growth.additions.map(({ seed, sum, size }) => {
    let state = seed >>> 0
    const next = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      const amount = (state / 2 ** 32) * size
      return growth.isFloat ? amount : Math.floor(amount)
    }
    for (let i = 0; i < positive.length; i++) positive[i] += next()
    for (let i = 0; i < negative.length; i++) negative[i] += next()
    if (!isCustom) zeroCount += next()
    return {
      isFloat: growth.isFloat,
      counterResetHint: CounterResetHint.unknown,
      schema: growth.schema,
      zeroThreshold: isCustom ? 0 : growth.zeroThreshold,
      zeroCount,
      count: zeroCount + positive.reduce((a, b) => a + b, 0) + negative.reduce((a, b) => a + b, 0),
      sum,
      positiveSpans: growth.positiveSpans,
      negativeSpans,
      positiveBuckets: positive.slice(),
      negativeBuckets: negative.slice(),
      customValues: isCustom ? growth.customValues : new Float64Array(0),
    }
  })
}

/** A histogram of integers from what differs from an empty one. */
export function histogram(part: {
  readonly isFloat?: boolean
  readonly hint?: CounterResetHint
  readonly schema?: number
  readonly zeroThreshold?: number
  readonly zeroCount?: number
  readonly sum?: number
  readonly spans?: readonly number[]
  readonly buckets?: readonly number[]
  readonly negativeSpans?: readonly number[]
  readonly negativeBuckets?: readonly number[]
  readonly customValues?: readonly number[]
}): Histogram {
  const positiveBuckets = Float64Array.from(part.buckets ?? [])
  const negativeBuckets = Float64Array.from(part.negativeBuckets ?? [])
  const zeroCount = part.zeroCount ?? 0
  return {
    isFloat: part.isFloat ?? false,
    counterResetHint: part.hint ?? CounterResetHint.unknown,
    schema: part.schema ?? 0,
    zeroThreshold: part.zeroThreshold ?? 0,
    zeroCount,
    count: zeroCount + [...positiveBuckets, ...negativeBuckets].reduce((a, b) => a + b, 0),
    sum: part.sum ?? 0,
    positiveSpans: Int32Array.from(part.spans ?? []),
    negativeSpans: Int32Array.from(part.negativeSpans ?? []),
    positiveBuckets,
    negativeBuckets,
    customValues: Float64Array.from(part.customValues ?? []),
  }
}
