import type { Env, FileSystem } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { MergeSource } from '../../storage/merge-source.ts'
import { Block } from './block.ts'
import type { BlockCache } from './block-cache.ts'
import { INDEX_FILE } from './block-index.ts'
import { type BlockMeta, META_FILE, parseMeta } from './block-meta.ts'
import { CHUNKS_DIRECTORY } from './chunk-segments.ts'
import { TOMBSTONES_FILE } from './tombstones.ts'
import { isUlid, type Ulid } from './ulid.ts'

/** A block as its meta.json describes it; it was not opened. */
export interface ListedBlock {
  readonly directory: string
  readonly meta: BlockMeta
}

export interface BlockListing {
  /** By `minTime`, then `maxTime`, then name. */
  readonly blocks: readonly ListedBlock[]
  /** Directories that have the name of a block and are none that can be read, with the reason. */
  readonly faulty: readonly { readonly directory: string; readonly reason: string }[]
  /** Directories of blocks that were being made or removed when their process ended. */
  readonly leftovers: readonly string[]
}

/** Files open at the same time while blocks are listed. */
const LISTED_AT_ONCE = 64

const LEFTOVER = /^(.{26})\.(tmp|tmp-for-creation|tmp-for-deletion)$/

/** What blocks a data directory has. Reads one small file a block. Throws what the file system says of the directory. */
export async function listBlocks(fs: FileSystem, directory: string): Promise<BlockListing> {
  const blocks: ListedBlock[] = []
  const faulty: { directory: string; reason: string }[] = []
  const leftovers: string[] = []
  const names = await fs.readDir(directory)
  for (const name of names) {
    const [, ulid] = LEFTOVER.exec(name) ?? []
    if (ulid !== undefined && isUlid(ulid)) leftovers.push(`${directory}/${name}`)
  }
  const paths = names.filter(isUlid).map((name) => `${directory}/${name}`)
  const list = async (path: string) => {
    try {
      blocks.push({ directory: path, meta: parseMeta(await fs.readText(`${path}/${META_FILE}`), `${path}/${META_FILE}`) })
    } catch (error) {
      faulty.push({ directory: path, reason: errorMessage(error) })
    }
  }
  for (let from = 0; from < paths.length; from += LISTED_AT_ONCE) await Promise.all(paths.slice(from, from + LISTED_AT_ONCE).map(list))
  faulty.sort((a, b) => (a.directory < b.directory ? -1 : 1))
  blocks.sort((a, b) => a.meta.minTime - b.meta.minTime || a.meta.maxTime - b.meta.maxTime || (a.meta.ulid < b.meta.ulid ? -1 : 1))
  return { blocks, faulty, leftovers }
}

/** Blocks whose data is in another one that was made of them, which is there: a compaction ended before it could remove them. */
export function supersededBlocks(blocks: readonly ListedBlock[]): ReadonlySet<Ulid> {
  return new Set(blocks.flatMap(({ meta }) => meta.compaction.parents.map(({ ulid }) => ulid).filter((ulid) => ulid !== meta.ulid)))
}

/** Blocks that share time with another one, in groups of those that hang together; `blocks` by `minTime`. */
export function overlappingBlocks(blocks: readonly ListedBlock[]): readonly (readonly ListedBlock[])[] {
  const groups: ListedBlock[][] = []
  let maxTime = Number.NEGATIVE_INFINITY
  for (const block of blocks) {
    if (block.meta.minTime < maxTime) groups.at(-1)!.push(block)
    else groups.push([block])
    maxTime = Math.max(maxTime, block.meta.maxTime)
  }
  return groups.filter((group) => group.length > 1)
}

/** Bytes of all files of a block. */
export async function blockSizeBytes(fs: FileSystem, directory: string): Promise<number> {
  let sizeBytes = 0
  const segments = await fs.readDir(`${directory}/${CHUNKS_DIRECTORY}`)
  for (const name of [META_FILE, INDEX_FILE, TOMBSTONES_FILE, ...segments.map((segment) => `${CHUNKS_DIRECTORY}/${segment}`)])
    sizeBytes += (await fs.stat(`${directory}/${name}`))?.sizeBytes ?? 0
  return sizeBytes
}

/** All blocks of a directory as one source. What can not be read is no part of it: `listing.faulty`. */
export class BlockSet {
  readonly listing: BlockListing
  /** Those that others have not superseded, by `minTime`. */
  readonly blocks: readonly Block[]
  readonly source: MergeSource

  private constructor(directory: string, listing: BlockListing, blocks: readonly Block[]) {
    this.listing = listing
    this.blocks = blocks
    this.source = new MergeSource(`blocks of ${directory}`, blocks)
  }

  /** Reads what blocks there are. */
  static async open(env: Pick<Env, 'fs' | 'clock'>, directory: string, cache: BlockCache): Promise<BlockSet> {
    const listing = await listBlocks(env.fs, directory)
    const superseded = supersededBlocks(listing.blocks)
    const kept = listing.blocks.filter(({ meta }) => !superseded.has(meta.ulid))
    return new BlockSet(
      directory,
      listing,
      kept.map((block) => Block.listed(env, block, cache)),
    )
  }

  async close(): Promise<void> {
    await Promise.all(this.blocks.map((block) => block.close()))
  }
}
