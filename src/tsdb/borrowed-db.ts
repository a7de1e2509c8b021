import { assert } from '../base/assert.ts'
import type { ThreadEnv } from '../base/env.ts'
import type { SeriesSource } from '../storage/series-source.ts'
import { Block } from './block/block.ts'
import { BlockCache } from './block/block-cache.ts'
import type { DbLease, KeptParts } from './db-lender.ts'
import { dbSource } from './db-source.ts'
import { SelectionCache } from './window/selection-cache.ts'
import { Window, type WindowState } from './window/window.ts'

/** What a thread keeps of which series were selected of windows. */
const SELECTION_BYTES = 4 * 2 ** 20

/** A database of another thread, as far as that one has lent it: its windows are read in place, its blocks are opened here. */
export class BorrowedDb {
  readonly #env: Pick<ThreadEnv, 'fs' | 'clock'>
  readonly #cache: BlockCache
  readonly #askState: (ordinal: number) => void
  readonly #selections = new SelectionCache(SELECTION_BYTES)
  readonly #windows = new Map<number, Window>()
  readonly #blocks = new Map<string, { readonly source: Block; users: number; isKept: boolean }>()
  /** Who waits for a newer state of a window, by its ordinal, in the order of asking. */
  readonly #waiting = new Map<number, (() => void)[]>()

  /** `askState` asks the lender for a state of a window, which comes by `caughtUp`. */
  constructor(env: Pick<ThreadEnv, 'fs' | 'clock'>, options: { readonly cacheBytes: number; askState(ordinal: number): void }) {
    this.#env = env
    this.#cache = new BlockCache(options.cacheBytes)
    this.#askState = options.askState
  }

  /** What a lease gives, until `close`. Leases are opened in the order in which they come. */
  open({ windows, late, blocks, kept }: DbLease): { readonly source: SeriesSource; close(): void } {
    this.keep(kept)
    const opened = blocks.map((listed) => {
      const { ulid } = listed.meta
      let block = this.#blocks.get(ulid)
      if (block === undefined)
        this.#blocks.set(ulid, (block = { source: Block.listed(this.#env, listed, this.#cache), users: 0, isKept: true }))
      const { meta, tombstones } = listed
      if (tombstones !== undefined) block.source.replaced(meta, tombstones)
      block.users++
      return block
    })
    const windowOf = (state: WindowState) => this.#windowOf(state)
    const sources = opened.map((block) => block.source)
    const parts = { windows: windows.map(windowOf), late: late.map(windowOf), blocks: sources }
    const source = dbSource(parts, this.#env.clock, this.#selections)
    return {
      source,
      close: () => {
        for (const block of opened) {
          block.users--
          if (block.users === 0 && !block.isKept) void block.source.close().catch(() => {})
        }
      },
    }
  }

  /** The answer to `askState`; undefined: the window has gone. */
  caughtUp(ordinal: number, state: WindowState | undefined): void {
    if (state !== undefined) this.#windowOf(state)
    this.#waiting.get(ordinal)?.shift()?.()
  }

  /** Forgets what the lender has no more. What is being read is still read to its end. */
  keep({ ordinals, ulids }: KeptParts): void {
    for (const ordinal of this.#windows.keys()) if (!ordinals.includes(ordinal)) this.#windows.delete(ordinal)
    this.#selections.keepWindows(ordinals)
    // Of blocks there may be thousands.
    const kept = new Set(ulids)
    for (const [ulid, block] of this.#blocks) {
      if (kept.has(ulid)) continue
      this.#blocks.delete(ulid)
      block.isKept = false
      if (block.users === 0) void block.source.close().catch(() => {})
    }
  }

  #windowOf(state: WindowState): Window {
    const known = this.#windows.get(state.ordinal)
    if (known !== undefined) {
      known.refresh(state)
      return known
    }
    assert(state.cells.from === 0, 'the first state of a window is a whole one')
    const { ordinal } = state
    const window = Window.reader(
      state,
      () =>
        new Promise((resolve) => {
          const waiting = this.#waiting.get(ordinal) ?? []
          this.#waiting.set(ordinal, waiting)
          waiting.push(resolve)
          this.#askState(ordinal)
        }),
    )
    this.#windows.set(ordinal, window)
    return window
  }
}
