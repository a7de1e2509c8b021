import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram, NO_BUCKETS, NO_SPANS } from '../model/histogram.ts'
import { compactHistogram } from './compact-buckets.ts'

/** Empty buckets in a row that an integer histogram keeps between populated ones. Source: Prometheus util/convertnhcb. */
const INTEGER_GAP_MAX = 2
const INTEGER_COUNT_MAX = 2 ** 63

/**
 * Collects the series of one classic histogram to make a native one with custom buckets of them.
 * Source: Prometheus util/convertnhcb/convertnhcb.go, TempHistogram.
 */
export class ClassicHistogram {
  readonly #bounds: number[] = []
  readonly #counts: number[] = []
  #count: number | undefined
  #sum = 0
  #isBroken = false

  clear(): void {
    this.#bounds.length = 0
    this.#counts.length = 0
    this.#count = undefined
    this.#sum = 0
    this.#isBroken = false
  }

  /** `count` is of all observations up to `bound`. */
  addBucket(bound: number, count: number): void {
    if (count < 0 || Number.isNaN(bound)) this.#isBroken = true
    this.#bounds.push(bound)
    this.#counts.push(count)
  }

  setCount(count: number): void {
    if (count < 0) this.#isBroken = true
    this.#count = count
  }

  setSum(sum: number): void {
    this.#sum = sum
  }

  /** The native histogram; undefined where the series contradict each other. */
  convert(): Histogram | undefined {
    if (this.#isBroken) return undefined
    const order = this.#order()
    const bounds = order.map((i) => this.#bounds[i])
    const totals = order.map((i) => this.#counts[i])
    const total = this.#count ?? totals.at(-1)
    if (total === undefined || bounds[0] === -Infinity) return undefined
    if (bounds.at(-1) !== Infinity) {
      bounds.push(Infinity)
      totals.push(total)
    }
    if (total !== totals.at(-1)) return undefined
    const buckets = new Float64Array(totals.length)
    for (let i = 0; i < totals.length; i++) {
      buckets[i] = totals[i] - (i === 0 ? 0 : totals[i - 1])
      if (buckets[i] < 0 || Number.isNaN(buckets[i])) return undefined
    }
    const isFloat = !totals.every((count) => Number.isInteger(count) && count < INTEGER_COUNT_MAX)
    const histogram: Histogram = {
      isFloat,
      counterResetHint: CounterResetHint.unknown,
      schema: CUSTOM_BUCKETS_SCHEMA,
      zeroThreshold: 0,
      zeroCount: 0,
      count: total,
      sum: this.#sum,
      positiveSpans: Int32Array.of(0, buckets.length),
      negativeSpans: NO_SPANS,
      positiveBuckets: buckets,
      negativeBuckets: NO_BUCKETS,
      customValues: Float64Array.from(bounds.slice(0, -1)),
    }
    return compactHistogram(histogram, isFloat ? 0 : INTEGER_GAP_MAX)
  }

  /** Positions of the buckets in the order of their bounds; of equal bounds the first counts. */
  #order(): number[] {
    const bounds = this.#bounds
    const order = bounds.map((_, i) => i)
    if (bounds.some((bound, i) => i > 0 && bound <= bounds[i - 1]))
      order.sort((a, b) => (bounds[a] === bounds[b] ? a - b : bounds[a] - bounds[b]))
    return order.filter((at, i) => i === 0 || bounds[at] !== bounds[order[i - 1]])
  }
}
