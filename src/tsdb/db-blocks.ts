import { Breather } from '../base/breather.ts'
import type { Env } from '../base/env.ts'
import { CodedError, errorMessage, wrapError } from '../base/errors.ts'
import { replaceFile } from '../base/files.ts'
import type { Matcher } from '../model/matcher.ts'
import type { Timestamp } from '../model/time.ts'
import type { QueryContext } from '../storage/series-source.ts'
import { Block } from './block/block.ts'
import type { BlockCache } from './block/block-cache.ts'
import { type BlockMeta, formatMeta, META_FILE, parseMeta } from './block/block-meta.ts'
import { blockSizeBytes, listBlocks, supersededBlocks } from './block/block-set.ts'
import { damagedPath } from './block/damage.ts'
import { OpenParts } from './block/open-parts.ts'
import { formatTombstones, joinIntervals, type TimeInterval, TOMBSTONES_FILE } from './block/tombstones.ts'
import type { Ulid } from './block/ulid.ts'
import { BlockRemovals } from './block-removals.ts'
import { cutTimeOf } from './compact/compaction-meta.ts'
import { type LeftOutBlock, mayHave } from './left-out-blocks.ts'
import { readPatiently } from './patient-reads.ts'
import { type SetAsideBlock, SetAsideBlocks } from './set-aside-blocks.ts'

// 1. A block is here from the moment it is whole on disk until it is let go; who reads it holds it, and its files stay as long.
// 2. Nothing that a block holds keeps the database from starting: what is damaged is set aside whole, what cannot be read now stays where
//    it is, is left out, and tried again. But nobody starts without a meta.json that the disk does not read: see `cutTime`.

/** A start looks at blocks for so long; a directory of thousands is looked through when it answers already. */
const CHECKED_AT_START_MS = 200
const CHECKED_AT_ONCE = 8
/** How often a block is tried that could not be read. */
const RETRY_MS = 30_000

/** A block of the database. */
export interface LoadedBlock {
  readonly block: Block
  /** On disk; 0 until it has been looked at. */
  sizeBytes: number
  /** Reads that are under way. */
  readers: number
  /** This process has made durable what is deleted of it. */
  isDeletionDurable: boolean
}

/** The blocks of a data directory. Only the database that has the directory's lock may have them. */
export class DbBlocks {
  readonly #env: Env
  readonly #dir: string
  readonly #cache: BlockCache
  /** By `minTime`. */
  #loaded: readonly LoadedBlock[] = []
  /** Those that were listed at the start and not looked at yet. */
  readonly #unchecked = new Set<LoadedBlock>()
  /** Called when nobody reads a block any more that was let go. */
  readonly #partings = new Map<LoadedBlock, () => void>()
  readonly #removals: BlockRemovals
  /** By directory. */
  readonly #leftOut = new Map<string, LeftOutBlock>()
  readonly #setAside: SetAsideBlocks
  /** By the monotonic clock. */
  #retryAt = Number.NEGATIVE_INFINITY
  #cutTime = Number.NEGATIVE_INFINITY
  /** Blocks that could not be opened. */
  loadFailures = 0
  /** Of them, those that were damaged. */
  quarantined = 0
  /** How often the directory was read. */
  loads = 0

  constructor(env: Env, dir: string, cache: BlockCache) {
    this.#env = env
    this.#dir = dir
    this.#cache = cache
    this.#removals = new BlockRemovals(env, dir)
    this.#setAside = new SetAsideBlocks(env, `${dir}/quarantine`)
  }

  get all(): readonly LoadedBlock[] {
    return this.#loaded
  }

  get metas(): readonly BlockMeta[] {
    return this.#loaded.map(({ block }) => block.meta)
  }

