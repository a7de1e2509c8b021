import { assert } from '../../base/assert.ts'
import { Breather } from '../../base/breather.ts'
import type { Env } from '../../base/env.ts'
import { ChunkEncoding } from '../../chunkenc/codec.ts'
import { compareLabels, type Labels } from '../../model/labels.ts'
import type { Timestamp } from '../../model/time.ts'
import type { Series } from '../../storage/series-source.ts'
import { INDEX_FILE } from './block-index.ts'
import { type BlockCompaction, type BlockMeta, formatMeta, META_FILE } from './block-meta.ts'
import { CHUNKS_DIRECTORY } from './chunk-segments.ts'
import { FileAppender } from './file-appender.ts'
import { writeIndex } from './index-writer.ts'
import { PairCollector } from './pair-collector.ts'
import { SEGMENT_BYTES_MAX, SegmentWriter } from './segment-writer.ts'
import { ChunkList, SeriesSpill } from './series-spill.ts'
import { SymbolCollector } from './symbol-collector.ts'
import { emptyTombstones, TOMBSTONES_FILE } from './tombstones.ts'
import { newUlid, type Ulid } from './ulid.ts'

/** Source: Prometheus tsdb/db.go, tmpForCreationBlockDirSuffix. */
export const HALF_MADE_SUFFIX = '.tmp-for-creation'

/** Removed before the block is one. */
const SPILL_FILE = 'series.spill'

export interface BlockWriterOptions {
  /** Samples have `minTime` <= t < `maxTime`. Default: that of the samples. */
  readonly range?: { readonly minTime: Timestamp; readonly maxTime: Timestamp }
  /** What the block was made of. Default: level 1, from memory. */
  readonly compaction?: Partial<BlockCompaction>
  /** Default: upstream's 512 MiB. */
  readonly segmentBytesMax?: number
}

/**
 * Writes a block.
 *
 * 1. Until `finish` has come back nothing is there but a directory that every reader passes over; after it the block is durable.
 * 2. What is held is the distinct texts and label pairs, and four bytes a series; chunks and series go to disk as they come.
 */
export class BlockWriter {
  readonly ulid: Ulid
  seriesCount = 0
  readonly #env: Pick<Env, 'fs' | 'clock'>
  readonly #directory: string
  readonly #workDirectory: string
  readonly #options: BlockWriterOptions
  readonly #segments: SegmentWriter
  readonly #spill: SeriesSpill
  readonly #symbols = new SymbolCollector()
  readonly #pairs = new PairCollector()
  readonly #chunkList = new ChunkList()
  #ownPairs = new Uint32Array(64)
  #lastLabels: Labels | undefined
  #chunkCount = 0
  #floatCount = 0
  #histogramCount = 0
  #minTime = Number.POSITIVE_INFINITY
  #maxTime = Number.NEGATIVE_INFINITY

  private constructor(
    env: Pick<Env, 'fs' | 'clock'>,
    directory: string,
    ulid: Ulid,
    options: BlockWriterOptions,
    segments: SegmentWriter,
    spill: SeriesSpill,
  ) {
    this.#env = env
    this.#directory = directory
    this.#workDirectory = workDirectory(directory, ulid)
    this.ulid = ulid
    this.#options = options
    this.#segments = segments
    this.#spill = spill
  }

  /** Begins a block in `directory`, which may have others. */
  static async create(
    env: Pick<Env, 'fs' | 'clock' | 'random'>,
    directory: string,
    options: BlockWriterOptions = {},
  ): Promise<BlockWriter> {
    const ulid = newUlid(env)
    const work = workDirectory(directory, ulid)
    try {
      await env.fs.mkdir(`${work}/${CHUNKS_DIRECTORY}`)
      const segments = new SegmentWriter(env.fs, `${work}/${CHUNKS_DIRECTORY}`, options.segmentBytesMax ?? SEGMENT_BYTES_MAX)
      const spill = await SeriesSpill.create(env.fs, `${work}/${SPILL_FILE}`)
      return new BlockWriter(env, directory, ulid, options, segments, spill)
    } catch (error) {
      await env.fs.remove(work).catch(() => {})
      throw error
    }
  }

