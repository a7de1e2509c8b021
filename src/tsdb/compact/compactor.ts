import type { Env } from '../../base/env.ts'
import { CodedError, errorMessage } from '../../base/errors.ts'
import type { BlockMeta } from '../block/block-meta.ts'
import { newUlid, type Ulid } from '../block/ulid.ts'
import type { DbBlocks, LoadedBlock } from '../db-blocks.ts'
import type { CompactionOutcome, RunCompaction } from './compact-blocks.ts'
import { type PlanReason, planCompaction } from './plan.ts'

// 1. One compaction at a time. It holds its sources: whatever happens to them, their files stay until it has ended.
// 2. The new block is durable and open before its sources go. When one of them was changed or let go meanwhile, the new block goes.
// 3. What fails leaves everything as it was. A damaged source is marked, and all others are compacted without it; the rest is tried again.

const RETRY_MS = 1000
const RETRY_MS_MAX = 600_000
/** After so many failures in a row others have their turn. */
const FAILURES_MAX = 5
const PASSED_OVER_MS = 3_600_000
/** What a compaction leaves of the disk: the log must always have room. */
const ROOM_BYTES_MIN = 64 * 1024 * 1024

export interface CompactorOptions {
  readonly env: Env
  readonly dir: string
  /** `blockRanges` */
  readonly ranges: readonly number[]
  readonly run: RunCompaction
  /** Called when `finish` or `begin` has something to do. */
  readonly onEnd: () => void
  readonly onCompacted: (seconds: number) => void
}

interface Cleaning {
  readonly left: Set<Ulid>
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** Since the start. */
export interface CompactionCounts {
  /** Whether one is under way. */
  readonly isRunning: boolean
  readonly begun: number
  readonly compacted: number
  readonly failed: number
  /** Of those that were compacted, those of blocks that overlapped. */
  readonly vertical: number
}

interface Running {
  readonly reason: PlanReason
  readonly sources: readonly LoadedBlock[]
  readonly ulid: Ulid
  readonly directory: string
  readonly stop: AbortController
  readonly start: number
  readonly ended: Promise<void>
  outcome: CompactionOutcome | undefined
}

/** Puts blocks together, one compaction after the other, while others go on. All its methods are called in turns, never two at once. */
export class Compactor implements CompactionCounts {
  readonly #options: CompactorOptions
  readonly #blocks: DbBlocks
  #running: Running | undefined
  #failures = 0
  /** By the monotonic clock. */
  #retryAt = Number.NEGATIVE_INFINITY
  /** Blocks that others go before, and until when by the monotonic clock. */
  readonly #passedOver = new Map<Ulid, number>()
  /** Who waits for blocks without tombstones. */
  readonly #cleanings: Cleaning[] = []
  begun = 0
  compacted = 0
  failed = 0
  vertical = 0

  constructor(options: CompactorOptions, blocks: DbBlocks) {
    this.#options = options
    this.#blocks = blocks
  }

  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /** Whether `finish` or `begin` has something to do at once. */
  get isDue(): boolean {
    return this.#running === undefined ? this.#cleanings.length > 0 : this.#running.outcome !== undefined
  }

