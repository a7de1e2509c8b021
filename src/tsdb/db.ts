import { assert } from '../base/assert.ts'
import { Breather } from '../base/breather.ts'
import { type Env, sleep } from '../base/env.ts'
import { CodedError, errorMessage, wrapError } from '../base/errors.ts'
import type { Service } from '../base/service.ts'
import { type Labels, METRIC_NAME } from '../model/labels.ts'
import type { Matcher } from '../model/matcher.ts'
import type { Metadata } from '../model/metadata.ts'
import type { Timestamp } from '../model/time.ts'
import type { Appendable, Appender } from '../storage/appender.ts'
import type { ExemplarRequest, ExemplarSource, SeriesExemplars } from '../storage/exemplar-source.ts'
import type { LogReader } from '../storage/log-reader.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import type { SeriesGate } from '../storage/series-gate.ts'
import type { Coverage, LabelRequest, QueryContext, SelectRequest, Series, SeriesSource } from '../storage/series-source.ts'
import { BlockCache } from './block/block-cache.ts'
import type { BlockMeta } from './block/block-meta.ts'
import { ChunkCounts } from './block/chunk-counts.ts'
import { type BlockEncodings, COMMON_ENCODINGS } from './block-encodings.ts'
import { BlockKeeper } from './block-keeper.ts'
import { type Cardinality, cardinality } from './cardinality.ts'
import { CommitQueue } from './commit-queue.ts'
import { compactBlocks, type RunCompaction } from './compact/compact-blocks.ts'
import { blockRanges, defaultMaxBlockMs } from './compact/plan.ts'
import { DbAppender, TIME_MAX } from './db-appender.ts'
import { DbBlocks } from './db-blocks.ts'
import { dbCounters } from './db-counters.ts'
import { DbLender } from './db-lender.ts'
import { type DbObservers, registerDbMetrics } from './db-metrics.ts'
import { DbReader } from './db-reader.ts'
import { type DbStats, dbStats } from './db-stats.ts'
import { estimateRead, type ReadEstimate } from './estimate-read.ts'
import { ExemplarRing } from './exemplars/exemplar-ring.ts'
import { flushToBlocks } from './flush.ts'
import type { LeftOutBlock } from './left-out-blocks.ts'
import { type DirLock, lockDir } from './lock.ts'
import { repairLog } from './log-repair.ts'
import { metricMetadata } from './metric-metadata.ts'
import { missingBlocks } from './missing-blocks.ts'
import { bringBack } from './recovery/bring-back.ts'
import { Checkpointer, type CheckpointSchedule } from './recovery/checkpointer.ts'
import { leaveUnread } from './recovery/leave-unread.ts'
import { type CheckpointAhead, readAhead } from './recovery/load-checkpoint.ts'
import { type RecoverOptions, type Recovery, recover } from './recovery/recover.ts'
import type { RecoverUntil } from './recovery/recover-until.ts'
import type { UnappliedSamples } from './recovery/unapplied-samples.ts'
import { RefusalCounts } from './refusal-counts.ts'
import type { Retention } from './retention.ts'
import { BatchPool } from './sample-batch.ts'
import { snapshotName, takeSnapshot } from './snapshot.ts'
import { diskStateOf, refusedByDisk, StorageHealth } from './storage-health.ts'
import { takeOverIfLeft } from './upstream-log/take-over-if-left.ts'
import { LogTail } from './wal/log-tail.ts'
import { LogWriter, removeLeftovers, type WalFsync } from './wal/log-writer.ts'
import type { ReplayReport } from './wal/replay.ts'
import { WindowSet } from './window-set.ts'

/** How often retention is looked after, and what failed is tried again. */
const KEEP_MS = 60_000

/** What all blocks together may hold of their files in memory. */
const BLOCK_CACHE_BYTES = 64 * 1024 * 1024

const REPLAYING = 'the write-ahead log is being replayed'

/** What is deleted must fit into one record of the log. */
const MATCHERS_LENGTH_MAX = 1024 * 1024

