import { Labels } from '../../model/labels.ts'
import type { LabelRanks } from './label-ranks.ts'

/** A part of the labels of series, by the labels' names. Series with the same part have the same object. */
export class PartLabels {
  readonly #ranks: LabelRanks
  /** By rank of a pair. */
  readonly #isWanted: Uint8Array
  /** By item: which of the parts that were met it has so far. */
  readonly #parts: Uint32Array
  /** Where a further pair leads from a part. */
  readonly #next = new Map<number, number>()
  /** By part: the part without its last pair, that pair's rank, and the labels once they were asked for. */
  readonly #without: number[] = [0]
  readonly #last: number[] = [0]
  readonly #labels: (Labels | undefined)[] = [undefined]

  /** Of `count` items. */
  constructor(ranks: LabelRanks, names: readonly string[], count: number) {
    const wanted = new Set(names)
    this.#ranks = ranks
    this.#isWanted = Uint8Array.from(ranks.names, (name) => Number(wanted.has(name)))
    this.#parts = new Uint32Array(count)
  }

  /** Takes in the next label of every item: the rank of its pair, 0 where there is none. `isSame`: it is the same for all. */
  add(ranks: Uint32Array, isSame: boolean): void {
    if (ranks.length === 0 || (isSame && this.#isWanted[ranks[0]] === 0)) return
    const [parts, isWanted] = [this.#parts, this.#isWanted]
    let [before, beforeRank, after] = [-1, -1, 0]
    for (let i = 0; i < parts.length; i++) {
      if (isWanted[ranks[i]] === 0) continue
      if (parts[i] !== before || ranks[i] !== beforeRank) {
        before = parts[i]
        beforeRank = ranks[i]
        after = this.#step(before, beforeRank)
      }
      parts[i] = after
    }
  }

  labels(item: number): Labels {
    const part = this.#parts[item]
    const known = this.#labels[part]
    if (known !== undefined) return known
    const { names, values } = this.#ranks
    const texts: string[] = []
    for (let rest = part; rest !== 0; rest = this.#without[rest]) texts.push(values[this.#last[rest]], names[this.#last[rest]])
    const made = Labels.fromSortedPairs(texts.reverse())
    this.#labels[part] = made
    return made
  }

  #step(part: number, rank: number): number {
    const key = part * this.#ranks.names.length + rank
    const known = this.#next.get(key)
    if (known !== undefined) return known
    const next = this.#labels.length
    this.#next.set(key, next)
    this.#without.push(part)
    this.#last.push(rank)
    this.#labels.push(undefined)
    return next
  }
}
