import type { Env } from '../../base/env.ts'
import type { BlockCache, CacheEntry } from './block-cache.ts'
import { BlockIndex, INDEX_FILE } from './block-index.ts'
import { CHUNKS_DIRECTORY, ChunkSegments } from './chunk-segments.ts'
import { readKnownTombstones, readTombstones, TOMBSTONES_FILE, type Tombstones } from './tombstones.ts'

/** What an open block takes besides its tables: objects for itself and its files. */
const HELD_BYTES = 4096

/** What is held of a block that is open. */
export class OpenParts implements CacheEntry {
  readonly index: BlockIndex
  readonly chunks: ChunkSegments
  readonly tombstones: Tombstones
  readonly sizeBytes = HELD_BYTES
  isUsed = true
  slot = -1
  readonly #cache: BlockCache
  readonly #dropped: () => void

  private constructor(index: BlockIndex, chunks: ChunkSegments, tombstones: Tombstones, cache: BlockCache, dropped: () => void) {
    this.index = index
    this.chunks = chunks
    this.tombstones = tombstones
    this.#cache = cache
    this.#dropped = dropped
    cache.add(this)
  }

  /**
   * Looks at tombstones, all headers and the table of contents; less where all that is known to be good. Calls `dropped` when there is need of the
   * memory.
   */
  static async open(env: Pick<Env, 'fs'>, directory: string, cache: BlockCache, dropped: () => void, isKnown = false): Promise<OpenParts> {
    const { fs } = env
    const parts = await Promise.allSettled([
      BlockIndex.open(fs, `${directory}/${INDEX_FILE}`, cache),
      ChunkSegments.open(fs, `${directory}/${CHUNKS_DIRECTORY}`, cache, isKnown),
      (isKnown ? readKnownTombstones : readTombstones)(fs, `${directory}/${TOMBSTONES_FILE}`),
    ])
    const [index, chunks, tombstones] = parts
    if (index.status === 'fulfilled' && chunks.status === 'fulfilled' && tombstones.status === 'fulfilled')
      return new OpenParts(index.value, chunks.value, tombstones.value, cache, dropped)
    if (index.status === 'fulfilled') await index.value.close()
    if (chunks.status === 'fulfilled') await chunks.value.close()
    throw parts.find((part) => part.status === 'rejected')!.reason
  }

  drop(): void {
    this.#dropped()
  }

  async close(): Promise<void> {
    this.#cache.remove(this)
    await this.index.close()
    await this.chunks.close()
  }
}
