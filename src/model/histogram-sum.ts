import { exponentialBound } from './exponential-bounds.ts'
import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram, NO_BUCKETS } from './histogram.ts'
import { lostTimes, SparseBuckets } from './sparse-buckets.ts'

// Sums, differences and multiples of histograms. Where two differ in resolution, width of the zero bucket or custom bounds, what
// both can be told in is found first. Every sum is compensated (util/kahansum): a single one comes out as a plain one does.
// Source: Prometheus model/histogram/float_histogram.go: Add, Sub, KahanAdd, Mul, Div, reconcileZeroBuckets.

/** What adding two histograms met: a set of bits, 0 where all went well. */
export const SumOutcome = {
  /** One has custom bounds, the other exponential ones: nothing was added. */
  incompatible: 1,
  /** Their custom bounds differ: only those that both have are left. */
  boundsReconciled: 2,
  /** One says that the counter was reset, the other that it was not. */
  resetsCollide: 4,
} as const

/** A histogram that others are added to. */
export class HistogramSum {
  #schema: number
  #zeroThreshold: number
  #zeroCount: number
  #zeroLost = 0
  #count: number
  #countLost = 0
  #sum: number
  #sumLost = 0
  #hint: CounterResetHint
  #customValues: Float64Array
  readonly #positive: SparseBuckets
  readonly #negative: SparseBuckets

  constructor(histogram: Histogram) {
    this.#schema = histogram.schema
    this.#zeroThreshold = histogram.zeroThreshold
    this.#zeroCount = histogram.zeroCount
    this.#count = histogram.count
    this.#sum = histogram.sum
    this.#hint = histogram.counterResetHint
    this.#customValues = histogram.customValues
    this.#positive = new SparseBuckets(histogram.positiveBuckets.length).load(histogram.positiveSpans, histogram.positiveBuckets)
    this.#negative = new SparseBuckets(histogram.negativeBuckets.length).load(histogram.negativeSpans, histogram.negativeBuckets)
  }

  add(other: Histogram): number {
    return this.#combine(other, 1)
  }

  subtract(other: Histogram): number {
    return this.#combine(other, -1)
  }

  get count(): number {
    return this.#count + this.#countLost
  }

  /** Rounds to what `toHistogram` would answer now. */
  settle(): this {
    this.#zeroCount += this.#zeroLost
    this.#zeroLost = 0
    this.#count += this.#countLost
    this.#countLost = 0
    this.#sum += this.#sumLost
    this.#sumLost = 0
    this.#positive.settle()
    this.#negative.settle()
    return this
  }

  /** A negative factor makes a gauge of it. */
  multiply(factor: number): this {
    this.#zeroCount *= factor
    this.#zeroLost = lostTimes(this.#zeroLost, factor)
    this.#count *= factor
    this.#countLost = lostTimes(this.#countLost, factor)
    this.#sum *= factor
    this.#sumLost = lostTimes(this.#sumLost, factor)
    this.#positive.multiply(factor)
    this.#negative.multiply(factor)
    if (factor < 0) this.#hint = CounterResetHint.gauge
    return this
  }

  /** Nothing is left in the buckets after a division by zero. */
  divide(divisor: number): this {
    this.#zeroCount /= divisor
    this.#zeroLost /= divisor
    this.#count /= divisor
    this.#countLost /= divisor
    this.#sum /= divisor
    this.#sumLost /= divisor
    if (divisor === 0) {
      this.#zeroLost = 0
      this.#countLost = 0
      this.#sumLost = 0
      this.#positive.length = 0
      this.#negative.length = 0
      return this
    }
    this.#positive.divide(divisor)
    this.#negative.divide(divisor)
    if (divisor < 0) this.#hint = CounterResetHint.gauge
    return this
  }

