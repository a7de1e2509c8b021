import { assert } from '../../base/assert.ts'
import type { Env } from '../../base/env.ts'
import { type Chunk, ChunkEncoding } from '../../chunkenc/codec.ts'
import type { Timestamp } from '../../model/time.ts'
import { INDEX_FILE } from './block-index.ts'
import { type BlockCompaction, type BlockMeta, formatMeta, META_FILE } from './block-meta.ts'
import type { ChunkCounts } from './chunk-counts.ts'
import { CHUNKS_DIRECTORY } from './chunk-segments.ts'
import { FileAppender } from './file-appender.ts'
import { SEGMENT_BYTES_MAX, SegmentWriter } from './segment-writer.ts'
import { ChunkList } from './series-spill.ts'
import { formatTombstones, TOMBSTONES_FILE, type Tombstones } from './tombstones.ts'
import { newUlid, type Ulid } from './ulid.ts'

/** Source: Prometheus tsdb/db.go, tmpForCreationBlockDirSuffix. */
export const HALF_MADE_SUFFIX = '.tmp-for-creation'

const NO_TOMBSTONES: Tombstones = new Map()

export interface BlockWriterOptions {
  /** The block's name. Default: a new one. */
  readonly ulid?: Ulid
  /** Samples have `minTime` <= t < `maxTime`. Default: that of the samples. */
  readonly range?: { readonly minTime: Timestamp; readonly maxTime: Timestamp }
  /** What the block was made of. Default: level 1, from memory. */
  readonly compaction?: Partial<BlockCompaction>
  /** Counts its chunks. */
  readonly chunkCounts?: ChunkCounts | undefined
  /** Default: upstream's 512 MiB. */
  readonly segmentBytesMax?: number
}

/** A block on its way to disk: its directory, its chunks and what is counted of them. The index is another's work. */
export class BlockDraft {
  readonly ulid: Ulid
  /** Where the files are until the block is one. */
  readonly directory: string
  seriesCount = 0
  /** The index entry's part about the chunks of the series that was begun last. */
  readonly chunkList = new ChunkList()
  readonly #fs: Env['fs']
  readonly #target: string
  readonly #options: BlockWriterOptions
  readonly #segments: SegmentWriter
  #chunkCount = 0
  #floatCount = 0
  #histogramCount = 0
  #minTime = Number.POSITIVE_INFINITY
  #maxTime = Number.NEGATIVE_INFINITY
  #lastTime = Number.NEGATIVE_INFINITY

  private constructor(fs: Env['fs'], target: string, ulid: Ulid, options: BlockWriterOptions) {
    this.#fs = fs
    this.#target = target
    this.ulid = ulid
    this.directory = `${target}/${ulid}${HALF_MADE_SUFFIX}`
    this.#options = options
    this.#segments = new SegmentWriter(fs, `${this.directory}/${CHUNKS_DIRECTORY}`, options.segmentBytesMax ?? SEGMENT_BYTES_MAX)
  }

  /** Begins a block in `directory`, which may have others. */
  static async create(env: Pick<Env, 'fs' | 'clock' | 'random'>, directory: string, options: BlockWriterOptions = {}): Promise<BlockDraft> {
    const draft = new BlockDraft(env.fs, directory, options.ulid ?? newUlid(env), options)
    try {
      await env.fs.mkdir(`${draft.directory}/${CHUNKS_DIRECTORY}`)
      return draft
    } catch (error) {
      await draft.abort().catch(() => {})
      throw error
    }
  }

  get indexPath(): string {
    return `${this.directory}/${INDEX_FILE}`
  }

  /** What is added from now on are the chunks of the next series: `chunkCount`, in time order. */
  beginSeries(chunkCount: number): void {
    assert(chunkCount > 0, 'a series of a block has chunks')
    this.chunkList.begin(chunkCount)
    this.#lastTime = Number.NEGATIVE_INFINITY
    this.#chunkCount += chunkCount
    this.seriesCount++
  }

  /** Adds a chunk for which there is room: `hasRoom`, or `makeRoom`. Its bytes are done with when it comes back. */
  addChunk(chunk: Chunk): void {
    const { minTime, maxTime, encoding, sampleCount } = chunk
    assert(minTime > this.#lastTime && maxTime >= minTime, 'the chunks of a series are in time order')
    this.#lastTime = maxTime
    this.chunkList.add(chunk, this.#segments.add(chunk))
    const { chunkCounts } = this.#options
    if (chunkCounts !== undefined) {
      chunkCounts.sizeBytes.add(chunk.end - chunk.start)
      chunkCounts.samples.add(sampleCount)
      chunkCounts.rangeMs.add(maxTime - minTime)
    }
    if (minTime < this.#minTime) this.#minTime = minTime
    if (maxTime > this.#maxTime) this.#maxTime = maxTime
    if (encoding === ChunkEncoding.xor || encoding === ChunkEncoding.xor2) this.#floatCount += sampleCount
    else this.#histogramCount += sampleCount
  }

  hasRoom(chunk: Chunk): boolean {
    return this.#segments.hasRoom(chunk)
  }

  makeRoom(chunk: Chunk): Promise<void> {
    return this.#segments.makeRoom(chunk)
  }

  /** Makes all chunks durable; the index comes then. */
  endChunks(): Promise<void> {
    return this.#segments.finish()
  }

  /** Makes the block, whose index is durable: nothing is there before but a directory that every reader passes over, and after it the block is durable. */
  async finish(): Promise<BlockMeta> {
    const meta = this.#meta()
    const fs = this.#fs
    await this.#writeFile(TOMBSTONES_FILE, formatTombstones(NO_TOMBSTONES))
    await this.#writeFile(META_FILE, Buffer.from(formatMeta(meta)))
    await fs.syncDir(`${this.directory}/${CHUNKS_DIRECTORY}`)
    await fs.syncDir(this.directory)
    await fs.rename(this.directory, `${this.#target}/${this.ulid}`)
    await fs.syncDir(this.#target)
    return meta
  }

  /** Leaves nothing behind. Not after `finish` came back. */
  async abort(): Promise<void> {
    await this.#segments.close().catch(() => {})
    await this.#fs.remove(this.directory)
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

  async #writeFile(name: string, content: Uint8Array): Promise<void> {
    const out = await FileAppender.create(this.#fs, `${this.directory}/${name}`)
    out.bytes(content)
    await out.finish()
  }
}
