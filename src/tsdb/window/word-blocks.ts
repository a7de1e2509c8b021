import type { Slab, SlabPool } from './slab-pool.ts'
import { Arena, SLAB_WORDS, SLAB_WORDS_SHIFT } from './slab-pool.ts'

const WORD_MASK = SLAB_WORDS - 1

/** Sizes of blocks in words: eight steps up to 64, then four to each doubling, so that at most a fifth of a block is not used. */
function sizeClass(words: number): number {
  if (words <= 64) return (words + 7) >>> 3
  const doubling = 31 - Math.clz32(words - 1)
  return 8 + (doubling - 6) * 4 + (((words - 1) >>> (doubling - 2)) & 3) + 1
}

function classWords(size: number): number {
  if (size <= 8) return 8 * size
  const step = size - 9
  const doubling = 6 + (step >>> 2)
  return (5 + (step & 3)) << (doubling - 2)
}

/**
 * Memory for what has a size of its own, comes and goes: blocks of words, of a few sizes, that are used again once they are given back. A
 * block begins with the length it was taken for. For one thread only: readers in others must not look at blocks.
 *
 * The encoders of open chunks keep their state here, but for the plain ones of floats, whose state lies in the row of the series.
 */
export class WordBlocks {
  readonly #arena: Arena
  readonly #slabs: Slab[]
  #words = 0
  /** The first free block of each size + 1; a free block has the next one in its first word. */
  readonly #free: number[] = []

  constructor(pool: SlabPool) {
    this.#arena = new Arena(pool)
    this.#slabs = this.#arena.slabs
  }

  release(): void {
    this.#arena.release()
  }

  /** The place of a block for `length` words, whatever they are. */
  take(length: number): number {
    const size = sizeClass(length + 1)
    let block = (this.#free[size] ?? 0) - 1
    if (block >= 0) this.#free[size] = this.#firstWord(block)
    else {
      const words = classWords(size)
      // Small blocks lie in one slab; what is left of the slab before is not used.
      const room = -this.#words & WORD_MASK
      if (words > room) this.#words += room
      block = this.#words
      this.#words += words
      this.#arena.reserveWords(this.#words)
    }
    this.#setFirstWord(block, length)
    return block
  }

  /** Gives a block back. */
  giveBack(block: number): void {
    const size = sizeClass(this.length(block) + 1)
    this.#setFirstWord(block, this.#free[size] ?? 0)
    this.#free[size] = block + 1
  }

  /** The words that a block was taken for. */
  length(block: number): number {
    return this.#firstWord(block)
  }

  /** Copies a block's words. Hot: runs once a sample. */
  read(block: number, into: Uint32Array): void {
    const length = this.length(block)
    for (let done = 0; done < length; ) {
      const at = block + 1 + done
      const { words } = this.#slabs[at >>> SLAB_WORDS_SHIFT]
      const start = at & WORD_MASK
      const part = Math.min(length - done, SLAB_WORDS - start)
      for (let i = 0; i < part; i++) into[done + i] = words[start + i]
      done += part
    }
  }

  /** Copies words into a block, as many as it was taken for. Hot: runs once a sample. */
  write(block: number, from: Uint32Array): void {
    const length = this.length(block)
    for (let done = 0; done < length; ) {
      const at = block + 1 + done
      const { words } = this.#slabs[at >>> SLAB_WORDS_SHIFT]
      const start = at & WORD_MASK
      const part = Math.min(length - done, SLAB_WORDS - start)
      for (let i = 0; i < part; i++) words[start + i] = from[done + i]
      done += part
    }
  }

  #firstWord(block: number): number {
    return this.#slabs[block >>> SLAB_WORDS_SHIFT].words[block & WORD_MASK]
  }

  #setFirstWord(block: number, word: number): void {
    this.#slabs[block >>> SLAB_WORDS_SHIFT].words[block & WORD_MASK] = word
  }
}
