import { CodedError } from '../../base/errors.ts'
import type { QueryBudget } from '../../storage/series-source.ts'

export interface BudgetLimits {
  readonly samplesMax: number
  readonly bytesMax: number
}

/** What one query holds, with upstream's text when it is too much. Source: Prometheus promql/engine.go, ErrTooManySamples. */
export class LimitedBudget implements QueryBudget {
  readonly #limits: BudgetLimits
  #samples = 0
  #bytes = 0
  /** The most samples held at once. */
  samplesPeak = 0
  /** The most bytes held at once. */
  bytesPeak = 0

  constructor(limits: BudgetLimits) {
    this.#limits = limits
  }

  chargeSamples(count: number): void {
    this.#samples += count
    if (this.#samples > this.samplesPeak) this.samplesPeak = this.#samples
    if (this.#samples > this.#limits.samplesMax) {
      throw new CodedError('execution', 'query processing would load too many samples into memory in query execution')
    }
  }

  releaseSamples(count: number): void {
    this.#samples -= count
  }

  chargeBytes(count: number): void {
    this.#bytes += count
    if (this.#bytes > this.bytesPeak) this.bytesPeak = this.#bytes
    if (this.#bytes > this.#limits.bytesMax) {
      throw new CodedError('execution', `query processing would take more than ${this.#limits.bytesMax} bytes of memory in query execution`)
    }
  }

  releaseBytes(count: number): void {
    this.#bytes -= count
  }
}
