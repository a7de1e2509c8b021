import { CounterResetHint, type Histogram } from '../../model/histogram.ts'
import { HistogramSum, SumOutcome } from '../../model/histogram-sum.ts'

// What aggregations, and the over_time functions, make of many histograms.
// Source: Prometheus promql/engine.go, aggregation; promql/functions.go, funcSumOverTime and funcAvgOverTime.

/** Many histograms becoming one. */
export interface HistogramTotal {
  /** Some have custom bounds and some exponential ones: there is no result. */
  readonly isIncompatible: boolean
  readonly boundsReconciled: boolean
  /** Some say that the counter was reset and some that it was not. */
  readonly resetsCollide: boolean
  add(histogram: Histogram): void
  /** Asked once, at the end, after one `add` at least. */
  result(): Histogram
}

/** What hints were seen, and how additions went. */
class Remarks {
  isIncompatible = false
  boundsReconciled = false
  #resetSeen = false
  #notResetSeen = false

  get resetsCollide(): boolean {
    return this.#resetSeen && this.#notResetSeen
  }

  noteHint({ counterResetHint }: Histogram): void {
    if (counterResetHint === CounterResetHint.reset) this.#resetSeen = true
    if (counterResetHint === CounterResetHint.notReset) this.#notResetSeen = true
  }

  noteOutcome(outcome: number): void {
    if ((outcome & SumOutcome.incompatible) !== 0) this.isIncompatible = true
    if ((outcome & SumOutcome.boundsReconciled) !== 0) this.boundsReconciled = true
  }
}

export class HistogramTotalSum extends Remarks implements HistogramTotal {
  #sum: HistogramSum | undefined

  add(histogram: Histogram): void {
    if (this.isIncompatible) return
    this.noteHint(histogram)
    if (this.#sum === undefined) this.#sum = new HistogramSum(histogram)
    else this.noteOutcome(this.#sum.add(histogram))
  }

  result(): Histogram {
    return this.#sum!.toHistogram()
  }
}

/** The sum divided by the count, or a mean carried along once the sum would overflow. */
export class HistogramMean extends Remarks implements HistogramTotal {
  #sum: HistogramSum | undefined
  #count = 0
  /** `#sum` is the mean so far. */
  #isIncremental = false

  add(histogram: Histogram): void {
    if (this.isIncompatible) return
    this.noteHint(histogram)
    const count = ++this.#count
    const sum = this.#sum
    if (sum === undefined) {
      this.#sum = new HistogramSum(histogram)
      return
    }
    if (!this.#isIncremental) {
      const before = sum.mayOverflow(histogram) ? sum.copy() : undefined
      this.noteOutcome(sum.add(histogram))
      if (this.isIncompatible || before === undefined || !sum.hasOverflow) return
      this.#isIncremental = true
      this.#sum = before.divide(count - 1)
    }
    const share = new HistogramSum(histogram).divide(count).toHistogram()
    this.noteOutcome(this.#sum!.multiply((count - 1) / count).add(share))
  }

  result(): Histogram {
    return this.#isIncremental ? this.#sum!.toHistogram() : this.#sum!.divide(this.#count).toHistogram()
  }
}
