import { keyOfPairs, Labels, METRIC_NAME } from '../../model/labels.ts'
import type { VectorMatching } from '../parser/ast.ts'
import type { ColumnMemory, StepSeries } from './columns.ts'

/** Which series of two vectors match: those with the same signature. Asked once a series, never per step. */
export class Signatures {
  readonly #on: boolean
  readonly #memory: ColumnMemory
  readonly #names: ReadonlySet<string>
  readonly #indexes = new Map<string, number>()

  constructor({ on, labels }: VectorMatching, memory: ColumnMemory) {
    this.#on = on
    this.#memory = memory
    this.#names = new Set(on ? labels : [...labels, METRIC_NAME])
  }

  /** The number of the signature of a label set; a new one when it was not seen before. */
  indexOf(labels: Labels): number {
    const key = keyOfPairs(this.#keptPairs(labels))
    const known = this.#indexes.get(key)
    if (known !== undefined) return known
    this.#memory.chargeText(key.length)
    const index = this.#indexes.size
    this.#indexes.set(key, index)
    return index
  }

  /** The number of the signature, or undefined when it was not seen before. */
  find(labels: Labels): number | undefined {
    return this.#indexes.get(keyOfPairs(this.#keptPairs(labels)))
  }

  /** The labels that are matched. */
  labelsOf(labels: Labels): Labels {
    return Labels.fromSortedPairs(this.#keptPairs(labels))
  }

  #keptPairs({ pairs }: Labels): readonly string[] {
    const kept: string[] = []
    for (let i = 0; i < pairs.length; i += 2) {
      if (this.#names.has(pairs[i]) === this.#on) kept.push(pairs[i], pairs[i + 1])
    }
    return kept
  }
}

/** Series by the number of their signature. */
export class SignatureIndex {
  readonly #bySignature: StepSeries[][] = []

  add(signature: number, series: StepSeries): void {
    const known = this.#bySignature[signature]
    if (known === undefined) this.#bySignature[signature] = [series]
    else known.push(series)
  }

  get(signature: number): readonly StepSeries[] {
    return this.#bySignature[signature] ?? NONE
  }

  /** Signatures that more than one series has. */
  *repeated(): IterableIterator<readonly StepSeries[]> {
    for (const series of this.#bySignature) if (series !== undefined && series.length > 1) yield series
  }
}

const NONE: readonly StepSeries[] = []
