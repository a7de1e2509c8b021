import { assert } from '../../base/assert.ts'
import { Breather } from '../../base/breather.ts'
import type { Env } from '../../base/env.ts'
import { compareLabels, type Labels } from '../../model/labels.ts'
import type { Series } from '../../storage/series-source.ts'
import { BlockDraft, type BlockWriterOptions } from './block-draft.ts'
import type { BlockMeta } from './block-meta.ts'
import { writeIndex } from './index-writer.ts'
import { PairCollector } from './pair-collector.ts'
import { SeriesSpill } from './series-spill.ts'
import { SymbolCollector } from './symbol-collector.ts'
import type { Ulid } from './ulid.ts'

/** Removed before the block is one. */
const SPILL_FILE = 'series.spill'

/**
 * Writes a block of series whose labels come as they are.
 *
 * 1. Until `finish` has come back nothing is there but a directory that every reader passes over; after it the block is durable.
 * 2. What is held is the distinct texts and label pairs, and four bytes a series; chunks and series go to disk as they come.
 */
export class BlockWriter {
  readonly #env: Pick<Env, 'fs' | 'clock'>
  readonly #draft: BlockDraft
  readonly #spill: SeriesSpill
  readonly #symbols = new SymbolCollector()
  readonly #pairs = new PairCollector()
  #ownPairs = new Uint32Array(64)
  #lastLabels: Labels | undefined

  private constructor(env: Pick<Env, 'fs' | 'clock'>, draft: BlockDraft, spill: SeriesSpill) {
    this.#env = env
    this.#draft = draft
    this.#spill = spill
  }

  /** Begins a block in `directory`, which may have others. */
  static async create(
    env: Pick<Env, 'fs' | 'clock' | 'random'>,
    directory: string,
    options: BlockWriterOptions = {},
  ): Promise<BlockWriter> {
    const draft = await BlockDraft.create(env, directory, options)
    try {
      return new BlockWriter(env, draft, await SeriesSpill.create(env.fs, `${draft.directory}/${SPILL_FILE}`))
    } catch (error) {
      await draft.abort().catch(() => {})
      throw error
    }
  }

  get ulid(): Ulid {
    return this.#draft.ulid
  }

  get seriesCount(): number {
    return this.#draft.seriesCount
  }

  /** Takes series over, in label order over all calls, each once; their chunks are done with when it comes back. */
  async add(batch: readonly Series[]): Promise<void> {
    const draft = this.#draft
    const { chunkList } = draft
    for (const { labels, chunks } of batch) {
      if (this.#lastLabels !== undefined)
        assert(compareLabels(this.#lastLabels, labels) < 0, `series come in label order: ${labels} after ${this.#lastLabels}`)
      draft.beginSeries(chunks.length)
      for (const chunk of chunks) {
        if (!draft.hasRoom(chunk)) await draft.makeRoom(chunk)
        draft.addChunk(chunk)
      }
      this.#spill.add(this.#ownPairs, this.#collectPairs(labels), chunkList.bytes, chunkList.length)
      if (this.#spill.isFull) await this.#spill.flush()
      this.#lastLabels = labels
    }
  }

  /** Bytes of memory held for all series so far. */
  get heldBytes(): number {
    return this.#symbols.heldBytes + this.#pairs.heldBytes
  }

  /** Makes the block. What has no series is a block all the same: who does not want it asks `seriesCount`, and aborts. */
  async finish(): Promise<BlockMeta> {
    const { fs, clock } = this.#env
    const draft = this.#draft
    await draft.endChunks()
    await this.#spill.end()
    await writeIndex(
      fs,
      draft.indexPath,
      { symbols: this.#symbols, pairs: this.#pairs, series: this.#spill, seriesCount: this.seriesCount },
      new Breather(clock),
    )
    await fs.remove(`${draft.directory}/${SPILL_FILE}`)
    return draft.finish()
  }

  /** Leaves nothing behind. Not after `finish` came back. */
  async abort(): Promise<void> {
    await this.#spill.end().catch(() => {})
    await this.#draft.abort()
  }

  /** Fills `#ownPairs` and answers how many they are. Series in order share most labels with the one before. */
  #collectPairs({ pairs }: Labels): number {
    const count = pairs.length / 2
    if (count > this.#ownPairs.length) {
      const larger = new Uint32Array(2 * count)
      larger.set(this.#ownPairs)
      this.#ownPairs = larger
    }
    const last = this.#lastLabels?.pairs ?? []
    for (let i = 0; i < count; i++) {
      if (last[2 * i] === pairs[2 * i] && last[2 * i + 1] === pairs[2 * i + 1]) this.#pairs.seriesCounts[this.#ownPairs[i]]++
      else this.#ownPairs[i] = this.#pairs.add(this.#symbols.add(pairs[2 * i]), this.#symbols.add(pairs[2 * i + 1]))
    }
    return count
  }
}

/** Writes what comes into a block; undefined, and nothing on disk, when nothing does. */
export async function writeBlock(
  env: Pick<Env, 'fs' | 'clock' | 'random'>,
  directory: string,
  series: AsyncIterable<readonly Series[]> | Iterable<readonly Series[]>,
  options: BlockWriterOptions = {},
): Promise<BlockMeta | undefined> {
  const writer = await BlockWriter.create(env, directory, options)
  try {
    for await (const batch of series) await writer.add(batch)
    if (writer.seriesCount > 0) return await writer.finish()
  } catch (error) {
    await writer.abort()
    throw error
  }
  await writer.abort()
  return undefined
}
