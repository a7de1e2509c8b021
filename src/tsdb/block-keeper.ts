import { Breather } from '../base/breather.ts'
import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { Timestamp } from '../model/time.ts'
import type { ChunkCounts } from './block/chunk-counts.ts'
import type { Ulid } from './block/ulid.ts'
import type { BlockEncodings } from './block-encodings.ts'
import type { RunCompaction } from './compact/compact-blocks.ts'
import { type CompactionCounts, Compactor } from './compact/compactor.ts'
import { cutBlock } from './cut-block.ts'
import type { DbBlocks, LoadedBlock } from './db-blocks.ts'
import { keptBytes, keptSince, type Retention } from './retention.ts'
import type { LogWriter } from './wal/log-writer.ts'
import type { Window } from './window/window.ts'
import type { WindowSet } from './window-set.ts'

// 1. A window becomes a block, with the late samples of its range, when no sample can come to it any more; the oldest first, one at a time.
// 2. Until the block is durable and open, the window answers; then the block comes and the window goes in one step.
// 3. Only after that does the log lose what the block has. A failure before it leaves all as it was, and is tried again.
// 4. Blocks are compacted beside all that: a compaction is begun and taken over in a pass, and goes on between passes.

const RETRY_MS = 1000
const RETRY_MS_MAX = 60_000

export interface KeeperOptions {
  readonly env: Env
  readonly dir: string
  /** Windows go without becoming blocks, and the log with them, unless it is followed. */
  readonly forwardOnly: boolean
  /** As it is now. */
  retention(): Retention
  /** What blocks are compacted to; see `blockRanges`. */
  readonly blockRanges: readonly number[]
  readonly runCompaction: RunCompaction
  /** Called when `pass` has something to do that `isDue` did not say at the last call. */
  readonly wake: () => void
  readonly onCut: (seconds: number) => void
  /** As they are now. */
  encodings(): BlockEncodings
  /** Counts the chunks of windows that become blocks. */
  readonly chunkCounts: ChunkCounts
  /** Told how a block was written: the error, or nothing. */
  readonly onDisk: (error: unknown) => void
}

/** Makes blocks of windows, has blocks compacted, and lets go of what is not to be kept. */
export class BlockKeeper {
  readonly #options: KeeperOptions
  readonly #windows: WindowSet
  readonly #blocks: DbBlocks
  readonly #log: LogWriter
  readonly #compactor: Compactor
  #turn: Promise<void> = Promise.resolve()
  #failures = 0
  /** By the monotonic clock. */
  #retryAt = Number.NEGATIVE_INFINITY
  cutsBegun = 0
  cuts = 0
  cutsFailed = 0
  timeRetentions = 0
  sizeRetentions = 0

  constructor(options: KeeperOptions, windows: WindowSet, blocks: DbBlocks, log: LogWriter) {
    this.#options = options
    this.#windows = windows
    this.#blocks = blocks
    this.#log = log
    const { env, dir, blockRanges: ranges, runCompaction: run, wake: onEnd, onCut: onCompacted } = options
    this.#compactor = new Compactor({ env, dir, ranges, run, onEnd, onCompacted }, blocks)
  }

  /** Counts of compactions. */
  get compactions(): CompactionCounts {
    return this.#compactor
  }

  /** Whether `pass` may have a block to make, or to take over, now. */
  get isDue(): boolean {
    return this.#compactor.isDue || (this.#windows.hasClosed && this.#options.env.clock.monotonic() >= this.#retryAt)
  }

  /** Does what is to be done. Never two at once. What the disk refuses is logged, counted and left for the next pass. */
  pass(signal: AbortSignal): Promise<void> {
    return this.#inTurn(() => this.#pass(signal))
  }

