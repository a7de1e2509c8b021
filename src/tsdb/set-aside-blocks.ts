import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { Timestamp } from '../model/time.ts'
import type { BlockMeta } from './block/block-meta.ts'
import { listBlocks } from './block/block-set.ts'
import { ulidTime } from './block/ulid.ts'
import { overlaps } from './left-out-blocks.ts'

/** A damaged block that is not answered from any more. */
export interface SetAsideBlock {
  readonly directory: string
  /** Undefined: that is damaged as well. */
  readonly meta: BlockMeta | undefined
}

/** Damaged blocks, in a directory of their own: what they have is missing until somebody brings it back, or gives it up and removes them. */
export class SetAsideBlocks {
  readonly #env: Env
  readonly #directory: string
  /** By directory. */
  readonly #blocks = new Map<string, SetAsideBlock>()

  constructor(env: Env, directory: string) {
    this.#env = env
    this.#directory = directory
  }

  get all(): readonly SetAsideBlock[] {
    return [...this.#blocks.values()]
  }

  /** Finds those of starts before. A directory that cannot be read keeps nobody from starting. */
  async load(): Promise<void> {
    const { fs, log } = this.#env
    try {
      if ((await fs.stat(this.#directory)) === null) return
      const { blocks, faulty } = await listBlocks(fs, this.#directory)
      for (const { directory, meta } of blocks) this.#blocks.set(directory, { directory, meta })
      for (const { directory } of faulty) this.#blocks.set(directory, { directory, meta: undefined })
    } catch (error) {
      log.error('blocks that were set aside cannot be listed', { path: this.#directory, error: errorMessage(error) })
    }
  }

  /** Moves one here and says where it is. Throws what the file system says. */
  async take(directory: string, meta: BlockMeta | undefined): Promise<string> {
    const { fs } = this.#env
    const [parent, name] = [directory.slice(0, directory.lastIndexOf('/')), directory.slice(directory.lastIndexOf('/') + 1)]
    const target = `${this.#directory}/${name}`
    await fs.mkdir(this.#directory)
    await fs.rename(directory, target)
    this.#blocks.set(target, { directory: target, meta })
    await fs.syncDir(this.#directory)
    await fs.syncDir(parent)
    return target
  }

  /** Forgets those that somebody has taken away. */
  async look(): Promise<void> {
    for (const directory of this.#blocks.keys()) {
      const stat = await this.#env.fs.stat(directory).catch(() => undefined)
      if (stat === null) this.#blocks.delete(directory)
    }
  }
}

/** Whether it may have something between the times, both inclusive: without a meta.json, from before it was made. */
export function mayHaveHad({ directory, meta }: SetAsideBlock, minTime: Timestamp, maxTime: Timestamp): boolean {
  return meta === undefined ? minTime <= ulidTime(directory.slice(-26)) : overlaps(meta, minTime, maxTime)
}
