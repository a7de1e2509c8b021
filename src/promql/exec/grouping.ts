import { keyOfPairs, Labels, METRIC_NAME } from '../../model/labels.ts'
import type { ColumnMemory } from './columns.ts'

/** Which group of an aggregation a series belongs to: asked once a series, never per step. */
export class Grouping {
  readonly #names: ReadonlySet<string>
  readonly #without: boolean
  readonly #memory: ColumnMemory
  readonly #indexes = new Map<string, number>()
  /** Of label sets that have no labels but those of a group and the metric name: a source that leaves the others out makes each of these once. */
  readonly #indexOfKnown = new Map<Labels, number>()
  readonly #knownSizeMax: number
  /** Labels of each group. */
  readonly labels: Labels[] = []

  /** `by (names)`, or `without (names)`, which leaves out the metric name too. */
  constructor(names: readonly string[], without: boolean, memory: ColumnMemory) {
    this.#names = new Set(without ? [...names, METRIC_NAME] : names)
    this.#without = without
    this.#memory = memory
    this.#knownSizeMax = without ? -1 : names.length + 1
  }

  /** The group of a series; a new one when no series of it was seen. */
  indexOf(labels: Labels): number {
    if (labels.size > this.#knownSizeMax) return this.#find(labels)
    const known = this.#indexOfKnown.get(labels)
    if (known !== undefined) return known
    const index = this.#find(labels)
    if (this.#indexOfKnown.size < 2 * this.labels.length) this.#indexOfKnown.set(labels, index)
    return index
  }

  #find(labels: Labels): number {
    const pairs = this.#keptPairs(labels)
    const key = keyOfPairs(pairs)
    const known = this.#indexes.get(key)
    if (known !== undefined) return known
    this.#memory.chargeText(key.length)
    const index = this.labels.length
    this.#indexes.set(key, index)
    this.labels.push(Labels.fromSortedPairs(pairs))
    return index
  }

  #keptPairs(labels: Labels): readonly string[] {
    if (this.#names.size === 0) return this.#without ? labels.pairs : []
    const kept: string[] = []
    const { pairs } = labels
    for (let i = 0; i < pairs.length; i += 2) {
      if (this.#names.has(pairs[i]) !== this.#without) kept.push(pairs[i], pairs[i + 1])
    }
    return kept
  }
}
