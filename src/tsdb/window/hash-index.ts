import type { Slab, SlabPool } from './slab-pool.ts'
import { SLAB_WORDS, SLAB_WORDS_SHIFT } from './slab-pool.ts'

const SLAB_MASK = SLAB_WORDS - 1

/** Spreads a hash over all 32 bits. */
export function mix(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d)
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b)
  return (hash ^ (hash >>> 16)) >>> 0
}

/**
 * An open-addressing table from hashes to ids, in slabs. The things themselves lie elsewhere: whoever asks compares.
 *
 * ```
 * for (let probe = index.first(hash); (id = index.at(probe)) >= 0; probe = index.next(probe)) if (same(id)) return id
 * index.insert(hash, newId)
 * ```
 */
export class HashIndex {
  readonly #pool: SlabPool
  readonly #hashOf: (id: number) => number
  #slabs: Slab[] = []
  #mask = SLAB_WORDS - 1
  #count = 0

  /** `hashOf` is asked when the table grows. */
  constructor(pool: SlabPool, hashOf: (id: number) => number) {
    this.#pool = pool
    this.#hashOf = hashOf
    this.#slabs.push(pool.take())
  }

  first(hash: number): number {
    return (hash & this.#mask) >>> 0
  }

  next(probe: number): number {
    return ((probe + 1) & this.#mask) >>> 0
  }

  /** The id at a place, -1 where the search ends. */
  at(probe: number): number {
    return this.#slabs[probe >>> SLAB_WORDS_SHIFT].words[probe & SLAB_MASK] - 1
  }

  /** Adds an id that is not in the table. */
  insert(hash: number, id: number): void {
    if (this.#count * 4 >= (this.#mask + 1) * 3) this.#grow()
    this.#count++
    this.#place(hash, id)
  }

  release(): void {
    this.#pool.giveBack(this.#slabs)
  }

  #place(hash: number, id: number): void {
    let probe = this.first(hash)
    while (this.at(probe) >= 0) probe = this.next(probe)
    this.#slabs[probe >>> SLAB_WORDS_SHIFT].words[probe & SLAB_MASK] = id + 1
  }

  #grow(): void {
    const old = this.#slabs
    this.#slabs = []
    for (let i = 0; i < old.length * 2; i++) this.#slabs.push(this.#pool.take())
    this.#mask = this.#slabs.length * SLAB_WORDS - 1
    for (const { words } of old) {
      for (let i = 0; i < SLAB_WORDS; i++) {
        const id = words[i] - 1
        if (id >= 0) this.#place(this.#hashOf(id), id)
      }
    }
    this.#pool.giveBack(old)
  }
}
