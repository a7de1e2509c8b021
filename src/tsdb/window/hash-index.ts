import { assert } from '../../base/assert.ts'
import type { Slab, SlabPool } from './slab-pool.ts'
import { SLAB_WORDS, SLAB_WORDS_SHIFT } from './slab-pool.ts'

const SLAB_MASK = SLAB_WORDS - 1

/** Spreads a hash over all 32 bits. */
export function mix(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d)
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** A hash is below it. */
const HASHES = 2 ** 32

/** The table, or no buffers where the taker has this generation of it. */
export interface IndexState {
  readonly generation: number
  readonly count: number
  readonly buffers: readonly Uint8Array[]
}

/**
 * An open-addressing table from hashes to ids, in slabs. The things themselves lie elsewhere: whoever asks compares.
 *
 * ```
 * for (let probe = index.first(hash); (id = index.at(probe)) >= 0; probe = index.next(probe)) if (same(id)) return id
 * index.insert(hash, newId)
 * ```
 *
 * A reader in another thread meets ids that came later than what it knows: it passes over them.
 */
export class HashIndex {
  readonly #pool: SlabPool
  readonly #hashOf: (id: number) => number
  #slabs: Slab[] = []
  /** Places of the table, and what makes one of a hash. */
  #size = SLAB_WORDS
  #scale = SLAB_WORDS / HASHES
  #count = 0
  /** Counts the tables up. */
  #generation = 0
  /** Of smaller tables, which another thread may still read. */
  readonly #outgrown: Slab[] = []

  /** `hashOf` is asked when the table grows. */
  constructor(pool: SlabPool, hashOf: (id: number) => number, state?: IndexState) {
    this.#pool = pool
    this.#hashOf = hashOf
    if (state !== undefined) this.refresh(state)
    else {
      this.#slabs.push(pool.take())
      this.#generation = 1
    }
  }

  state(last?: IndexState): IndexState {
    const isKnown = last?.generation === this.#generation
    return { generation: this.#generation, count: this.#count, buffers: isKnown ? [] : this.#slabs.map(({ bytes }) => bytes) }
  }

  refresh({ generation, count, buffers }: IndexState): void {
    this.#count = count
    if (generation === this.#generation) return
    this.#generation = generation
    this.#slabs = buffers.map((bytes) => this.#pool.adopt(bytes))
    this.#measure()
  }

  /** Makes room for so many ids at once, before the first one: a table that need not grow is no larger than it must, and is filled once. */
  reserve(count: number): void {
    assert(this.#count === 0, 'room is made before the first id')
    const slabCount = Math.ceil((count * 4) / 3 / SLAB_WORDS)
    while (this.#slabs.length < slabCount) this.#slabs.push(this.#pool.take())
    this.#measure()
  }

  /** Takes out the ids from `idEnd` on, which are all that came after the last one below it. */
  cut(idEnd: number): void {
    // What came later stands in nobody's way: no search for an earlier id passes over it.
    for (const { words } of this.#slabs) for (let i = 0; i < SLAB_WORDS; i++) if (words[i] > idEnd) words[i] = 0
    this.#count = idEnd
  }

  /** Gives back what the table has outgrown. Only while nobody else reads. */
  reclaim(): void {
    if (this.#outgrown.length > 0) this.#pool.giveBack(this.#outgrown)
  }

  first(hash: number): number {
    return (hash * this.#scale) >>> 0
  }

  next(probe: number): number {
    return probe + 1 === this.#size ? 0 : probe + 1
  }

  /** The id at a place, -1 where the search ends. */
  at(probe: number): number {
    return this.#slabs[probe >>> SLAB_WORDS_SHIFT].words[probe & SLAB_MASK] - 1
  }

  /** Adds an id that is not in the table. */
  insert(hash: number, id: number): void {
    if (this.#count * 4 >= this.#size * 3) this.#grow()
    this.#count++
    this.#place(hash, id)
  }

  release(): void {
    this.#pool.giveBack(this.#slabs)
    this.#pool.giveBack(this.#outgrown)
  }

  #place(hash: number, id: number): void {
    let probe = this.first(hash)
    while (this.at(probe) >= 0) probe = this.next(probe)
    this.#slabs[probe >>> SLAB_WORDS_SHIFT].words[probe & SLAB_MASK] = id + 1
  }

  #measure(): void {
    this.#size = this.#slabs.length * SLAB_WORDS
    this.#scale = this.#size / HASHES
  }

  #grow(): void {
    const old = this.#slabs
    this.#slabs = []
    for (let i = 0; i < old.length * 2; i++) this.#slabs.push(this.#pool.take())
    this.#measure()
    for (const { words } of old) {
      for (let i = 0; i < SLAB_WORDS; i++) {
        const id = words[i] - 1
        if (id >= 0) this.#place(this.#hashOf(id), id)
      }
    }
    for (const slab of old) this.#outgrown.push(slab)
    this.#generation++
  }
}
