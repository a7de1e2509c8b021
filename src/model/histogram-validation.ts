import { CUSTOM_BUCKETS_SCHEMA, type Histogram, type Spans } from './histogram.ts'
import { invalidSchema, isExponentialSchema } from './histogram-schema.ts'

/** Upstream's words. Source: Prometheus model/histogram/generic.go. */
const NEGATIVE_OFFSET = 'histogram has a span whose offset is negative'
const BUCKETS_MISMATCH = 'histogram spans specify different number of buckets than provided'
const NEGATIVE_BUCKET = 'histogram has a bucket whose observation count is negative'
const COUNT_NOT_BIG_ENOUGH = "histogram's observation count should be at least the number of observations found in the buckets"
const COUNT_MISMATCH = "histogram's observation count should equal the number of observations found in the buckets (in absence of NaN)"

/**
 * What is wrong with a histogram that is to be stored, in upstream's words; undefined when its parts agree. Counts of float histograms
 * are not compared with their sum, which rounding may have changed. Must not be asked about a staleness marker.
 * Source: Prometheus model/histogram/histogram.go and float_histogram.go, Validate.
 */
export function validateHistogram(histogram: Histogram): string | undefined {
  const problem = histogram.schema === CUSTOM_BUCKETS_SCHEMA ? validateCustom(histogram) : validateExponential(histogram)
  if (problem !== undefined) return problem
  const { positiveBuckets, isFloat, count, sum } = histogram
  const bucket = validateBuckets(positiveBuckets, isFloat)
  if (bucket !== undefined) return `positive side: ${bucket}`
  if (isFloat) return undefined
  // Negative counts were refused above, so the order of the addition does not matter.
  const found = histogram.zeroCount + sumOf(histogram.negativeBuckets) + sumOf(positiveBuckets)
  const agrees = Number.isNaN(sum) ? found <= count : found === count
  if (agrees) return undefined
  const why = Number.isNaN(sum) ? COUNT_NOT_BIG_ENOUGH : COUNT_MISMATCH
  return `${integerText(found)} observations found in buckets, but the Count field is ${integerText(count)}: ${why}`
}

function validateCustom(histogram: Histogram): string | undefined {
  const bounds = validateCustomValues(histogram)
  if (bounds !== undefined) return `custom buckets: ${bounds}`
  if (histogram.zeroCount !== 0) return 'custom buckets: must have zero count of 0'
  if (histogram.zeroThreshold !== 0) return 'custom buckets: must have zero threshold of 0'
  if (histogram.negativeSpans.length > 0) return 'custom buckets: must not have negative spans'
  if (histogram.negativeBuckets.length > 0) return 'custom buckets: must not have negative buckets'
  return undefined
}

function validateExponential(histogram: Histogram): string | undefined {
  const { schema, positiveSpans, positiveBuckets, negativeSpans, negativeBuckets, isFloat } = histogram
  if (!isExponentialSchema(schema)) return invalidSchema(schema)
  const positive = validateSpans(positiveSpans, positiveBuckets.length)
  if (positive !== undefined) return `positive side: ${positive}`
  const negative = validateSpans(negativeSpans, negativeBuckets.length) ?? validateBuckets(negativeBuckets, isFloat)
  if (negative !== undefined) return `negative side: ${negative}`
  return histogram.customValues.length > 0 ? 'histogram with exponential schema must not have custom bounds' : undefined
}

function validateSpans(spans: Spans, bucketCount: number): string | undefined {
  let wanted = 0
  for (let i = 0; i < spans.length; i += 2) {
    if (i > 0 && spans[i] < 0) return `span number ${i / 2 + 1} with offset ${spans[i]}: ${NEGATIVE_OFFSET}`
    wanted += spans[i + 1]
  }
  return wanted === bucketCount ? undefined : `spans need ${wanted} buckets, have ${bucketCount} buckets: ${BUCKETS_MISMATCH}`
}

function validateCustomValues({ customValues, positiveSpans, positiveBuckets }: Histogram): string | undefined {
  for (let i = 0; i < customValues.length; i++) {
    const bound = customValues[i]
    if (Number.isNaN(bound)) return 'histogram custom bounds must not be NaN'
    if (i > 0 && bound <= customValues[i - 1])
      return `previous bound is ${fixedText(customValues[i - 1])} and current is ${fixedText(bound)}: histogram custom bounds must be in strictly increasing order`
  }
  if (customValues.at(-1) === Number.POSITIVE_INFINITY)
    return 'last +Inf bound must not be explicitly defined: histogram custom bounds must be finite'
  if (positiveSpans[0] < 0) return `span number 1 with offset ${positiveSpans[0]}: ${NEGATIVE_OFFSET}`
  const spans = validateSpans(positiveSpans, positiveBuckets.length)
  if (spans !== undefined) return spans
  let reach = 0
  for (const number of positiveSpans) reach += number
  if (reach <= customValues.length + 1) return undefined
  return `only ${customValues.length} custom bounds defined which is insufficient to cover total span length of ${reach}: histogram custom bounds are too few`
}

/** Hot: once a bucket of every histogram that comes in. */
function validateBuckets(buckets: Float64Array, isFloat: boolean): string | undefined {
  for (let i = 0; i < buckets.length; i++) {
    if (buckets[i] < 0) {
      const count = isFloat ? floatText(buckets[i]) : integerText(buckets[i])
      return `bucket number ${i + 1} has observation count of ${count}: ${NEGATIVE_BUCKET}`
    }
  }
  return undefined
}

function sumOf(buckets: Float64Array): number {
  let sum = 0
  for (let i = 0; i < buckets.length; i++) sum += buckets[i]
  return sum
}

/** All digits of an integer, as %d has them. */
function integerText(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : Number.isInteger(value) ? BigInt(value).toString() : String(value)
}

/** Six digits after the point, as %f has them. */
function fixedText(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`
}

/** The shortest digits, as %v has them: an exponent of two digits below 1e-4 and from 1e21 on. */
function floatText(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  const size = Math.abs(value)
  if (size >= 1e-4 && size < 1e21) return String(value)
  const [digits, exponent] = value.toExponential().split('e')
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`
}
