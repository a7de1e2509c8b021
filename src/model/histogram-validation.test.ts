import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CUSTOM_BUCKETS_SCHEMA, type Histogram, NO_BUCKETS, NO_SPANS } from './histogram.ts'
import { validateHistogram } from './histogram-validation.ts'

const empty: Histogram = {
  isFloat: false,
  counterResetHint: 0,
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 0,
  sum: 0,
  positiveSpans: NO_SPANS,
  negativeSpans: NO_SPANS,
  positiveBuckets: NO_BUCKETS,
  negativeBuckets: NO_BUCKETS,
  customValues: NO_BUCKETS,
}
const spans = (...numbers: number[]) => Int32Array.from(numbers)
const counts = (...numbers: number[]) => Float64Array.from(numbers)

// Texts: Prometheus model/histogram/histogram_test.go, TestHistogramValidation, and its format verbs.
test('what is wrong with a histogram is said in upstream words', () => {
  const check = (part: Partial<Histogram>, want: string | undefined) => assert.equal(validateHistogram({ ...empty, ...part }), want)
  check({}, undefined)
  check({ count: 4, zeroCount: 1, positiveSpans: spans(-3, 2, 5, 0), positiveBuckets: counts(1, 2) }, undefined)
  check(
    { count: 1, positiveSpans: spans(0, 5), positiveBuckets: counts(1) },
    'positive side: spans need 5 buckets, have 1 buckets: histogram spans specify different number of buckets than provided',
  )
  check(
    { negativeSpans: spans(0, 1) },
    'negative side: spans need 1 buckets, have 0 buckets: histogram spans specify different number of buckets than provided',
  )
  check(
    { positiveSpans: spans(0, 1, -2, 1), positiveBuckets: counts(1, 1) },
    'positive side: span number 2 with offset -2: histogram has a span whose offset is negative',
  )
  check(
    { positiveSpans: spans(0, 2), positiveBuckets: counts(1, -1) },
    'positive side: bucket number 2 has observation count of -1: histogram has a bucket whose observation count is negative',
  )
  check(
    { isFloat: true, negativeSpans: spans(0, 1), negativeBuckets: counts(-1.5e-7) },
    'negative side: bucket number 1 has observation count of -1.5e-07: histogram has a bucket whose observation count is negative',
  )
  check(
    { isFloat: true, positiveSpans: spans(0, 1), positiveBuckets: counts(-2.5e20) },
    'positive side: bucket number 1 has observation count of -250000000000000000000: histogram has a bucket whose observation count is negative',
  )
  check(
    { count: 6, zeroCount: 1, positiveSpans: spans(0, 1), positiveBuckets: counts(4) },
    "5 observations found in buckets, but the Count field is 6: histogram's observation count should equal the number of observations found in the buckets (in absence of NaN)",
  )
  check({ count: 6, zeroCount: 5, sum: Number.NaN }, undefined)
  check(
    { count: 4, zeroCount: 5, sum: Number.NaN },
    "5 observations found in buckets, but the Count field is 4: histogram's observation count should be at least the number of observations found in the buckets",
  )
  check({ isFloat: true, count: 6, zeroCount: 5 }, undefined)
  check({ customValues: counts(1) }, 'histogram with exponential schema must not have custom bounds')
  check(
    { schema: 9 },
    'histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, or -53 for custom buckets, got schema 9',
  )
})

test('custom buckets have rules of their own', () => {
  const check = (part: Partial<Histogram>, want: string | undefined) =>
    assert.equal(validateHistogram({ ...empty, schema: CUSTOM_BUCKETS_SCHEMA, ...part }), want && `custom buckets: ${want}`)
  check({ customValues: counts(1, 2), count: 3, positiveSpans: spans(0, 3), positiveBuckets: counts(1, 1, 1) }, undefined)
  check({ customValues: counts(1, Number.NaN) }, 'histogram custom bounds must not be NaN')
  check(
    { customValues: counts(2, 1.5) },
    'previous bound is 2.000000 and current is 1.500000: histogram custom bounds must be in strictly increasing order',
  )
  check(
    { customValues: counts(Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY) },
    'previous bound is -Inf and current is -Inf: histogram custom bounds must be in strictly increasing order',
  )
  check(
    { customValues: counts(1e22, 3) },
    'previous bound is 10000000000000000000000.000000 and current is 3.000000: histogram custom bounds must be in strictly increasing order',
  )
  check(
    { customValues: counts(1, Number.POSITIVE_INFINITY) },
    'last +Inf bound must not be explicitly defined: histogram custom bounds must be finite',
  )
  check(
    { customValues: counts(1), positiveSpans: spans(-1, 1), positiveBuckets: counts(1) },
    'span number 1 with offset -1: histogram has a span whose offset is negative',
  )
  check(
    { customValues: counts(1, 2), positiveSpans: spans(0, 3, 1, 1), positiveBuckets: counts(1, 1, 1, 1) },
    'only 2 custom bounds defined which is insufficient to cover total span length of 5: histogram custom bounds are too few',
  )
  check({ zeroCount: 1 }, 'must have zero count of 0')
  check({ zeroThreshold: 1 }, 'must have zero threshold of 0')
  check({ negativeSpans: spans(0, 1) }, 'must not have negative spans')
  check({ negativeBuckets: counts(1) }, 'must not have negative buckets')
})