export interface DbOptions {
  readonly env: Env
  /** Made when it is not there. */
  readonly dir: string
  /** What is older than the newest sample by this is dropped, a window or block at a time; 0 keeps all. */
  readonly retentionMs: number
  /** Blocks beyond so many bytes, the log counted, are dropped, the oldest first; 0 or undefined: no limit. */
  readonly retentionBytes?: number
  /** Upstream's --storage.tsdb.min-block-duration: 2 h. */
  readonly blockRangeMs: number
  /** Longest range of a compacted block; upstream's --storage.tsdb.max-block-duration. Default: `defaultMaxBlockMs`. */
  readonly maxBlockMs?: number
  /** Where compactions run. Default: here. */
  readonly runCompaction?: RunCompaction
  readonly walFsync: WalFsync
  readonly segmentBytes?: number
  /** What the log has after it is set aside at the start, once. */
  readonly recoverUntil?: RecoverUntil
  /** Default: as `Checkpointer` says. */
  readonly checkpoints?: CheckpointSchedule
  /** At the end everything becomes blocks, and the log is emptied. */
  readonly flushOnExit?: boolean
  /** Samples are for those who follow the log: nothing of it comes back into memory at a start, and nothing becomes a block. */
  readonly forwardOnly?: boolean
}

export interface ReplayStatus {
  readonly segmentsDone: number
  readonly segmentsTotal: number
  readonly done: boolean
}

/**
 * Takes the directory: throws a `conflict` CodedError when another process has it. The database is usable once `run` has called
 * `ready`, which is when everything that was ever acknowledged is readable; `run` gives the directory back at its end.
 */
export async function openDb(options: DbOptions): Promise<Db> {
  await options.env.fs.mkdir(options.dir).catch((error: unknown) => {
    throw wrapError(`make data directory ${options.dir}`, error)
  })
  const lock = await lockDir(options.env, options.dir)
  const { env, dir, forwardOnly = false, recoverUntil } = options
  const ahead = forwardOnly || recoverUntil !== undefined ? undefined : readAhead(env, dir)
  // It is read again by who needs it, and says what is wrong.
  ahead?.catch(() => {})
  return new Db(options, lock, ahead)
}

/** What is called on the way to `ready`, in this order. */
export interface DbStages {
  /** What another program left was taken over, which may take minutes: what is left takes seconds. */
  takenOver?(): void
  /** `early` takes samples. */
  takes?(): void
  /** What was acknowledged is answered by selects, some of them later than others. */
  selectable?(): void
}

/** Blocks, series in memory by windows, and the log that brings those back. */
export class Db implements Appendable, SeriesSource, ExemplarSource, Service {
  readonly name = 'tsdb'
  readonly #options: DbOptions
  #retention: Retention
  #encodings = COMMON_ENCODINGS
  readonly #env: Env
  readonly #lock: DirLock
  /** Until it is loaded. */
  #ahead: Promise<CheckpointAhead | undefined> | undefined
  readonly #windows: WindowSet
  readonly #pool = new BatchPool()
  readonly #exemplars: ExemplarRing
  readonly #refused = new RefusalCounts((seconds) => this.#observers.late(seconds))
  readonly #replayed = Promise.withResolvers<void>()
  /** Resolves when all of the log was read. */
  readonly #read = Promise.withResolvers<void>()
  #isRead = false
  /** Read, and on its way into the windows. */
  #unapplied: UnappliedSamples | undefined
  /** Those who read meanwhile. */
  #earlyReaders = 0
  #gate: SeriesGate | undefined
  readonly #blocks: DbBlocks
  readonly #reader: DbReader
  #log: LogWriter | undefined
  readonly #tail: LogTail
  #keeper: BlockKeeper | undefined
  /** A window may have closed since the keeper looked last. */
  #isKeeperDue = false
  #wakeKeeper: () => void = () => {}
  #queue: CommitQueue | undefined
  #checkpointer: Checkpointer | undefined
  #replay: ReplayStatus = { segmentsDone: 0, segmentsTotal: 0, done: false }
  #recovery: Recovery | undefined
  /** Places with damage in what Prometheus left. */
  #upstreamDamages = 0
  #samplesReplayed = 0
  #histogramsReplayed = 0
  #closed = false
  readonly #ended = new AbortController()
  #repairing: Promise<void> | undefined
  /** What the disk does. */
  readonly health = new StorageHealth()
  /** Of the chunks of windows that became blocks. */
  readonly chunkCounts = new ChunkCounts()
  readonly #observers: DbObservers

