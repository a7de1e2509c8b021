import { CodedError } from '../../base/errors.ts'
import type { QueryBudget } from '../../storage/series-source.ts'
import type { MemoryShare } from './shared-memory-total.ts'

export interface BudgetLimits {
  readonly samplesMax: number
  readonly bytesMax: number
  /** What all queries together may take is a limit, too. */
  readonly share?: MemoryShare
}

/** How much is taken of what all queries share at once. */
const SHARE_BYTES = 1024 * 1024

/** What one query holds, with upstream's text when it is too much. Source: Prometheus promql/engine.go, ErrTooManySamples. */
export class LimitedBudget implements QueryBudget {
  readonly #limits: BudgetLimits
  #samples = 0
  #bytes = 0
  #shareBytes = 0
  /** Something was refused. */
  isExceeded = false
  /** The most samples held at once. */
  samplesPeak = 0
  /** The most bytes held at once. */
  bytesPeak = 0

  constructor(limits: BudgetLimits) {
    this.#limits = limits
  }

  /** Those held now. */
  get bytes(): number {
    return this.#bytes
  }

  chargeSamples(count: number): void {
    this.#samples += count
    if (this.#samples > this.samplesPeak) this.samplesPeak = this.#samples
    if (this.#samples > this.#limits.samplesMax)
      throw this.#refusal('query processing would load too many samples into memory in query execution')
  }

  releaseSamples(count: number): void {
    this.#samples -= count
  }

  chargeBytes(count: number): void {
    this.#bytes += count
    if (this.#bytes > this.#limits.bytesMax)
      throw this.#refusal(`query processing would take more than ${this.#limits.bytesMax} bytes of memory in query execution`)
    if (this.#bytes > this.bytesPeak) this.bytesPeak = this.#bytes
    if (this.#bytes > this.#shareBytes && this.#limits.share !== undefined) this.#takeShare(this.#limits.share)
  }

  releaseBytes(count: number): void {
    this.#bytes -= count
  }

  /** Gives back what it has of the memory that all queries share. */
  close(): void {
    this.#limits.share?.give(this.#shareBytes)
    this.#shareBytes = 0
  }

  #takeShare(share: MemoryShare): void {
    const missing = Math.ceil((this.#bytes - this.#shareBytes) / SHARE_BYTES) * SHARE_BYTES
    if (!share.take(missing))
      throw this.#refusal(`queries together would take more than ${share.bytesMax} bytes of memory in query execution`)
    this.#shareBytes += missing
  }

  #refusal(message: string): CodedError {
    this.isExceeded = true
    return new CodedError('execution', message)
  }
}
