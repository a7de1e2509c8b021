import { assert } from '../../base/assert.ts'
import { Arena, type ArenaState, SLAB_WORDS, SLAB_WORDS_SHIFT, type Slab, type SlabPool } from './slab-pool.ts'

// 1. A list lies in halves of words where all its pairs have numbers below 65,536, which nearly all have: pairs count up, and those that many
//    series share come first. Otherwise it lies in whole words. So a series' labels take 2 bytes each, beside 64 for its row.
// 2. Lists are written one behind the other. What lies behind the last one may be anything: a checkpoint may be later than its counts.

const WORD_MASK = SLAB_WORDS - 1
const NARROW_END = 0x10000
/** Halves that have an address: 4 GiB. */
const HALVES_MAX = 0x80000000

/** The label pairs of the series of a window, a list each. */
export class LabelLists {
  readonly #arena: Arena
  readonly #slabs: Slab[]
  #halves = 0

  constructor(pool: SlabPool) {
    this.#arena = new Arena(pool)
    this.#slabs = this.#arena.slabs
  }

  /** Words in use. */
  get words(): number {
    return (this.#halves + 1) >>> 1
  }

  state(last?: ArenaState): ArenaState {
    return this.#arena.state(last)
  }

  /** Takes over what is new in a state, and how many words it has in use. */
  place(state: ArenaState, words: number): void {
    this.#arena.place(state)
    this.#halves = 2 * words
  }

  release(): void {
    this.#arena.release()
  }

  /** Adds the first `count` pairs of a list; its address. */
  add(list: Uint32Array, count: number): number {
    let isWide = false
    for (let i = 0; i < count; i++) if (list[i] >= NARROW_END) isWide = true
    if (isWide) this.#halves += this.#halves & 1
    const half = this.#halves
    this.#halves += isWide ? 2 * count : count
    assert(this.#halves <= HALVES_MAX, 'the label lists of a window have at most 4 GiB')
    this.#arena.reserveWords(this.words)
    for (let i = 0; i < count; i++) {
      const at = isWide ? (half >>> 1) + i : (half + i) >>> 1
      const { words } = this.#slabs[at >>> SLAB_WORDS_SHIFT]
      const isUpper = !isWide && ((half + i) & 1) === 1
      words[at & WORD_MASK] = isUpper ? (words[at & WORD_MASK] & 0xffff) | (list[i] << 16) : list[i]
    }
    return 2 * half + Number(isWide)
  }

  /** The pair at a place of the list at an address. Hot: runs once a label. */
  pair(address: number, place: number): number {
    const half = address >>> 1
    if ((address & 1) === 1) {
      const at = (half >>> 1) + place
      return this.#slabs[at >>> SLAB_WORDS_SHIFT].words[at & WORD_MASK]
    }
    const at = half + place
    return (this.#slabs[at >>> (SLAB_WORDS_SHIFT + 1)].words[(at >>> 1) & WORD_MASK] >>> ((at & 1) << 4)) & 0xffff
  }
}