  constructor(options: DbOptions, lock: DirLock, ahead: Promise<CheckpointAhead | undefined> | undefined) {
    this.#options = options
    this.#retention = { timeMs: options.retentionMs, sizeBytes: options.retentionBytes ?? 0, percentage: 0 }
    this.#env = options.env
    this.#lock = lock
    this.#ahead = ahead
    this.#windows = new WindowSet(options.blockRangeMs, this.#pool)
    this.#exemplars = new ExemplarRing(this.#windows.pool)
    // A select that waits gets the failure; without one nobody else needs it.
    this.#replayed.promise.catch(() => {})
    this.#read.promise.catch(() => {})
    this.#blocks = new DbBlocks(options.env, options.dir, new BlockCache(BLOCK_CACHE_BYTES))
    this.#reader = new DbReader({
      clock: options.env.clock,
      windows: this.#windows,
      blocks: this.#blocks,
      untilReadable: (signal) => this.untilReadable(signal),
      untilFindable: (request, signal) => this.#untilFindable(request, signal),
    })
    this.#tail = new LogTail(options.env, `${options.dir}/log`, () => {
      this.#isKeeperDue = true
      this.#wakeKeeper()
    })
    this.#observers = registerDbMetrics(options.env.metrics, this)
  }

  async run(signal: AbortSignal, ready: () => void, stages: DbStages = {}): Promise<void> {
    try {
      await this.#open(signal, stages)
      if (!signal.aborted) ready()
      await Promise.all([this.#keep(signal), this.#checkpointer?.run(signal)])
    } catch (error) {
      this.#read.reject(error)
      this.#replayed.reject(error)
      throw error
    } finally {
      this.#closed = true
      this.#ended.abort()
      const closed = unavailable('the database is closed')
      this.#read.reject(closed)
      this.#replayed.reject(closed)
      try {
        await this.#queue?.close()
        await this.#repairing
        await this.#keeper?.close()
        const { flushOnExit = false, dir } = this.#options
        await (flushOnExit ? this.#checkpointer?.stop() : this.#checkpointer?.close())
        await this.#log?.close()
        if (flushOnExit && this.#replay.done) await flushToBlocks(this.#env, dir, this.#encodings, this.#windows, this.#blocks, this.#log!)
        await this.#blocks.close()
      } finally {
        await this.#lock.release()
      }
    }
  }

  /** How far the log has been read. */
  replayStatus(): ReplayStatus {
    return this.#replay
  }

  /** What replay found; undefined until it is done. */
  replayReport(): ReplayReport | undefined {
    return this.#recovery?.report
  }

  /** How what was in memory came back; undefined until it is done. */
  recovery(): Recovery | undefined {
    return this.#recovery
  }

  /** Throws an `unavailable` CodedError before `ready` and after the end. */
  appender(): Appender {
    if (!this.#closed && !this.#replay.done) throw unavailable(REPLAYING)
    return this.#appender()
  }

  /**
   * For samples that come but once: takes them also while the log is being replayed, from `takes` on. They are acknowledged at once, readable with all
   * the rest, and what turns out not to be the next of its series is refused without a word then.
   */
  readonly early: Appendable = {
    appender: () => {
      if (!this.#closed && !this.#replay.done && this.#queue?.takesEarly !== true) throw unavailable(REPLAYING)
      return this.#appender()
    },
  }

  #appender(): Appender {
    if (this.#closed || this.#queue === undefined) throw unavailable('the database is closed')
    if (this.#log?.failure !== undefined) {
      this.#refused.commits++
      throw refusedByDisk(this.#log.failure)
    }
    return new DbAppender(this.#windows, this.#exemplars, this.#queue, this.#pool, this.#env.clock, this.#refused)
  }

  /** From now on samples are taken that their series have gone past, up to `spanMs` behind the newest sample of all; 0: none are. */
  takeLateSamples(spanMs: number): void {
    this.#windows.lateSpanMs = spanMs
  }

  /** From now on new series are made if the gate admits them; what is active is counted first. undefined: all are. */
  guard(gate: SeriesGate | undefined): void {
    this.#gate = gate
    // What comes back at the start was admitted once.
    if (this.#replay.done) this.#windows.guard(gate)
  }

  /** What is kept from now on, instead of what the options said. */
  retain(retention: Retention): void {
    this.#retention = retention
    this.#isKeeperDue = true
    this.#wakeKeeper()
  }

  /** How windows are encoded that become blocks from now on. Blocks that there are stay as they are. */
  encodeBlocks(encodings: BlockEncodings): void {
    this.#encodings = encodings
  }

  get retention(): Retention {
    return this.#retention
  }

  /** From now on at most `max` exemplars are kept; the newest stay. Before the first call none are. */
  keepExemplars(max: number): void {
    this.#exemplars.resize(max)
  }

  async exemplars(request: ExemplarRequest, ctx: QueryContext): Promise<readonly SeriesExemplars[]> {
    await this.untilReadable(ctx.signal)
    return this.#exemplars.select(request, ctx.budget, new Breather(this.#env.clock, ctx.signal))
  }

  coverage(): Coverage {
    return this.#reader.coverage()
  }

  select(request: SelectRequest, ctx: QueryContext): AsyncIterable<readonly Series[]> {
    return this.#reader.select(request, ctx)
  }

  sampleLabels(request: SelectRequest, ctx: QueryContext): Promise<readonly Labels[]> {
    return this.#reader.sampleLabels(request, ctx)
  }

  labelNames(request: LabelRequest, ctx: QueryContext): Promise<readonly string[]> {
    return this.#reader.labelNames(request, ctx)
  }

  labelValues(name: string, request: LabelRequest, ctx: QueryContext): Promise<readonly string[]> {
    return this.#reader.labelValues(name, request, ctx)
  }

  stats(): DbStats {
    return dbStats(this.#windows, this.#blocks, this.#log, this.coverage().minTime)
  }

  /** For those who follow what is written. */
  get logReader(): LogReader {
    return this.#tail
  }

  /** Whether everything can be read. */
  get isReadable(): boolean {
    return this.#replay.done && !this.#closed
  }

  /** Whether selects are answered. */
  get isSelectable(): boolean {
    return (this.#isRead || this.#replay.done) && !this.#closed
  }

  /** Resolves when everything can be read; rejects when the signal aborts first. */
  async untilReadable(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#closed) throw unavailable('the database is closed')
    if (!this.#replay.done) await unlessAborted(this.#replayed.promise, signal)
  }

  /** Resolves when selects are answered: each brings what it selects from the log into the windows first, if that was not done yet. Rejects as above. */
  async untilSelectable(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#closed) throw unavailable('the database is closed')
    if (!this.isSelectable) await unlessAborted(this.#read.promise, signal)
  }

  /** Lets who selects before everything can be read go first, until the answer is called. */
  readEarly(): () => void {
    this.#earlyReaders++
    return () => {
      this.#earlyReaders--
    }
  }

  async #untilFindable(request: SelectRequest, signal: AbortSignal): Promise<void> {
    await this.untilSelectable(signal)
    if (this.#replay.done) return
    const isFindable = await bringBack(request, signal, this.#env.clock, this.#windows, this.#unapplied, this.#queue!)
    if (!isFindable) await this.untilReadable(signal)
  }

  /** For one other thread that reads; nothing is lent before `untilReadable`. */
  lender(): DbLender {
    return new DbLender(this.#windows, this.#blocks)
  }

  /** What a select may find, roughly. */
  estimate(request: SelectRequest): ReadEstimate {
    return estimateRead(this.#windows.windows, this.#blocks.metas, request)
  }

  /** What labels the active series have; at most `countMax` entries a list. Rejects when the signal aborts. */
  async cardinality(countMax: number, signal: AbortSignal): Promise<Cardinality> {
    await this.untilReadable(signal)
    const windows = [...this.#windows.windows]
    for (const window of windows) window.pins++
    try {
      return await cardinality(windows, METRIC_NAME, countMax, new Breather(this.#env.clock, signal))
    } finally {
      for (const window of windows) window.pins--
      this.#windows.releaseParted()
    }
  }

  /** Resolves when every series that the matchers select has lost what it had between the times, both inclusive. Samples that come later stay. */
  async deleteSamples(matchers: readonly Matcher[], minTime: Timestamp, maxTime: Timestamp, signal: AbortSignal): Promise<void> {
    const length = matchers.reduce((sum, { name, value }) => sum + name.length + value.length, 0)
    if (length > MATCHERS_LENGTH_MAX)
      throw new CodedError('bad_data', `matchers of a deletion have ${length} characters, want at most ${MATCHERS_LENGTH_MAX}`)
    const { keeper, queue } = await this.#whenOpen(signal)
    const ctx = unlimitedContext(signal)
    await keeper.undisturbed(async () => {
      await this.#blocks.beginDeletion(minTime, maxTime)
      const held = this.#blocks.hold(minTime, maxTime)
      try {
        for (const loaded of held) await this.#blocks.deleteSamples(loaded, matchers, minTime, maxTime, ctx)
      } finally {
        this.#blocks.release(held)
      }
      signal.throwIfAborted()
      // What comes later is beyond the newest sample, or late: the log says it again only of what was there. It may have what is in blocks
      // as well, and brings that back when those that say how far it is not needed are gone.
      const newest = Math.max(this.#windows.maxTime, this.#windows.cutTime)
      const deletion = { minTime: Math.max(minTime, -TIME_MAX), maxTime: Math.min(maxTime, newest), matchers }
      if (deletion.minTime <= deletion.maxTime) await queue.delete(deletion)
    })
  }

  /** Resolves when nothing is left on disk of what had been deleted from blocks. */
  async cleanTombstones(signal: AbortSignal): Promise<void> {
    const { keeper } = await this.#whenOpen(signal)
    const start = this.#env.clock.monotonic()
    try {
      await keeper.cleanTombstones()
    } finally {
      this.#observers.tombstonesCleaned((this.#env.clock.monotonic() - start) / 1000)
    }
  }

  /** Makes a data directory in `snapshots/NAME` of what is in blocks, and with `isWhole` in windows; answers its name. */
  async snapshot(isWhole: boolean, signal: AbortSignal): Promise<string> {
    await this.#whenOpen(signal)
    const { env, dir } = this.#options
    const name = snapshotName(env)
    // Of one moment: a window that becomes a block meanwhile is in the snapshot once.
    const held = this.#reader.hold({ minTime: Number.NEGATIVE_INFINITY, maxTime: Number.POSITIVE_INFINITY })
    try {
      const blocks = held.blocks.map(({ block }) => block.directory)
      await takeSnapshot(
        env,
        `${dir}/snapshots/${name}`,
        { blocks, inMemory: isWhole ? held.inMemory : undefined, encodings: this.#encodings },
        signal,
      )
    } finally {
      held.release()
    }
    return name
  }

  /** What the blocks are, by `minTime`. */
  blockMetas(): readonly BlockMeta[] {
    return this.#blocks.metas
  }

  /** Blocks that are there and cannot be read now. */
  leftOutBlocks(): readonly LeftOutBlock[] {
    return this.#blocks.leftOut
  }

  /** What may be missing of what lies between the times, both inclusive, since blocks cannot be read; for people. */
  missing({ minTime, maxTime }: Pick<SelectRequest, 'minTime' | 'maxTime'>): readonly string[] {
    return missingBlocks(this.#blocks, minTime, maxTime)
  }

  /** What senders said of the metrics of active series. */
  metricMetadata(): ReadonlyMap<string, Metadata> {
    return metricMetadata(this.#windows)
  }

  /** What has happened since the start; for the metrics. */
  counters() {
    const replayed = this.#replay.done ? { samples: this.#samplesReplayed, histograms: this.#histogramsReplayed } : undefined
    return dbCounters({
      windows: this.#windows,
      exemplars: this.#exemplars,
      refused: this.#refused,
      blocks: this.#blocks,
      replayed,
      early: this.#queue?.earlyCounts,
      corruptions: (this.#recovery?.report.corruptions ?? 0) + this.#upstreamDamages,
      log: this.#log,
      checkpointer: this.#checkpointer,
      keeper: this.#keeper,
    })
  }

  #onLogFailure(error: unknown): void {
    this.health.set('log', diskStateOf(error))
    this.#env.log.error('no samples are taken until the disk does again', { state: this.health.state('log'), error: errorMessage(error) })
    this.#repairing = repairLog(this.#env, this.#log!, this.health, this.#ended.signal)
  }

  async #open(signal: AbortSignal, stages: DbStages): Promise<void> {
    const { env, dir } = this.#options
    const logDir = `${dir}/log`
    const start = env.clock.monotonic()
    await env.fs.mkdir(logDir)
    await env.fs.syncDir(dir)
    await removeLeftovers(env.fs, logDir).catch((error: unknown) => env.log.warn('leftovers not removed', { error: errorMessage(error) }))
    await this.#blocks.load()
    const { forwardOnly = false } = this.#options
    if (!forwardOnly) await this.#takeOver(signal)
    stages.takenOver?.()
    const windows = this.#windows
    windows.cutTime = this.#blocks.cutTime
    const { blockRangeMs, maxBlockMs } = this.#options
    const options: RecoverOptions = {
      env,
      dir,
      retentionMs: this.#retention.timeMs,
      takeAhead: () => {
        const ahead = this.#ahead
        this.#ahead = undefined
        return ahead
      },
      until: this.#options.recoverUntil,
      signal,
      onLoaded: (segmentBefore) => {
        this.#beginLog(segmentBefore)
        windows.guard(this.#gate)
        stages.takes?.()
      },
      onSegment: (segmentsDone, segmentsTotal) => {
        this.#replay = { segmentsDone, segmentsTotal, done: false }
      },
      onRead: (unapplied) => {
        this.#unapplied = unapplied
        this.#isRead = true
        this.#read.resolve()
        stages.selectable?.()
      },
      isAsked: () => this.#earlyReaders > 0,
    }
    const recovery = await (forwardOnly ? leaveUnread(options) : recover(options, windows, this.#exemplars)).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
    if (signal.aborted || recovery === undefined) return
    this.#recovery = recovery
    this.#unapplied = undefined
    const { report, checkpoint, lastCheckpoint } = recovery
    const { earlyApplied } = this.#queue!
    this.#samplesReplayed = windows.samplesAppended - earlyApplied.samples
    this.#histogramsReplayed = windows.histogramsAppended
    windows.late.forgetCounts(earlyApplied.late)
    this.#exemplars.appended = 0
    this.#exemplars.outOfOrder = 0
    const [log, queue] = [this.#log, this.#queue]
    assert(log !== undefined && queue !== undefined, 'the log is begun before it is read')
    const adopted = log.adopt(report.segments)
    const keeper = new BlockKeeper(
      {
        env,
        dir,
        forwardOnly,
        retention: () => this.#retention,
        blockRanges: blockRanges(blockRangeMs, maxBlockMs ?? defaultMaxBlockMs(this.#retention.timeMs)),
        runCompaction: this.#options.runCompaction ?? ((job, signal) => compactBlocks(env, job, signal)),
        wake: this.#wakeWhenDue,
        onCut: this.#observers.cut,
        encodings: () => this.#encodings,
        chunkCounts: this.chunkCounts,
        onDisk: (error) => this.health.set('blocks', error === undefined ? 'normal' : diskStateOf(error)),
      },
      windows,
      this.#blocks,
      log,
    )
    await queue.catchUp()
    if (this.#gate !== undefined) windows.releaseEmpty()
    windows.guard(this.#gate)
    this.#keeper = keeper
    this.#tail.open({
      get segments() {
        return log.segments
      },
      get neededFrom() {
        return log.neededFrom
      },
      get applied() {
        return queue.applied
      },
    })
    if (!forwardOnly) {
      this.#checkpointer = new Checkpointer(
        {
          env,
          dir,
          lastNumber: lastCheckpoint,
          loaded: checkpoint,
          replayedBytes: report.bytes,
          replayedSeries: report.series,
          ...this.#options.checkpoints,
        },
        { windows, exemplars: this.#exemplars, log, queue },
      )
    }
    this.#replay = { segmentsDone: report.segments.length, segmentsTotal: report.segments.length, done: true }
    if (!this.#isRead) stages.selectable?.()
    this.#read.resolve()
    this.#replayed.resolve()
    const { segments, samples, samplesLost, corruptions } = report
    const durationMs = Math.round(env.clock.monotonic() - start)
    env.log.info('write-ahead log replayed', { dir, segments: segments.length, samples, samplesLost, corruptions, durationMs })
    // Who reads does not wait for the disk.
    await adopted
  }

  #beginLog(segmentBefore: number): void {
    const { env, dir, walFsync, segmentBytes } = this.#options
    this.#tail.begin(segmentBefore + 1)
    this.#log = new LogWriter({
      fs: env.fs,
      clock: env.clock,
      log: env.log,
      dir: `${dir}/log`,
      fsync: walFsync,
      segmentBytes,
      segmentBefore,
      keptFrom: () => this.#tail.keptFrom,
      beforeRemoval: async (segment) => this.#checkpointer?.beforeRemoval(segment),
      onSync: this.#observers.sync,
      onFailure: (error) => this.#onLogFailure(error),
    })
    this.#queue = new CommitQueue(this.#windows, this.#exemplars, this.#log, this.#pool, env.clock, this.#refused, () => {
      this.#tail.wake()
      this.#wakeWhenDue()
    })
  }

  readonly #wakeWhenDue = () => {
    if (this.#keeper?.isDue !== true) return
    this.#isKeeperDue = true
    this.#wakeKeeper()
  }

  async #keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#isKeeperDue = false
      await this.#keeper!.pass(signal)
      await this.#untilKeeping(signal)
    }
  }

  /** Makes blocks of what Prometheus left in its own log, if it did since the last start. */
  async #takeOver(signal: AbortSignal): Promise<void> {
    const { env, dir, blockRangeMs } = this.#options
    const onProgress = (segmentsDone: number, segmentsTotal: number) => {
      this.#replay = { segmentsDone, segmentsTotal, done: false }
    }
    const attachments = { exemplarsMax: this.#exemplars.max }
    try {
      const blocks = this.#blocks.metas
      const report = await takeOverIfLeft({ env, from: dir, into: dir, blocks, blockRangeMs, signal, onProgress, attachments })
      if (report === undefined) return
      await this.#blocks.addAll(report.directories)
      this.#upstreamDamages = report.damages
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  /** Resolves when there may be a block to make, when it is time to look after the rest, and when the signal aborts. */
  async #untilKeeping(signal: AbortSignal): Promise<void> {
    if (this.#isKeeperDue) return
    const woken = new AbortController()
    this.#wakeKeeper = () => woken.abort()
    await sleep(this.#env.clock, KEEP_MS, AbortSignal.any([signal, woken.signal]))
    this.#wakeKeeper = () => {}
  }

  async #whenOpen(signal: AbortSignal): Promise<{ readonly keeper: BlockKeeper; readonly queue: CommitQueue }> {
    await this.untilReadable(signal)
    const [keeper, queue] = [this.#keeper, this.#queue]
    assert(keeper !== undefined && queue !== undefined, 'a database that is replayed has a keeper and a queue')
    return { keeper, queue }
  }
}

function unavailable(message: string): CodedError {
  return new CodedError('unavailable', message)
}

/** What the promise says, or the signal's reason when it aborts first. */
async function unlessAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
