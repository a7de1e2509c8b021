import { assert } from '../../base/assert.ts'

/** Bytes of a slab. Small, so that a window of a few series stays small; the views of a slab cost under one per cent of it. */
export const SLAB_BYTES = 64 * 1024
export const SLAB_BYTES_SHIFT = 16
/** 32-bit words of a slab. */
export const SLAB_WORDS = SLAB_BYTES / 4
export const SLAB_WORDS_SHIFT = 14

/**
 * Slabs of which the memory is had at once. As much comes from the system as zeros, which costs nothing until it is used; a slab by itself would come from
 * the C library, which fills it with zeros first, and that takes as long as all else that is done to bring back a slab of a checkpoint.
 */
export const SLABS_AT_ONCE = 16

/** A piece of shared memory of fixed size, and the views on it. Views that track a length read ten times slower. */
export class Slab {
  readonly bytes: Uint8Array
  readonly words: Uint32Array
  readonly floats: Float64Array

  constructor(bytes: Uint8Array = newSlabs(1)[0]) {
    const { buffer, byteOffset } = bytes
    this.bytes = bytes
    this.words = new Uint32Array(buffer, byteOffset, SLAB_WORDS)
    this.floats = new Float64Array(buffer, byteOffset, SLAB_BYTES / 8)
  }
}

/** Zeroed shared memory for so many slabs. */
export function newSlabs(count: number): Uint8Array[] {
  const buffer = new SharedArrayBuffer(count * SLAB_BYTES)
  return Array.from({ length: count }, (_, i) => new Uint8Array(buffer, i * SLAB_BYTES, SLAB_BYTES))
}

/**
 * Where windows get their memory. Slabs come zeroed and return to the pool, never to the collector: a dropped
 * SharedArrayBuffer stays resident until every thread that saw it has collected.
 */
export class SlabPool {
  readonly #free: Slab[] = []
  /** Never used. */
  #fresh: Uint8Array[] = []
  #slabCount = 0

  take(): Slab {
    const slab = this.#free.pop()
    if (slab === undefined) {
      this.#slabCount++
      if (this.#fresh.length === 0) this.#fresh = newSlabs(SLABS_AT_ONCE).reverse()
      return new Slab(this.#fresh.pop())
    }
    slab.bytes.fill(0)
    return slab
  }

  /** A slab on memory that comes from elsewhere, as it is. */
  adopt(bytes: Uint8Array): Slab {
    this.#slabCount++
    return new Slab(bytes)
  }

  giveBack(slabs: Slab[]): void {
    for (const slab of slabs) this.#free.push(slab)
    slabs.length = 0
  }

  /** Bytes in slabs that someone holds. */
  get usedBytes(): number {
    return (this.#slabCount - this.#free.length) * SLAB_BYTES
  }

  get allocatedBytes(): number {
    return this.#slabCount * SLAB_BYTES
  }
}

/** Slabs of an arena from the place `from` on, in order. */
export interface ArenaState {
  readonly from: number
  readonly buffers: readonly Uint8Array[]
}

/** How many slabs whoever has this and what came before it has. */
export function slabsIn(state: ArenaState | undefined): number {
  return state === undefined ? 0 : state.from + state.buffers.length
}

/** Memory that grows a slab at a time and is addressed by one number; what lies at an address never moves. */
export class Arena {
  readonly slabs: Slab[] = []
  readonly #pool: SlabPool

  constructor(pool: SlabPool) {
    this.#pool = pool
  }

  /** Makes addresses up to, not including, `words` usable. */
  reserveWords(words: number): void {
    assert(words <= 0x100000000, 'an arena has at most 16 GiB')
    while (this.slabs.length * SLAB_WORDS < words) this.slabs.push(this.#pool.take())
  }

  release(): void {
    this.#pool.giveBack(this.slabs)
  }

  /** What one that has `last` does not have yet. */
  state(last?: ArenaState): ArenaState {
    const from = slabsIn(last)
    const buffers: Uint8Array[] = []
    for (let i = from; i < this.slabs.length; i++) buffers.push(this.slabs[i].bytes)
    return { from, buffers }
  }

  /** Makes zeros of all words from this one on. */
  clearFrom(word: number): void {
    for (let i = word >>> SLAB_WORDS_SHIFT; i < this.slabs.length; i++) this.slabs[i].words.fill(0, Math.max(0, word - i * SLAB_WORDS))
  }

  /** Takes slabs over that follow those which are here, or overlap with them. */
  place({ from, buffers }: ArenaState): void {
    assert(from <= this.slabs.length, 'slabs come in order')
    for (let i = this.slabs.length - from; i < buffers.length; i++) this.slabs.push(this.#pool.adopt(buffers[i]))
  }
}