  /**
   * Does what must not meet a window that becomes a block, or blocks that are compacted: what is compacted meanwhile is begun anew
   * later.
   */
  async undisturbed<T>(act: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      await this.#compactor.stop()
      return act()
    })
  }

  /** Resolves when nothing is left on disk of what had been deleted by now. */
  cleanTombstones(): Promise<void> {
    return this.#compactor.clean()
  }

  /** Ends what goes on between passes. No pass may follow. */
  close(): Promise<void> {
    return this.#inTurn(() => this.#compactor.close())
  }

  /** One after the other. */
  async #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const before = this.#turn
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#turn = promise
    await before
    try {
      return await act()
    } finally {
      resolve()
    }
  }

  async #pass(signal: AbortSignal): Promise<void> {
    this.#dropOldWindows()
    await this.#cutClosed(signal)
    await this.#blocks.check(Number.POSITIVE_INFINITY, signal)
    await this.#blocks.retry()
    await this.#compactor.finish()
    await this.#retainByTime()
    await this.#retainBySize()
    await this.#removeLog()
    this.#windows.releaseParted()
    if (!signal.aborted) await this.#compactor.begin()
  }

  async #cutClosed(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options.env
    while (!signal.aborted && clock.monotonic() >= this.#retryAt) {
      const window = await this.#windows.nextClosed(new Breather(clock))
      if (window === undefined) return
      if (this.#options.forwardOnly || this.#windows.sampleCountOf(window) === 0) this.#windows.remove(window)
      else await this.#cut(window, signal)
    }
  }

  async #cut(window: Window, signal: AbortSignal): Promise<void> {
    const { env, dir } = this.#options
    const { clock, log } = env
    const start = clock.monotonic()
    const late = this.#windows.late.beside(window)
    const { seriesCount } = window
    const sampleCount = this.#windows.sampleCountOf(window)
    let begun: Ulid | undefined
    this.cutsBegun++
    try {
      const path = await cutBlock(env, window, late, {
        dir,
        signal,
        chunkCounts: this.#options.chunkCounts,
        encodings: this.#options.encodings(),
        begun: (ulid) => {
          begun = ulid
        },
      })
      if (path === undefined) {
        this.#windows.remove(window)
        this.#failures = 0
        this.cuts++
        this.#options.onDisk(undefined)
        log.info('window had nothing left to become a block', { start: window.start, end: window.end })
        return
      }
      const loaded = await this.#blocks.open(path)
      this.#blocks.add(loaded)
      this.#windows.remove(window)
      this.#windows.releaseParted()
      this.#windows.cutTime = this.#blocks.cutTime
      this.#log.endSegment()
      this.#failures = 0
      this.cuts++
      const seconds = (clock.monotonic() - start) / 1000
      this.#options.onCut(seconds)
      this.#options.onDisk(undefined)
      const { ulid, minTime, maxTime } = loaded.block.meta
      const { sizeBytes } = loaded
      log.info('window became a block', { block: ulid, minTime, maxTime, series: seriesCount, samples: sampleCount, sizeBytes, seconds })
    } catch (error) {
      // Its window stays.
      if (begun !== undefined) await this.#blocks.discard(begun)
      if (signal.aborted) return
      this.cutsFailed++
      this.#options.onDisk(error)
      const retryMs = Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** this.#failures++)
      this.#retryAt = clock.monotonic() + retryMs
      log.error('window did not become a block, it stays in memory and in the log', {
        start: window.start,
        end: window.end,
        error: errorMessage(error),
        retryMs,
      })
    }
  }

  /** Windows go without becoming blocks when the blocks would go at once. */
  #dropOldWindows(): void {
    const { env } = this.#options
    const { timeMs: retentionMs } = this.#options.retention()
    if (retentionMs > 0) this.#windows.dropBefore(keptSince(this.#windows.maxTime, env.clock.now(), retentionMs))
  }

  async #retainByTime(): Promise<void> {
    const { env } = this.#options
    const { timeMs: retentionMs } = this.#options.retention()
    if (retentionMs <= 0) return
    const all = this.#blocks.all
    const newest = Math.max(this.#windows.maxTime, ...all.map(({ block }) => block.meta.maxTime))
    const keptFrom = keptSince(newest, env.clock.now(), retentionMs)
    const old = all.filter(({ block }) => block.meta.maxTime <= keptFrom)
    if (old.length > 0) this.timeRetentions++
    for (const loaded of old) await this.#blocks.delete(loaded, 'older than the retention time')
  }

  /** Source: Prometheus tsdb/db.go, BeyondSizeRetention: the newest blocks that fit stay. */
  async #retainBySize(): Promise<void> {
    const { env, dir } = this.#options
    const retention = this.#options.retention()
    const retentionBytes = await keptBytes(env.fs, dir, retention).catch((error: unknown) => {
      env.log.error('size of the disk not known, retention by percentage waits', { error: errorMessage(error) })
      return retention.sizeBytes
    })
    if (retentionBytes <= 0 || !this.#blocks.isChecked) return
    let sizeBytes = this.#log.sizeBytes
    const newestFirst = [...this.#blocks.all].sort((a, b) => b.block.meta.maxTime - a.block.meta.maxTime)
    const beyond: LoadedBlock[] = []
    for (const loaded of newestFirst) {
      sizeBytes += loaded.sizeBytes
      if (sizeBytes > retentionBytes) beyond.push(loaded)
    }
    if (beyond.length > 0) this.sizeRetentions++
    for (const loaded of beyond) await this.#blocks.delete(loaded, 'beyond the retention size')
  }

  /** Removes segments that have nothing but what is in blocks, or beyond the retention. */
  async #removeLog(): Promise<void> {
    let keptFrom: Timestamp = this.#windows.cutTime
    const oldest = this.#windows.windows.find((window) => this.#windows.sampleCountOf(window) > 0)
    if (oldest !== undefined) keptFrom = Math.max(keptFrom, oldest.start)
    if (keptFrom === Number.NEGATIVE_INFINITY) return
    try {
      await this.#log.removeBefore(keptFrom)
    } catch (error) {
      this.#options.env.log.error('old log segments not removed', { error: errorMessage(error) })
    }
  }
}
