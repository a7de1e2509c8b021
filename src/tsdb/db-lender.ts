import type { Timestamp } from '../model/time.ts'
import type { Block } from './block/block.ts'
import type { ListedBlock } from './block/block-set.ts'
import type { Tombstones } from './block/tombstones.ts'
import type { DbBlocks } from './db-blocks.ts'
import { holdParts } from './hold-parts.ts'
import type { Window, WindowState } from './window/window.ts'
import type { WindowSet } from './window-set.ts'

// 1. What is lent stays until it is given back: windows are pinned, the files of blocks are held.
// 2. A borrower has one thread and takes what it is sent in order: each state of a window begins where the one before ended.

/** What another thread reads of a database, as plain data. See BorrowedDb. */
export interface DbLease {
  /** In time order. */
  readonly windows: readonly WindowState[]
  readonly late: readonly WindowState[]
  readonly blocks: readonly LentBlock[]
  readonly kept: KeptParts
}

export interface LentBlock extends ListedBlock {
  /** What is deleted of it, where that has changed since it was lent last; undefined: as it was, or as its files say. */
  readonly tombstones: Tombstones | undefined
}

export interface DbLoan {
  readonly lease: DbLease
  giveBack(): void
}

/** What a database still has; a borrower forgets all else. */
export interface KeptParts {
  readonly ordinals: readonly number[]
  readonly ulids: readonly string[]
}

/** Lends parts of a database to one other thread. */
export class DbLender {
  readonly #windows: WindowSet
  readonly #blocks: DbBlocks
  /** What the borrower was told last of each window, by ordinal. */
  readonly #told = new Map<number, { readonly window: Window; state: WindowState }>()

  /** What it was told last of the deletions of each block. */
  readonly #toldBlocks = new WeakMap<Block, Tombstones>()

  constructor(windows: WindowSet, blocks: DbBlocks) {
    this.#windows = windows
    this.#blocks = blocks
  }

  /** Lends what has something between the times, both inclusive. The lease is to be sent at once. */
  lend(minTime: Timestamp, maxTime: Timestamp): DbLoan {
    const kept = this.kept()
    for (const ordinal of this.#told.keys()) if (!kept.ordinals.includes(ordinal)) this.#told.delete(ordinal)
    const { windows, late, blocks, release } = holdParts(this.#windows, this.#blocks, minTime, maxTime)
    const tell = (window: Window) => this.#tell(window)
    return {
      lease: { windows: windows.map(tell), late: late.map(tell), blocks: blocks.map(({ block }) => this.#describe(block)), kept },
      giveBack: release,
    }
  }

  /** What the borrower of a window that is lent does not know yet. */
  catchUp(ordinal: number): WindowState | undefined {
    const told = this.#told.get(ordinal)
    return told && this.#tell(told.window)
  }

  /** What the borrower may still be asked for, or reads: a window that has become a block is read to the end. */
  kept(): KeptParts {
    const ordinals = new Set(this.#windows.all.map(({ ordinal }) => ordinal))
    for (const { window } of this.#told.values()) if (window.pins > 0) ordinals.add(window.ordinal)
    return {
      ordinals: [...ordinals],
      ulids: this.#blocks.all.map(({ block }) => block.meta.ulid),
    }
  }

  #describe(block: Block): LentBlock {
    const { directory, meta, newTombstones } = block
    if (newTombstones === undefined || this.#toldBlocks.get(block) === newTombstones) return { directory, meta, tombstones: undefined }
    this.#toldBlocks.set(block, newTombstones)
    return { directory, meta, tombstones: newTombstones }
  }

  #tell(window: Window): WindowState {
    const told = this.#told.get(window.ordinal)
    const state = window.state(told?.state)
    if (told === undefined) this.#told.set(window.ordinal, { window, state })
    else told.state = state
    return state
  }
}