  /** Begins the next compaction, if there is one to do and none under way. */
  async begin(): Promise<void> {
    const { env, ranges } = this.#options
    const { clock, log } = env
    if (this.#running !== undefined) return
    const dirty = this.#blocks.all.find(
      ({ block: { meta } }) => !this.#blocks.hasPartsLeft(meta) && this.#cleanings.some(({ left }) => left.has(meta.ulid)),
    )
    if (dirty !== undefined) return void this.#start('tombstones', [dirty])
    if (clock.monotonic() < this.#retryAt) return
    for (const [ulid, until] of this.#passedOver) if (until <= clock.monotonic()) this.#passedOver.delete(ulid)
    const plan = planCompaction(this.#blocks.metas, ranges, (meta) => this.#isPassedOver(meta))
    if (plan === undefined) return
    const sources = this.#blocks.all.filter(({ block }) => plan.blocks.includes(block.meta))
    const lack = await this.#lackOfRoom(sources)
    if (lack === undefined) void this.#start(plan.reason, sources)
    else log.error('blocks not compacted', { blocks: namesOf(sources), reason: plan.reason, error: lack, retryMs: this.#postpone() })
  }

  /** Resolves when nothing is left on disk of what had been deleted by now; rejects when a block could not be written anew. */
  clean(): Promise<void> {
    const left = new Set(this.#blocks.all.filter(isDirty).map(({ block }) => block.meta.ulid))
    if (left.size === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#cleanings.push({ left, resolve, reject })
      this.#options.onEnd()
    })
  }

  /** Takes over what a compaction made that has ended. */
  async finish(): Promise<void> {
    const running = this.#running
    const outcome = running?.outcome
    if (running === undefined || outcome === undefined) return
    this.#running = undefined
    let failure: string | undefined
    try {
      if (outcome.kind === 'done') failure = await this.#takeOver(running, outcome.seriesCount)
      else failure = await this.#fail(running, outcome)
    } finally {
      this.#blocks.release(running.sources)
    }
    this.#tellCleaners(running, failure)
  }

  /** Ends what is under way, and leaves nothing of it. */
  async stop(): Promise<void> {
    const running = this.#running
    if (running === undefined) return
    running.stop.abort(new Error('the compaction is not wanted any more'))
    await running.ended
    this.#running = undefined
    await this.#blocks.discard(running.ulid)
    this.#blocks.release(running.sources)
  }

  /** As `stop`, for good. */
  async close(): Promise<void> {
    await this.stop()
    for (const { reject } of this.#cleanings.splice(0)) reject(new CodedError('unavailable', 'the database is closed'))
  }

  /** What is compacted has lost what was deleted of it; what retention let go has as well. */
  #tellCleaners({ sources }: Running, failure: string | undefined): void {
    const dirty = new Set(this.#blocks.all.filter(isDirty).map(({ block }) => block.meta.ulid))
    for (const cleaning of [...this.#cleanings]) {
      const { left, resolve, reject } = cleaning
      const failed =
        failure === undefined ? undefined : sources.find(({ block }) => left.has(block.meta.ulid) && dirty.has(block.meta.ulid))
      for (const ulid of left) if (!dirty.has(ulid)) left.delete(ulid)
      if (failed === undefined && left.size > 0) continue
      this.#cleanings.splice(this.#cleanings.indexOf(cleaning), 1)
      if (failed === undefined) resolve()
      else reject(new CodedError('internal', `clean tombstones: ${failed.block.directory}: ${failure}`))
    }
  }

  /** A block whose parts are there still, since somebody reads them or the disk does not remove them, stands for them: it stays until they are gone. */
  #isPassedOver(meta: BlockMeta): boolean {
    return meta.compaction.failed || this.#passedOver.has(meta.ulid) || this.#blocks.hasPartsLeft(meta)
  }

  #start(reason: PlanReason, sources: readonly LoadedBlock[]): Promise<void> {
    const { env, dir, run, onEnd } = this.#options
    const ulid = newUlid(env)
    const stop = new AbortController()
    this.#blocks.holdThese(sources)
    this.begun++
    const job = { dir, ulid, sources: sources.map(({ block }) => block.directory) }
    const ended = run(job, stop.signal)
      .catch((error): CompactionOutcome => ({ kind: 'failed', message: errorMessage(error) }))
      .then((outcome) => {
        running.outcome = outcome
        onEnd()
      })
    const start = env.clock.monotonic()
    const running: Running = { reason, sources, ulid, directory: `${dir}/${ulid}`, stop, start, ended, outcome: undefined }
    this.#running = running
    return ended
  }

  async #takeOver(running: Running, seriesCount: number): Promise<string | undefined> {
    const { env } = this.#options
    const { sources, ulid, directory, reason } = running
    const { all } = this.#blocks
    if (!sources.every((source) => all.includes(source))) {
      await this.#blocks.discard(running.ulid)
      return 'a block that was compacted is not kept any more'
    }
    let made: LoadedBlock | undefined
    if (seriesCount > 0) {
      try {
        made = await this.#blocks.open(directory)
      } catch (error) {
        return this.#fail(running, { kind: 'failed', message: errorMessage(error) })
      }
      this.#blocks.add(made)
    }
    for (const source of sources) await this.#blocks.delete(source, made === undefined ? 'nothing is left of it' : `compacted into ${ulid}`)
    this.#failures = 0
    this.compacted++
    if (reason === 'overlap') this.vertical++
    const seconds = (env.clock.monotonic() - running.start) / 1000
    this.#options.onCompacted(seconds)
    const parents = namesOf(sources)
    if (made === undefined) {
      env.log.info('compacted blocks had nothing left', { parents, reason, seconds })
      return undefined
    }
    const { minTime, maxTime, stats } = made.block.meta
    const { numSeries: series, numSamples: samples } = stats
    env.log.info('blocks compacted', {
      block: ulid,
      minTime,
      maxTime,
      series,
      samples,
      sizeBytes: made.sizeBytes,
      parents,
      reason,
      seconds,
    })
    return undefined
  }

  async #fail(running: Running, outcome: Exclude<CompactionOutcome, { kind: 'done' }>): Promise<string> {
    const { env } = this.#options
    const { sources, reason } = running
    await this.#blocks.discard(running.ulid)
    this.failed++
    const { message: error } = outcome
    const blocks = namesOf(sources)
    if (outcome.kind === 'damaged') {
      const bad = sources.find(({ block }) => block.directory === outcome.source)!
      env.log.error('damaged block is not compacted', { block: bad.block.meta.ulid, blocks, reason, error })
      try {
        await this.#blocks.markFailed(bad)
      } catch (cause) {
        this.#passOver([bad])
        env.log.warn('block not marked as failed', { block: bad.block.meta.ulid, error: errorMessage(cause) })
      }
      return error
    }
    if (this.#failures + 1 >= FAILURES_MAX) this.#passOver(sources)
    env.log.error('blocks not compacted', { blocks, reason, error, retryMs: this.#postpone() })
    return error
  }

  #passOver(blocks: readonly LoadedBlock[]): void {
    for (const { block } of blocks) this.#passedOver.set(block.meta.ulid, this.#options.env.clock.monotonic() + PASSED_OVER_MS)
    this.#failures = 0
  }

  /** Answers for how long. */
  #postpone(): number {
    const retryMs = Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** this.#failures++)
    this.#retryAt = this.#options.env.clock.monotonic() + retryMs
    return retryMs
  }

  /** Why there is no room for what may be as large as its sources. */
  async #lackOfRoom(sources: readonly LoadedBlock[]): Promise<string | undefined> {
    const { env, dir } = this.#options
    const wanted = ROOM_BYTES_MIN + sources.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    try {
      const { availableBytes } = await env.fs.usage(dir)
      return availableBytes < wanted ? `the disk has ${availableBytes} bytes left, want ${wanted}` : undefined
    } catch {
      // A file system that does not say is tried.
      return undefined
    }
  }
}

function isDirty({ block }: LoadedBlock): boolean {
  return block.hasTombstones
}

function namesOf(blocks: readonly LoadedBlock[]): string {
  return blocks.map(({ block }) => block.meta.ulid).join(' ')
}
