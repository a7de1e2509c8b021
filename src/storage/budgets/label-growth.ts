import { type Labels, METRIC_NAME } from '../../model/labels.ts'
import type { KnownPairs } from '../series-gate.ts'
import { DistinctCount } from './distinct-count.ts'

/** Label names beyond so many of a group are not told apart. */
const NAMES_MAX = 32
/** So many series are looked at label by label; then one of some, and of the others the label that grew last. */
const WHOLE_COUNT = 1024
const WHOLE_EVERY = 8

/** What a label has brought: `values` is an estimate. */
export interface GrownLabel {
  readonly label: string
  readonly values: number
}

/** Which label it is that makes the new series of a group: bounded in memory, whatever labels come. */
export class LabelGrowth {
  readonly #values = new Map<string, DistinctCount>()
  #seen = 0
  /** Named by the last series that was looked at. */
  #last = ''

  /**
   * Takes a new series in; answers the label that grew: of those with a value that is nowhere in the storage the one with the most
   * values among the new series, or of all, where only the combination is new.
   */
  observe({ pairs }: Labels, known: KnownPairs): string {
    this.#seen++
    if (this.#seen > WHOLE_COUNT && this.#seen % WHOLE_EVERY !== 0) {
      for (let i = 0; i < pairs.length; i += 2) {
        if (pairs[i] !== this.#last) continue
        this.#values.get(this.#last)?.add(pairs[i + 1])
        return this.#last
      }
    }
    let grown = ''
    let most = -1
    let isGrownNew = false
    for (let i = 0; i < pairs.length; i += 2) {
      const values = this.#valuesOf(pairs[i])
      if (values === undefined) continue
      values.add(pairs[i + 1])
      // A new metric has most labels of its others: of what is as good its name is the last to be named.
      const count = values.estimate() - (pairs[i] === METRIC_NAME ? 0.5 : 0)
      const isNew = !known.hasPair(pairs[i], pairs[i + 1])
      if (isNew === isGrownNew ? count <= most : isGrownNew) continue
      grown = pairs[i]
      most = count
      isGrownNew = isNew
    }
    this.#last = grown
    return grown
  }

  /** Those with the most values first. */
  labels(): readonly GrownLabel[] {
    return [...this.#values]
      .map(([label, values]) => ({ label, values: values.estimate() }))
      .sort((a, b) => b.values - a.values || (a.label < b.label ? -1 : 1))
  }

  #valuesOf(name: string): DistinctCount | undefined {
    const known = this.#values.get(name)
    if (known !== undefined || this.#values.size >= NAMES_MAX) return known
    const values = new DistinctCount()
    this.#values.set(name, values)
    return values
  }
}
