import { assert } from '../../base/assert.ts'
import type { ArenaState, Slab, SlabPool } from './slab-pool.ts'
import { Arena, SLAB_WORDS } from './slab-pool.ts'

// A cell is 32 bytes: a link to the next one (0: none) and 28 bytes of whatever it is part of. What grows (chunks,
// postings) grows by chaining cells, so nothing is ever copied to a larger place and no freed small places pile up.

export const CELL_BYTES = 32
export const CELL_WORDS = CELL_BYTES / 4
/** Bytes before the payload. */
export const CELL_LINK_BYTES = 4
export const CELL_PAYLOAD_BYTES = CELL_BYTES - CELL_LINK_BYTES

export const CELLS_SHIFT = 11
export const CELLS_MASK = (1 << CELLS_SHIFT) - 1

export interface CellsState extends ArenaState {
  readonly count: number
  readonly retired: number
}

/** Cells by number; number 0 is no cell. They are freed all at once. */
export class Cells {
  readonly #arena: Arena
  readonly slabs: Slab[]
  #count = 1
  /** Cells that were let go, chained by their links; 0: none. */
  #retired = 0

  constructor(pool: SlabPool, state?: CellsState) {
    this.#arena = new Arena(pool)
    this.slabs = this.#arena.slabs
    if (state === undefined) this.#arena.reserveWords(SLAB_WORDS)
    else this.refresh(state)
  }

  state(last?: CellsState): CellsState {
    return { ...this.#arena.state(last), count: this.#count, retired: this.#retired }
  }

  refresh(state: CellsState): void {
    this.#arena.place(state)
    this.#count = state.count
    this.#retired = state.retired
  }

  /** Takes back what slabs have of cells that came after the state. */
  repair(): void {
    this.#arena.clearFrom(this.#count * CELL_WORDS)
  }

  /** Whether the slab of a cell is here. In another thread than the writer's it may not be yet. */
  has(cell: number): boolean {
    return cell >>> CELLS_SHIFT < this.slabs.length
  }

  /** A cell of zeros. */
  add(): number {
    const cell = this.#count++
    assert(cell < 0x8000000, 'a window has at most 4 GiB of cells')
    this.#arena.reserveWords((cell + 1) * CELL_WORDS)
    return cell
  }

  /** A cell of zeros, one that was let go before. Only while no reader holds any of those. */
  reuse(): number {
    const cell = this.#retired
    if (cell === 0) return this.add()
    this.#retired = this.link(cell)
    const at = (cell & CELLS_MASK) * CELL_WORDS
    this.slabs[cell >>> CELLS_SHIFT].words.fill(0, at, at + CELL_WORDS)
    return cell
  }

  /**
   * Lets a chain of cells go. They stay as they are until `reuse`: a reader may still copy them. Where the chain ends must be told: the last
   * cell of one that came back with a checkpoint may link to what came after the checkpoint.
   */
  retire(first: number, last: number): void {
    this.setLink(last, this.#retired)
    this.#retired = first
  }

  get count(): number {
    return this.#count - 1
  }

  release(): void {
    this.#arena.release()
  }

  link(cell: number): number {
    return this.word(cell, 0)
  }

  setLink(cell: number, next: number): void {
    this.setWord(cell, 0, next)
  }

  /** Word 0 is the link. */
  word(cell: number, index: number): number {
    return this.slabs[cell >>> CELLS_SHIFT].words[(cell & CELLS_MASK) * CELL_WORDS + index]
  }

  setWord(cell: number, index: number, value: number): void {
    this.slabs[cell >>> CELLS_SHIFT].words[(cell & CELLS_MASK) * CELL_WORDS + index] = value
  }

  /**
   * Copies `length` bytes of a chain of cells. Hot for queries: runs once a chunk. Ends early where the last bytes are those of a sample that
   * another thread is writing, and are not seen yet.
   */
  copy(cell: number, length: number, into: Uint8Array, at: number): void {
    while (length > 0 && this.has(cell)) {
      const { bytes } = this.slabs[cell >>> CELLS_SHIFT]
      const start = (cell & CELLS_MASK) * CELL_BYTES + CELL_LINK_BYTES
      const part = Math.min(length, CELL_PAYLOAD_BYTES)
      for (let i = 0; i < part; i++) into[at + i] = bytes[start + i]
      at += part
      length -= part
      cell = this.link(cell)
    }
  }

  /** Copies the payload of a cell, seven words, and answers the cell's link. Hot for queries: runs once a cell. */
  copyCell(cell: number, into: Uint32Array, at: number): number {
    const words = this.slabs[cell >>> CELLS_SHIFT].words
    const start = (cell & CELLS_MASK) * CELL_WORDS
    into[at] = words[start + 1]
    into[at + 1] = words[start + 2]
    into[at + 2] = words[start + 3]
    into[at + 3] = words[start + 4]
    into[at + 4] = words[start + 5]
    into[at + 5] = words[start + 6]
    into[at + 6] = words[start + 7]
    return words[start]
  }
}
