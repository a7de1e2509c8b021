import { OpenFiles } from './open-files.ts'
import type { PageBuffers } from './page-buffers.ts'

/** Files of blocks that are open at a time. */
const OPEN_FILES_MAX = 256

/** Something that can be read again. Given up by the cache when there is need of its memory. */
export interface CacheEntry {
  readonly sizeBytes: number
  /** Set by its owner at every use; cleared by the cache when it looks for what is not needed. */
  isUsed: boolean
  /** Place in the cache, -1 outside; the cache's own. */
  slot: number
  /** Told when the cache gives the entry up: the owner forgets it. */
  drop(): void
}

/**
 * The memory that all blocks of a process may hold of what lies on disk, and the files that they may have open. Owners keep their entries where they find them at once, and
 * the cache only counts and picks what goes: a clock hand passes the entries and drops those that were not used since its last round.
 */
export class BlockCache {
  readonly bytesMax: number
  /** Undefined: pages are memory of their own. */
  readonly pageBuffers: PageBuffers | undefined
  usedBytes = 0
  readonly files: OpenFiles
  /** Bytes read from files so far. */
  readBytes = 0
  readonly #entries: CacheEntry[] = []
  #hand = 0

  constructor(bytesMax: number, pageBuffers?: PageBuffers, openFilesMax = OPEN_FILES_MAX) {
    this.bytesMax = bytesMax
    this.pageBuffers = pageBuffers
    this.files = new OpenFiles(openFilesMax)
  }

  get entryCount(): number {
    return this.#entries.length
  }

  /** Takes an entry in, and drops others until there is room. What is larger than the cache is not kept: it is dropped at once. */
  add(entry: CacheEntry): void {
    if (entry.sizeBytes > this.bytesMax) {
      entry.drop()
      return
    }
    while (this.usedBytes + entry.sizeBytes > this.bytesMax) this.#dropOne()
    entry.slot = this.#entries.length
    entry.isUsed = true
    this.#entries.push(entry)
    this.usedBytes += entry.sizeBytes
  }

  /** Takes an entry out whose owner forgot it. */
  remove(entry: CacheEntry): void {
    if (entry.slot < 0) return
    const last = this.#entries.pop()!
    if (last !== entry) {
      this.#entries[entry.slot] = last
      last.slot = entry.slot
    }
    entry.slot = -1
    this.usedBytes -= entry.sizeBytes
  }

  #dropOne(): void {
    for (;;) {
      if (this.#hand >= this.#entries.length) this.#hand = 0
      const entry = this.#entries[this.#hand]
      if (!entry.isUsed) {
        this.remove(entry)
        entry.drop()
        return
      }
      entry.isUsed = false
      this.#hand++
    }
  }
}
