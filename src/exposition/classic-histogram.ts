import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram, NO_BUCKETS, NO_SPANS } from '../model/histogram.ts'
import { compactHistogram } from './compact-buckets.ts'
import { NumberList } from './number-list.ts'

/** Empty buckets in a row that an integer histogram keeps between populated ones. Source: Prometheus util/convertnhcb. */
const INTEGER_GAP_MAX = 2
const INTEGER_COUNT_MAX = 2 ** 63

/**
 * Collects the series of one classic histogram to make a native one with custom buckets of them.
 * Source: Prometheus util/convertnhcb/convertnhcb.go, TempHistogram.
 */
export class ClassicHistogram {
  readonly #bounds = new NumberList()
  readonly #counts = new NumberList()
  #isSorted = true
  #count: number | undefined
  #sum = 0
  #isBroken = false

  clear(): void {
    this.#bounds.clear()
    this.#counts.clear()
    this.#isSorted = true
    this.#count = undefined
    this.#sum = 0
    this.#isBroken = false
  }

  /** `count` is of all observations up to `bound`. */
  addBucket(bound: number, count: number): void {
    const bounds = this.#bounds
    if (count < 0 || Number.isNaN(bound)) this.#isBroken = true
    if (bounds.length > 0 && bound <= bounds.at(bounds.length - 1)) this.#isSorted = false
    bounds.push(bound)
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
    if (!this.#isSorted) this.#sort()
    const bounds = this.#bounds
    const totals = this.#counts
    const total = this.#count ?? (totals.length > 0 ? totals.at(totals.length - 1) : undefined)
    if (total === undefined || (bounds.length > 0 && bounds.at(0) === -Infinity)) return undefined
    if (bounds.length === 0 || bounds.at(bounds.length - 1) !== Infinity) {
      bounds.push(Infinity)
      totals.push(total)
    }
    if (total !== totals.at(totals.length - 1)) return undefined
    const buckets = new Float64Array(totals.length)
    let isFloat = false
    let before = 0
    for (let i = 0; i < buckets.length; i++) {
      const upTo = totals.at(i)
      buckets[i] = upTo - before
      if (!(buckets[i] >= 0)) return undefined
      if (!Number.isInteger(upTo) || upTo >= INTEGER_COUNT_MAX) isFloat = true
      before = upTo
    }
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
      customValues: bounds.used.slice(0, -1),
    }
    return compactHistogram(histogram, isFloat ? 0 : INTEGER_GAP_MAX)
  }

  /** Brings the buckets into the order of their bounds; of equal bounds the first counts. */
  #sort(): void {
    const bounds = [...this.#bounds.used]
    const counts = [...this.#counts.used]
    const order = bounds.map((_, i) => i).sort((a, b) => (bounds[a] === bounds[b] ? a - b : bounds[a] - bounds[b]))
    this.#bounds.clear()
    this.#counts.clear()
    order.forEach((at, i) => {
      if (i > 0 && bounds[at] === bounds[order[i - 1]]) return
      this.#bounds.push(bounds[at])
      this.#counts.push(counts[at])
    })
  }
}