  /** Takes series over, in label order over all calls, each once; their chunks are done with when it comes back. */
  async add(batch: readonly Series[]): Promise<void> {
    for (const { labels, chunks } of batch) {
      if (this.#lastLabels !== undefined)
        assert(compareLabels(this.#lastLabels, labels) < 0, `series come in label order: ${labels} after ${this.#lastLabels}`)
      assert(chunks.length > 0, 'a series of a block has chunks')
      this.#chunkList.begin(chunks.length)
      let lastTime = Number.NEGATIVE_INFINITY
      for (const chunk of chunks) {
        const { minTime, maxTime, encoding, sampleCount } = chunk
        assert(minTime > lastTime && maxTime >= minTime, `chunks of ${labels} are in time order`)
        lastTime = maxTime
        if (!this.#segments.hasRoom(chunk)) await this.#segments.makeRoom(chunk)
        this.#chunkList.add(chunk, this.#segments.add(chunk))
        if (minTime < this.#minTime) this.#minTime = minTime
        if (maxTime > this.#maxTime) this.#maxTime = maxTime
        if (encoding === ChunkEncoding.xor || encoding === ChunkEncoding.xor2) this.#floatCount += sampleCount
        else this.#histogramCount += sampleCount
      }
      this.#chunkCount += chunks.length
      this.seriesCount++
      this.#spill.add(this.#ownPairs, this.#collectPairs(labels), this.#chunkList.bytes, this.#chunkList.length)
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
    const work = this.#workDirectory
    const meta = this.#meta()
    await this.#segments.finish()
    await this.#spill.end()
    await writeIndex(
      fs,
      `${work}/${INDEX_FILE}`,
      { symbols: this.#symbols, pairs: this.#pairs, series: this.#spill, seriesCount: this.seriesCount },
      new Breather(clock),
    )
    await fs.remove(`${work}/${SPILL_FILE}`)
    await this.#writeFile(`${work}/${TOMBSTONES_FILE}`, emptyTombstones())
    await this.#writeFile(`${work}/${META_FILE}`, Buffer.from(formatMeta(meta)))
    await fs.syncDir(`${work}/${CHUNKS_DIRECTORY}`)
    await fs.syncDir(work)
    await fs.rename(work, `${this.#directory}/${this.ulid}`)
    await fs.syncDir(this.#directory)
    return meta
  }

  /** Leaves nothing behind. Not after `finish` came back. */
  async abort(): Promise<void> {
    await Promise.allSettled([this.#segments.close(), this.#spill.end()])
    await this.#env.fs.remove(this.#workDirectory)
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

  #meta(): BlockMeta {
    const isEmpty = this.seriesCount === 0
    const samples = { minTime: isEmpty ? 0 : this.#minTime, maxTime: isEmpty ? 0 : this.#maxTime + 1 }
    const { range = samples, compaction } = this.#options
    assert(isEmpty || (range.minTime <= samples.minTime && samples.maxTime <= range.maxTime), 'the samples of a block are in its range')
    return {
      ulid: this.ulid,
      ...range,
      stats: {
        numSamples: this.#floatCount + this.#histogramCount,
        numFloatSamples: this.#floatCount,
        numHistogramSamples: this.#histogramCount,
        numSeries: this.seriesCount,
        numChunks: this.#chunkCount,
        numTombstones: 0,
      },
      compaction: { level: 1, sources: [this.ulid], parents: [], deletable: false, failed: false, hints: [], ...compaction },
      others: {},
    }
  }

  async #writeFile(path: string, content: Uint8Array): Promise<void> {
    const out = await FileAppender.create(this.#env.fs, path)
    out.bytes(content)
    await out.finish()
  }
}

function workDirectory(directory: string, ulid: Ulid): string {
  return `${directory}/${ulid}${HALF_MADE_SUFFIX}`
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
