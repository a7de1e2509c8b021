import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { HALF_MADE_SUFFIX } from './block/block-draft.ts'
import type { Ulid } from './block/ulid.ts'

// 1. A directory that is to go is renamed, and the rename made durable, before its files go: so that half of a block is never taken for a block,
//    and power loss does not bring it back.
// 2. What the disk refuses is tried again. Until then the block would be there again after the next start.
// 3. A block that was made and is not used may say that it stands for others. Nothing may be deleted of those before it is gone.

/** Source: Prometheus tsdb/db.go, tmpForDeletionBlockDirSuffix. */
const DELETION_SUFFIX = '.tmp-for-deletion'

interface Removal {
  /** Nobody has ever found the block. */
  readonly isUnused: boolean
  /** Waits for `retry`. */
  hasFailed: boolean
  /** No start would find it; there may be files still. */
  isGone: boolean
}

/** Directories of blocks that are to go, and are there still. */
export class BlockRemovals {
  readonly #env: Pick<Env, 'fs' | 'log'>
  readonly #dir: string
  readonly #left = new Map<Ulid, Removal>()

  constructor(env: Pick<Env, 'fs' | 'log'>, dir: string) {
    this.#env = env
    this.#dir = dir
  }

  /** Whether a start that came now would find the block. */
  isLeft(ulid: Ulid): boolean {
    return this.#left.get(ulid)?.isGone === false
  }

  /** Says that a block will have to go when those have ended who read it. */
  announce(ulid: Ulid): void {
    this.#left.set(ulid, { isUnused: false, hasFailed: false, isGone: false })
  }

  /** Removes a block that was used. Rejects when the disk refuses; it is tried again then. */
  async remove(ulid: Ulid): Promise<void> {
    this.announce(ulid)
    await this.#try(ulid)
  }

  /** Removes what there is of a block that was made, or half made, and is not used. What the disk refuses is logged and tried again. */
  async discard(ulid: Ulid): Promise<void> {
    this.#left.set(ulid, { isUnused: true, hasFailed: false, isGone: false })
    try {
      await this.#try(ulid)
    } catch (error) {
      this.#env.log.warn('block without use not removed yet', { path: this.#path(ulid), error: errorMessage(error) })
    }
  }

  /** Tries again what failed. */
  async retry(): Promise<void> {
    for (const [ulid, { hasFailed }] of [...this.#left]) {
      if (!hasFailed) continue
      try {
        await this.#try(ulid)
        this.#env.log.info('block removed at last', { path: this.#path(ulid) })
      } catch (error) {
        this.#env.log.debug('block not removed yet', { path: this.#path(ulid), error: errorMessage(error) })
      }
    }
  }

  /** Resolves when no block is left that was never used; rejects when the disk refuses. */
  async settle(): Promise<void> {
    for (const [ulid, { isUnused, isGone }] of [...this.#left]) if (isUnused && !isGone) await this.#try(ulid)
  }

  async #try(ulid: Ulid): Promise<void> {
    const { fs } = this.#env
    const removal = this.#left.get(ulid)!
    const path = this.#path(ulid)
    removal.hasFailed = false
    try {
      if ((await fs.stat(path)) !== null) await fs.rename(path, path + DELETION_SUFFIX)
      // Also where there is nothing: a rename may have been refused its place on the disk before.
      await fs.syncDir(this.#dir)
      removal.isGone = true
      await fs.remove(path + HALF_MADE_SUFFIX)
      await fs.remove(path + DELETION_SUFFIX)
      this.#left.delete(ulid)
    } catch (error) {
      removal.hasFailed = true
      throw error
    }
  }

  #path(ulid: Ulid): string {
    return `${this.#dir}/${ulid}`
  }
}
