import type { Env, FileSystem } from '../base/env.ts'
import { wrapError } from '../base/errors.ts'
import { directoryOf } from '../base/files.ts'
import type { SeriesSource } from '../storage/series-source.ts'
import { INDEX_FILE } from './block/block-index.ts'
import { META_FILE } from './block/block-meta.ts'
import { BlockWriter } from './block/block-writer.ts'
import { CHUNKS_DIRECTORY } from './block/chunk-segments.ts'
import { TOMBSTONES_FILE } from './block/tombstones.ts'
import { type BlockEncodings, blockChunksOf } from './block-encodings.ts'

const COPIED_BYTES = 1024 * 1024

export interface SnapshotParts {
  /** Directories of blocks; they stay while the snapshot is made. */
  readonly blocks: readonly string[]
  /** What is in no block yet. Undefined: it is left out. */
  readonly inMemory: SeriesSource | undefined
  /** Of that. */
  readonly encodings: BlockEncodings
}

/** A name that sorts by time. Source: Prometheus web/api/v1/api.go, snapshot. */
export function snapshotName({ clock, random }: Pick<Env, 'clock' | 'random'>): string {
  const time = new Date(clock.now()).toISOString().replace(/[-:]|\.\d+/g, '')
  return `${time}-${Buffer.from(random.bytes(8)).toString('hex')}`
}

/**
 * Makes a directory that has all blocks, under other names of their files where the file system has such, and one block of what is in
 * memory: a data directory for whoever reads blocks. Rejects, and leaves nothing, when that does not work.
 */
export async function takeSnapshot(
  env: Env,
  directory: string,
  { blocks, inMemory, encodings }: SnapshotParts,
  signal: AbortSignal,
): Promise<void> {
  const { fs } = env
  await fs.mkdir(directory)
  try {
    for (const block of blocks) {
      signal.throwIfAborted()
      await linkBlock(fs, block, `${directory}/${block.slice(block.lastIndexOf('/') + 1)}`, signal)
    }
    if (inMemory !== undefined) await writeInMemory(env, directory, inMemory, encodings, signal)
    await fs.syncDir(directory)
    await fs.syncDir(directoryOf(directory))
    await fs.syncDir(directoryOf(directoryOf(directory)))
  } catch (error) {
    await fs.remove(directory).catch(() => {})
    throw wrapError('create snapshot', error)
  }
}

/** Makes a directory with the files of a block: other names of them, or copies. */
export async function linkBlock(fs: FileSystem, from: string, to: string, signal: AbortSignal): Promise<void> {
  await fs.mkdir(`${to}/${CHUNKS_DIRECTORY}`)
  const segments = await fs.readDir(`${from}/${CHUNKS_DIRECTORY}`)
  for (const name of [META_FILE, INDEX_FILE, TOMBSTONES_FILE, ...segments.map((segment) => `${CHUNKS_DIRECTORY}/${segment}`)]) {
    if (name === TOMBSTONES_FILE && (await fs.stat(`${from}/${name}`)) === null) continue
    try {
      await fs.link(`${from}/${name}`, `${to}/${name}`)
    } catch {
      await copyFile(fs, `${from}/${name}`, `${to}/${name}`, signal)
    }
  }
  await fs.syncDir(`${to}/${CHUNKS_DIRECTORY}`)
  await fs.syncDir(to)
}

async function copyFile(fs: FileSystem, from: string, to: string, signal: AbortSignal): Promise<void> {
  const source = await fs.open(from, 'read')
  try {
    const target = await fs.open(to, 'create')
    try {
      const bytes = new Uint8Array(COPIED_BYTES)
      for (let at = 0; ; ) {
        signal.throwIfAborted()
        const count = await source.read(bytes, at)
        if (count === 0) break
        await target.write([bytes.subarray(0, count)], at)
        at += count
      }
      await target.sync()
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

async function writeInMemory(
  env: Env,
  directory: string,
  source: SeriesSource,
  encodings: BlockEncodings,
  signal: AbortSignal,
): Promise<void> {
  const writer = await BlockWriter.create(env, directory)
  try {
    for await (const batch of blockChunksOf(source, encodings, signal)) await writer.add(batch)
    if (writer.seriesCount > 0) await writer.finish()
    else await writer.abort()
  } catch (error) {
    await writer.abort().catch(() => {})
    throw error
  }
}