  /** Those that are there and cannot be read now. */
  get leftOut(): readonly LeftOutBlock[] {
    return [...this.#leftOut.values()]
  }

  /** Those that were damaged. */
  get setAside(): readonly SetAsideBlock[] {
    return this.#setAside.all
  }

  get sizeBytes(): number {
    return this.#loaded.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  }

  /** Samples before it are in blocks that were cut from windows: none is taken any more, and none is replayed. -Infinity: there is no such block. */
  get cutTime(): Timestamp {
    return this.#cutTime
  }

  /** Finds what is there, and removes what a process left that ended in the middle of something. Throws what the file system says of the directory, and of a meta.json. */
  async load(): Promise<void> {
    const { fs, log } = this.#env
    this.loads++
    await this.#setAside.load()
    const listing = await listBlocks(fs, this.#dir)
    for (const path of listing.leftovers) {
      try {
        await fs.remove(path)
        log.info('unfinished block removed', { path })
      } catch (error) {
        log.warn('unfinished block not removed', { path, error: errorMessage(error) })
      }
    }
    const blocks = [...listing.blocks]
    for (const { directory } of listing.faulty) {
      try {
        blocks.push({ directory, meta: await readMeta(this.#env, directory) })
      } catch (error) {
        // It may be good, and then it says how far the log is not needed.
        if (damagedPath(error) === undefined) throw error
        await this.#refuse(directory, undefined, error)
      }
    }
    blocks.sort((a, b) => a.meta.minTime - b.meta.minTime)
    this.#loaded = blocks.map((listed) => {
      const loaded = { block: Block.listed(this.#env, listed, this.#cache), sizeBytes: 0, readers: 0, isDeletionDurable: false }
      this.#unchecked.add(loaded)
      return loaded
    })
    for (const { meta } of blocks) this.#cutTime = Math.max(this.#cutTime, cutTimeOf(meta))
    for (const loaded of this.#loaded.filter(({ block }) => block.meta.compaction.deletable)) await this.delete(loaded, 'nothing is in it')
    // Only blocks that are good stand for those they were made of.
    const ulids = new Set(this.#loaded.map(({ block }) => block.meta.ulid))
    const isMade = ({ block: { meta } }: LoadedBlock) => meta.compaction.parents.some(({ ulid }) => ulid !== meta.ulid && ulids.has(ulid))
    await Promise.all(this.#loaded.filter(isMade).map((loaded) => this.#check(loaded)))
    const superseded = supersededBlocks(this.#loaded.map(({ block: { directory, meta } }) => ({ directory, meta })))
    for (const loaded of this.#loaded.filter(({ block }) => superseded.has(block.meta.ulid))) await this.delete(loaded, 'superseded')
    await this.check(CHECKED_AT_START_MS)
  }

  /** Whether all blocks have been looked at, and their sizes are known. */
  get isChecked(): boolean {
    return this.#unchecked.size === 0
  }

  /**
   * Looks at blocks that were only listed, the newest first: what is damaged is set aside. After `forMs`, or when the signal aborts, it leaves the
   * others for the next call.
   */
  async check(forMs: number, signal?: AbortSignal): Promise<void> {
    const { clock } = this.#env
    const end = clock.monotonic() + forMs
    const breather = new Breather(clock)
    const left = [...this.#unchecked].reverse()
    for (let from = 0; from < left.length; from += CHECKED_AT_ONCE) {
      if (clock.monotonic() >= end || signal?.aborted) return
      await Promise.all(left.slice(from, from + CHECKED_AT_ONCE).map((loaded) => this.#check(loaded)))
      if (breather.isDue()) await breather.rest()
    }
  }

  async #check(loaded: LoadedBlock): Promise<void> {
    if (!this.#unchecked.delete(loaded)) return
    const { fs } = this.#env
    const { directory } = loaded.block
    loaded.readers++
    let problem: unknown
    try {
      loaded.sizeBytes = await blockSizeBytes(fs, directory)
      const parts = await OpenParts.open(this.#env, directory, this.#cache, () => {})
      await parts.close()
    } catch (error) {
      problem = wrapError(`open block ${directory}`, error)
      this.#loaded = this.#loaded.filter((one) => one !== loaded)
    } finally {
      this.release([loaded])
    }
    if (problem === undefined) return
    await loaded.block.close()
    await this.#refuse(directory, loaded.block.meta, problem)
  }

  /** Adds blocks that have come into the directory. */
  async addAll(directories: readonly string[]): Promise<void> {
    for (const directory of directories) {
      try {
        this.add(await this.open(directory))
      } catch (error) {
        await this.#refuse(directory, undefined, error)
      }
    }
  }

  /** Opens a block for `add`. */
  async open(directory: string): Promise<LoadedBlock> {
    const sizeBytes = await blockSizeBytes(this.#env.fs, directory)
    return { block: await Block.open(this.#env, directory, this.#cache), sizeBytes, readers: 0, isDeletionDurable: false }
  }

  add(loaded: LoadedBlock): void {
    this.#loaded = [...this.#loaded, loaded].sort((a, b) => a.block.meta.minTime - b.block.meta.minTime)
    this.#cutTime = Math.max(this.#cutTime, cutTimeOf(loaded.block.meta))
  }

  /** The blocks with something between the times, both inclusive; the caller gives them back by `release`. */
  hold(minTime: Timestamp, maxTime: Timestamp): readonly LoadedBlock[] {
    const held = this.#loaded.filter(({ block: { meta } }) => meta.minTime <= maxTime && meta.maxTime > minTime)
    for (const loaded of held) loaded.readers++
    return held
  }

  /** The same for blocks that are known. */
  holdThese(loaded: readonly LoadedBlock[]): void {
    for (const one of loaded) one.readers++
  }

  release(held: readonly LoadedBlock[]): void {
    for (const loaded of held) {
      loaded.readers--
      if (loaded.readers === 0) this.#partings.get(loaded)?.()
    }
  }

  /**
   * Lets a block go: nobody finds it from now on, and its files go when the last who reads it has ended. Does not wait for them. A failure is
   * logged and tried again.
   */
  async delete(loaded: LoadedBlock, reason: string): Promise<void> {
    this.#unchecked.delete(loaded)
    this.#loaded = this.#loaded.filter((one) => one !== loaded)
    this.#removals.announce(loaded.block.meta.ulid)
    if (loaded.readers === 0) return this.#remove(loaded, reason)
    this.#partings.set(loaded, () => {
      this.#partings.delete(loaded)
      void this.#remove(loaded, reason)
    })
  }

  /** Writes down that compacting a block failed: it is left alone from then on. */
  async markFailed({ block }: LoadedBlock): Promise<void> {
    const meta = { ...block.meta, compaction: { ...block.meta.compaction, failed: true } }
    await replaceFile(this.#env.fs, `${block.directory}/${META_FILE}`, Buffer.from(formatMeta(meta)))
    block.replaced(meta, block.newTombstones)
  }

  /**
   * Deletes what is between the times, both inclusive, of the series that the matchers select: durable, and seen by nobody who asks from
   * then on, when it comes back. The samples go from the disk when the block is compacted.
   */
  async deleteSamples(
    loaded: LoadedBlock,
    matchers: readonly Matcher[],
    minTime: Timestamp,
    maxTime: Timestamp,
    ctx: QueryContext,
  ): Promise<void> {
    const { block } = loaded
    const { fs } = this.#env
    const tombstones = new Map(await block.tombstones())
    let count = 0
    let shared: readonly TimeInterval[] = []
    for await (const { series, minTime: from, maxTime: to } of block.findDeletable(matchers, minTime, maxTime, ctx)) {
      const known = tombstones.get(series)
      // Many series begin and end together: what is deleted of them is one list.
      if (known === undefined && (shared[0]?.minTime !== from || shared[0].maxTime !== to)) shared = [{ minTime: from, maxTime: to }]
      tombstones.set(series, known === undefined ? shared : joinIntervals([...known, { minTime: from, maxTime: to }]))
      count++
    }
    // A process before this one may have replaced the file, and met a disk that did not make that durable.
    if (count === 0 && (loaded.isDeletionDurable || tombstones.size === 0)) return
    let numTombstones = 0
    for (const intervals of tombstones.values()) numTombstones += intervals.length
    const meta = { ...block.meta, stats: { ...block.meta.stats, numTombstones } }
    await replaceFile(fs, `${block.directory}/${TOMBSTONES_FILE}`, formatTombstones(tombstones))
    loaded.isDeletionDurable = true
    // The samples are deleted from here on; the count in meta.json is for who plans compactions.
    block.replaced(meta, tombstones)
    await replaceFile(fs, `${block.directory}/${META_FILE}`, Buffer.from(formatMeta(meta)))
    loaded.sizeBytes = await blockSizeBytes(fs, block.directory)
  }

  /** Removes what there is of a block that was made, or half made, and is not used. What the disk refuses is logged and tried again. */
  discard(ulid: Ulid): Promise<void> {
    return this.#removals.discard(ulid)
  }

  /** Whether blocks that this one was made of would be there again if only this one went. */
  hasPartsLeft({ compaction }: BlockMeta): boolean {
    return compaction.parents.some(({ ulid }) => this.#removals.isLeft(ulid))
  }

  /** Tries again what the disk refused: to remove blocks, and to read some. */
  async retry(): Promise<void> {
    await this.#removals.retry()
    const { clock, log } = this.#env
    if (clock.monotonic() < this.#retryAt) return
    this.#retryAt = clock.monotonic() + RETRY_MS
    await this.#setAside.look()
    for (const { directory, meta } of this.leftOut) {
      let loaded: LoadedBlock
      try {
        loaded = await this.open(directory)
      } catch (error) {
        const isGone = damagedPath(error) !== undefined && (await this.#env.fs.stat(directory).catch(() => undefined)) === null
        if (isGone) this.#leftOut.delete(directory)
        else if (damagedPath(error) !== undefined) await this.#refuse(directory, meta, error)
        continue
      }
      this.#leftOut.delete(directory)
      this.add(loaded)
      log.info('block that was left out is back', { path: directory })
      const superseded = supersededBlocks(this.#loaded.map(({ block }) => ({ directory: block.directory, meta: block.meta })))
      for (const one of this.#loaded.filter(({ block }) => superseded.has(block.meta.ulid))) await this.delete(one, 'superseded')
    }
  }

  /**
   * To be called before something is deleted between two times, both inclusive. Rejects when it could come back: by a block that the disk does
   * not read now, or by one that is to be gone.
   */
  async beginDeletion(minTime: Timestamp, maxTime: Timestamp): Promise<void> {
    await this.#removals.settle()
    const missed = this.leftOut.find((one) => !one.isDamaged && mayHave(one, minTime, maxTime))
    if (missed !== undefined)
      throw new CodedError('unavailable', `nothing is deleted while block ${missed.directory} cannot be read: ${missed.problem}`)
  }

  /** Closes the blocks, those that are being read when that is over. */
  async close(): Promise<void> {
    const all = this.#loaded
    this.#loaded = []
    for (const loaded of all) {
      if (loaded.readers === 0) await loaded.block.close()
      else this.#partings.set(loaded, () => void loaded.block.close().catch(() => {}))
    }
  }

  async #remove({ block }: LoadedBlock, reason: string): Promise<void> {
    const { log } = this.#env
    const { meta } = block
    try {
      await block.close()
      await this.#removals.remove(meta.ulid)
      log.info('block deleted', { block: meta.ulid, minTime: meta.minTime, maxTime: meta.maxTime, reason })
    } catch (error) {
      log.error('block not deleted yet', { block: meta.ulid, reason, error: errorMessage(error) })
    }
  }

  /** Sets a damaged block aside; one that cannot be read for another reason stays. */
  async #refuse(directory: string, meta: BlockMeta | undefined, problem: unknown): Promise<void> {
    const { log } = this.#env
    const isNews = !this.#leftOut.has(directory)
    if (isNews) this.loadFailures++
    const isDamaged = damagedPath(problem) !== undefined
    this.#leftOut.set(directory, { directory, meta, problem: errorMessage(problem), isDamaged })
    if (!isDamaged) {
      log.error('block not opened, it is left where it is and tried again', { path: directory, error: errorMessage(problem) })
      return
    }
    try {
      const target = await this.#setAside.take(directory, meta)
      this.quarantined++
      this.#leftOut.delete(directory)
      log.error('damaged block quarantined', { path: directory, quarantine: target, error: errorMessage(problem) })
    } catch (error) {
      const fields = { path: directory, problem: errorMessage(problem), error: errorMessage(error) }
      if (isNews) log.error('damaged block not opened, and not quarantined yet', fields)
    }
  }
}

async function readMeta(env: Env, directory: string): Promise<BlockMeta> {
  const path = `${directory}/${META_FILE}`
  return parseMeta(await readPatiently(env, path, () => env.fs.readText(path)), path)
}