  /** The resolution of a schema, which must not be higher than its own. Custom bounds stay what they are. */
  reduceResolution(schema: number): void {
    if (this.#schema === CUSTOM_BUCKETS_SCHEMA || schema >= this.#schema) return
    this.#positive.reduceResolution(this.#schema - schema)
    this.#negative.reduceResolution(this.#schema - schema)
    this.#schema = schema
  }

  /** Whether adding `other` may take a count or the sum beyond what a float64 holds. */
  mayOverflow(other: Histogram): boolean {
    let largest = Math.max(Math.abs(this.#sum), Math.abs(this.#count), Math.abs(this.#zeroCount), this.#positive.largest)
    largest = Math.max(largest, this.#negative.largest)
    let added = Math.max(Math.abs(other.sum), Math.abs(other.count), Math.abs(other.zeroCount))
    for (const count of other.positiveBuckets) added = Math.max(added, Math.abs(count))
    for (const count of other.negativeBuckets) added = Math.max(added, Math.abs(count))
    // Buckets of one side may be merged while they are added.
    return largest + added > Number.MAX_VALUE / 2 ** 20
  }

  get hasOverflow(): boolean {
    const isInfinite = (value: number) => value === Infinity || value === -Infinity
    if (isInfinite(this.#sum) || isInfinite(this.#count) || isInfinite(this.#zeroCount)) return true
    return isInfinite(this.#positive.largest) || isInfinite(this.#negative.largest)
  }

  copy(): HistogramSum {
    const copied = new HistogramSum(EMPTY)
    copied.#schema = this.#schema
    copied.#zeroThreshold = this.#zeroThreshold
    copied.#zeroCount = this.#zeroCount
    copied.#zeroLost = this.#zeroLost
    copied.#count = this.#count
    copied.#countLost = this.#countLost
    copied.#sum = this.#sum
    copied.#sumLost = this.#sumLost
    copied.#hint = this.#hint
    copied.#customValues = this.#customValues
    copied.#positive.add(this.#positive, 0, 1)
    copied.#negative.add(this.#negative, 0, 1)
    return copied
  }

  /** What it has come to. */
  toHistogram(counterResetHint: CounterResetHint = this.#hint): Histogram {
    const positive = this.#positive.toSpans()
    const negative = this.#negative.toSpans()
    return {
      isFloat: true,
      counterResetHint,
      schema: this.#schema,
      zeroThreshold: this.#zeroThreshold,
      zeroCount: withLost(this.#zeroCount, this.#zeroLost),
      count: withLost(this.#count, this.#countLost),
      sum: withLost(this.#sum, this.#sumLost),
      positiveSpans: positive.spans,
      negativeSpans: negative.spans,
      positiveBuckets: positive.buckets,
      negativeBuckets: negative.buckets,
      customValues: this.#customValues,
    }
  }

  #combine(other: Histogram, sign: 1 | -1): number {
    const isCustom = this.#schema === CUSTOM_BUCKETS_SCHEMA
    if (isCustom !== (other.schema === CUSTOM_BUCKETS_SCHEMA)) return SumOutcome.incompatible
    let outcome = this.#combineHints(other.counterResetHint) ? SumOutcome.resetsCollide : 0
    otherPositive.load(other.positiveSpans, other.positiveBuckets)
    otherNegative.load(other.negativeSpans, other.negativeBuckets)
    if (isCustom) {
      if (!sameBounds(this.#customValues, other.customValues)) {
        outcome |= SumOutcome.boundsReconciled
        this.#reconcileBounds(other.customValues)
      }
    } else {
      this.#addZeroCount(sign * this.#reconcileZeroBuckets(other))
      if (other.schema < this.#schema) this.reduceResolution(other.schema)
      otherPositive.reduceResolution(other.schema - this.#schema)
      otherNegative.reduceResolution(other.schema - this.#schema)
    }
    this.#addCount(sign * other.count)
    this.#addSum(sign * other.sum)
    this.#positive.add(otherPositive, isCustom ? 0 : this.#firstAboveZero(otherPositive), sign)
    this.#negative.add(otherNegative, isCustom ? 0 : this.#firstAboveZero(otherNegative), sign)
    return outcome
  }

  /** How many of the first buckets lie in the zero bucket. As upstream one that only begins there, after a reduction, counts beside it. */
  #firstAboveZero(buckets: SparseBuckets): number {
    let first = 0
    while (first < buckets.length && exponentialBound(buckets.indexes[first], this.#schema) <= this.#zeroThreshold) first++
    return first
  }

  /** True when the hints contradict each other. */
  #combineHints(other: CounterResetHint): boolean {
    const mine = this.#hint
    if (mine === other || mine === CounterResetHint.gauge) return false
    if (other === CounterResetHint.gauge) {
      this.#hint = other
      return false
    }
    this.#hint = CounterResetHint.unknown
    return mine !== CounterResetHint.unknown && other !== CounterResetHint.unknown
  }

  /**
   * Makes the zero bucket as wide as both can have it: its end lies in no populated bucket of either. Answers the zero count that
   * the other one has then; its buckets are the loaded ones.
   */
  #reconcileZeroBuckets(other: Histogram): number {
    let count = other.zeroCount
    let threshold = other.zeroThreshold
    while (threshold < this.#zeroThreshold || threshold > this.#zeroThreshold) {
      if (this.#zeroThreshold > threshold) {
        threshold = widerThreshold(otherPositive, otherNegative, other.schema, this.#zeroThreshold)
        count = other.zeroCount + countWithin(otherPositive, other.schema, threshold) + countWithin(otherNegative, other.schema, threshold)
      }
      if (threshold > this.#zeroThreshold) this.#widenZeroBucket(threshold)
    }
    return count
  }

  #widenZeroBucket(wanted: number): void {
    const threshold = widerThreshold(this.#positive, this.#negative, this.#schema, wanted)
    for (const side of [this.#positive, this.#negative]) {
      let within = 0
      for (; within < side.length && exponentialBound(side.indexes[within] - 1, this.#schema) < threshold; within++) {
        this.#addZeroCount(side.counts[within])
        this.#zeroLost += side.lost[within]
      }
      side.dropFirst(within)
    }
    this.#zeroThreshold = threshold
  }

  /** Leaves only the custom bounds that both have, on this side and in the loaded buckets. */
  #reconcileBounds(otherBounds: Float64Array): void {
    const known = new Set(otherBounds)
    const common = this.#customValues.filter((bound) => known.has(bound))
    const mine = this.#customValues
    this.#positive.reindex((index) => indexOfBound(common, mine, index))
    otherPositive.reindex((index) => indexOfBound(common, otherBounds, index))
    this.#customValues = common
  }

  #addZeroCount(value: number): void {
    this.#zeroLost = lostAfter(this.#zeroCount, value, this.#zeroLost)
    this.#zeroCount += value
  }

  #addCount(value: number): void {
    this.#countLost = lostAfter(this.#count, value, this.#countLost)
    this.#count += value
  }

  #addSum(value: number): void {
    this.#sumLost = lostAfter(this.#sum, value, this.#sumLost)
    this.#sum += value
  }
}

const EMPTY: Histogram = {
  isFloat: true,
  counterResetHint: CounterResetHint.unknown,
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 0,
  sum: 0,
  positiveSpans: new Int32Array(0),
  negativeSpans: new Int32Array(0),
  positiveBuckets: NO_BUCKETS,
  negativeBuckets: NO_BUCKETS,
  customValues: NO_BUCKETS,
}

/** The buckets of the histogram that is being added: one pair, so that adding allocates nothing for them. */
const otherPositive = new SparseBuckets(32)
const otherNegative = new SparseBuckets(32)

/** What a compensated sum has lost once `value` is added to it. */
function lostAfter(sum: number, value: number, lost: number): number {
  const total = sum + value
  if (total === Infinity || total === -Infinity) return 0
  return lost + (Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum)
}

/** The end of a zero bucket that reaches `wanted` at least and ends in no populated bucket. */
export function widerThreshold(positive: SparseBuckets, negative: SparseBuckets, schema: number, wanted: number): number {
  let threshold = wanted
  for (let before = -1; before !== threshold; ) {
    before = threshold
    for (const side of [positive, negative]) {
      for (let i = 0; i < side.length; i++) {
        const index = side.indexes[i]
        if (exponentialBound(index - 1, schema) >= threshold) break
        if (side.counts[i] !== 0) threshold = Math.max(threshold, exponentialBound(index, schema))
      }
    }
  }
  return threshold
}

/** The count of all buckets below `threshold`. */
export function countWithin(side: SparseBuckets, schema: number, threshold: number): number {
  let count = 0
  for (let i = 0; i < side.length && exponentialBound(side.indexes[i] - 1, schema) < threshold; i++) count += side.counts[i]
  return count
}

export function sameBounds(a: Float64Array, b: Float64Array): boolean {
  if (a === b) return true
  return a.length === b.length && a.every((bound, i) => bound === b[i])
}

/** Where the bucket of `bounds` with this index goes in the fewer bounds of `common`; what is above them all, into the last. */
export function indexOfBound(common: Float64Array, bounds: Float64Array, index: number): number {
  if (index >= bounds.length) return common.length
  let low = 0
  let high = common.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (common[middle] >= bounds[index]) high = middle
    else low = middle + 1
  }
  return low
}

/** Not a sum where nothing was lost: that would turn -0, which upstream shows, into 0. */
function withLost(value: number, lost: number): number {
  return lost === 0 ? value : value + lost
}
