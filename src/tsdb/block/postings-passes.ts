import type { IndexFile } from './index-file.ts'

/** Postings made in one pass over the series: 4 bytes each. More only where a single pair has more. */
const POSTINGS_PER_PASS = 1024 * 1024

const NOT_IN_PASS = 0xffff_ffff

/**
 * Turns the pairs of series into postings, a bounded part in each pass over all series: `begin`, `add` for every pair of every series in
 * label order, `end`, until `begin` says that all is done.
 */
export class PostingsPasses {
  /** Where the postings of a pair are, by pair. */
  readonly offsets: Float64Array
  readonly #order: Uint32Array
  readonly #seriesCounts: Uint32Array
  readonly #perPass: number
  /** By pair: where its next posting goes in this pass. */
  readonly #places: Uint32Array
  readonly #entries: Uint32Array
  /** In `#order`: the pairs of this pass. */
  #first = 0
  #end = 0

  /** `order`: the pairs in the order of their postings; `seriesCounts`: how many series have a pair, by pair. */
  constructor(order: Uint32Array, seriesCounts: Uint32Array, pairCount: number, perPass = POSTINGS_PER_PASS) {
    this.#perPass = perPass
    this.#order = order
    this.#seriesCounts = seriesCounts
    this.offsets = new Float64Array(pairCount)
    this.#places = new Uint32Array(pairCount).fill(NOT_IN_PASS)
    let [all, most] = [0, 0]
    for (let i = 0; i < order.length; i++) {
      const count = seriesCounts[order[i]]
      all += count
      most = Math.max(most, count)
    }
    this.#entries = new Uint32Array(Math.max(most, Math.min(all, perPass)))
  }

  /** False: there is nothing left to do. */
  begin(): boolean {
    const [order, counts] = [this.#order, this.#seriesCounts]
    if (this.#end === order.length) return false
    this.#first = this.#end
    let entryCount = 0
    while (this.#end < order.length && (this.#end === this.#first || entryCount + counts[order[this.#end]] <= this.#perPass)) {
      const pair = order[this.#end++]
      this.#places[pair] = entryCount
      entryCount += counts[pair]
    }
    return true
  }

  /** Hot: runs once a label. */
  add(pair: number, number: number): void {
    const place = this.#places[pair]
    if (place === NOT_IN_PASS) return
    this.#entries[place] = number
    this.#places[pair] = place + 1
  }

  async end(file: IndexFile): Promise<void> {
    for (let i = this.#first, start = 0; i < this.#end; i++) {
      const pair = this.#order[i]
      const listEnd = this.#places[pair]
      this.#places[pair] = NOT_IN_PASS
      this.offsets[pair] = await file.writePostings(this.#entries, start, listEnd)
      start = listEnd
    }
  }
}
